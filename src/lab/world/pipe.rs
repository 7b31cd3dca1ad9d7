//! How do bytes travel through one direction of a simulated TCP connection?
//!
//! In order and whole, whatever the link does; what the link loses comes late instead. Segments are cut
//! at random, so that a reader meets every way of cutting a frame. What is under way is bounded as by a
//! receive window, so a reader that is paused holds up its writer.

use crate::lab::link::DirectionConfig;
use crate::rng::Rng;
use crate::time::{Duration, Instant};
use std::collections::VecDeque;

/// Bytes under way, at most: the receive window.
const WINDOW: usize = 64 * 1_024;

/// The payload of a full segment on Ethernet.
const SEGMENT: usize = 1_460;

/// RFC 6298 §2.4 says 1 s at least; kernels use 200 ms.
const RETRANSMISSION_TIMEOUT: Duration = Duration::from_millis(200);

/// One thing on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Segment {
    Bytes(Vec<u8>),
    /// Nothing follows; with the reason as a system would word it.
    End(&'static str),
}

/// One direction of one connection.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    segments: VecDeque<Segment>,
    bytes: usize,
    last_due: Instant,
    ended: bool,
}

impl Pipe {
    /// Takes a random part of these bytes, at least one if there is room: how many, and when they arrive.
    pub fn write(&mut self, bytes: &[u8], rng: &mut Rng, arrival: Instant) -> Option<(usize, Instant)> {
        let most = bytes.len().min(SEGMENT).min(WINDOW.saturating_sub(self.bytes));
        if most == 0 || self.ended {
            return None;
        }
        // Mostly as much as fits, as a kernel would; now and then any part of it.
        let any = usize::try_from(rng.below(most as u64)).unwrap_or(0) + 1;
        let count = if rng.chance(0.5) { most } else { any };
        self.bytes += count;
        self.segments.push_back(Segment::Bytes(bytes[..count].to_vec()));
        Some((count, self.in_order(arrival)))
    }

    /// Ends it: when the reader hears of it, or `None` if it had ended.
    pub fn end(&mut self, reason: &'static str, arrival: Instant) -> Option<Instant> {
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
        self.segments.push_back(Segment::End(reason));
        Some(self.in_order(arrival))
    }

    /// What arrives next.
    pub fn read(&mut self) -> Option<Segment> {
        let segment = self.segments.pop_front();
        if let Some(Segment::Bytes(bytes)) = &segment {
            self.bytes -= bytes.len();
        }
        segment
    }

    fn in_order(&mut self, arrival: Instant) -> Instant {
        self.last_due = self.last_due.max(arrival);
        self.last_due
    }
}

/// When something that is sent now, `elapsed` since the link's start, comes to the other end of a link with
/// these settings: each loss costs a retransmission timeout, each twice as long as the one before.
pub(super) fn arrival(now: Instant, elapsed: Duration, way: &DirectionConfig, rng: &mut Rng) -> Instant {
    let mut wait = Duration::ZERO;
    let mut timeout = RETRANSMISSION_TIMEOUT;
    // Fifteen attempts, as Linux makes them; then it arrives all the same.
    for _ in 0..15 {
        let out = way.outages.iter().any(|outage| outage.covers(elapsed + wait));
        if !out && !rng.chance(way.loss) {
            break;
        }
        wait += timeout;
        timeout = (timeout * 2).min(Duration::from_secs(10));
    }
    now + wait + way.delay + way.jitter.mul_f64(rng.unit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::link::config::Outage;
    use crate::time::at;

    #[test]
    fn bytes_arrive_whole_and_in_order_however_they_are_cut() {
        let (mut pipe, mut rng) = (Pipe::default(), Rng::from_seed(1));
        let sent: Vec<u8> = (0..=250).cycle().take(20_000).collect();
        let (mut rest, mut last, mut pieces) = (&sent[..], at(0), 0);
        while !rest.is_empty() {
            let arrival = at(rng.below(1_000));
            let (count, due) = pipe.write(rest, &mut rng, arrival).expect("there is room");
            assert!(due >= last);
            (rest, last, pieces) = (&rest[count..], due, pieces + 1);
        }
        pipe.end("end", at(0));
        let mut received = Vec::new();
        while let Some(Segment::Bytes(bytes)) = pipe.read() {
            received.extend(bytes);
        }
        assert!(received == sent && pieces > 20_000 / SEGMENT);
    }

    #[test]
    fn a_reader_that_does_not_read_holds_up_the_writer() {
        let (mut pipe, mut rng) = (Pipe::default(), Rng::from_seed(2));
        let chunk = [0; SEGMENT];
        let taken: usize =
            std::iter::from_fn(|| pipe.write(&chunk, &mut rng, at(0))).map(|(count, _)| count).sum();
        assert_eq!(taken, WINDOW);
        pipe.read();
        assert!(pipe.write(&chunk, &mut rng, at(0)).is_some());
    }

    #[test]
    fn nothing_follows_the_end() {
        let (mut pipe, mut rng) = (Pipe::default(), Rng::from_seed(3));
        assert!(pipe.end("reset", at(5)).is_some());
        assert_eq!(pipe.end("again", at(6)), None);
        assert_eq!(pipe.write(&[1], &mut rng, at(7)), None);
    }

    #[test]
    fn loss_and_outages_make_it_late_and_never_less() {
        let mut rng = Rng::from_seed(4);
        let delay = Duration::from_millis(10);
        let clean = DirectionConfig { delay, ..DirectionConfig::default() };
        assert_eq!(arrival(at(0), Duration::ZERO, &clean, &mut rng), at(10_000));
        let outage = Outage { from: Duration::ZERO, length: Duration::from_millis(500) };
        let broken = DirectionConfig { outages: vec![outage], ..clean.clone() };
        assert_eq!(
            arrival(at(0), Duration::ZERO, &broken, &mut rng),
            at(610_000),
            "200 + 400 ms of timeouts"
        );
        let lossy = DirectionConfig { loss: 1.0, ..clean };
        assert!(arrival(at(0), Duration::ZERO, &lossy, &mut rng) > at(60_000_000));
    }
}
