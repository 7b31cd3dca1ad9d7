//! Does one end send only what the rules allow?
//!
//! Every datagram of a run is looked at when it leaves, with what its sender says of itself.
//!
//! ```text
//!   a piece of a large message ─▶ what is in flight with it is within the window, or it is a probe's
//!   text and copies            ─▶ within the window, or within the allowance: so many datagrams and bytes
//!                                 within any second (docs/protocol.md §10.1)
//!   a size probe               ─▶ beyond the window by no more than it is larger than others (§10.2)
//!   an acknowledgement         ─▶ of nothing that the other end has not sent
//! ```
//!
//! Left out on purpose: control frames, PING and a probe leave although the window is full (§10).

use super::witness::Cargo;
use crate::time::{Duration, Instant};
use crate::trace::SendCause;
use crate::transport::redundancy::allowance::{BYTES_A_SECOND, DATAGRAMS_A_SECOND};
use crate::wire::datagram::{DATAGRAM_BASE, DATAGRAM_LARGEST_IPV4};
use std::collections::VecDeque;

/// The span of the allowance.
const SECOND: Duration = Duration::from_secs(1);

/// What its sender says of itself after a datagram left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flight {
    /// Bytes in flight, those of this datagram among them.
    pub bytes: u64,
    /// The congestion window.
    pub window: u64,
}

/// Watches what one end sends.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    /// The highest number sent.
    pub largest_sent: Option<u64>,
    /// Text and copies beyond the window within a second: when, and how many bytes.
    beyond: VecDeque<(Instant, u64)>,
    broken: Option<String>,
}

impl Oracle {
    /// A datagram of so many bytes left. `heard_of`: the highest number that the other end has sent.
    pub fn on_sent(
        &mut self,
        now: Instant,
        bytes: usize,
        cargo: &Cargo,
        flight: Flight,
        heard_of: Option<u64>,
    ) {
        self.largest_sent = self.largest_sent.max(cargo.number);
        let unsent = cargo.acknowledged.filter(|acknowledged| heard_of < Some(*acknowledged));
        let lie = unsent.map(|number| format!("acknowledges {number}, which was never sent"));
        let broken = lie.or_else(|| self.exceeds(now, bytes, cargo, flight));
        self.broken = self.broken.take().or(broken);
    }

    /// The first rule that was broken, if any was.
    pub fn broken(&self) -> Option<&String> {
        self.broken.as_ref()
    }

    fn exceeds(&mut self, now: Instant, bytes: usize, cargo: &Cargo, flight: Flight) -> Option<String> {
        let over = flight.bytes.saturating_sub(flight.window);
        let is_text = (cargo.pieces > 0 || cargo.abandons) && !cargo.is_large;
        let allowed = match cargo.cause? {
            _ if over == 0 => true,
            SendCause::SizeProbe => over <= (DATAGRAM_LARGEST_IPV4 - DATAGRAM_BASE) as u64,
            SendCause::First | SendCause::Retransmission | SendCause::ExtraCopy if is_text => {
                self.is_covered(now, bytes as u64)
            }
            SendCause::First | SendCause::Retransmission | SendCause::ExtraCopy => false,
            SendCause::Probe | SendCause::Heartbeat | SendCause::Acknowledgement | SendCause::Control => true,
        };
        (!allowed).then(|| format!("{bytes} bytes too many, {cargo:?}, {flight:?}"))
    }

    /// Another datagram beyond the window: is it within the allowance of any second?
    fn is_covered(&mut self, now: Instant, bytes: u64) -> bool {
        while self.beyond.front().is_some_and(|(at, _)| *at + SECOND <= now) {
            self.beyond.pop_front();
        }
        self.beyond.push_back((now, bytes));
        let all: u64 = self.beyond.iter().map(|(_, bytes)| bytes).sum();
        self.beyond.len() as u64 <= DATAGRAMS_A_SECOND && all <= BYTES_A_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const FULL: Flight = Flight { bytes: 13_000, window: 12_000 };

    fn of(cause: SendCause) -> Cargo {
        Cargo { pieces: 1, cause: Some(cause), ..Cargo::default() }
    }

    fn after(cargo: &Cargo, flight: Flight) -> Option<String> {
        let mut oracle = Oracle::default();
        oracle.on_sent(at(0), 1_000, cargo, flight, Some(7));
        oracle.broken().cloned()
    }

    #[test]
    fn a_piece_of_a_large_message_beyond_the_window_is_found_unless_it_is_a_probe() {
        let large = Cargo { is_large: true, ..of(SendCause::First) };
        assert!(after(&large, FULL).is_some());
        assert_eq!(after(&large, Flight { bytes: 12_000, ..FULL }), None);
        assert_eq!(after(&Cargo { cause: Some(SendCause::Probe), ..large }, FULL), None);
    }

    #[test]
    fn text_beyond_the_window_is_found_where_the_allowance_of_a_second_ends() {
        let mut oracle = Oracle::default();
        let text = of(SendCause::ExtraCopy);
        let mut send = |ms: u64, bytes| {
            oracle.on_sent(at(ms * 1_000), bytes, &text, FULL, None);
            oracle.broken().is_some()
        };
        assert!(!(0..64).any(|n| send(n, 1_000)));
        assert!(!send(1_500, 64_000), "a second later all of it is there again");
        assert!(send(1_600, 1));
        let mut oracle = Oracle::default();
        (0..150).for_each(|n| oracle.on_sent(at(n), 40, &text, FULL, None));
        assert_eq!(oracle.broken(), None);
        oracle.on_sent(at(200), 40, &text, FULL, None);
        assert!(oracle.broken().is_some());
    }

    #[test]
    fn a_size_probe_may_exceed_the_window_by_what_it_is_larger_and_no_more() {
        let probe = Cargo { pieces: 0, ..of(SendCause::SizeProbe) };
        assert_eq!(after(&probe, Flight { bytes: 12_272, ..FULL }), None);
        assert!(after(&probe, Flight { bytes: 12_273, ..FULL }).is_some());
    }

    #[test]
    fn an_acknowledgement_of_the_unsent_is_found() {
        let answer = |largest| Cargo {
            acknowledged: Some(largest),
            cause: Some(SendCause::Acknowledgement),
            ..Cargo::default()
        };
        assert_eq!(after(&answer(7), FULL), None);
        assert!(after(&answer(8), FULL).is_some_and(|what| what.contains("acknowledges 8")));
    }
}
