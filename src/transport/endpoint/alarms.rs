//! Which of a server's sessions is to be woken first?
//!
//! A tournament. Each session has a seat; of two neighbours the earlier goes on to the next round:
//!
//! ```text
//!   tree[1]                3 ms                  the first of all
//!                    ┌──────┴──────┐
//!   tree[2..4]      9 ms          3 ms
//!                 ┌──┴──┐        ┌──┴──┐
//!   tree[4..8]   9 ms  20 ms     ─    3 ms       the seats; ─ need not be woken, or is empty
//! ```
//!
//! Almost each datagram moves a session's alarm. That plays the matches on its way up again, one for each time
//! that the number of seats was doubled, and no further than anything changes: less than a sorted set has to do.

use crate::time::Instant;
use crate::wire::datagram::ConnectionId;

/// When, and whom.
pub(super) type Alarm = (Instant, ConnectionId);

/// A session's place among the alarms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seat(usize);

/// The alarms of all sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Alarms {
    /// The winner of `tree[2 * n]` and `tree[2 * n + 1]` is in `tree[n]`; the upper half are the seats.
    tree: Vec<Option<Alarm>>,
    empty: Vec<Seat>,
}

impl Alarms {
    /// A seat for another session.
    pub(super) fn take_seat(&mut self) -> Seat {
        loop {
            if let Some(seat) = self.empty.pop() {
                return seat;
            }
            self.double();
        }
    }

    /// The session is gone.
    pub(super) fn leave(&mut self, seat: Seat) {
        self.set(seat, None);
        self.empty.push(seat);
    }

    /// When whoever sits there is to be woken from now on, if at all.
    pub(super) fn set(&mut self, seat: Seat, alarm: Option<Alarm>) {
        let mut at = self.seats() + seat.0;
        self.tree[at] = alarm;
        while at > 1 {
            let winner = sooner(self.tree[at], self.tree[at ^ 1]);
            at /= 2;
            if self.tree[at] == winner {
                return;
            }
            self.tree[at] = winner;
        }
    }

    /// Who is to be woken first. Of two at the same moment the one with the smaller id.
    pub(super) fn first(&self) -> Option<Alarm> {
        self.tree.get(1).copied().flatten()
    }

    fn seats(&self) -> usize {
        self.tree.len() / 2
    }

    fn double(&mut self) {
        let seats = self.seats();
        let taken = self.tree.split_off(seats);
        let more = taken.len().max(1);
        self.empty.extend((taken.len()..taken.len() + more).rev().map(Seat));
        self.tree = vec![None; 2 * (taken.len() + more)];
        (0..).map(Seat).zip(taken).for_each(|(seat, alarm)| self.set(seat, alarm));
    }
}

/// The lesser of two, where there are two.
pub(super) fn sooner<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::time::at;
    use std::collections::BTreeSet;

    #[test]
    fn nobody_is_woken_where_nobody_sits() {
        let mut alarms = Alarms::default();
        assert_eq!(alarms.first(), None);
        let seat = alarms.take_seat();
        assert_eq!(alarms.first(), None);
        alarms.set(seat, Some((at(5), ConnectionId(1))));
        assert_eq!(alarms.first(), Some((at(5), ConnectionId(1))));
        alarms.leave(seat);
        assert_eq!(alarms.first(), None);
    }

    #[test]
    fn a_seat_that_was_left_is_taken_again() {
        let mut alarms = Alarms::default();
        let seats: Vec<Seat> = (0..100).map(|_| alarms.take_seat()).collect();
        seats.iter().for_each(|seat| alarms.leave(*seat));
        (0..100).for_each(|_| _ = alarms.take_seat());
        assert_eq!(alarms.seats(), 128, "as many as ever sat there together, and the next power of two");
    }

    #[test]
    fn it_agrees_with_a_sorted_set() {
        let mut rng = Rng::from_seed(7);
        let (mut alarms, mut sorted) = (Alarms::default(), BTreeSet::new());
        let mut sessions: Vec<(Seat, ConnectionId, Option<Instant>)> = Vec::new();
        for id in 0..20_000 {
            let index = usize::try_from(rng.below(40)).expect("below 40");
            if index >= sessions.len() {
                sessions.push((alarms.take_seat(), ConnectionId(id), None));
                continue;
            }
            let (seat, id, wake) = &mut sessions[index];
            if let Some(old) = wake.take() {
                sorted.remove(&(old, *id));
            }
            if rng.chance(0.1) {
                alarms.leave(*seat);
                sessions.swap_remove(index);
            } else {
                *wake = rng.chance(0.8).then(|| at(rng.below(50)));
                sorted.extend(wake.map(|at| (at, *id)));
                alarms.set(*seat, wake.map(|at| (at, *id)));
            }
            assert_eq!(alarms.first(), sorted.first().copied());
        }
    }
}
