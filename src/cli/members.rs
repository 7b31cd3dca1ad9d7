//! What do `account` and `token` have in common?
//!
//! The file that they change, which a running server reads at each proof; the names of roles; and how times
//! are told.

use super::exit::Stop;
use crate::chat::message::Role;
use crate::chat::name::Name;
use crate::crypto::Identity;
use crate::shell::clock;
use crate::shell::home::Home;
use crate::store::sqlite::members::MembersFile;
use crate::time::Instant;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which server's.
#[derive(Args, Clone, Debug, Default)]
pub struct DataOption {
    /// The folder of the server's store [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// What somebody may do.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RoleName {
    /// Runs the server.
    Owner,
    /// Keeps order.
    Moderator,
    /// Takes part.
    #[default]
    Member,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Moderator => Self::Moderator,
            RoleName::Member => Self::Member,
        }
    }
}

/// As its list shows it.
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Moderator => "moderator",
        Role::Member => "member",
    }
}

/// A server's members, to be changed.
pub struct Place {
    /// The server.
    pub server: Identity,
    /// Its accounts and tokens.
    pub file: MembersFile,
}

impl Place {
    /// To be read only.
    pub fn to_read(data: &DataOption) -> Result<Self, Stop> {
        let home = Home::find().map_err(Stop::failed)?;
        let server = home.server_identity().map_err(Stop::failed)?;
        let path = home.members_file(data.data.as_deref());
        Ok(Self { file: MembersFile::at(path, server.public().0), server })
    }

    /// To be changed: the file is made if there is none.
    pub fn to_change(data: &DataOption) -> Result<Self, Stop> {
        let home = Home::find().map_err(Stop::failed)?;
        home.made_members_file(data.data.as_deref()).map_err(Stop::failed)?;
        Self::to_read(data)
    }
}

/// A name that may have an account.
pub fn name(typed: &str) -> Result<Name, Stop> {
    Name::parse(typed).map_err(|failure| Stop::usage(failure.text))
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since_zero = u64::try_from((clock::now() - Instant::ZERO).as_millis()).unwrap_or(0);
    clock::unix_ms_at_zero().saturating_add(since_zero)
}

/// How long a span is, in one unit that fits, to the nearest: `3 days`, `5 h`, `1 min`.
pub fn span(ms: u64) -> String {
    let minutes = ms.saturating_add(30_000) / 60_000;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h", (minutes + 30) / 60),
        _ => format!("{} days", (minutes + 720) / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_unit_that_fits() {
        const HOUR: u64 = 3_600_000;
        assert_eq!(
            (span(29_999), span(30_000), span(89 * 24 * HOUR + 13 * HOUR)),
            ("0 min".into(), "1 min".into(), "90 days".into())
        );
        let told = [0, 60_000, HOUR, 2 * HOUR, 47 * HOUR, 48 * HOUR, 90 * 24 * HOUR].map(span);
        assert_eq!(told, ["0 min", "1 min", "60 min", "2 h", "47 h", "2 days", "90 days"]);
    }
}
