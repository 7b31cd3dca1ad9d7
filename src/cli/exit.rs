//! Which number does the program end with?

use crate::chat::client::display::printable;
use crate::service::api::Ending;
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit codes of the command line, stable for scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: all was delivered, or all went as asked.
    Done,
    /// 1: something that was typed could not be delivered, or the command failed.
    Failed,
    /// 2: wrong usage.
    Usage,
    /// 3: could not connect.
    NotConnected,
    /// 4: refused: name taken, banned, changed server key.
    Refused,
    /// 69 (`EX_UNAVAILABLE`): this system lacks, or does not allow, what a measurement needs.
    Unavailable,
}

impl Exit {
    /// The number of [`Self::Unavailable`]: one process of a run tells it to another.
    pub const UNAVAILABLE: u8 = 69;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotConnected => 3,
            Exit::Refused => 4,
            Exit::Unavailable => Exit::UNAVAILABLE,
        })
    }
}

/// Why a command stops before its work is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// The number to end with.
    pub exit: Exit,
    /// What is wrong, and what to do.
    pub text: String,
}

/// How a command ends.
pub type Outcome = Result<Exit, Stop>;

#[expect(clippy::needless_pass_by_value, reason = "so that `map_err` takes these by name")]
impl Stop {
    /// The command was not used rightly.
    pub fn usage(text: impl ToString) -> Self {
        Self { exit: Exit::Usage, text: text.to_string() }
    }

    /// The system did not let it do its work.
    pub fn failed(text: impl ToString) -> Self {
        Self { exit: Exit::Failed, text: text.to_string() }
    }

    /// This system lacks, or does not allow, what was asked for.
    pub fn unavailable(text: impl ToString) -> Self {
        Self { exit: Exit::Unavailable, text: text.to_string() }
    }

    /// There is no way to the server.
    pub fn not_connected(text: impl ToString) -> Self {
        Self { exit: Exit::NotConnected, text: text.to_string() }
    }
}

impl From<&Ending> for Exit {
    fn from(ending: &Ending) -> Self {
        match ending {
            Ending::Done => Self::Done,
            Ending::Undelivered(_) => Self::Failed,
            Ending::NotConnected(_) => Self::NotConnected,
            Ending::Refused { .. } => Self::Refused,
        }
    }
}

/// Says a last word on standard error. Where nobody can hear it any more, as after a window was closed, that is
/// no reason to end otherwise.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What the person reads on standard error when a chat with `server` ended so; `None` when there is nothing
/// to say.
pub fn explain(ending: &Ending, server: &str) -> Option<String> {
    match ending {
        Ending::Done => None,
        Ending::Undelivered(lines) => Some(undelivered(lines)),
        Ending::NotConnected(why) => Some(format!(
            "could not connect to {server}: {} (`sayagain doctor {server}` finds out why)",
            printable(why)
        )),
        Ending::Refused { text, .. } => Some(format!("refused: {}", printable(text))),
    }
}

/// Neighbouring lines are told as a range, so that the sentence stays short.
fn undelivered(lines: &[u64]) -> String {
    let runs = lines.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let told: Vec<String> = runs
        .filter_map(|run| match (run.first()?, run.last()?) {
            (first, last) if first == last => Some(first.to_string()),
            (first, last) => Some(format!("{first}-{last}")),
        })
        .collect();
    let noun = if lines.len() == 1 { "line" } else { "lines" };
    format!("not delivered: {noun} {}", told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_has_its_code() {
        let refused = Ending::Refused { code: "name-taken".into(), text: "taken".into() };
        let endings =
            [Ending::Done, Ending::Undelivered(vec![1]), Ending::NotConnected("no route".into()), refused];
        let codes = [Exit::Done, Exit::Failed, Exit::NotConnected, Exit::Refused];
        assert!(endings.iter().zip(codes).all(|(ending, code)| Exit::from(ending) == code));
    }

    #[test]
    fn whoever_could_not_connect_is_sent_to_the_doctor() {
        let told = explain(&Ending::NotConnected("no answer".into()), "lab:4747").unwrap();
        assert!(told.contains("`sayagain doctor lab:4747`"), "{told}");
    }

    #[test]
    fn the_lines_that_were_not_delivered_are_named() {
        let told = |lines: &[u64]| explain(&Ending::Undelivered(lines.to_vec()), "server").unwrap();
        assert_eq!(told(&[3]), "not delivered: line 3");
        assert_eq!(told(&[1, 2, 3, 7, 9, 10]), "not delivered: lines 1-3, 7, 9-10");
    }
}
