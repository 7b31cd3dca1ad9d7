//! How wide is this, for every terminal?
//!
//! An emoji with a skin tone, a family, a heart with a variation selector: Unicode makes one picture of
//! several characters, two cells wide (UAX 11, UTS 51). Some terminals do, too; others draw each character
//! by itself, and from then on the rest of the row stands elsewhere than we think.
//!
//! Ours: of such a sequence only its first character is shown, because a row that is garbled says less than
//! a thumb without its tone. Only the picture is simpler: what was sent stays as it is.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is shown for this grapheme cluster.
pub fn symbol(cluster: &str) -> &str {
    let each: usize = cluster.chars().filter_map(UnicodeWidthChar::width).sum();
    if each == cluster.width() {
        return cluster;
    }
    let visible = |c: &char| c.width().is_some_and(|width| width > 0);
    let end = cluster.char_indices().find(|(_, c)| visible(c)).map(|(at, c)| at + c.len_utf8());
    &cluster[..end.unwrap_or(cluster.len())]
}

/// What is shown for this text.
pub fn text(text: &str) -> String {
    text.graphemes(true).map(symbol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_several_characters_are_shown_by_their_first() {
        assert_eq!(text("a 👍🏽 b 👨‍👩‍👧‍👦 c ❤\u{fe0f}"), "a 👍 b 👨 c ❤");
    }

    #[test]
    fn what_terminals_agree_on_stays() {
        for agreed in ["hello", "日本語", "e\u{301}", "👍", "नमस्ते", ""] {
            assert_eq!(text(agreed), agreed);
        }
    }
}
