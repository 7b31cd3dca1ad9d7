//! Who came and who went, told how often?
//!
//! The first coming or going in a room is told at once; after that, all of a second together. So 300 people
//! who join within a minute make at most one notice a second for each member, not one for each pair.
//!
//! ```text
//!  ann comes        bob, cid come   dan goes              (a second after the last notice)
//!  │                │               │                     │
//!  ▼ told at once   ▼ gathered      ▼ gathered            ▼ told: bob, cid came; dan went
//! ```
//!
//! Everything has a number, so that somebody who sits down in the middle hears only what they did not see:
//! their list of members held all up to then. Whoever came and went in between is not mentioned.

use crate::chat::message::PersonId;
use crate::store::RoomId;
use crate::time::{Duration, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;

/// At most one notice in this time for each room (and of presence).
pub const PACE: Duration = Duration::from_secs(1);
/// More than so many are told early. Ours: a bound on what is gathered.
const GATHERED: usize = 1_024;

/// Somebody came or went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coming {
    /// Rising over all rooms.
    pub number: u64,
    /// Who.
    pub person: PersonId,
    /// Their name at the time.
    pub name: Arc<str>,
    /// Came (or else went).
    pub came: bool,
}

#[derive(Debug)]
struct Gathered {
    ready_at: Instant,
    comings: Vec<Coming>,
}

/// What was not told yet, of all rooms.
#[derive(Debug, Default)]
pub struct Comings {
    rooms: BTreeMap<RoomId, Gathered>,
    next_number: u64,
}

impl Comings {
    /// Somebody came to (or went from) a room.
    pub fn add(&mut self, now: Instant, room: RoomId, person: PersonId, name: Arc<str>, came: bool) {
        let gathered =
            self.rooms.entry(room).or_insert_with(|| Gathered { ready_at: now, comings: Vec::new() });
        gathered.comings.push(Coming { number: self.next_number, person, name, came });
        self.next_number += 1;
    }

    /// The number of the next coming: whoever sits down now is told from this one on.
    pub const fn next_number(&self) -> u64 {
        self.next_number
    }

    /// What is to be told now, by room, in order.
    pub fn take_due(&mut self, now: Instant) -> Vec<(RoomId, Vec<Coming>)> {
        self.rooms.retain(|_, gathered| !gathered.comings.is_empty() || gathered.ready_at > now);
        self.take(now, |gathered| gathered.ready_at <= now || gathered.comings.len() >= GATHERED)
    }

    /// What is to be told before this person's name changes, lest the old name come up after it.
    pub fn take_about(&mut self, now: Instant, person: PersonId) -> Vec<(RoomId, Vec<Coming>)> {
        self.take(now, |gathered| gathered.comings.iter().any(|coming| coming.person == person))
    }

    fn take(&mut self, now: Instant, is_due: impl Fn(&Gathered) -> bool) -> Vec<(RoomId, Vec<Coming>)> {
        let due = self.rooms.iter_mut().filter(|(_, g)| !g.comings.is_empty() && is_due(g));
        due.map(|(room, gathered)| {
            gathered.ready_at = now + PACE;
            (*room, std::mem::take(&mut gathered.comings))
        })
        .collect()
    }

    /// When the next notice is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.rooms.values().filter(|g| !g.comings.is_empty()).map(|g| g.ready_at).min()
    }
}

/// What comings and goings amount to: the names of those who came, and of those who went.
pub fn compute_net(comings: &[Coming]) -> (Vec<String>, Vec<String>) {
    let mut by_person: BTreeMap<PersonId, (bool, &Coming)> = BTreeMap::new();
    for coming in comings {
        by_person.entry(coming.person).or_insert((coming.came, coming)).1 = coming;
    }
    let changed = |came: bool| {
        let of = by_person.values().filter(move |(first, last)| *first == last.came && last.came == came);
        of.map(|(_, last)| last.name.to_string()).collect()
    };
    (changed(true), changed(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const LOBBY: RoomId = RoomId(1);

    fn add(comings: &mut Comings, micros: u64, person: u64, came: bool) {
        comings.add(at(micros), LOBBY, PersonId(person), format!("p{person}").into(), came);
    }

    fn people(due: &[(RoomId, Vec<Coming>)]) -> Vec<u64> {
        due.iter().flat_map(|(_, comings)| comings.iter().map(|coming| coming.person.0)).collect()
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_after_a_second() {
        let mut comings = Comings::default();
        add(&mut comings, 0, 1, true);
        assert_eq!(people(&comings.take_due(at(0))), [1]);
        add(&mut comings, 10, 2, true);
        add(&mut comings, 20, 3, true);
        assert!(comings.take_due(at(999_999)).is_empty());
        assert_eq!(comings.poll_timeout(), Some(at(1_000_000)));
        assert_eq!(people(&comings.take_due(at(1_000_000))), [2, 3]);
        assert_eq!(comings.poll_timeout(), None);
        add(&mut comings, 2_000_001, 4, true);
        assert_eq!(people(&comings.take_due(at(2_000_001))), [4], "a second of quiet: at once again");
    }

    #[test]
    fn a_room_that_is_quiet_for_a_second_takes_no_memory() {
        let mut comings = Comings::default();
        add(&mut comings, 0, 1, true);
        comings.take_due(at(0));
        comings.take_due(at(1_000_000));
        assert!(comings.rooms.is_empty());
    }

    #[test]
    fn whoever_came_and_went_in_between_is_not_mentioned() {
        let mut comings = Comings::default();
        for (person, came) in [(1, true), (2, false), (3, true), (1, false), (2, true), (3, false), (3, true)]
        {
            add(&mut comings, 0, person, came);
        }
        let (_, all) = comings.take_due(at(0)).remove(0);
        assert_eq!(compute_net(&all), (vec!["p3".to_owned()], vec![]));
        assert_eq!(
            compute_net(&all[3..4]),
            (vec![], vec!["p1".to_owned()]),
            "for one who saw them in the list"
        );
    }

    #[test]
    fn what_concerns_a_person_can_be_told_early() {
        let mut comings = Comings::default();
        add(&mut comings, 0, 1, true);
        comings.take_due(at(0));
        add(&mut comings, 10, 2, true);
        assert!(comings.take_about(at(10), PersonId(3)).is_empty());
        assert_eq!(people(&comings.take_about(at(10), PersonId(2))), [2]);
    }

    #[test]
    fn what_is_gathered_is_bounded() {
        let mut comings = Comings::default();
        add(&mut comings, 0, 0, true);
        comings.take_due(at(0));
        (1..=GATHERED as u64).for_each(|person| add(&mut comings, 1, person, true));
        assert_eq!(people(&comings.take_due(at(1))).len(), GATHERED);
    }
}
