//! Which server is meant by a code that somebody typed, and how do we know that we found it?
//!
//! ```text
//!  sa-R2M0-250J-HE8A-…    140 bits, five a character, the first first
//!
//!   32 bits   16 bits  80 bits                        12 bits
//!  ├─────────┼────────┼──────────────────────────────┼───────┤
//!   address   port     the server's key, stretched    CRC
//! ```
//!
//! How the bits become characters, and what the checksum finds: `checked_text`. It is there for mistakes, the
//! stretched key against lies.

use super::checked_text::{self, CHARACTERS, GROUP, ReadError, Symbols, is_ignored};
use crate::crypto::StretchedKey;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::str::FromStr;

/// What every code begins with, in small or in capital letters.
const PREFIX: &str = "sa";
/// Where a server is, and which key it must show there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JoinCode {
    /// Where it listens.
    pub address: SocketAddrV4,
    /// What its key must come to.
    pub key: StretchedKey,
}

/// Why a text that looks like a join code is none. Displays as where to look, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CodeError {
    /// This character is none of a code's: in this group, at this place, both from 1.
    Character(char, usize, usize),
    /// So many characters, instead of 28.
    Length(usize),
    /// The checksum does not agree. One character, or two swapped, in one of these groups (from 1) would
    /// explain it; if there are none, more than that is wrong.
    Check(Vec<usize>),
    /// It is whole, but no server can have this address.
    Address(SocketAddrV4),
}

impl JoinCode {
    /// Is this text meant as a join code, and never as a host's name? It begins with `sa-` and has no port.
    pub fn is_meant_by(text: &str) -> bool {
        let text = text.trim_start();
        let rest = text.get(..PREFIX.len()).filter(|begin| begin.eq_ignore_ascii_case(PREFIX));
        rest.is_some() && text[PREFIX.len()..].starts_with(is_ignored) && !text.contains(':')
    }

    /// The same in capital letters: what a QR code holds in the fewest squares.
    pub fn in_capitals(&self) -> String {
        self.to_string().to_uppercase()
    }

    fn symbols(&self) -> Symbols {
        let mut data = u128::from(u32::from(*self.address.ip())) << 16 | u128::from(self.address.port());
        for byte in self.key.0 {
            data = data << 8 | u128::from(byte);
        }
        checked_text::symbols(data)
    }

    /// What these symbols say, if the checksum agrees.
    fn of_symbols(symbols: &Symbols) -> Option<Self> {
        let bytes = checked_text::data(symbols)?.to_be_bytes();
        let ip = Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]);
        let address = SocketAddrV4::new(ip, u16::from_be_bytes([bytes[4], bytes[5]]));
        let mut key = [0; 10];
        key.copy_from_slice(&bytes[6..]);
        Some(Self { address, key: StretchedKey(key) })
    }
}

/// The groups in which one mistyped character, or two neighbours swapped, would explain these symbols.
fn suspects(symbols: &Symbols) -> Vec<usize> {
    let mut groups = Vec::new();
    for place in 0..CHARACTERS {
        let mut mended = *symbols;
        let mistyped = (0..32).any(|other| {
            mended[place] = other;
            JoinCode::of_symbols(&mended).is_some()
        });
        let mut mended = *symbols;
        let swapped = place + 1 < CHARACTERS && {
            mended.swap(place, place + 1);
            JoinCode::of_symbols(&mended).is_some()
        };
        if mistyped || swapped {
            groups.push(place / GROUP + 1);
        }
        if swapped {
            groups.push((place + 1) / GROUP + 1);
        }
    }
    groups.sort_unstable();
    groups.dedup();
    groups
}

impl FromStr for JoinCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let text = text.trim_start();
        let code = if Self::is_meant_by(text) { &text[PREFIX.len()..] } else { text };
        let symbols = checked_text::read(code).map_err(|error| match error {
            ReadError::Character(character, group, place) => CodeError::Character(character, group, place),
            ReadError::Length(count) => CodeError::Length(count),
        })?;
        let code = Self::of_symbols(&symbols).ok_or_else(|| CodeError::Check(suspects(&symbols)))?;
        let ip = code.address.ip();
        let is_nobodys = ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast();
        if is_nobodys || code.address.port() == 0 {
            return Err(CodeError::Address(code.address));
        }
        Ok(code)
    }
}

impl fmt::Display for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        checked_text::write(f, PREFIX, &self.symbols())
    }
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const COMPARE: &str = "compare it with what the server shows";
        const HOST: &str =
            "(A host whose name begins with `sa-` is written with its port, as in sa-host:4747.)";
        match self {
            Self::Character(character, group, place) => write!(
                f,
                "`{}` (group {group}, character {place}) stands in no join code: they have digits and \
                 letters without U; {COMPARE}. {HOST}",
                character.escape_debug()
            ),
            Self::Length(count) => write!(
                f,
                "a join code has {CHARACTERS} characters in groups of {GROUP} after `sa-`, and this one has \
                 {count}; {COMPARE}. {HOST}"
            ),
            Self::Check(groups) if groups.is_empty() => {
                write!(f, "several characters of this join code are wrong; {COMPARE}, group by group")
            }
            Self::Check(groups) => {
                let listed: Vec<String> = groups.iter().map(usize::to_string).collect();
                let noun = if groups.len() == 1 { "group" } else { "one of the groups" };
                write!(
                    f,
                    "a character of this join code is wrong, or two are swapped; {COMPARE}, first {noun} {}",
                    listed.join(", ")
                )
            }
            Self::Address(address) => {
                write!(f, "this join code leads to {address}, where no server can be; {COMPARE}")
            }
        }
    }
}

impl std::error::Error for CodeError {}

#[cfg(test)]
#[path = "join_code_tests.rs"]
mod tests;
