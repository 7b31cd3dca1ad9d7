//! What does the terminal know, and what does a key or an event make of it?
//!
//! ```text
//!  keys ───▶ handle_key ──▶ Wish (send lines, leave)
//!  events ─▶ on_event ───▶ transcript (printed once, scrolls away), pending lines, status
//! ```
//!
//! Pure: nothing here reads a key, a clock or a terminal; [`draw`](super::draw) makes rows of it.

use super::completion::Completion;
use super::input::Input;
use super::recall::Recall;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::transport::session::{SessionStats, Transport};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// Entries kept to print again after a resize.
pub const LIMIT_ENTRIES: usize = 500;
/// Names kept for completion.
pub const LIMIT_NAMES: usize = 2_000;

/// Seconds of silence that are told.
const SILENCE_TOLD: u64 = 3;

/// A key, freed of how the terminal reported it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// A paste, perhaps of several lines.
    Paste(String),
    /// Send.
    Enter,
    /// Delete to the left.
    Backspace,
    /// Delete to the right.
    Delete,
    /// Delete the word to the left (Ctrl-W).
    DeleteWord,
    /// Delete all to the left (Ctrl-U).
    DeleteToStart,
    /// Delete all to the right (Ctrl-K).
    DeleteToEnd,
    /// One character left.
    Left,
    /// One character right.
    Right,
    /// One word left.
    WordLeft,
    /// One word right.
    WordRight,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// The line before.
    Up,
    /// The line after.
    Down,
    /// Complete.
    Tab,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
}

/// What the person wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Nothing beyond what is drawn.
    Nothing,
    /// These lines are to be sent, in this order.
    Send(Vec<String>),
    /// Leave in good order.
    Leave,
}

/// How the connection is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// Not yet connected for the first time.
    Connecting,
    /// All is well.
    Connected,
    /// Connected, but the server has been silent for so long.
    Silent(Duration),
    /// Gone for the moment.
    Reconnecting,
    /// Over for good.
    Over,
}

/// What the status line tells.
#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    /// The server as the person named it.
    pub server: String,
    /// What carries the session.
    pub transport: Transport,
    /// Sent in the clear?
    pub insecure: bool,
    /// One's own name.
    pub name: String,
    /// Where typed text goes.
    pub room: Option<String>,
    /// How the connection is.
    pub link: Link,
    /// Smoothed round-trip time.
    pub rtt: Option<Duration>,
    /// Share of the datagrams lost, 0 to 1.
    pub loss: Option<f64>,
}

/// Something that stays readable above the input.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// What the chat says.
    Event(UserEvent),
    /// What the program itself says.
    Note(String),
}

/// All that the terminal shows.
#[derive(Debug)]
pub struct State {
    /// The line being typed.
    pub input: Input,
    /// The status line.
    pub status: Status,
    /// Does the next Ctrl-C (or `y`) leave?
    pub asked_to_quit: bool,
    recall: Recall,
    completion: Option<Completion>,
    commands: Vec<String>,
    names: BTreeSet<String>,
    pending: VecDeque<(LineNumber, String)>,
    lines_sent: u64,
    /// What had come in when statistics came last, and for how many of them that has not changed.
    bytes_in: u64,
    silent_seconds: u64,
    transcript: VecDeque<Entry>,
    fresh: usize,
}

impl State {
    /// A terminal that is about to connect. `commands` (with their slash) are what Tab offers.
    pub fn new(status: Status, commands: impl IntoIterator<Item = String>) -> Self {
        Self {
            input: Input::default(),
            status,
            asked_to_quit: false,
            recall: Recall::default(),
            completion: None,
            commands: commands.into_iter().collect(),
            names: BTreeSet::new(),
            pending: VecDeque::new(),
            lines_sent: 0,
            bytes_in: 0,
            silent_seconds: 0,
            transcript: VecDeque::new(),
            fresh: 0,
        }
    }

    /// A key was pressed.
    pub fn handle_key(&mut self, key: &Key) -> Wish {
        if std::mem::take(&mut self.asked_to_quit) {
            return match key {
                Key::Interrupt | Key::EndOfInput | Key::Char('y' | 'Y') => Wish::Leave,
                _ => Wish::Nothing,
            };
        }
        if *key == Key::Tab {
            self.complete();
            return Wish::Nothing;
        }
        self.completion = None;
        match key {
            Key::Enter => return self.send(),
            Key::Interrupt if self.input.is_empty() => self.asked_to_quit = true,
            Key::Interrupt => drop(self.input.take()),
            Key::EndOfInput if self.input.is_empty() => return Wish::Leave,
            Key::EndOfInput => self.input.delete(),
            Key::Up => recalled(&mut self.input, |text| self.recall.up(text)),
            Key::Down => recalled(&mut self.input, |_| self.recall.down()),
            _ => edit(&mut self.input, key),
        }
        Wish::Nothing
    }

    fn send(&mut self) -> Wish {
        let typed = self.input.take();
        let lines: Vec<String> =
            typed.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        for line in &lines {
            self.recall.remember(line);
            self.lines_sent += 1;
            self.pending.push_back((LineNumber(self.lines_sent), line.clone()));
        }
        if lines.is_empty() { Wish::Nothing } else { Wish::Send(lines) }
    }

    fn complete(&mut self) {
        let mut round = self.completion.take().or_else(|| {
            let commands = self.commands.iter().map(String::as_str);
            Completion::begin(&self.input, commands, self.names.iter().map(String::as_str))
        });
        if let Some(round) = &mut round {
            round.step(&mut self.input);
        }
        self.completion = round;
    }

    /// The chat has something to show.
    pub fn on_event(&mut self, event: &UserEvent) {
        // Its answer is the statistics, which come on their own.
        if !matches!(event, UserEvent::StatsAsked { .. }) {
            self.on_answered(event.line());
        }
        self.learn(event);
        match event {
            UserEvent::Accepted { .. } | UserEvent::StatsAsked { .. } | UserEvent::QuitAsked { .. } => {}
            UserEvent::CurrentRoom { room } => self.status.room.clone_from(room),
            _ => self.say(Entry::Event(event.clone())),
        }
    }

    /// This line of ours, if it was one, has its answer.
    fn on_answered(&mut self, line: Option<LineNumber>) {
        self.pending.retain(|(pending, _)| Some(*pending) != line);
    }

    fn learn(&mut self, event: &UserEvent) {
        match event {
            UserEvent::Connected { name } => {
                self.status.name.clone_from(name);
                self.status.link = Link::Connected;
            }
            UserEvent::Reconnecting { .. } => self.status.link = Link::Reconnecting,
            UserEvent::Disconnected { .. } => self.status.link = Link::Over,
            UserEvent::Members { room, names, .. } => {
                self.meet(room);
                for name in names {
                    self.meet(name);
                }
            }
            UserEvent::Joined { room, name, .. } => {
                self.meet(room);
                self.meet(name);
            }
            UserEvent::Message { from, .. } | UserEvent::Private { from, .. } => self.meet(from),
            UserEvent::Renamed { old, new, own, .. } => {
                self.names.remove(old);
                self.meet(new);
                if *own {
                    self.status.name.clone_from(new);
                }
            }
            _ => {}
        }
    }

    fn meet(&mut self, name: &str) {
        if self.names.len() < LIMIT_NAMES {
            self.names.insert(name.to_owned());
        }
    }

    /// The session was measured anew, as it is once a second. Where not a byte came in between, the server
    /// was silent; heartbeats come each second too, so that a few of these are no accident.
    pub fn on_stats(&mut self, stats: &SessionStats, line: Option<LineNumber>) {
        self.status.rtt = stats.rtt;
        self.status.loss = stats.loss;
        self.on_answered(line);
        if line.is_some() || !matches!(self.status.link, Link::Connected | Link::Silent(_)) {
            return;
        }
        let heard = stats.bytes_in != std::mem::replace(&mut self.bytes_in, stats.bytes_in);
        self.silent_seconds = if heard { 0 } else { self.silent_seconds + 1 };
        self.status.link = match self.silent_seconds {
            ..SILENCE_TOLD => Link::Connected,
            seconds => Link::Silent(Duration::from_secs(seconds)),
        };
    }

    /// Adds to what stands above the input.
    pub fn say(&mut self, entry: Entry) {
        if self.transcript.len() == LIMIT_ENTRIES {
            self.transcript.pop_front();
        }
        self.transcript.push_back(entry);
        self.fresh = (self.fresh + 1).min(self.transcript.len());
    }

    /// What has not been printed yet, oldest first; it counts as printed now.
    pub fn take_fresh(&mut self) -> Vec<Entry> {
        let from = self.transcript.len() - std::mem::take(&mut self.fresh);
        self.transcript.range(from..).cloned().collect()
    }

    /// All that is remembered, newest first, to print it again.
    pub fn newest_first(&self) -> impl Iterator<Item = &Entry> {
        self.transcript.iter().rev()
    }

    /// What was sent and has not had its answer yet, oldest first.
    pub fn pending(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pending.iter().map(|(_, text)| text.as_str())
    }
}

fn recalled<'a>(input: &mut Input, step: impl FnOnce(&str) -> Option<&'a str>) {
    let line = step(input.text()).map(str::to_owned);
    if let Some(line) = line {
        input.set(&line);
    }
}

fn edit(input: &mut Input, key: &Key) {
    match key {
        Key::Char(c) => input.insert(c.encode_utf8(&mut [0; 4])),
        Key::Paste(text) => input.insert(text),
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
        Key::Enter | Key::Up | Key::Down | Key::Tab | Key::Interrupt | Key::EndOfInput => {}
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
