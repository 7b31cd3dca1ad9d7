//! What does somebody who types a line want done with a file?

/// Whom a file is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FileTarget {
    /// Whoever is in this room.
    Room(String),
    /// This person.
    Person(String),
}

impl std::fmt::Display for FileTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Room(name) | Self::Person(name)) = self;
        f.write_str(name)
    }
}

/// What a line asks for.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileWish {
    /// `/send`: this file on this machine, to them.
    Send { path: String, to: FileTarget },
    /// `/accept`: fetch this file, into this folder or under this name.
    Accept { id: u64, path: Option<String> },
    /// `/decline`: it is not wanted.
    Decline { id: u64 },
    /// `/files`: which are there, and how far are they?
    List,
}
