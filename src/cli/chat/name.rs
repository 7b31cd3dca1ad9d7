//! Under which name does one join?
//!
//! `--name`, else the one used last, else a terminal asks (proposing the login name), else the login name.

use crate::chat::name::Name;
use std::io::{self, BufRead, Write};

/// The name of somebody of whom nothing is known.
const STRANGER: &str = "guest";

/// What there is to choose from.
#[derive(Debug)]
pub struct Choice<'a> {
    /// `--name`.
    pub asked_for: Option<&'a str>,
    /// The one used last.
    pub remembered: Option<String>,
    /// The login name.
    pub login: Option<String>,
}

impl Choice<'_> {
    /// The name; `ask` (on a terminal) is handed the proposal and answers what was typed. An error is a
    /// sentence about `--name`.
    pub fn name(&self, ask: Option<impl FnMut(&str) -> io::Result<String>>) -> Result<String, String> {
        if let Some(name) = self.asked_for {
            return Name::parse(name)
                .map(|name| shown(&name))
                .map_err(|failure| format!("--name: {}", failure.text));
        }
        let remembered = self.remembered.as_deref().and_then(|name| Name::parse(name).ok());
        if let Some(name) = remembered {
            return Ok(shown(&name));
        }
        let login = sanitised(self.login.as_deref().unwrap_or(STRANGER));
        Ok(match ask {
            Some(ask) => asked(&login, ask),
            None => login,
        })
    }
}

fn shown(name: &Name) -> String {
    name.as_str().to_owned()
}

/// The login name as a name: of what is not allowed in one, nothing is left.
fn sanitised(login: &str) -> String {
    let plain: String = login.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect();
    let candidates = [login, &plain, plain.get(..32).unwrap_or(STRANGER)];
    let name = candidates.into_iter().find_map(|candidate| Name::parse(candidate).ok());
    name.as_ref().map_or_else(|| STRANGER.to_owned(), shown)
}

/// Asks until the answer is a name; an empty answer, or none, takes the proposal.
fn asked(proposal: &str, mut ask: impl FnMut(&str) -> io::Result<String>) -> String {
    let mut question = format!("Your name [{proposal}]: ");
    loop {
        let answer = ask(&question).unwrap_or_default();
        if answer.trim().is_empty() {
            return proposal.to_owned();
        }
        match Name::parse(&answer) {
            Ok(name) => return shown(&name),
            Err(failure) => question = format!("{}\nYour name [{proposal}]: ", failure.text),
        }
    }
}

/// Asks a question on the terminal and returns the line that was typed.
pub fn ask_on_terminal(question: &str) -> io::Result<String> {
    let mut error_output = io::stderr();
    write!(error_output, "{question}")?;
    error_output.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer)
}

/// The login name, as the system's environment tells it.
pub fn login() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Option<fn(&str) -> io::Result<String>> = None;

    fn choice<'a>(asked_for: Option<&'a str>, remembered: Option<&str>, login: &str) -> Choice<'a> {
        Choice { asked_for, remembered: remembered.map(str::to_owned), login: Some(login.to_owned()) }
    }

    #[test]
    fn what_was_asked_for_counts_most_then_what_was_used_last_then_the_login() {
        assert_eq!(choice(Some("ann"), Some("bob"), "carol").name(NOBODY), Ok("ann".into()));
        assert_eq!(choice(None, Some("bob"), "carol").name(NOBODY), Ok("bob".into()));
        assert_eq!(choice(None, None, "carol").name(NOBODY), Ok("carol".into()));
        assert_eq!(choice(None, Some("b\u{1b}b"), "carol").name(NOBODY), Ok("carol".into()));
    }

    #[test]
    fn a_name_that_is_none_is_refused_only_where_it_was_asked_for() {
        let error = choice(Some("a\u{1b}[31m"), None, "carol").name(NOBODY).expect_err("no name");
        assert!(error.starts_with("--name: "), "{error}");
    }

    #[test]
    fn a_login_name_is_made_fit() {
        assert_eq!(sanitised("CORP\\ann smith"), "CORPannsmith");
        assert_eq!(sanitised("\u{7}"), "guest");
        assert_eq!(sanitised(&"x".repeat(200)).len(), 32);
        assert_eq!(sanitised(&"ü".repeat(200)), "ü".repeat(16));
    }

    #[test]
    fn a_terminal_is_asked_until_it_answers_a_name() {
        let mut answers = vec!["zoë\n", "\u{1b}\n"];
        let mut questions = Vec::new();
        let mut ask = |question: &str| {
            questions.push(question.to_owned());
            Ok(answers.pop().unwrap_or_default().to_owned())
        };
        assert_eq!(choice(None, None, "carol").name(Some(&mut ask)), Ok("zoë".into()));
        assert_eq!(questions.len(), 2);
        assert_eq!(questions[0], "Your name [carol]: ");
    }

    #[test]
    fn an_empty_answer_takes_the_proposal() {
        assert_eq!(choice(None, None, "carol").name(Some(|_: &str| Ok("\n".into()))), Ok("carol".into()));
        let gone = |_: &str| Err(io::ErrorKind::UnexpectedEof.into());
        assert_eq!(choice(None, None, "carol").name(Some(gone)), Ok("carol".into()));
    }
}
