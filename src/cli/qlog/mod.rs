//! How does what happens become a qlog file?
//!
//! ```text
//!   Tracer ─▶ QlogFile ─ rendering ─▶ records ─ framing ─▶ buffer ─▶ FILE
//!                │           │                     │
//!                │     sequence: own events        RS … LF, one trace
//!                │     qvis: QUIC's names          a line each, or one object of two traces (`sim`)
//!                └ the first error is told once; the chat goes on without its log
//! ```
//!
//! Two profiles, because the tool that most people open does not read the format's present form:
//!
//! - [`sequence`]: draft-ietf-quic-qlog-main-schema-14, JSON Text Sequences (RFC 7464), events of our own schema
//! - [`qvis`]: draft-marx-qlog-main-schema-02 with the names of QUIC's events, as far as ours are like them
//! - [`file`](mod@file): the writer
//!
//! `docs/tracing.md` lists the events.

pub mod file;
pub mod qvis;
pub mod sequence;

use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

pub use file::QlogFile;

/// `--qlog`.
#[derive(Args, Clone, Default, Debug)]
pub struct QlogOptions {
    /// Write all that the transport decides to this file as qlog (docs/tracing.md)
    #[arg(long, value_name = "FILE")]
    qlog: Option<PathBuf>,
    /// Which form of qlog [default: qvis for a name that ends in .qlog, else sequence]
    #[arg(long, value_name = "FORM", value_enum, requires = "qlog")]
    qlog_profile: Option<Profile>,
}

/// A form of qlog.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// The present draft: JSON text sequences with our own events.
    Sequence,
    /// What qvis reads: draft 02 with the names of QUIC's events.
    Qvis,
}

/// Who saw what a file tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vantage {
    /// A client.
    Client,
    /// A server.
    Server,
    /// Both ends in one trace.
    Both,
}

/// Whose file this is, and when it began.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The command.
    pub title: &'static str,
    /// Who saw it.
    pub vantage: Vantage,
    /// Milliseconds since 1970 at its beginning; `None` in virtual time.
    pub unix_ms: Option<u64>,
}

impl QlogOptions {
    /// The file and its form, if one is wanted.
    pub fn wanted(&self) -> Option<(&Path, Profile)> {
        let path = self.qlog.as_deref()?;
        let usual = match path.extension() {
            Some(extension) if extension == "qlog" => Profile::Qvis,
            _ => Profile::Sequence,
        };
        Some((path, self.qlog_profile.unwrap_or(usual)))
    }
}

impl Vantage {
    /// As both drafts name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "unknown",
        }
    }
}

#[cfg(test)]
mod tests;
