//! Which characters cannot be seen, and so could make two different names look alike?
//!
//! Format characters (general category Cf: bidirectional controls, joiners, tags) and the default-ignorable
//! code points (variation selectors, fillers), with a blank that is not counted as white space. Written out,
//! because neither the standard library nor our other tables know them. Control characters (Cc) and white
//! space are left to [`char::is_control`] and [`char::is_whitespace`].
//!
//! Source: Unicode Character Database, `DerivedGeneralCategory.txt` (Cf) and `DerivedCoreProperties.txt`
//! (`Default_Ignorable_Code_Point`); UAX #9 §2 for why the bidirectional ones are dangerous.

/// First and last of each run, rising.
const RUNS: [(u32, u32); 26] = [
    (0x00ad, 0x00ad),   // soft hyphen
    (0x034f, 0x034f),   // combining grapheme joiner
    (0x0600, 0x0605),   // Arabic number signs
    (0x061c, 0x061c),   // Arabic letter mark
    (0x06dd, 0x06dd),   // Arabic end of ayah
    (0x070f, 0x070f),   // Syriac abbreviation mark
    (0x0890, 0x0891),   // Arabic pound and piastre marks
    (0x08e2, 0x08e2),   // Arabic disputed end of ayah
    (0x115f, 0x1160),   // Hangul fillers
    (0x17b4, 0x17b5),   // Khmer inherent vowels
    (0x180b, 0x180f),   // Mongolian variation selectors, vowel separator
    (0x200b, 0x200f),   // zero-width space, joiners, direction marks
    (0x202a, 0x202e),   // direction embeddings and overrides
    (0x2060, 0x206f),   // word joiner, invisible operators, direction isolates
    (0x2800, 0x2800),   // blank Braille pattern
    (0x3164, 0x3164),   // Hangul filler
    (0xfe00, 0xfe0f),   // variation selectors
    (0xfeff, 0xfeff),   // byte order mark
    (0xffa0, 0xffa0),   // half-width Hangul filler
    (0xfff0, 0xfffb),   // unassigned ignorables, interlinear annotation
    (0x110bd, 0x110bd), // Kaithi number sign
    (0x110cd, 0x110cd), // Kaithi number sign above
    (0x13430, 0x1343f), // Egyptian hieroglyph format controls
    (0x1bca0, 0x1bca3), // shorthand format controls
    (0x1d173, 0x1d17a), // musical format controls
    (0xe0000, 0xe0fff), // tags, variation selectors, unassigned ignorables
];

/// Can this character not be seen, though it is neither a control character nor white space?
pub fn is_invisible(character: char) -> bool {
    let code = u32::from(character);
    let after = RUNS.partition_point(|(first, _)| *first <= code);
    after.checked_sub(1).and_then(|run| RUNS.get(run)).is_some_and(|(_, last)| code <= *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joiners_bidi_controls_fillers_and_tags_are_invisible() {
        for c in "\u{200d}\u{202e}\u{2067}\u{feff}\u{3164}\u{e0041}\u{fe0f}\u{ad}\u{2800}".chars() {
            assert!(is_invisible(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn letters_marks_digits_and_emoji_are_visible() {
        for c in "aZ0ßжक्あ😀\u{308}-_\u{fffc}\u{10ffff}\0".chars() {
            assert!(!is_invisible(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn the_runs_rise_and_do_not_overlap() {
        assert!(RUNS.iter().all(|(first, last)| first <= last));
        assert!(RUNS.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }
}
