//! What is a person's name, and when are two names the same?
//!
//! A name is one word: 1 to 32 user-perceived characters (grapheme clusters, UAX #29) and at most 128
//! bytes, in NFC (UAX #15), of characters that can be seen. Two names are the same when they look alike:
//!
//! ```text
//!  "Bob"   "bob"   "bоb" (Cyrillic о)   "b0b"
//!     └───────┴─────────┴─────────────────┘
//!        fold case → skeleton (UTS #39 §4) → fold case   =  "bob"
//! ```
//!
//! Case is folded before the skeleton, since a capital may look like another letter than its small form,
//! and again after it, since a skeleton may contain capitals (`0` becomes `O`).
//!
//! Left out: which scripts may be mixed (UTS #39 §5); the skeleton already catches what looks alike.

use crate::chat::invisible::is_invisible;
use crate::chat::message::Failure;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// How many grapheme clusters a name has at most.
pub const NAME_CLUSTERS: usize = 32;
/// How many bytes a name has at most.
pub const NAME_BYTES: usize = 128;
/// How many combining marks one cluster has at most. Ours: enough for every living script, too few to
/// climb over the lines above and below.
const MARKS_PER_CLUSTER: usize = 4;

/// A name that is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    shown: Arc<str>,
    skeleton: String,
}

impl Name {
    /// The name that was typed so; white space around it is dropped.
    ///
    /// A [`Failure`] `name-invalid` says which rule it breaks.
    pub fn parse(typed: &str) -> Result<Self, Failure> {
        let trimmed = typed.trim();
        check_length(trimmed)?;
        let shown: String = trimmed.nfc().collect();
        check_length(&shown)?;
        check_characters(&shown)?;
        Ok(Self { skeleton: skeleton(&shown), shown: shown.into() })
    }

    /// As its owner writes it.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// As its owner writes it, shared.
    pub fn shown(&self) -> Arc<str> {
        Arc::clone(&self.shown)
    }

    /// What makes it unique: equal for names that look alike.
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }

    /// A name like this one that is free: `bob2`, `bob3`, …; `None` when all that were tried are taken.
    ///
    /// Tries 2 to 99 and then powers of ten, so that a refusal stays cheap however many people are called
    /// `student`.
    pub fn propose(&self, is_free: impl Fn(&Self) -> bool) -> Option<Self> {
        let small = 2..100_u64;
        let large = (2..=9).map(|exponent| 10_u64.pow(exponent));
        small.chain(large).filter_map(|number| self.numbered(number)).find(|name| is_free(name))
    }

    /// This name with a number instead of the digits at its end, cut so that it fits.
    fn numbered(&self, number: u64) -> Option<Self> {
        let digits = number.to_string();
        let without = self.shown.trim_end_matches(|c: char| c.is_ascii_digit());
        let stem = if without.is_empty() { &*self.shown } else { without };
        let mut cut = String::new();
        for cluster in stem.graphemes(true).take(NAME_CLUSTERS - digits.len()) {
            if cut.len() + cluster.len() + digits.len() > NAME_BYTES {
                break;
            }
            cut.push_str(cluster);
        }
        Self::parse(&(cut + &digits)).ok()
    }
}

/// What makes a name unique. Defined for every string, so that a look-up needs no valid name.
pub fn skeleton(name: &str) -> String {
    let normal: String = name.trim().nfc().collect();
    let folded = fold_case(&normal);
    let skeleton: String = unicode_security::skeleton(&folded).collect();
    fold_case(&skeleton)
}

/// Up and down again, each character by itself: so `ß` is `ss`, and `ς` is `σ` wherever it stands.
// Ours: in place of the table of full case foldings (Unicode §3.13), from which it differs only in a few
// characters that no skeleton tells apart from their folded form.
fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn check_length(name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        return Err(invalid("a name needs at least one character".to_owned()));
    }
    if name.len() > NAME_BYTES {
        return Err(invalid(format!("a name has at most {NAME_BYTES} bytes; this one has {}", name.len())));
    }
    let clusters = name.graphemes(true).count();
    if clusters > NAME_CLUSTERS {
        return Err(invalid(format!(
            "a name has at most {NAME_CLUSTERS} characters; this one has {clusters}"
        )));
    }
    Ok(())
}

fn check_characters(name: &str) -> Result<(), Failure> {
    if name.chars().any(char::is_control) {
        return Err(invalid("a name has no control characters".to_owned()));
    }
    if name.chars().any(char::is_whitespace) {
        return Err(invalid("a name is one word, without spaces".to_owned()));
    }
    if name.chars().any(is_invisible) {
        return Err(invalid("a name has no invisible characters".to_owned()));
    }
    if name.starts_with(['/', '#', '@']) {
        return Err(invalid("a name does not begin with / # or @".to_owned()));
    }
    if name.starts_with(is_combining_mark) {
        return Err(invalid("a name does not begin with a combining mark".to_owned()));
    }
    let marks = |cluster: &str| cluster.nfd().filter(|c| is_combining_mark(*c)).count();
    if name.graphemes(true).any(|cluster| marks(cluster) > MARKS_PER_CLUSTER) {
        return Err(invalid(format!("a character has at most {MARKS_PER_CLUSTER} combining marks")));
    }
    Ok(())
}

fn invalid(text: String) -> Failure {
    Failure { code: "name-invalid".to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(typed: &str) -> Name {
        Name::parse(typed).unwrap()
    }

    fn refusal(typed: &str) -> String {
        let failure = Name::parse(typed).unwrap_err();
        assert_eq!(failure.code, "name-invalid");
        failure.text
    }

    #[test]
    fn case_and_look_alikes_make_one_name() {
        for other in ["bob", "BOB", "b\u{43e}b", "b0b", " bob ", "bo\u{ff42}"] {
            assert_eq!(name(other).skeleton(), name("Bob").skeleton(), "{other}");
        }
    }

    #[test]
    fn composed_and_decomposed_forms_make_one_name() {
        assert_eq!(name("Zoe\u{308}"), name("Zo\u{eb}"));
        assert_eq!(name("stra\u{df}e").skeleton(), name("STRASSE").skeleton());
    }

    #[test]
    fn names_that_look_different_stay_different() {
        for other in ["bop", "bob2", "bo", "ann", "b\u{f6}b"] {
            assert_ne!(name(other).skeleton(), name("bob").skeleton(), "{other}");
        }
    }

    #[test]
    fn thirty_two_clusters_are_a_name_and_thirty_three_are_not() {
        assert!(Name::parse(&"a".repeat(32)).is_ok());
        assert!(refusal(&"a".repeat(33)).contains("33"));
        assert!(Name::parse(&"o\u{308}".repeat(32)).is_ok(), "a mark is part of its letter");
    }

    #[test]
    fn a_hundred_and_twenty_eight_bytes_are_a_name_and_more_are_not() {
        assert!(Name::parse(&"\u{1f600}".repeat(32)).is_ok());
        assert!(refusal(&"q\u{323}\u{307}".repeat(26)).contains("130"));
    }

    #[test]
    fn nothing_hidden_and_nothing_that_steers_a_terminal_is_in_a_name() {
        assert!(refusal("").contains("at least one"));
        assert!(refusal("  ").contains("at least one"));
        assert!(refusal("a\u{1b}[31mb").contains("control"));
        assert!(refusal("a\u{9b}31mb").contains("control"));
        assert!(refusal("a\nb").contains("control"));
        assert!(refusal("a b").contains("one word"));
        assert!(refusal("a\u{a0}b").contains("one word"));
        assert!(refusal("bo\u{200d}b").contains("invisible"));
        assert!(refusal("\u{202e}bob").contains("invisible"));
        assert!(refusal("\u{308}x").contains("combining"));
        assert!(refusal(&format!("x{}", "\u{308}".repeat(5))).contains("combining"));
        for typed in ["/bob", "#bob", "@bob"] {
            assert!(refusal(typed).contains("begin"));
        }
    }

    #[test]
    fn a_proposal_is_the_first_free_number() {
        let free = |name: &Name| !["bob2", "bob3"].contains(&name.as_str());
        assert_eq!(name("bob").propose(free).unwrap().as_str(), "bob4");
        assert_eq!(name("bob2").propose(free).unwrap().as_str(), "bob4", "not bob22");
        assert_eq!(name("1984").propose(|_| true).unwrap().as_str(), "19842");
        assert_eq!(name("bob").propose(|_| false), None);
    }

    #[test]
    fn a_proposal_fits_the_length() {
        let long = name(&"a".repeat(32)).propose(|_| true).unwrap();
        assert_eq!(long.as_str(), "a".repeat(31) + "2");
        let wide = name(&"\u{1f600}".repeat(32)).propose(|_| true).unwrap();
        assert!(wide.as_str().len() <= NAME_BYTES && wide.as_str().ends_with('2'));
    }

    #[test]
    fn every_string_has_a_skeleton() {
        for any in ["", "\u{0}", "\u{202e}", "\u{10ffff}", "/x y"] {
            assert_eq!(skeleton(&skeleton(any)), skeleton(any));
        }
    }
}
