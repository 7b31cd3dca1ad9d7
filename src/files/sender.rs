//! Which block of a file is read and sent next?
//!
//! ```text
//!   0 ───── credited ───────── sent ─────── asked ────────────── size
//!           │ written there    │ under way  │ being read          │
//!           └──────── at most a window ─────┘
//! ```

use super::message::BLOCK_BYTES;
use super::window::Window;
use crate::time::Instant;
use std::collections::VecDeque;

/// One file on its way out.
#[derive(Clone, Debug)]
pub struct Sender {
    size: u64,
    asked: u64,
    sent: u64,
    credited: u64,
    window: Window,
    /// Where each block under way ends, and when it left.
    under_way: VecDeque<(u64, Instant)>,
}

impl Sender {
    /// Sends what lies between these bytes; nothing if the file is no longer than that.
    pub fn new(from: u64, size: u64) -> Self {
        let from = from.min(size);
        Self {
            size,
            asked: from,
            sent: from,
            credited: from,
            window: Window::default(),
            under_way: VecDeque::new(),
        }
    }

    /// The offset and the length of the next block to read, if there may be another.
    pub fn poll_read(&mut self) -> Option<(u64, usize)> {
        let block = (self.size - self.asked).min(BLOCK_BYTES as u64);
        if block == 0 || self.asked - self.credited + block > self.window.bytes() {
            return None;
        }
        let offset = self.asked;
        self.asked += block;
        usize::try_from(block).ok().map(|len| (offset, len))
    }

    /// So many bytes were read there and are sent now. False for what was not asked for.
    pub fn on_read(&mut self, now: Instant, offset: u64, len: usize) -> bool {
        let end = offset.saturating_add(len as u64);
        if offset != self.sent || len == 0 || end > self.asked {
            return false;
        }
        self.sent = end;
        self.under_way.push_back((end, now));
        true
    }

    /// The other end has written all through here; what it said before changes nothing. An error for bytes
    /// that were not sent.
    pub fn on_credit(&mut self, now: Instant, through: u64) -> Result<(), &'static str> {
        if through > self.sent {
            return Err("credit for bytes that were not sent");
        }
        while let Some((end, at)) = self.under_way.front().copied().filter(|(end, _)| *end <= through) {
            self.under_way.pop_front();
            self.window.on_arrived(now, end.saturating_sub(self.credited), now.since(at));
            self.credited = self.credited.max(end);
        }
        Ok(())
    }

    /// All through here is written at the other end.
    pub const fn credited(&self) -> u64 {
        self.credited
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::window::WINDOW_BYTES_MAX;
    use crate::time::at;

    const BLOCK: u64 = BLOCK_BYTES as u64;

    #[test]
    fn no_more_than_a_window_is_read_ahead_and_credit_moves_it() {
        let mut sender = Sender::new(0, 100 * BLOCK);
        let first: Vec<_> = std::iter::from_fn(|| sender.poll_read()).collect();
        assert_eq!(first, [(0, BLOCK_BYTES), (BLOCK, BLOCK_BYTES)]);
        assert!(sender.on_read(at(0), 0, BLOCK_BYTES));
        assert_eq!(sender.on_credit(at(50), BLOCK), Ok(()));
        assert_eq!(sender.poll_read(), Some((2 * BLOCK, BLOCK_BYTES)));
    }

    #[test]
    fn whatever_the_other_end_credits_no_more_than_the_bound_is_under_way() {
        let mut sender = Sender::new(0, 1_000 * BLOCK);
        for round in 0..900 {
            let reads: Vec<_> = std::iter::from_fn(|| sender.poll_read()).collect();
            assert!(reads.iter().all(|(offset, len)| sender.on_read(at(round), *offset, *len)));
            assert!(sender.sent - sender.credited <= WINDOW_BYTES_MAX);
            let _ = sender.on_credit(at(round + 1), (round + 1) * BLOCK);
        }
    }

    #[test]
    fn credit_for_what_was_not_sent_is_an_error_and_old_credit_is_nothing() {
        let mut sender = Sender::new(BLOCK, 3 * BLOCK);
        assert!(sender.on_credit(at(0), BLOCK + 1).is_err());
        assert_eq!(sender.on_credit(at(0), 5), Ok(()));
        assert_eq!(sender.credited(), BLOCK);
    }

    #[test]
    fn it_goes_on_from_where_it_is_told_and_ends_with_the_file() {
        let mut sender = Sender::new(10, 15);
        assert_eq!((sender.poll_read(), sender.poll_read()), (Some((10, 5)), None));
        assert!(!sender.on_read(at(0), 11, 4), "not what was asked for");
        assert!(sender.on_read(at(0), 10, 5));
        assert_eq!((sender.on_credit(at(1), 15), sender.credited()), (Ok(()), 15));
        assert_eq!(Sender::new(20, 15).poll_read(), None);
    }
}
