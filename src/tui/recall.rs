//! Which line was typed before this one?
//!
//! ```text
//!  oldest … newest │ draft
//!                    ▲ Up goes left, Down goes right; the draft is waiting where it was left
//! ```

/// Lines remembered at most.
pub const LIMIT_LINES: usize = 500;

/// What was typed, and where in it Up and Down have got to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recall {
    lines: Vec<String>,
    /// Steps back from the draft; 0 is the draft itself.
    back: usize,
    draft: String,
}

impl Recall {
    /// Remembers a line that was sent (unless it repeats the last one), and returns to the draft.
    pub fn remember(&mut self, line: &str) {
        self.back = 0;
        self.draft.clear();
        if self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == LIMIT_LINES {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
    }

    /// The line before the one shown; `current` is what stands in the input, kept if it is the draft.
    pub fn up(&mut self, current: &str) -> Option<&str> {
        if self.back == self.lines.len() {
            return None;
        }
        if self.back == 0 {
            current.clone_into(&mut self.draft);
        }
        self.back += 1;
        self.shown()
    }

    /// The line after the one shown, at last the draft.
    pub fn down(&mut self) -> Option<&str> {
        self.back = self.back.checked_sub(1)?;
        self.shown()
    }

    fn shown(&self) -> Option<&str> {
        if self.back == 0 {
            return Some(&self.draft);
        }
        self.lines.get(self.lines.len() - self.back).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_and_down_walk_the_lines_and_give_the_draft_back() {
        let mut recall = Recall::default();
        recall.remember("one");
        recall.remember("two");
        assert_eq!(recall.up("dra"), Some("two"));
        assert_eq!(recall.up("two"), Some("one"));
        assert_eq!(recall.up("one"), None, "there is nothing before the first");
        assert_eq!(recall.down(), Some("two"));
        assert_eq!(recall.down(), Some("dra"));
        assert_eq!(recall.down(), None);
    }

    #[test]
    fn a_line_sent_twice_is_remembered_once() {
        let mut recall = Recall::default();
        recall.remember("again");
        recall.remember("again");
        assert_eq!((recall.up("").map(str::to_owned), recall.up("")), (Some("again".into()), None));
    }

    #[test]
    fn the_oldest_line_goes_when_there_are_too_many() {
        let mut recall = Recall::default();
        (0..=LIMIT_LINES).for_each(|n| recall.remember(&n.to_string()));
        let mut oldest = None;
        while let Some(line) = recall.up("") {
            oldest = Some(line.to_owned());
        }
        assert_eq!(oldest.as_deref(), Some("1"));
    }
}
