//! How much of a file may be under way, so that the chat beside it does not wait?
//!
//! So much that the blocks themselves do not wait: each block's way, until it is written at the other end, is
//! timed, and what it takes beyond the shortest of the last minutes is waiting that files have made, in a
//! queue of the network or in front of a disk. The window grows while that is less than the target, and
//! shrinks while it is more.
//!
//! ```text
//!   window  ▲      ╱╲    ╱╲         grows by a block a round trip, the closer to the target the slower;
//!           │   ╱─╯  ╲─╱   ╲        at the start it doubles
//!           │ ╱
//!           └──────────────────▶
//! ```
//!
//! Source: RFC 6817 (LEDBAT) §2.4.2, whose target of at most 100 ms is ours of 25 ms. The transport's own
//! congestion control is below it all the same.

use super::message::BLOCK_BYTES;
use crate::time::{Duration, Instant};
use std::collections::VecDeque;

/// The waiting that files may add. Ours: a quarter of what RFC 6817 §2.5 allows, because people type beside it.
const TARGET: Duration = Duration::from_millis(25);
/// At least a block, or nothing would move.
const MIN_BYTES: u64 = BLOCK_BYTES as u64;
/// Ours: 128 KiB, with which one file fills 21 Mbit/s over 50 ms; all that is under way is in memory.
pub const WINDOW_BYTES_MAX: u64 = 16 * BLOCK_BYTES as u64;
/// The shortest of so many says how long a block takes now. RFC 6817 §3.4.2: a filter takes out what a loss
/// or a busy machine does to single ones.
const FILTER: usize = 8;
/// How long the shortest way counts, in two halves. RFC 6817 §3.4.1: long enough to have seen an idle line,
/// and to forget a line that is there no more.
const MEMORY: Duration = Duration::from_mins(1);

/// The window of one file on its way.
#[derive(Clone, Debug)]
pub struct Window {
    bytes: u64,
    recent: VecDeque<Duration>,
    shortest: Duration,
    shortest_before: Duration,
    since: Option<Instant>,
    starting: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            bytes: 2 * MIN_BYTES,
            recent: VecDeque::new(),
            shortest: Duration::MAX,
            shortest_before: Duration::MAX,
            since: None,
            starting: true,
        }
    }
}

impl Window {
    /// So many bytes may be under way.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// These many bytes arrived and were written, so long after they were sent.
    pub fn on_arrived(&mut self, now: Instant, bytes: u64, took: Duration) {
        self.note(now, took);
        let shortest = self.shortest.min(self.shortest_before);
        let usual = self.recent.iter().min().copied().unwrap_or(took);
        let waited = usual.saturating_sub(shortest);
        let next = if self.starting && waited < TARGET / 2 {
            self.bytes + bytes
        } else {
            self.starting = false;
            compute_next(self.bytes, bytes, waited)
        };
        self.bytes = next.clamp(MIN_BYTES, WINDOW_BYTES_MAX);
    }

    fn note(&mut self, now: Instant, took: Duration) {
        let since = *self.since.get_or_insert(now);
        if now >= since + MEMORY {
            self.since = Some(now);
            self.shortest_before = std::mem::replace(&mut self.shortest, Duration::MAX);
        }
        self.shortest = self.shortest.min(took);
        if self.recent.len() == FILTER {
            self.recent.pop_front();
        }
        self.recent.push_back(took);
    }
}

/// RFC 6817 §2.4.2: `cwnd += GAIN * off_target * bytes_newly_acked * MSS / cwnd`, with GAIN 1 and a block for MSS.
fn compute_next(window: u64, arrived: u64, waited: Duration) -> u64 {
    let target = i128::try_from(TARGET.as_micros()).unwrap_or(i128::MAX);
    let waited = i128::try_from(waited.as_micros()).unwrap_or(i128::MAX);
    let off_target = target.saturating_sub(waited).max(-target);
    let change = off_target * i128::from(arrived) * i128::from(MIN_BYTES) / (target * i128::from(window));
    u64::try_from(i128::from(window) + change).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn feed(window: &mut Window, from: u64, count: u64, took_ms: u64) -> u64 {
        for n in 0..count {
            window.on_arrived(at(from + n * 1_000), MIN_BYTES, Duration::from_millis(took_ms));
        }
        window.bytes()
    }

    #[test]
    fn on_an_idle_line_the_window_opens_fast_and_no_further_than_its_bound() {
        let mut window = Window::default();
        assert_eq!(feed(&mut window, 0, 2, 50), 4 * MIN_BYTES, "it doubles in a round trip");
        assert_eq!(feed(&mut window, 2_000, 100, 50), WINDOW_BYTES_MAX);
    }

    #[test]
    fn waiting_beyond_the_target_shrinks_it_to_a_block_and_no_further() {
        let mut window = Window::default();
        feed(&mut window, 0, 50, 50);
        assert_eq!(feed(&mut window, 50_000, 400, 120), MIN_BYTES);
        assert!(feed(&mut window, 500_000, 100, 51) > 2 * MIN_BYTES, "and it opens again");
    }

    #[test]
    fn a_single_late_block_changes_little() {
        let mut window = Window::default();
        feed(&mut window, 0, 50, 50);
        assert_eq!(feed(&mut window, 50_000, 1, 900), WINDOW_BYTES_MAX);
    }

    #[test]
    fn a_line_that_became_longer_is_learned_after_two_minutes() {
        let mut window = Window::default();
        feed(&mut window, 0, 50, 50);
        feed(&mut window, 50_000, 400, 200);
        let minute = 60_000_000;
        feed(&mut window, minute + 1, 10, 200);
        feed(&mut window, 2 * minute + 2, 10, 200);
        assert!(feed(&mut window, 3 * minute, 300, 200) > 10 * MIN_BYTES);
    }
}
