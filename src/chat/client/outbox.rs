//! What was typed and is not accepted yet?
//!
//! ```text
//!  typed ──▶ waiting ──────────▶ flying ───────────────▶ settled
//!            no counter yet      has its counter,        accepted or rejected:
//!                                sent in each session    told, and forgotten
//! ```
//!
//! A message gets its counter when it is first sent, never earlier: so whatever has a counter was meant
//! for the server, which settles it sooner or later, and no counter is left out. Flying counters span at
//! most [`COUNTER_SPAN`], and flying texts [`FLYING_BYTES_MAX`]; the rest waits. Order is kept within a lane (one stay in a room, or all private
//! messages); lanes do not wait for each other.
//!
//! A session that ends takes what flies down to the ground: each message flies again, with its counter and
//! before anything new, as soon as the next session has a place for it.
//!
//! A message that nobody accepted for twelve hours is given up. If it had a counter, that one is
//! *abandoned*: the server may still wait for it, so it counts in the span until the next greeting has
//! told the server not to.

use super::event::LineNumber;
use super::rooms::VisitId;
use crate::chat::message::{COUNTER_SPAN, Counter, PostKind, ToServer};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// A message that nobody accepted for so long is given up: 12 hours.
pub const GIVE_UP_AFTER: Duration = Duration::from_hours(12);

/// Bytes of text that fly at once.
///
/// Ours: 512 KiB, half of a session's send queue, so that whatever flies may be queued again at once in a new
/// session; it fills a line of 40 Mbit/s over a round trip of 100 ms.
pub const FLYING_BYTES_MAX: usize = 512 << 10;

/// What waits for what before it: the posts of one stay in a room, or all private messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// All private messages.
    Private,
    /// The posts of one stay in a room.
    Visit(VisitId),
}

/// What is said, and where.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// In a room.
    Post { visit: VisitId, kind: PostKind, text: String },
    /// To one person.
    Private { to: String, text: String },
}

impl Said {
    fn lane(&self) -> Lane {
        match self {
            Self::Post { visit, .. } => Lane::Visit(*visit),
            Self::Private { .. } => Lane::Private,
        }
    }

    fn bytes(&self) -> usize {
        let (Self::Post { text, .. } | Self::Private { text, .. }) = self;
        text.len()
    }

    fn numbered(&self, counter: Counter) -> ToServer {
        match self.clone() {
            Self::Post { kind, text, .. } => ToServer::Post { counter, kind, text },
            Self::Private { to, text } => ToServer::Private { counter, to, text },
        }
    }
}

/// A line that is not accepted yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unaccepted {
    /// Which line.
    pub line: LineNumber,
    /// When it was typed.
    pub typed_at: Instant,
    /// What it says.
    pub said: Said,
}

/// All that is not accepted yet, in the order in which it was typed.
#[derive(Debug, Default)]
pub struct Outbox {
    entries: BTreeMap<u64, Unaccepted>,
    typed: u64,
    waiting: BTreeSet<u64>,
    flying: BTreeMap<Counter, u64>,
    /// Of these, not sent in the present session.
    grounded: BTreeSet<Counter>,
    /// Bytes of text of all that fly.
    flying_bytes: usize,
    abandoned: BTreeSet<Counter>,
    last: Counter,
}

impl Outbox {
    /// Takes a line; it waits.
    pub fn push(&mut self, entry: Unaccepted) {
        self.typed += 1;
        self.waiting.insert(self.typed);
        self.entries.insert(self.typed, entry);
    }

    /// What flies is to be sent again.
    pub fn ground(&mut self) {
        self.grounded = self.flying.keys().copied().collect();
    }

    /// Is there a message that [`Outbox::launch`] would give?
    pub fn may_launch(&self, is_open: impl Fn(Lane) -> bool) -> bool {
        self.next_grounded(&is_open).is_some() || self.next_waiting(is_open).is_some()
    }

    fn next_grounded(&self, is_open: impl Fn(Lane) -> bool) -> Option<(Counter, &Said)> {
        let said = |counter: &Counter| {
            let said = &self.entries.get(self.flying.get(counter)?)?.said;
            is_open(said.lane()).then_some((*counter, said))
        };
        self.grounded.iter().find_map(said)
    }

    fn next_waiting(&self, is_open: impl Fn(Lane) -> bool) -> Option<u64> {
        if self.last.0 >= self.settled().0 + COUNTER_SPAN {
            return None;
        }
        let open = |number: &&u64| self.entries.get(number).is_some_and(|entry| is_open(entry.said.lane()));
        let number = *self.waiting.iter().find(open)?;
        let bytes = self.entries.get(&number)?.said.bytes();
        (self.flying_bytes + bytes <= FLYING_BYTES_MAX).then_some(number)
    }

    /// The next message that may be sent, of those whose lane is open; it flies now.
    pub fn launch(&mut self, is_open: impl Fn(Lane) -> bool) -> Option<(Lane, ToServer)> {
        if let Some((counter, said)) = self.next_grounded(&is_open) {
            let launched = (said.lane(), said.numbered(counter));
            self.grounded.remove(&counter);
            return Some(launched);
        }
        let number = self.next_waiting(is_open)?;
        let said = &self.entries.get(&number)?.said;
        self.flying_bytes += said.bytes();
        self.waiting.remove(&number);
        self.last.0 += 1;
        self.flying.insert(self.last, number);
        Some((said.lane(), said.numbered(self.last)))
    }

    /// The server has accepted or rejected this one; `None` if that is no news.
    pub fn settle(&mut self, counter: Counter) -> Option<Unaccepted> {
        self.abandoned.remove(&counter);
        self.grounded.remove(&counter);
        let number = self.flying.remove(&counter)?;
        self.land(number)
    }

    /// This one flies no more.
    fn land(&mut self, number: u64) -> Option<Unaccepted> {
        let entry = self.entries.remove(&number)?;
        self.flying_bytes = self.flying_bytes.saturating_sub(entry.said.bytes());
        Some(entry)
    }

    /// All counters up to this one are settled, or will at least not be sent again.
    pub fn settled_or_abandoned(&self) -> Counter {
        self.flying.keys().next().map_or(self.last, |oldest| Counter(oldest.0 - 1))
    }

    /// The server was told not to wait for abandoned counters up to this one.
    pub fn on_greeted(&mut self, settled: Counter) {
        self.abandoned.retain(|counter| *counter > settled);
    }

    fn settled(&self) -> Counter {
        let oldest = self.abandoned.first().map_or(self.last, |oldest| Counter(oldest.0 - 1));
        oldest.min(self.settled_or_abandoned())
    }

    /// Takes out what waits in this lane, because there is nowhere to send it any more.
    pub fn take_waiting(&mut self, lane: Lane) -> Vec<Unaccepted> {
        let of_lane = |number: &u64| self.entries.get(number).is_some_and(|entry| entry.said.lane() == lane);
        let numbers: Vec<u64> = self.waiting.iter().copied().filter(of_lane).collect();
        numbers.iter().filter_map(|number| self.forget(*number)).collect()
    }

    /// Takes out what was typed [`GIVE_UP_AFTER`] ago or earlier.
    pub fn expire(&mut self, now: Instant) -> Vec<Unaccepted> {
        let mut expired = Vec::new();
        while self.gives_up_at().is_some_and(|at| at <= now) {
            let oldest = self.entries.keys().next().copied();
            expired.extend(oldest.and_then(|number| self.forget(number)));
        }
        expired
    }

    /// When the oldest line is given up.
    pub fn gives_up_at(&self) -> Option<Instant> {
        self.entries.values().next().map(|entry| entry.typed_at + GIVE_UP_AFTER)
    }

    fn forget(&mut self, number: u64) -> Option<Unaccepted> {
        if !self.waiting.remove(&number) {
            let flies = |(counter, flying): (&Counter, &u64)| (*flying == number).then_some(*counter);
            let counter = self.flying.iter().find_map(flies)?;
            self.flying.remove(&counter);
            self.grounded.remove(&counter);
            self.abandoned.insert(counter);
            return self.land(number);
        }
        self.entries.remove(&number)
    }

    /// Is anything of this lane not settled?
    pub fn holds(&self, lane: Lane) -> bool {
        self.entries.values().any(|entry| entry.said.lane() == lane)
    }

    /// All that is not accepted, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Unaccepted> {
        self.entries.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn private(line: u64) -> Unaccepted {
        let said = Said::Private { to: "bob".into(), text: line.to_string() };
        Unaccepted { line: LineNumber(line), typed_at: at(line), said }
    }

    fn post(line: u64, visit: u64) -> Unaccepted {
        let said = Said::Post { visit: VisitId(visit), kind: PostKind::Text, text: line.to_string() };
        Unaccepted { line: LineNumber(line), typed_at: at(line), said }
    }

    fn counter(message: &ToServer) -> u64 {
        match message {
            ToServer::Post { counter, .. } | ToServer::Private { counter, .. } => counter.0,
            other => panic!("not numbered: {other:?}"),
        }
    }

    fn launch_all(outbox: &mut Outbox) -> Vec<u64> {
        std::iter::from_fn(|| outbox.launch(|_| true)).map(|(_, message)| counter(&message)).collect()
    }

    #[test]
    fn counters_rise_from_one_in_the_order_of_sending() {
        let mut outbox = Outbox::default();
        for line in 1..=3 {
            outbox.push(private(line));
        }
        assert_eq!(launch_all(&mut outbox), [1, 2, 3]);
        assert_eq!(outbox.settle(Counter(2)).unwrap().line, LineNumber(2));
        assert_eq!(outbox.settle(Counter(2)), None, "settled once");
        outbox.push(private(4));
        outbox.ground();
        assert_eq!(launch_all(&mut outbox), [1, 3, 4], "again, and before anything new");
        assert!(launch_all(&mut outbox).is_empty(), "once a session");
    }

    #[test]
    fn what_is_settled_or_given_up_while_on_the_ground_does_not_fly_again() {
        let mut outbox = Outbox::default();
        (1..=3).for_each(|line| outbox.push(private(line)));
        launch_all(&mut outbox);
        outbox.ground();
        outbox.settle(Counter(2));
        assert_eq!(outbox.expire(at(1) + GIVE_UP_AFTER).len(), 1);
        assert_eq!(launch_all(&mut outbox), [3]);
    }

    #[test]
    fn a_closed_lane_keeps_its_order_and_holds_up_nobody_else() {
        let mut outbox = Outbox::default();
        outbox.push(post(1, 7));
        outbox.push(private(2));
        let only_private = |lane| lane == Lane::Private;
        assert_eq!(outbox.launch(only_private).unwrap().0, Lane::Private);
        assert_eq!(outbox.launch(only_private), None);
        assert_eq!(outbox.launch(|_| true).unwrap().0, Lane::Visit(VisitId(7)));
    }

    #[test]
    fn no_counter_is_sent_beyond_the_span_of_the_oldest_that_is_unsettled() {
        let mut outbox = Outbox::default();
        for line in 1..=COUNTER_SPAN + 10 {
            outbox.push(private(line));
        }
        assert_eq!(launch_all(&mut outbox).last(), Some(&COUNTER_SPAN));
        outbox.settle(Counter(2));
        assert_eq!(outbox.launch(|_| true), None, "the oldest still flies");
        outbox.settle(Counter(1));
        assert_eq!(launch_all(&mut outbox), [COUNTER_SPAN + 1, COUNTER_SPAN + 2]);
    }

    #[test]
    fn no_more_text_flies_than_a_new_session_could_queue_at_once() {
        let mut outbox = Outbox::default();
        let long = |line| {
            let said = Said::Private { to: "bob".into(), text: "x".repeat(FLYING_BYTES_MAX / 4) };
            Unaccepted { line: LineNumber(line), typed_at: at(line), said }
        };
        (1..=6).for_each(|line| outbox.push(long(line)));
        assert_eq!(launch_all(&mut outbox), [1, 2, 3, 4]);
        outbox.settle(Counter(2));
        assert_eq!(launch_all(&mut outbox), [5]);
        assert_eq!(outbox.expire(at(1) + GIVE_UP_AFTER).len(), 1);
        assert_eq!(launch_all(&mut outbox), [6]);
    }

    #[test]
    fn what_waits_for_a_room_that_is_closed_is_taken_out_and_leaves_no_gap_in_the_counters() {
        let mut outbox = Outbox::default();
        outbox.push(post(1, 7));
        outbox.push(private(2));
        let failed = outbox.take_waiting(Lane::Visit(VisitId(7)));
        assert_eq!(failed.len(), 1);
        assert!(!outbox.holds(Lane::Visit(VisitId(7))));
        assert_eq!(launch_all(&mut outbox), [1]);
    }

    #[test]
    fn after_twelve_hours_a_line_is_given_up_and_its_counter_counts_until_the_server_was_told() {
        let mut outbox = Outbox::default();
        outbox.push(private(1));
        launch_all(&mut outbox);
        let late = at(1) + GIVE_UP_AFTER;
        assert_eq!(outbox.gives_up_at(), Some(late));
        assert!(outbox.expire(at(1)).is_empty());
        assert_eq!(outbox.expire(late).len(), 1);
        assert_eq!(outbox.gives_up_at(), None);
        for line in 2..=COUNTER_SPAN + 2 {
            outbox.push(private(line));
        }
        assert_eq!(launch_all(&mut outbox).last(), Some(&COUNTER_SPAN));
        outbox.on_greeted(outbox.settled_or_abandoned());
        assert_eq!(launch_all(&mut outbox).last(), Some(&(COUNTER_SPAN + 1)));
    }
}
