//! What helps the person who types: the line, what was typed before, and what Tab offers.

use super::completion::Completion;
use super::input::Input;
use super::key::Key;
use super::recall::Recall;
use std::collections::BTreeSet;

/// Names kept for completion.
pub const LIMIT_NAMES: usize = 2_000;

/// The line being typed, and its helpers.
#[derive(Debug)]
pub struct Typing {
    /// The line.
    pub input: Input,
    recall: Recall,
    completion: Option<Completion>,
    commands: Vec<String>,
    names: BTreeSet<String>,
}

impl Typing {
    /// An empty line; `commands` (with their slash) are what Tab offers at its start.
    pub fn new(commands: Vec<String>) -> Self {
        Self {
            input: Input::default(),
            recall: Recall::default(),
            completion: None,
            commands,
            names: BTreeSet::new(),
        }
    }

    /// A person or a room of this name was met.
    pub fn meet(&mut self, name: &str) {
        if self.names.len() < LIMIT_NAMES {
            self.names.insert(name.to_owned());
        }
    }

    /// Nobody has this name any more.
    pub fn forget(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// The line was sent: it is remembered and gone.
    pub fn sent(&mut self) {
        let text = self.input.take();
        self.recall.remember(text.trim_end_matches('\n'));
    }

    /// A key that changes nothing but the line; `near` are the names that Tab offers first.
    pub fn handle_key<'a>(&'a mut self, key: &Key, near: impl Iterator<Item = &'a str>) {
        if *key == Key::Tab {
            return self.complete(near);
        }
        self.completion = None;
        match key {
            Key::Up => recalled(&mut self.input, |text| self.recall.up(text)),
            Key::Down => recalled(&mut self.input, |_| self.recall.down()),
            _ => edit(&mut self.input, key),
        }
    }

    fn complete<'a>(&'a mut self, near: impl Iterator<Item = &'a str>) {
        let Self { input, completion, commands, names, .. } = self;
        let mut round = completion.take().or_else(|| begun(input, commands, near, names));
        if let Some(round) = &mut round {
            round.step(input);
        }
        *completion = round;
    }
}

fn begun<'a>(
    input: &Input,
    commands: &'a [String],
    near: impl Iterator<Item = &'a str>,
    known: &'a BTreeSet<String>,
) -> Option<Completion> {
    let mut seen = BTreeSet::new();
    let names = near.chain(known.iter().map(String::as_str)).filter(|name| seen.insert(*name));
    Completion::begin(input, commands.iter().map(String::as_str), names)
}

fn recalled<'a>(input: &mut Input, step: impl FnOnce(&str) -> Option<&'a str>) {
    let line = step(input.text()).map(str::to_owned);
    if let Some(line) = line {
        input.set(&line);
    }
}

/// Changes the line as this key does in a shell; other keys change nothing.
pub fn edit(input: &mut Input, key: &Key) {
    match key {
        Key::Char(c) => input.insert(c.encode_utf8(&mut [0; 4])),
        Key::Paste(text) => input.insert(text),
        Key::NewLine => input.insert("\n"),
        Key::Backspace => input.backspace(),
        Key::Delete => input.delete(),
        Key::DeleteWord => input.delete_word(),
        Key::DeleteToStart => input.delete_to_start(),
        Key::DeleteToEnd => input.delete_to_end(),
        Key::Left => input.left(),
        Key::Right => input.right(),
        Key::WordLeft => input.word_left(),
        Key::WordRight => input.word_right(),
        Key::Home => input.home(),
        Key::End => input.end(),
        _ => {}
    }
}
