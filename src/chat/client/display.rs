//! How is a text from somebody else shown, so that it can do nothing to a terminal?
//!
//! Whatever a terminal might obey, and whatever could make a text look like another one, is replaced by a
//! mark that can be seen:
//!
//! ```text
//!  line feed, and CR LF                          ⏎  with a blank around it
//!  tab                                           a blank
//!  control characters 00 to 1F and 7F            the control picture: ESC is ␛, BEL is ␇
//!  control characters 80 to 9F                   <U+009B>
//!  direction overrides, zero-width, tags, …      <U+202E>
//!  line and paragraph separators                 <U+2028>
//! ```
//!
//! Two kinds of invisible characters stay, because living scripts and emoji need them: a joiner (U+200C,
//! U+200D) or a variation selector (U+FE00 to U+FE0F) right behind a character that is shown. Names never
//! contain them, and they reach no further than their neighbours.
//!
//! Source: Unicode, Control Pictures (U+2400 to U+2426); ECMA-48 for C0 and C1.

use crate::chat::invisible::is_invisible;
use std::borrow::Cow;
use std::fmt::Write as _;

/// This text on one line, harmless.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut visible_before = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        let joins = visible_before && is_joining(character);
        visible_before = !is_harmful(character) || (joins && is_selector(character));
        if joins {
            shown.push(character);
        } else {
            push(&mut shown, character);
        }
    }
    Cow::Owned(shown)
}

fn is_harmful(character: char) -> bool {
    character.is_control() || is_invisible(character) || matches!(character, '\u{2028}' | '\u{2029}')
}

fn is_joining(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}') || is_selector(character)
}

fn is_selector(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}')
}

fn push(shown: &mut String, character: char) {
    let code = u32::from(character);
    match character {
        '\n' => shown.push_str(" ⏎ "),
        '\t' => shown.push(' '),
        '\0'..='\u{1f}' => shown.push(char::from_u32(0x2400 + code).unwrap_or('\u{fffd}')),
        '\u{7f}' => shown.push('␡'),
        _ if is_harmful(character) => {
            // Writing to a string cannot fail.
            let _ = write!(shown, "<U+{code:04X}>");
        }
        _ => shown.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_of_any_script_is_shown_as_it_is_and_costs_nothing() {
        for text in ["hi", "Zoë", "привет", "こんにちは", "😀 — fine"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn an_escape_sequence_becomes_visible_and_powerless() {
        assert_eq!(printable("\u{1b}[2J\u{1b}]0;title\u{7}"), "␛[2J␛]0;title␇");
        assert_eq!(printable("\u{9b}31m\u{7f}\0"), "<U+009B>31m␡␀");
    }

    #[test]
    fn lines_are_joined_with_a_mark() {
        assert_eq!(printable("one\ntwo\r\nthree\rfour\tfive"), "one ⏎ two ⏎ three␍four five");
        assert_eq!(printable("a\u{2028}b\u{2029}c"), "a<U+2028>b<U+2029>c");
    }

    #[test]
    fn what_turns_the_direction_or_hides_is_named() {
        assert_eq!(printable("\u{202e}bob\u{2066}"), "<U+202E>bob<U+2066>");
        assert_eq!(printable("a\u{200b}b\u{feff}c\u{ad}d"), "a<U+200B>b<U+FEFF>c<U+00AD>d");
        assert_eq!(printable("\u{e0041}"), "<U+E0041>");
    }

    #[test]
    fn joiners_and_selectors_stay_behind_a_character_but_never_in_a_row() {
        let family = "👩\u{200d}👧 ❤\u{fe0f}\u{200d}🔥 می\u{200c}خواهم";
        assert_eq!(printable(family), family);
        assert_eq!(printable("\u{200d}a\u{200d}\u{200d}"), "<U+200D>a\u{200d}<U+200D>");
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_left(text in "[\\x00-\\xff\u{2028}\u{202a}-\u{202e}a\u{200d}]{0,60}") {
            let shown = printable(&text);
            let obeyed = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2028}';
            prop_assert!(!shown.contains(obeyed), "{shown:?}");
        }
    }
}
