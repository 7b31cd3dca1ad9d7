//! `token`: who may come in with a piece of text, for how long, and who no longer?
//!
//! Works while the server runs: it looks at the tokens at each proof.

use super::account::INSIDE;
use super::columns::columns;
use super::exit::{Exit, Outcome, Stop};
use super::members::{self, DataOption, Place, RoleName, now_ms, role_name, span};
use crate::crypto::Kept;
use crate::service;
use crate::shell::entropy;
use crate::store::sqlite::members::{NewToken, TokenRow};
use clap::{Args, Subcommand};

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// The longest note, in bytes.
const NOTE_MAX: usize = 200;

/// `token`.
#[derive(Args, Debug)]
pub struct Token {
    /// What is to be done.
    #[command(subcommand)]
    pub act: TokenAct,
}

/// What is to be done with tokens.
#[derive(Subcommand, Debug)]
pub enum TokenAct {
    /// Issue a token and print it, once: only a hash of it is kept
    New {
        /// Only for this name, which then belongs to whoever has the token [default: any without an account]
        #[arg(long)]
        name: Option<String>,
        /// What its bearer may do
        #[arg(long, value_enum, default_value_t = RoleName::Member)]
        role: RoleName,
        /// How many days it is good
        #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=3_650))]
        days: u64,
        /// What you want to remember of it
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// Which server's.
        #[command(flatten)]
        data: DataOption,
    },
    /// List the tokens
    List {
        /// Which server's.
        #[command(flatten)]
        data: DataOption,
    },
    /// Take a token back
    Revoke {
        /// Its number in the list
        id: u64,
        /// Which server's.
        #[command(flatten)]
        data: DataOption,
    },
}

/// Does it.
pub fn run(token: &Token) -> Outcome {
    match &token.act {
        TokenAct::New { name, role, days, note, data } => issue(name.as_deref(), *role, *days, note, data),
        TokenAct::List { data } => list(data),
        TokenAct::Revoke { id, data } => revoke(*id, data),
    }
}

fn issue(name: Option<&str>, role: RoleName, days: u64, note: &str, data: &DataOption) -> Outcome {
    if note.len() > NOTE_MAX || note.chars().any(char::is_control) {
        return Err(Stop::usage(format!("--note: one line of at most {NOTE_MAX} bytes")));
    }
    let name = name.map(members::name).transpose()?;
    let name = name.map(|name| (name.as_str().to_owned(), name.skeleton().to_owned()));
    let token = service::Token(entropy::rng().bytes());
    let now_ms = now_ms();
    let kept = Kept::of_token(&token.0).0;
    let (role, note, expires_ms) = (role.into(), note.to_owned(), now_ms.saturating_add(days * DAY_MS));
    let issued = NewToken { kept, name, role, note, expires_ms };
    let id = Place::to_change(data)?.file.issue(&issued, now_ms).map_err(Stop::failed)?;
    println!("{token}");
    eprintln!("token {id}, good for {days} days; it is not shown again");
    Ok(Exit::Done)
}

fn revoke(id: u64, data: &DataOption) -> Outcome {
    if !Place::to_change(data)?.file.revoke(id, now_ms()).map_err(Stop::failed)? {
        return Err(Stop::failed(format!(
            "there is no token {id} that is still good: see `sayagain token list`"
        )));
    }
    println!("took token {id} back; {INSIDE}");
    Ok(Exit::Done)
}

fn list(data: &DataOption) -> Outcome {
    let tokens = Place::to_read(data)?.file.tokens().map_err(Stop::failed)?;
    if tokens.is_empty() {
        println!("no tokens");
        return Ok(Exit::Done);
    }
    let mut lines = vec![["id", "name", "role", "expires", "last used", "note"].map(str::to_owned).to_vec()];
    let now_ms = now_ms();
    lines.extend(tokens.into_iter().map(|token| row(token, now_ms)));
    print!("{}", columns(&lines));
    Ok(Exit::Done)
}

fn row(token: TokenRow, now_ms: u64) -> Vec<String> {
    let ago = |ms: u64| format!("{} ago", span(now_ms.saturating_sub(ms)));
    let expires = match token.revoked_ms {
        Some(at) => format!("revoked {}", ago(at)),
        None if token.expires_ms <= now_ms => ago(token.expires_ms),
        None => format!("in {}", span(token.expires_ms - now_ms)),
    };
    let used = token.used_ms.map_or_else(|| "never".to_owned(), ago);
    let name = token.name.unwrap_or_else(|| "any".to_owned());
    vec![token.id.to_string(), name, role_name(token.role).to_owned(), expires, used, token.note]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::Role;

    #[test]
    fn a_row_says_until_when_or_since_when_no_longer() {
        let token = |revoked_ms| TokenRow {
            id: 3,
            name: None,
            role: Role::Member,
            note: "lab".to_owned(),
            expires_ms: 90 * DAY_MS,
            used_ms: Some(0),
            revoked_ms,
        };
        assert_eq!(row(token(None), 0), ["3", "any", "member", "in 90 days", "0 min ago", "lab"]);
        assert_eq!(row(token(None), 93 * DAY_MS)[3], "3 days ago");
        assert_eq!(row(token(Some(DAY_MS)), 3 * DAY_MS)[3], "revoked 2 days ago");
    }
}
