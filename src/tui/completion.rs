//! What could the half-typed word become?
//!
//! Tab replaces the word before the cursor by the first candidate that begins with it, Tab again by the
//! next, and after the last comes the word as it was typed. At the start of a line the candidates are
//! commands, elsewhere names and rooms.

use super::input::Input;

/// A round of Tabs under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Where the word begins in the input, in bytes.
    from: usize,
    /// What to put there: the candidates, and at the end the word as typed.
    choices: Vec<String>,
    next: usize,
}

impl Completion {
    /// The round that begins now; `None` where nothing fits. `commands` bring their slash.
    pub fn begin<'a>(
        input: &Input,
        commands: impl Iterator<Item = &'a str>,
        names: impl Iterator<Item = &'a str>,
    ) -> Option<Self> {
        let before = input.before_cursor();
        let from = before.trim_end_matches(|c: char| !c.is_whitespace()).len();
        let word = before.get(from..)?;
        let mut choices: Vec<String> = match (from, word.starts_with('/')) {
            (0, true) => fitting(word, commands, " "),
            // A name that begins a line addresses somebody: "bob: …".
            (0, false) => fitting(word, names, ": "),
            _ => fitting(word, names, " "),
        };
        if word.is_empty() || choices.is_empty() {
            return None;
        }
        choices.push(word.to_owned());
        Some(Self { from, choices, next: 0 })
    }

    /// One Tab more: puts the next candidate into the input.
    pub fn step(&mut self, input: &mut Input) {
        if let Some(choice) = self.choices.get(self.next) {
            input.replace_before_cursor(self.from, choice);
        }
        self.next = (self.next + 1) % self.choices.len().max(1);
    }
}

fn fitting<'a>(word: &str, candidates: impl Iterator<Item = &'a str>, suffix: &str) -> Vec<String> {
    let folded = word.to_lowercase();
    candidates
        .filter(|candidate| candidate.to_lowercase().starts_with(&folded))
        .map(|candidate| format!("{candidate}{suffix}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: [&str; 3] = ["/join", "/who", "/whois"];
    const NAMES: [&str; 3] = ["Ann", "Anton", "bob"];

    fn tabs(typed: &str, count: usize) -> String {
        let mut input = Input::default();
        input.insert(typed);
        if let Some(mut round) = Completion::begin(&input, COMMANDS.iter().copied(), NAMES.iter().copied()) {
            (0..count).for_each(|_| round.step(&mut input));
        }
        input.text().to_owned()
    }

    #[test]
    fn a_command_is_completed_and_the_next_tab_offers_the_next_one() {
        assert_eq!(tabs("/w", 1), "/who ");
        assert_eq!(tabs("/w", 2), "/whois ");
        assert_eq!(tabs("/w", 3), "/w", "after the last comes what was typed");
        assert_eq!(tabs("/w", 4), "/who ");
    }

    #[test]
    fn names_are_completed_whatever_their_case_and_addressed_at_the_start_of_a_line() {
        assert_eq!(tabs("an", 2), "Anton: ");
        assert_eq!(tabs("/msg BO", 1), "/msg bob ");
    }

    #[test]
    fn what_fits_nothing_is_left_alone() {
        assert_eq!(tabs("xyz", 1), "xyz");
        assert_eq!(tabs("", 1), "");
        assert_eq!(tabs("hello ", 1), "hello ");
    }
}
