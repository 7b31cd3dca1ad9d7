//! How does somebody carry a token?
//!
//! ```text
//!  sat-9K2M-250J-HE8A-…    128 random bits and a checksum, as in a join code
//! ```
//!
//! It is told once, when it is issued; the server keeps a hash of it. What nobody can guess needs no
//! stretching.

use super::checked_text::{self, CHARACTERS, GROUP, ReadError, is_ignored};
use std::fmt;
use std::str::FromStr;

/// What every token begins with, in small or in capital letters.
const PREFIX: &str = "sat";

/// 128 random bits that let their bearer in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token(pub [u8; 16]);

/// Why a text that looks like a token is none. Displays as where to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenError {
    /// This character is in no token: in this group, at this place, both from 1.
    Character(char, usize, usize),
    /// So many characters, instead of 28.
    Length(usize),
    /// The checksum does not agree.
    Check,
}

impl Token {
    /// Is this text meant as a token, and never as a password? It begins with `sat-`.
    pub fn is_meant_by(text: &str) -> bool {
        let text = text.trim_start();
        let rest = text.get(..PREFIX.len()).filter(|begin| begin.eq_ignore_ascii_case(PREFIX));
        rest.is_some() && text[PREFIX.len()..].starts_with(is_ignored)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let text = text.trim_start();
        let token = if Self::is_meant_by(text) { &text[PREFIX.len()..] } else { text };
        let symbols = checked_text::read(token).map_err(|error| match error {
            ReadError::Character(character, group, place) => TokenError::Character(character, group, place),
            ReadError::Length(count) => TokenError::Length(count),
        })?;
        checked_text::data(&symbols).map(|data| Self(data.to_be_bytes())).ok_or(TokenError::Check)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        checked_text::write(f, PREFIX, &checked_text::symbols(u128::from_be_bytes(self.0)))
    }
}

/// Without what it proves: this must never come into a log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character, group, place) => write!(
                f,
                "`{}` (group {group}, character {place}) stands in no token: they have digits and letters \
                 without U",
                character.escape_debug()
            ),
            Self::Length(count) => write!(
                f,
                "a token has {CHARACTERS} characters in groups of {GROUP} after `sat-`, and this one has {count}"
            ),
            Self::Check => f.write_str("a character of this token is wrong, or two are swapped"),
        }
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::JoinCode;

    const TOKEN: Token = Token(*b"sixteen bytes..!");

    #[test]
    fn a_token_is_read_as_it_was_written_in_any_case_and_without_its_hyphens() {
        let text = TOKEN.to_string();
        assert!(text.starts_with("sat-") && text.len() == 38, "{text}");
        for typed in [text.clone(), text.to_lowercase(), text.replace('-', " "), format!("  {text}\n")] {
            assert!(Token::is_meant_by(&typed), "{typed}");
            assert_eq!(typed.parse(), Ok(TOKEN), "{typed}");
        }
    }

    #[test]
    fn a_token_is_no_join_code_and_no_password_is_a_token() {
        assert!(!JoinCode::is_meant_by(&TOKEN.to_string()));
        assert!(
            !Token::is_meant_by("sa-R2M0") && !Token::is_meant_by("saturday") && !Token::is_meant_by("sa")
        );
    }

    #[test]
    fn every_mistyped_character_is_found() {
        let text = TOKEN.to_string();
        for place in text.char_indices().skip(4).filter(|(_, c)| *c != '-').map(|(at, _)| at) {
            let other = if text[place..].starts_with('7') { "8" } else { "7" };
            let mut wrong = text.clone();
            wrong.replace_range(place..=place, other);
            assert_eq!(wrong.parse::<Token>(), Err(TokenError::Check), "{wrong}");
        }
        assert_eq!("sat-123".parse::<Token>(), Err(TokenError::Length(3)));
        assert_eq!("sat-U".parse::<Token>(), Err(TokenError::Character('U', 1, 1)));
        assert_eq!(format!("{TOKEN:?}"), "Token(…)");
    }
}
