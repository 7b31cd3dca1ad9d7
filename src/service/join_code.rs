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
//! The characters are Crockford's base 32: no U, O reads as 0, I and L read as 1, small as capital; blanks
//! and hyphens count for nothing. The checksum is the CRC with the polynomial x¹² + x¹¹ + x³ + x² + x + 1 =
//! (x + 1)(x¹¹ + x² + 1). It finds every run of wrong bits of at most 12, so every character mistyped and
//! every two neighbours swapped; and since x¹¹ + x² + 1 is primitive, with a period of 2,047 bits, also any
//! two characters swapped, however far apart. Of all else it misses one in 4,096, and then the key does not
//! match. It is there for mistakes, the stretched key against lies.

use crate::crypto::StretchedKey;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::str::FromStr;

/// What every code begins with, in small or in capital letters.
const PREFIX: &str = "sa";
/// Characters of a code, without prefix and hyphens.
const CHARACTERS: usize = 28;
/// Characters between two hyphens.
const GROUP: usize = 4;
/// Crockford's base 32 (<https://www.crockford.com/base32.html>).
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M',
    'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];
/// x¹¹ + x³ + x² + x + 1, below the x¹² of the polynomial.
const POLYNOMIAL: u16 = 0x80f;
/// Ours: not zero, because 28 zeros should be no code.
const CHECK_BEGIN: u16 = 0xfff;

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

    fn symbols(&self) -> [u8; CHARACTERS] {
        let mut data = u128::from(u32::from(*self.address.ip())) << 16 | u128::from(self.address.port());
        for byte in self.key.0 {
            data = data << 8 | u128::from(byte);
        }
        let tail = (data & 7) << 12 | u128::from(check(data));
        let mut symbols = [0; CHARACTERS];
        for (index, symbol) in symbols.iter_mut().enumerate() {
            let bits = if index < 25 { data >> (123 - 5 * index) } else { tail >> (135 - 5 * index) };
            *symbol = u8::try_from(bits & 31).unwrap_or(0);
        }
        symbols
    }

    /// What these symbols say, if the checksum agrees.
    fn of_symbols(symbols: &[u8; CHARACTERS]) -> Option<Self> {
        let gathered = |symbols: &[u8]| symbols.iter().fold(0, |bits, s| bits << 5 | u128::from(*s));
        let (head, tail) = (gathered(&symbols[..25]), gathered(&symbols[25..]));
        let data = head << 3 | tail >> 12;
        if u128::from(check(data)) != tail & 0xfff {
            return None;
        }
        let bytes = data.to_be_bytes();
        let ip = Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]);
        let address = SocketAddrV4::new(ip, u16::from_be_bytes([bytes[4], bytes[5]]));
        let mut key = [0; 10];
        key.copy_from_slice(&bytes[6..]);
        Some(Self { address, key: StretchedKey(key) })
    }
}

/// Blanks, and the hyphens and dashes that programs make of a hyphen.
fn is_ignored(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn symbol(character: char) -> Option<u8> {
    let read = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == read).and_then(|index| u8::try_from(index).ok())
}

/// The CRC of 128 bits, the highest first.
fn check(data: u128) -> u16 {
    (0..128).rev().fold(CHECK_BEGIN, |sum, bit| {
        let goes_out = (sum >> 11 & 1) ^ u16::from(data >> bit & 1 == 1);
        (sum << 1 & 0xfff) ^ (goes_out * POLYNOMIAL)
    })
}

/// The groups in which one mistyped character, or two neighbours swapped, would explain these symbols.
fn suspects(symbols: &[u8; CHARACTERS]) -> Vec<usize> {
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
        let mut symbols = [0; CHARACTERS];
        let mut count = 0;
        for character in code.chars().filter(|character| !is_ignored(*character)) {
            let place = (count / GROUP + 1, count % GROUP + 1);
            let read = symbol(character).ok_or(CodeError::Character(character, place.0, place.1))?;
            if let Some(symbol) = symbols.get_mut(count) {
                *symbol = read;
            }
            count += 1;
        }
        if count != CHARACTERS {
            return Err(CodeError::Length(count));
        }
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
        f.write_str(PREFIX)?;
        for group in self.symbols().chunks(GROUP) {
            f.write_str("-")?;
            group.iter().try_for_each(|symbol| write!(f, "{}", ALPHABET[usize::from(*symbol)]))?;
        }
        Ok(())
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
