//! Under which name does one join?
//!
//! `--name` (or what is set in its place), else the one used last, else a terminal asks (proposing the login
//! name), else the login name. The one used last is asked again, as a proposal, where the folder that remembers
//! it was copied here.

use crate::chat::name::Name;
use std::io::{self, BufRead, Read, Write};

/// The name of somebody of whom nothing is known.
const STRANGER: &str = "guest";
/// Bytes of an answer, at most; a terminal's line has no more.
const LINE_MAX: u64 = 4_096;

/// What there is to choose from.
#[derive(Debug)]
pub struct Choice<'a> {
    /// `--name`, or what is set in its place.
    pub asked_for: Option<&'a str>,
    /// The one used last.
    pub remembered: Option<String>,
    /// The folder that remembers it comes from elsewhere, so it may be somebody else's.
    pub is_copied: bool,
    /// The login name.
    pub login: Option<String>,
}

/// What was chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// This name.
    Known(String),
    /// This name, by whoever was asked.
    Typed(String),
    /// Whoever was asked wants to leave.
    Left,
}

impl Choice<'_> {
    /// The name; `ask` (on a terminal) is handed the question and answers the line that was typed, empty
    /// without its end if there is none any more. An error is a sentence about `--name`.
    pub fn name(&self, ask: Option<impl FnMut(&str) -> io::Result<String>>) -> Result<Chosen, String> {
        if let Some(name) = self.asked_for {
            return Name::parse(name)
                .map(|name| Chosen::Known(shown(&name)))
                .map_err(|failure| format!("--name: {}", failure.text));
        }
        let remembered = self.remembered.as_deref().and_then(|name| Name::parse(name).ok());
        let is_sure = remembered.is_some() && !self.is_copied;
        let login = || sanitised(self.login.as_deref().unwrap_or(STRANGER));
        let proposal = remembered.as_ref().map_or_else(login, shown);
        Ok(match ask {
            Some(ask) if !is_sure => asked(&proposal, ask),
            _ => Chosen::Known(proposal),
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

/// Asks until the answer is a name; an empty line takes the proposal.
fn asked(proposal: &str, mut ask: impl FnMut(&str) -> io::Result<String>) -> Chosen {
    let mut question = format!("Your name [{proposal}]: ");
    loop {
        let answer = ask(&question).unwrap_or_default();
        if answer.is_empty() {
            return Chosen::Left;
        }
        if answer.trim().is_empty() {
            return Chosen::Typed(proposal.to_owned());
        }
        match Name::parse(&answer) {
            Ok(name) => return Chosen::Typed(shown(&name)),
            Err(failure) => question = format!("{}\nYour name [{proposal}]: ", failure.text),
        }
    }
}

/// Asks a question on the terminal and returns the line that was typed, empty at the end of the input.
pub fn ask_on_terminal(question: &str) -> io::Result<String> {
    let mut error_output = io::stderr();
    write!(error_output, "{question}")?;
    error_output.flush()?;
    let mut answer = Vec::new();
    io::stdin().lock().take(LINE_MAX).read_until(b'\n', &mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
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
        let remembered = remembered.map(str::to_owned);
        Choice { asked_for, remembered, is_copied: false, login: Some(login.to_owned()) }
    }

    fn known(name: &str) -> Chosen {
        Chosen::Known(name.to_owned())
    }

    fn typed(name: &str) -> Chosen {
        Chosen::Typed(name.to_owned())
    }

    #[test]
    fn what_was_asked_for_counts_most_then_what_was_used_last_then_the_login() {
        assert_eq!(choice(Some("ann"), Some("bob"), "carol").name(NOBODY), Ok(known("ann")));
        assert_eq!(choice(None, Some("bob"), "carol").name(NOBODY), Ok(known("bob")));
        assert_eq!(choice(None, None, "carol").name(NOBODY), Ok(known("carol")));
        assert_eq!(choice(None, Some("b\u{1b}b"), "carol").name(NOBODY), Ok(known("carol")));
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
        assert_eq!(choice(None, None, "carol").name(Some(&mut ask)), Ok(typed("zoë")));
        assert_eq!(questions.len(), 2);
        assert_eq!(questions[0], "Your name [carol]: ");
    }

    #[test]
    fn an_empty_line_takes_the_proposal_and_the_end_of_the_input_leaves() {
        assert_eq!(choice(None, None, "carol").name(Some(|_: &str| Ok("\n".into()))), Ok(typed("carol")));
        assert_eq!(choice(None, None, "carol").name(Some(|_: &str| Ok(String::new()))), Ok(Chosen::Left));
        let gone = |_: &str| Err(io::ErrorKind::UnexpectedEof.into());
        assert_eq!(choice(None, None, "carol").name(Some(gone)), Ok(Chosen::Left));
    }

    #[test]
    fn whoever_is_known_is_asked_nothing_unless_the_folder_was_copied() {
        let nobody_asks = |_: &str| -> io::Result<String> { panic!("nothing is to be asked") };
        assert_eq!(choice(None, Some("bob"), "carol").name(Some(nobody_asks)), Ok(known("bob")));
        let copied = Choice { is_copied: true, ..choice(None, Some("bob"), "carol") };
        assert_eq!(copied.name(Some(|_: &str| Ok("\n".into()))), Ok(typed("bob")));
        assert_eq!(copied.name(NOBODY), Ok(known("bob")), "a script is asked nothing");
    }
}
