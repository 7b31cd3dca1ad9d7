//! In which rooms are we, and on which channel?
//!
//! A *visit* is one wanted stay in a room, from its `/join` to its `/part`, over as many sessions as that
//! takes. In each session it has a channel of its own and goes through:
//!
//! ```text
//!         Join sent           Joined            Part sent           Parted
//!  Out ─────────────▶ Joining ───────▶ In ──────────────▶ Parting ────────▶ Over ──▶ gone, once the
//!   ▲                    └──────── JoinFailed ───────────────────────────▶  │        server has settled
//!   └──────────────────────────────── the session ended ────────────────────┘        all its posts
//! ```
//!
//! Who comes back to a room before the former visit is gone waits for that, so that no two channels hold
//! one room; and a channel is taken again only when its visit is gone.

use super::event::LineNumber;
use crate::chat::message::room_channel;
use std::collections::{BTreeMap, BTreeSet};

/// How many people of a room are remembered by name: 4,096.
pub const MEMBERS_MAX: usize = 4_096;

/// The number of a visit, rising.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct VisitId(pub u64);

/// How far a visit has got in the present session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stay {
    /// The server was not asked yet.
    #[default]
    Out,
    /// Asked to be let in.
    Joining,
    /// In.
    In,
    /// Asked to be let out.
    Parting,
    /// Out for good, or never let in.
    Over,
}

/// One wanted stay in a room.
#[derive(Debug, Default)]
pub struct Visit {
    /// The room, as the server spells it once it has.
    pub room: String,
    /// How far it has got.
    pub stay: Stay,
    /// Its channel in the present session.
    pub channel: Option<u64>,
    /// The person was told of being in.
    pub entered: bool,
    /// The lines that wait for being in.
    pub join_lines: Vec<LineNumber>,
    /// To end as soon as its posts are settled.
    pub leaving: bool,
    /// The line that asked for the end.
    pub part_line: Option<LineNumber>,
    /// The person was told that it ended; it lasts only until the server has settled its posts.
    pub told_over: bool,
    /// What the room is about, and who said so.
    pub topic: (String, String),
    /// Who else is in the room, as far as the server told.
    pub members: BTreeSet<String>,
}

impl Visit {
    /// These people came, or went.
    pub fn on_members(&mut self, names: &[String], came: bool) {
        for name in names {
            if !came {
                self.members.remove(name);
            } else if self.members.len() < MEMBERS_MAX {
                self.members.insert(name.clone());
            }
        }
    }
}

/// All visits, and the room that text goes to.
#[derive(Debug, Default)]
pub struct Rooms {
    visits: BTreeMap<VisitId, Visit>,
    last: VisitId,
    current: Option<VisitId>,
}

impl Rooms {
    /// A new visit to this room.
    pub fn enter(&mut self, room: &str) -> VisitId {
        self.last.0 += 1;
        self.visits.insert(self.last, Visit { room: room.to_owned(), ..Visit::default() });
        self.last
    }

    /// The visit with this number.
    pub fn get(&self, id: VisitId) -> Option<&Visit> {
        self.visits.get(&id)
    }

    /// The visit with this number, to change it.
    pub fn get_mut(&mut self, id: VisitId) -> Option<&mut Visit> {
        self.visits.get_mut(&id)
    }

    /// All visits, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (VisitId, &Visit)> {
        self.visits.iter().map(|(id, visit)| (*id, visit))
    }

    /// The visit to this room that is wanted, if there is one.
    pub fn wanted(&self, room: &str) -> Option<VisitId> {
        self.iter().find(|(_, visit)| !visit.leaving && visit.room == room).map(|(id, _)| id)
    }

    /// The visit that text goes to.
    pub fn current(&self) -> Option<VisitId> {
        self.current
    }

    /// Text goes to this visit from now on; false if it did already.
    pub fn set_current(&mut self, id: Option<VisitId>) -> bool {
        std::mem::replace(&mut self.current, id) != id
    }

    /// Where text goes when the current room is left: the room entered last of those still wanted.
    pub fn fallback(&self) -> Option<VisitId> {
        self.visits.iter().rev().find(|(_, visit)| !visit.leaving).map(|(id, _)| *id)
    }

    /// The visits that the server is to be asked for now: all that are out, unless an older visit to the
    /// same room is not gone yet.
    pub fn to_open(&self) -> Vec<VisitId> {
        let first = |id: VisitId, room: &str| !self.visits.range(..id).any(|(_, older)| older.room == room);
        self.iter()
            .filter(|(id, visit)| visit.stay == Stay::Out && first(*id, &visit.room))
            .map(|(id, _)| id)
            .collect()
    }

    /// Gives a visit the lowest channel that is free; it is joining now.
    pub fn open(&mut self, id: VisitId) -> u64 {
        let taken: BTreeSet<u64> = self.visits.values().filter_map(|visit| visit.channel).collect();
        let mut channels = (0..=taken.len() as u64).map(room_channel);
        let channel = channels.find(|channel| !taken.contains(channel)).unwrap_or_default();
        if let Some(visit) = self.visits.get_mut(&id) {
            visit.stay = Stay::Joining;
            visit.channel = Some(channel);
        }
        channel
    }

    /// The visit that has this channel.
    pub fn on_channel(&self, channel: u64) -> Option<VisitId> {
        self.iter().find(|(_, visit)| visit.channel == Some(channel)).map(|(id, _)| id)
    }

    /// The visit is gone, and its channel free.
    pub fn remove(&mut self, id: VisitId) {
        self.visits.remove(&id);
    }

    /// The session ended: all are out, and all channels free.
    pub fn on_disconnected(&mut self) {
        for visit in self.visits.values_mut() {
            visit.stay = Stay::Out;
            visit.channel = None;
        }
    }

    /// Somebody has another name.
    pub fn on_renamed(&mut self, old: &str, new: &str) {
        for visit in self.visits.values_mut() {
            if visit.members.remove(old) {
                visit.members.insert(new.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_has_a_channel_of_its_own_and_a_free_one_is_taken_again() {
        let mut rooms = Rooms::default();
        let (a, b, c) = (rooms.enter("a"), rooms.enter("b"), rooms.enter("c"));
        assert_eq!((rooms.open(a), rooms.open(b)), (8, 12));
        assert_eq!((rooms.on_channel(8), rooms.on_channel(16)), (Some(a), None));
        rooms.remove(a);
        assert_eq!(rooms.open(c), 8);
    }

    #[test]
    fn who_comes_back_waits_until_the_former_visit_is_gone() {
        let mut rooms = Rooms::default();
        let former = rooms.enter("a");
        rooms.open(former);
        rooms.get_mut(former).unwrap().leaving = true;
        let again = rooms.enter("a");
        assert_eq!(rooms.wanted("a"), Some(again));
        assert!(rooms.to_open().is_empty());
        rooms.remove(former);
        assert_eq!(rooms.to_open(), [again]);
    }

    #[test]
    fn text_falls_back_to_the_room_entered_last_that_is_still_wanted() {
        let mut rooms = Rooms::default();
        let (a, b) = (rooms.enter("a"), rooms.enter("b"));
        assert_eq!(rooms.fallback(), Some(b));
        rooms.get_mut(b).unwrap().leaving = true;
        assert_eq!(rooms.fallback(), Some(a));
        rooms.get_mut(a).unwrap().leaving = true;
        assert_eq!(rooms.fallback(), None);
    }
}
