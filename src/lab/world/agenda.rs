//! What is next? Events in the order of time; at the same moment, in the order in which they were noted.

use crate::time::Instant;
use std::collections::BTreeMap;

/// Events to come.
#[derive(Debug)]
pub(super) struct Agenda<E> {
    events: BTreeMap<(Instant, u64), E>,
    noted: u64,
}

impl<E> Agenda<E> {
    pub const fn new() -> Self {
        Self { events: BTreeMap::new(), noted: 0 }
    }

    /// Notes an event.
    pub fn note(&mut self, due: Instant, event: E) {
        self.events.insert((due, self.noted), event);
        self.noted += 1;
    }

    /// When the next one is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.events.first_key_value().map(|((due, _), _)| *due)
    }

    /// The next one, if it is due.
    pub fn take_due(&mut self, now: Instant) -> Option<E> {
        let first = self.events.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn events_come_in_the_order_of_time_then_of_noting() {
        let mut agenda = Agenda::new();
        for (due, name) in [(3, 'd'), (1, 'a'), (2, 'b'), (2, 'c')] {
            agenda.note(at(due), name);
        }
        assert_eq!(agenda.next_due(), Some(at(1)));
        let taken: String = std::iter::from_fn(|| agenda.take_due(at(2))).collect();
        assert_eq!(taken, "abc");
        assert_eq!(agenda.take_due(at(3)), Some('d'));
    }
}
