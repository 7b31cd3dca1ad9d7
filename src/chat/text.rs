//! What may be said?
//!
//! Any text that is not empty, of at most 4,000 characters (Unicode scalar values; in UTF-8 these are at
//! most 16,000 bytes), line breaks included. Nothing is taken out of it: whoever shows a text makes control characters harmless,
//! since a server cannot know what harms which terminal. The client asks the same question before it
//! sends, so that people hear the answer at once.

use crate::chat::message::{Failure, TEXT_CHARS_MAX};

/// May this be said?
///
/// A [`Failure`] `message-empty` or `message-too-long` (with the length) says why not.
pub fn check(text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        return Err(Failure::new("message-empty", "there is nothing in this message"));
    }
    let characters = text.chars().count();
    if characters > TEXT_CHARS_MAX {
        return Err(Failure::new(
            "message-too-long",
            format!("a message has at most {TEXT_CHARS_MAX} characters; this one has {characters}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::TEXT_BYTES_MAX;

    #[test]
    fn four_thousand_characters_are_a_message_and_one_more_is_not() {
        assert_eq!(check(&"x".repeat(4_000)), Ok(()));
        let failure = check(&"x".repeat(4_001)).unwrap_err();
        assert_eq!(failure.code, "message-too-long");
        assert!(failure.text.contains("4001"));
    }

    #[test]
    fn sixteen_thousand_bytes_are_a_message_and_characters_are_counted_not_bytes() {
        let longest = "\u{1f600}".repeat(4_000);
        assert_eq!((check(&longest), longest.len()), (Ok(()), TEXT_BYTES_MAX));
        assert!(check(&"\u{1f600}".repeat(4_001)).unwrap_err().text.contains("4001"));
    }

    #[test]
    fn nothing_and_only_white_space_are_no_message() {
        for empty in ["", "   ", "\n\t"] {
            assert_eq!(check(empty).unwrap_err().code, "message-empty");
        }
    }

    #[test]
    fn line_breaks_and_escape_sequences_are_carried_as_they_are() {
        assert_eq!(check("one\n\ttwo \u{1b}[31mred"), Ok(()));
    }
}
