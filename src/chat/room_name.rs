//! What is a room's name?
//!
//! Letters and digits of any script, `-`, `_` and `.`: 1 to 32 user-perceived characters and at most 128
//! bytes, in lower case and NFC, so that `#Lobby`, `lobby` and `LOBBY` are one room. A `#` in front is how
//! people point at rooms, and is dropped.

use crate::chat::invisible::is_invisible;
use crate::chat::message::Failure;
use crate::chat::name::{NAME_BYTES, NAME_CLUSTERS};
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// A room's name that is one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// The room that was typed so.
    ///
    /// A [`Failure`] `room-invalid` says which rule it breaks.
    pub fn parse(typed: &str) -> Result<Self, Failure> {
        let trimmed = typed.trim();
        let bare = trimmed.strip_prefix('#').unwrap_or(trimmed);
        check_length(bare)?;
        let lower: String = bare.nfc().flat_map(char::to_lowercase).collect();
        // Lower case may fall apart into letter and mark (U+0130), so it is composed again.
        let name: String = lower.nfc().collect();
        check_length(&name)?;
        check_characters(&name)?;
        Ok(Self(name.into()))
    }

    /// In lower case, without `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In lower case, without `#`, shared.
    pub fn shown(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

fn check_length(name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        return Err(invalid("a room's name needs at least one character".to_owned()));
    }
    let clusters = name.graphemes(true).count();
    if name.len() > NAME_BYTES || clusters > NAME_CLUSTERS {
        return Err(invalid(format!(
            "a room's name has at most {NAME_CLUSTERS} characters and {NAME_BYTES} bytes; this one has {clusters} and {}",
            name.len()
        )));
    }
    Ok(())
}

fn check_characters(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '_' | '.');
    if !name.chars().all(|c| fits(c) && !is_invisible(c)) || name.starts_with(is_combining_mark) {
        return Err(invalid("a room's name has letters, digits, - _ and . only".to_owned()));
    }
    Ok(())
}

fn invalid(text: String) -> Failure {
    Failure { code: "room-invalid".to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(typed: &str) -> String {
        RoomName::parse(typed).unwrap().as_str().to_owned()
    }

    fn is_refused(typed: &str) -> bool {
        RoomName::parse(typed).is_err_and(|failure| failure.code == "room-invalid")
    }

    #[test]
    fn case_and_the_sign_in_front_do_not_matter() {
        for typed in ["lobby", "#lobby", "LOBBY", " #Lobby "] {
            assert_eq!(room(typed), "lobby");
        }
    }

    #[test]
    fn letters_of_every_script_digits_and_three_signs_make_a_room() {
        for typed in ["übung-3", "комната", "部屋.2", "हिन्दी", "a_b"] {
            assert_eq!(room(typed), typed);
        }
    }

    #[test]
    fn what_is_no_letter_makes_no_room() {
        for typed in ["", "#", "a b", "##x", "a/b", "x\u{1b}[2J", "a\u{200d}b", "\u{308}a", "😀"] {
            assert!(is_refused(typed), "{typed:?}");
        }
        assert!(is_refused(&"a".repeat(33)) && !is_refused(&"a".repeat(32)));
    }

    #[test]
    fn a_name_is_its_own_name() {
        for typed in ["İstanbul", "STRASSE", "ΣΑΣ"] {
            assert_eq!(room(&room(typed)), room(typed));
        }
    }
}
