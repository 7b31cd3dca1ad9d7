//! What did each client type, and what was it shown?

use crate::chat::client::event::UserEvent;
use crate::chat::message::MessageId;
use crate::lab::world::script::Deed;
use crate::lab::world::transcript::{Fact, Transcript};
use crate::service::api::{ClientEvent, Ending};
use crate::time::Instant;
use std::collections::BTreeMap;

/// A line that was typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Typed {
    /// When.
    pub at: Instant,
    /// The whole line.
    pub line: String,
}

/// What a line says, if it says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Said<'a> {
    /// To one person only.
    pub to: Option<&'a str>,
    /// The text.
    pub text: &'a str,
}

impl Typed {
    /// What it says; `None` for every other command.
    pub fn said(&self) -> Option<Said<'_>> {
        if let Some(rest) = self.line.strip_prefix("/msg ") {
            let (to, text) = rest.split_once(' ')?;
            return Some(Said { to: Some(to), text });
        }
        match self.line.strip_prefix("/me ") {
            Some(text) => Some(Said { to: None, text }),
            None if self.line.starts_with('/') => None,
            None => Some(Said { to: None, text: &self.line }),
        }
    }
}

/// A message that was shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// When.
    pub at: Instant,
    /// Where: a room, or the recipient of a private message.
    pub place: Place,
    /// Its id there.
    pub id: MessageId,
    /// Who said it.
    pub from: String,
    /// What.
    pub text: String,
}

/// Where ids rise.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// In a room.
    Room(String),
    /// For the recipient with this name.
    Private(String),
}

/// How a line ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The server has it for good.
    Accepted(MessageId),
    /// An event of its own.
    Answered,
    /// An error, with its code.
    Failed(String),
}

/// What one client has to say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Testimony {
    /// The lines typed, by their numbers, from 1.
    pub typed: BTreeMap<u64, Typed>,
    /// The messages shown, in that order.
    pub shown: Vec<Shown>,
    /// The outcomes of lines, in that order.
    pub outcomes: Vec<(u64, Outcome)>,
    /// The rooms that it is in, and since when it knows that.
    pub rooms: BTreeMap<String, Instant>,
    /// Its input ended.
    pub input_ended: bool,
    /// It was killed.
    pub killed: bool,
    /// It was connected at least once.
    pub was_connected: bool,
    /// How it finished.
    pub ending: Option<Ending>,
}

impl Testimony {
    /// What each of so many clients has to say.
    pub fn all(transcript: &Transcript, clients: usize) -> Vec<Self> {
        let mut all = vec![Self::default(); clients];
        for entry in &transcript.0 {
            match &entry.fact {
                Fact::Done(deed) => on_deed(&mut all, entry.at, deed),
                Fact::Client { client, event } => {
                    if let Some(testimony) = all.get_mut(*client) {
                        testimony.on_event(entry.at, event);
                    }
                }
                Fact::Server(_) => {}
            }
        }
        all
    }

    /// The first outcome of this line.
    pub fn outcome(&self, line: u64) -> Option<&Outcome> {
        self.outcomes.iter().find(|(number, _)| *number == line).map(|(_, outcome)| outcome)
    }

    /// Is it past caring? It was killed; or it found nobody at its very start, said so and ended, as it
    /// should.
    pub fn is_lost(&self) -> bool {
        let found_nobody = matches!(self.ending, Some(Ending::NotConnected(_)));
        self.killed || found_nobody && !self.was_connected
    }

    fn on_event(&mut self, at: Instant, event: &ClientEvent) {
        match event {
            ClientEvent::User(event) => self.on_user_event(at, event),
            ClientEvent::Finished(ending) => self.ending = Some(ending.clone()),
            ClientEvent::Stats { line: Some(line), .. } | ClientEvent::Keys { line, .. } => {
                self.outcomes.push((line.0, Outcome::Answered));
            }
            ClientEvent::Stats { .. }
            | ClientEvent::File(_)
            | ClientEvent::Pin { .. }
            | ClientEvent::ConnectingSlowly
            | ClientEvent::Carried(_)
            | ClientEvent::Asked(_) => {}
        }
    }

    fn on_user_event(&mut self, at: Instant, event: &UserEvent) {
        match event {
            UserEvent::Connected { .. } => self.was_connected = true,
            UserEvent::Message { room, from, text, id, .. } => {
                self.show(at, Place::Room(room.clone()), *id, from, text);
            }
            UserEvent::Private { from, to, text, id, .. } => {
                self.show(at, Place::Private(to.clone()), *id, from, text);
            }
            UserEvent::Joined { room, own: true, .. } => {
                // Joined again after a reconnect is the same stay.
                self.rooms.entry(room.clone()).or_insert(at);
            }
            UserEvent::Left { room, own: true, .. } => {
                self.rooms.remove(room);
            }
            _ => {}
        }
        self.outcomes.extend(outcome(event));
    }

    fn show(&mut self, at: Instant, place: Place, id: MessageId, from: &str, text: &str) {
        self.shown.push(Shown { at, place, id, from: from.to_owned(), text: text.to_owned() });
    }
}

fn on_deed(all: &mut [Testimony], at: Instant, deed: &Deed) {
    match deed {
        Deed::Type { client, line } => {
            if let Some(testimony) = all.get_mut(*client) {
                let number = testimony.typed.len() as u64 + 1;
                testimony.typed.insert(number, Typed { at, line: line.clone() });
            }
        }
        Deed::EndInput { client } => {
            if let Some(testimony) = all.get_mut(*client) {
                testimony.input_ended = true;
            }
        }
        Deed::Kill { client } => {
            if let Some(testimony) = all.get_mut(*client) {
                testimony.killed = true;
            }
        }
        _ => {}
    }
}

/// The line that this event ends, if any.
fn outcome(event: &UserEvent) -> Option<(u64, Outcome)> {
    match event {
        UserEvent::Accepted { line, id } => Some((line.0, Outcome::Accepted(*id))),
        UserEvent::Error { failure, line } => {
            line.map(|line| (line.0, Outcome::Failed(failure.code.clone())))
        }
        UserEvent::Joined { line, .. }
        | UserEvent::Left { line, .. }
        | UserEvent::Presence { line, .. }
        | UserEvent::Renamed { line, .. } => line.map(|line| (line.0, Outcome::Answered)),
        UserEvent::Who { line, .. }
        | UserEvent::Whois { line, .. }
        | UserEvent::Rooms { line, .. }
        | UserEvent::Help { line, .. }
        | UserEvent::StatsAsked { line }
        | UserEvent::FileAsked { line, .. }
        | UserEvent::FingerprintsAsked { line }
        | UserEvent::Fingerprints { line, .. }
        | UserEvent::QuitAsked { line } => Some((line.0, Outcome::Answered)),
        _ => None,
    }
}
