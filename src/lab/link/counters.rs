//! What did the link do? Counted per direction, and every drop by its cause.

use std::fmt;

/// Why a packet did not pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DropCause {
    /// By chance.
    Loss,
    /// A random outage.
    Fade,
    /// A planned outage.
    Outage,
    /// Dropped by name.
    Named,
    /// Larger than the MTU.
    Mtu,
    /// The queue before the bottleneck was full.
    Queue,
    /// The emulator itself held too much: not a property of the link, so it is told apart.
    Overload,
}

impl DropCause {
    /// All, in the order in which they are printed.
    pub const ALL: [Self; 7] =
        [Self::Loss, Self::Fade, Self::Outage, Self::Named, Self::Mtu, Self::Queue, Self::Overload];

    /// One word, as counters and ladders print it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Fade => "fade",
            Self::Outage => "outage",
            Self::Named => "named",
            Self::Mtu => "mtu",
            Self::Queue => "queue",
            Self::Overload => "overload",
        }
    }
}

impl fmt::Display for DropCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The counters of one direction. Packets and IP bytes; a second copy counts as delivered too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Packets that entered.
    pub entered: u64,
    /// Their bytes.
    pub entered_bytes: u64,
    /// Packets handed out at the other end.
    pub delivered: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// Packets that arrived a second time.
    pub duplicated: u64,
    /// Packets that were held back.
    pub held_back: u64,
    /// Packets that arrived behind one that had entered later.
    pub reordered: u64,
    /// Packets with a flipped bit.
    pub corrupted: u64,
    /// Packets that found the queue half full and were marked.
    pub marked: u64,
    /// By cause.
    drops: [u64; DropCause::ALL.len()],
}

impl Counters {
    /// Packets dropped for this cause.
    pub const fn dropped(&self, cause: DropCause) -> u64 {
        self.drops[cause as usize]
    }

    /// Packets dropped, whatever the cause.
    pub fn dropped_in_all(&self) -> u64 {
        self.drops.iter().sum()
    }

    /// Packets dropped by the link that was asked for: all but the emulator's own overload.
    pub fn dropped_by_link(&self) -> u64 {
        self.dropped_in_all() - self.dropped(DropCause::Overload)
    }

    pub(super) fn on_entered(&mut self, bytes: u64) {
        self.entered += 1;
        self.entered_bytes += bytes;
    }

    pub(super) const fn on_dropped(&mut self, cause: DropCause) {
        self.drops[cause as usize] += 1;
    }

    pub(super) fn on_delivered(&mut self, bytes: u64) {
        self.delivered += 1;
        self.delivered_bytes += bytes;
    }
}

/// One line: `1,000 packets in, 943 out; dropped: 50 loss, 7 queue; 3 twice, 2 damaged`.
impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} packets in, {} out", self.entered, self.delivered)?;
        let mut lead = "; dropped: ";
        for cause in DropCause::ALL.into_iter().filter(|cause| self.dropped(*cause) > 0) {
            write!(f, "{lead}{} {cause}", self.dropped(cause))?;
            lead = ", ";
        }
        let effects = [
            (self.duplicated, "twice"),
            (self.reordered, "out of order"),
            (self.corrupted, "damaged"),
            (self.marked, "marked"),
        ];
        let mut lead = "; ";
        for (count, word) in effects.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{lead}{count} {word}")?;
            lead = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_only_what_happened() {
        let mut counters = Counters::default();
        counters.on_entered(100);
        counters.on_entered(100);
        counters.on_dropped(DropCause::Queue);
        counters.on_delivered(100);
        assert_eq!(counters.to_string(), "2 packets in, 1 out; dropped: 1 queue");
        counters.corrupted = 1;
        assert_eq!(counters.to_string(), "2 packets in, 1 out; dropped: 1 queue; 1 damaged");
    }

    #[test]
    fn every_cause_has_its_own_place() {
        let mut counters = Counters::default();
        for cause in DropCause::ALL {
            counters.on_dropped(cause);
        }
        assert!(DropCause::ALL.into_iter().all(|cause| counters.dropped(cause) == 1));
        assert_eq!((counters.dropped_in_all(), counters.dropped_by_link()), (7, 6));
    }
}
