//! `account`: whose names belong to a password, and not to a key?
//!
//! Works while the server runs: it looks at the accounts at each proof.

use super::columns::columns;
use super::exit::{Exit, Outcome, Stop};
use super::members::{self, DataOption, Place, RoleName, now_ms, role_name};
use super::secret;
use crate::chat::name::Name;
use crate::crypto::{BoundSalt, Identity, Purpose, Salts, Stretched};
use crate::store::KeptHash;
use clap::{Args, Subcommand};

/// `account`.
#[derive(Args, Debug)]
pub struct Account {
    /// What is to be done.
    #[command(subcommand)]
    pub act: AccountAct,
}

/// What is to be done with accounts.
#[derive(Subcommand, Debug)]
pub enum AccountAct {
    /// Add an account: from then on the name belongs to whoever knows the password. It is asked for twice at a
    /// terminal, else it is the first line of standard input; at least 8 characters
    Add {
        /// The name
        name: String,
        /// What its owner may do
        #[arg(long, value_enum, default_value_t = RoleName::Member)]
        role: RoleName,
        /// Which server's.
        #[command(flatten)]
        data: DataOption,
    },
    /// Give an account another password
    Passwd {
        /// The name
        name: String,
        /// Which server's.
        #[command(flatten)]
        data: DataOption,
    },
    /// Remove an account: the name then belongs to the key that came with it last
    Remove {
        /// The name
        name: String,
        /// Which server's.
        #[command(flatten)]
        data: DataOption,
    },
    /// List the accounts
    List {
        /// Which server's.
        #[command(flatten)]
        data: DataOption,
    },
}

/// Does it.
pub fn run(account: &Account) -> Outcome {
    match &account.act {
        AccountAct::Add { name, role, data } => add(name, *role, data),
        AccountAct::Passwd { name, data } => passwd(name, data),
        AccountAct::Remove { name, data } => remove(name, data),
        AccountAct::List { data } => list(data),
    }
}

fn add(typed: &str, role: RoleName, data: &DataOption) -> Outcome {
    let name = members::name(typed)?;
    let mut place = Place::to_change(data)?;
    let kept = new_password(&place.server, &name)?;
    let (shown, skeleton) = (name.as_str(), name.skeleton());
    place.file.add_account(shown, skeleton, &kept, role.into(), now_ms()).map_err(Stop::failed)?;
    println!("added the account {shown} ({})", role_name(role.into()));
    Ok(Exit::Done)
}

fn passwd(typed: &str, data: &DataOption) -> Outcome {
    let name = members::name(typed)?;
    let mut place = Place::to_change(data)?;
    let kept = new_password(&place.server, &name)?;
    if !place.file.set_password(name.skeleton(), &kept).map_err(Stop::failed)? {
        return Err(no_account(&name));
    }
    println!("{} has another password; {INSIDE}", name.as_str());
    Ok(Exit::Done)
}

fn remove(typed: &str, data: &DataOption) -> Outcome {
    let name = members::name(typed)?;
    if !Place::to_change(data)?.file.remove_account(name.skeleton()).map_err(Stop::failed)? {
        return Err(no_account(&name));
    }
    println!("removed the account {}; {INSIDE}", name.as_str());
    Ok(Exit::Done)
}

fn list(data: &DataOption) -> Outcome {
    let accounts = Place::to_read(data)?.file.accounts().map_err(Stop::failed)?;
    if accounts.is_empty() {
        println!("no accounts");
        return Ok(Exit::Done);
    }
    let now_ms = now_ms();
    let mut lines = vec![["name", "role", "since"].map(str::to_owned).to_vec()];
    lines.extend(accounts.into_iter().map(|account| {
        let since = format!("{} ago", members::span(now_ms.saturating_sub(account.made_ms)));
        vec![account.name, role_name(account.role).to_owned(), since]
    }));
    print!("{}", columns(&lines));
    Ok(Exit::Done)
}

/// What a change does not do.
pub const INSIDE: &str = "who is inside stays until the session ends";

fn new_password(server: &Identity, name: &Name) -> Result<KeptHash, Stop> {
    let password = secret::new(&format!("the new password of {}", name.as_str()))?;
    let salt = Salts::of(server).salt(name.skeleton());
    let salt = BoundSalt::new(Purpose::Password, &server.public(), salt);
    Ok(Stretched::of(&password, &salt).kept().0)
}

fn no_account(name: &Name) -> Stop {
    Stop::failed(format!("there is no account {0}: `sayagain account add {0}` adds it", name.as_str()))
}
