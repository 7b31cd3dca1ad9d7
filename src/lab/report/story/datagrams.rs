//! Why was a message late, or lost, over datagrams?
//!
//! Ours are sealed: a packet shows when it left, how large it was and what became of it, not what it carried.
//! Those that are too small for the message are left out. The first that left once the message was there
//! carried it, unless a window held it back; which later one brought it is not visible where the first was
//! dropped.

use super::ports::data;
use super::words::{after, arrival, cause, count, span, way};
use super::{Case, Told, Weight};
use crate::lab::bench::{Carried, Passage};
use crate::lab::link::Direction;
use crate::time::{Duration, Instant};

/// What the packets show.
pub fn told(case: &Case<'_>, carried: Carried) -> Told {
    let mut told = Told::default();
    let up = Hop { case, port: case.ports.sender, direction: Direction::Up, carried };
    let Some(ready) = up.tell(case.fate.sent, None, &mut told) else { return told };
    let down = Hop { case, port: case.ports.receiver, direction: Direction::Down, carried };
    let arrived = down.tell(ready, case.fate.delivered, &mut told);
    let [later, earlier] = case.together;
    if arrived.is_some() && earlier > 0 {
        let messages = count(earlier, "earlier message");
        told.reasons
            .push(format!("With it came {messages}: a room is in order, so it may have waited for those."));
    }
    if arrived.is_some() && later > 0 {
        told.reasons.push(format!("With it came {}.", count(later, "later message")));
    }
    told
}

/// One client's datagrams in one direction.
struct Hop<'a> {
    case: &'a Case<'a>,
    port: u16,
    direction: Direction,
    carried: Carried,
}

impl<'a> Hop<'a> {
    /// Those that left from this moment on and are large enough for the message.
    fn candidates(&self, from: Instant) -> impl Iterator<Item = (usize, &'a Passage)> {
        let (port, direction, size) = (self.port, self.direction, self.case.size);
        let all = self.case.passages.iter().enumerate();
        let mine = all.filter(move |(_, it)| it.client_port == port && it.direction == direction);
        mine.filter(move |(_, it)| it.entered >= from && data(it) >= size)
    }

    /// Tells of the message that was there at `ready`, and was delivered at the end of this hop at `by` where
    /// that is known; gives when it can have passed.
    fn tell(&self, ready: Instant, by: Option<Instant>, told: &mut Told) -> Option<Instant> {
        let way = way(self.direction);
        let Some((place, first)) = self.candidates(ready).next() else {
            told.reasons.push(format!("No datagram that is large enough left {way} afterwards."));
            return None;
        };
        if first.entered - ready > Duration::from_millis(1) {
            let held = span(first.entered - ready);
            told.reasons.push(format!("No datagram that is large enough left {way} for {held}."));
        }
        let Some(arrived) = arrival(first) else {
            let lost = format!(
                "its first datagram{}",
                if self.carried == Carried::Raw { ", its only one" } else { "" }
            );
            told.marks.insert(place, (Weight::Lost, lost));
            return self.tell_lost(first, by, told);
        };
        told.marks.insert(place, (Weight::Own, "the first since it was there".to_owned()));
        let passed = format!(
            "The first datagram since it was there passed {way} in {}.",
            span(arrived - first.entered)
        );
        told.reasons.push(passed);
        if let Some(by) = by.filter(|by| *by - arrived > Duration::from_millis(2)) {
            told.reasons
                .push(format!("The delivery came {} after that datagram's arrival.", span(by - arrived)));
            self.tell_dropped(ready, by, "before the delivery", told);
            self.tell_last(by, told);
        }
        Some(arrived)
    }

    /// The first was dropped: what came next?
    fn tell_lost(&self, first: &Passage, by: Option<Instant>, told: &mut Told) -> Option<Instant> {
        let (way, dropped) = (way(self.direction), cause(first));
        let moment = after(self.case.fate.sent, first.entered);
        if self.carried == Carried::Raw {
            let reason = format!(
                "{moment}: its datagram was dropped {way}{dropped}. Bare UDP does not send it again."
            );
            told.reasons.push(reason);
            return None;
        }
        told.reasons.push(format!("{moment}: its first datagram was dropped {way}{dropped}."));
        let behind = self.candidates(first.entered).skip(1).find(|(_, it)| arrival(it).is_some());
        let next = behind.and_then(|(place, it)| Some((place, it, arrival(it)?)));
        let Some((place, next, arrived)) = next else {
            told.reasons.push(format!("None that is large enough arrived {way} after it."));
            return None;
        };
        self.tell_dropped(
            first.entered + Duration::from_micros(1),
            next.entered,
            "before the next one passed",
            told,
        );
        told.marks
            .entry(place)
            .or_insert((Weight::Again, "the next that arrived, and may have carried it".to_owned()));
        told.reasons.push(format!(
            "The next that is large enough and arrived left {} later; datagrams are sealed, so the packets do not \
             show whether it carried the message.",
            span(next.entered - first.entered)
        ));
        if by.is_some_and(|by| by - arrived > Duration::from_millis(2)) {
            self.tell_last(by?, told);
        }
        Some(arrived)
    }

    /// Others that were dropped in between.
    fn tell_dropped(&self, from: Instant, until: Instant, before: &str, told: &mut Told) {
        let lost = self.candidates(from).take_while(|(_, it)| it.entered <= until);
        let lost: Vec<usize> = lost.filter(|(_, it)| arrival(it).is_none()).map(|(place, _)| place).collect();
        if !lost.is_empty() {
            let (datagrams, way) = (count(lost.len(), "more datagram"), way(self.direction));
            let reason = format!("{datagrams} of this client {} dropped {way} {before}.", were(lost.len()));
            told.reasons.push(capital(&reason));
        }
        for place in lost {
            told.marks.entry(place).or_insert((Weight::Lost, "large enough to carry it".to_owned()));
        }
    }

    /// The one that came just before the delivery.
    fn tell_last(&self, by: Instant, told: &mut Told) {
        let before = self.candidates(Instant::ZERO).filter(|(_, it)| arrival(it).is_some_and(|at| at <= by));
        if let Some((place, last)) = before.max_by_key(|(_, it)| arrival(it)) {
            let moment = after(self.case.fate.sent, last.entered);
            told.reasons.push(format!("The datagram that came just before the delivery left at {moment}."));
            told.marks.entry(place).or_insert((Weight::Again, "came just before the delivery".to_owned()));
        }
    }
}

const fn were(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

/// With a capital at its beginning.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
