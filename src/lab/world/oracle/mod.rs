//! Was every promise kept?
//!
//! The oracle reads the transcript of a run and knows nothing of how the chat works. It needs texts that are
//! typed only once in a run, so that a text tells who typed it, and where.
//!
//! Safety, whatever happened ([`safety`]): to everybody, every message at most once, with rising ids in each
//! room; the same id for the same message everywhere; nothing that nobody typed; each author's own order;
//! one outcome at most for a line, and an id that was accepted is the id that is shown.
//!
//! Liveness, once the faults are over ([`liveness`]): every line has its outcome; everybody who is in a room
//! has been shown every accepted message of it; whoever ends its input finishes, and says truly whether all
//! was delivered.
//!
//! - [`testimony`]: what each client typed and showed

pub mod liveness;
pub mod safety;
pub mod testimony;

pub use testimony::Testimony;

#[cfg(test)]
mod tests;

/// A promise that was not kept, in a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation(pub String);

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gathers violations.
#[derive(Debug, Default)]
struct Verdicts(Vec<Violation>);

impl Verdicts {
    fn demand(&mut self, kept: bool, broken: impl FnOnce() -> String) {
        if !kept {
            self.0.push(Violation(broken()));
        }
    }
}
