//! What stands in the line being typed, and where is the cursor in it?
//!
//! ```text
//!  hällo wörld⏎second line
//!        ▲ cursor: a byte offset, always between two grapheme clusters
//! ```
//!
//! What a person sees as one character (a grapheme cluster, UAX 29) is one step of the cursor and one
//! stroke of Backspace. A paste may hold several lines; nothing of it leaves before Enter.

use unicode_segmentation::UnicodeSegmentation;

/// Bytes that the line holds at most: more than the longest message, so that its refusal can be read.
pub const LIMIT_BYTES: usize = 64 * 1024;

/// The line being typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Input {
    text: String,
    cursor: usize,
}

impl Input {
    /// What has been typed; lines of a paste are separated by `\n`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Nothing typed?
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces everything; the cursor goes to the end.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = self.text.len();
    }

    /// Empties the line and returns what stood there.
    pub fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Types (or pastes) at the cursor. Line ends become `\n`, tabs a space; other control characters are
    /// dropped, and so is what would exceed [`LIMIT_BYTES`].
    pub fn insert(&mut self, typed: &str) {
        let unified = typed.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
        for c in unified.chars().filter(|c| *c == '\n' || !c.is_control()) {
            if self.text.len() + c.len_utf8() > LIMIT_BYTES {
                return;
            }
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Replaces what stands between `from` (a byte offset at or before the cursor) and the cursor.
    pub fn replace_before_cursor(&mut self, from: usize, with: &str) {
        if from <= self.cursor && self.text.is_char_boundary(from) {
            self.text.replace_range(from..self.cursor, with);
            self.cursor = from + with.len();
        }
    }

    /// Deletes the character before the cursor.
    pub fn backspace(&mut self) {
        self.replace_before_cursor(self.previous(), "");
    }

    /// Deletes the character under the cursor.
    pub fn delete(&mut self) {
        let end = self.next();
        self.text.replace_range(self.cursor..end, "");
    }

    /// Deletes the word before the cursor.
    pub fn delete_word(&mut self) {
        self.replace_before_cursor(self.word_start(), "");
    }

    /// Deletes all before the cursor.
    pub fn delete_to_start(&mut self) {
        self.replace_before_cursor(0, "");
    }

    /// Deletes the cursor's character and all after it.
    pub fn delete_to_end(&mut self) {
        self.text.truncate(self.cursor);
    }

    /// One character to the left.
    pub fn left(&mut self) {
        self.cursor = self.previous();
    }

    /// One character to the right.
    pub fn right(&mut self) {
        self.cursor = self.next();
    }

    /// To the start of the word before the cursor.
    pub fn word_left(&mut self) {
        self.cursor = self.word_start();
    }

    /// Behind the end of the word after the cursor.
    pub fn word_right(&mut self) {
        let rest = &self.text[self.cursor..];
        let word = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let end = rest[word..].find(char::is_whitespace).map_or(rest.len(), |at| word + at);
        self.cursor += end;
    }

    /// To the start of the line.
    pub fn home(&mut self) {
        self.cursor = 0;
    }

    /// To the end of the line.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    fn previous(&self) -> usize {
        self.before_cursor().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        let step = self.text[self.cursor..].graphemes(true).next().map_or(0, str::len);
        self.cursor + step
    }

    fn word_start(&self) -> usize {
        let trimmed = self.before_cursor().trim_end();
        let gap = trimmed.char_indices().rev().find(|(_, c)| c.is_whitespace());
        gap.map_or(0, |(at, c)| at + c.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Input {
        let mut input = Input::default();
        input.insert(text);
        input
    }

    #[test]
    fn a_family_of_four_is_one_stroke_of_backspace() {
        let mut input = typed("a👨‍👩‍👧‍👦");
        input.backspace();
        assert_eq!((input.text(), input.before_cursor()), ("a", "a"));
    }

    #[test]
    fn typing_in_the_middle_moves_the_rest_along() {
        let mut input = typed("helo");
        input.left();
        input.insert("l");
        assert_eq!((input.text(), input.before_cursor()), ("hello", "hell"));
    }

    #[test]
    fn words_are_skipped_and_deleted_whole() {
        let mut input = typed("one zwei trois ");
        input.word_left();
        assert_eq!(input.before_cursor(), "one zwei ");
        input.delete_word();
        assert_eq!((input.text(), input.before_cursor()), ("one trois ", "one "));
        input.home();
        input.word_right();
        assert_eq!(input.before_cursor(), "one");
    }

    #[test]
    fn the_ends_of_the_line_stop_every_motion() {
        let mut input = typed("é");
        input.right();
        input.delete();
        input.left();
        input.left();
        input.backspace();
        assert_eq!((input.text(), input.before_cursor()), ("é", ""));
        input.delete();
        assert!(input.is_empty());
    }

    #[test]
    fn a_paste_keeps_its_lines_and_loses_its_escapes() {
        let input = typed("one\r\ntwo\rthree\x1b[31m\ttab");
        assert_eq!(input.text(), "one\ntwo\nthree[31m tab");
    }

    #[test]
    fn a_huge_paste_stops_at_the_limit() {
        assert_eq!(typed(&"x".repeat(LIMIT_BYTES + 10)).text().len(), LIMIT_BYTES);
    }

    #[test]
    fn what_is_before_the_cursor_can_be_replaced() {
        let mut input = typed("/wh you");
        input.home();
        (0..3).for_each(|_| input.right());
        input.replace_before_cursor(0, "/whois");
        assert_eq!((input.text(), input.before_cursor()), ("/whois you", "/whois"));
    }
}
