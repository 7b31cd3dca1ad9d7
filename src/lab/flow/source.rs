//! When is which message handed in?
//!
//! Paced messages by the clock, whatever became of those before: a message that the queue refuses is handed
//! in again, and its latency counts from when it was due. Bulk as fast as the queue takes it.

use super::plan::{Bulk, Paced, SIZE_MIN, Workload};
use super::tally::{Lane, Tally};
use crate::time::{Duration, Instant};
use crate::transport::channel::credit::cost;
use crate::transport::session::{ChannelId, Payload, SendError};

/// What bulk leaves of the send queue to paced messages.
///
/// Ours: 64 KiB, because whoever shares a session with a transfer must not be refused for it.
const RESERVE: u64 = 64 << 10;

/// One direction's messages on their way into the transport.
#[derive(Clone, Debug)]
pub struct Source {
    workload: Workload,
    begins: Instant,
    /// Paced messages handed in.
    paced: u64,
    /// Bytes of bulk handed in, and messages.
    bulk: (u64, u64),
    /// When each answer became due.
    asked: Vec<Instant>,
    /// The next paced message was due and was refused.
    refused: bool,
    closed: bool,
}

/// The message of this number: its number, then the same byte over and over.
fn message(number: u64, size: usize) -> Payload {
    let mut bytes = vec![fill(number); size.max(SIZE_MIN)];
    bytes[..SIZE_MIN].copy_from_slice(&number.to_be_bytes());
    bytes.into()
}

#[expect(clippy::cast_possible_truncation, reason = "the low byte is what is meant")]
const fn fill(number: u64) -> u8 {
    number as u8
}

/// The number of a message as it arrived; `None` if it is not as it was sent.
pub fn number_of(bytes: &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<SIZE_MIN>()?;
    let number = u64::from_be_bytes(*number);
    rest.iter().all(|byte| *byte == fill(number)).then_some(number)
}

impl Source {
    /// The messages of this workload, of a session that begins at this moment.
    pub const fn new(workload: Workload, begins: Instant) -> Self {
        Self { workload, begins, paced: 0, bulk: (0, 0), asked: Vec::new(), refused: false, closed: false }
    }

    /// A message of the other direction arrived.
    pub fn on_heard(&mut self, now: Instant) {
        if self.workload.answers {
            self.asked.push(now);
        }
    }

    /// When the next message is due, if it depends on the clock.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let Workload { paced, bulk, .. } = &self.workload;
        let next = self.due().filter(|_| self.paced < paced.messages && !self.refused);
        let first = (bulk.bytes > 0 && self.bulk.0 == 0).then(|| self.begins + bulk.start);
        let due = next.into_iter().chain(first).min();
        due.filter(|_| !self.closed)
    }

    /// Was everything handed in, or is there nobody left who takes it?
    pub const fn is_finished(&self) -> bool {
        let Workload { paced, bulk, .. } = &self.workload;
        self.closed || (self.paced >= paced.messages && self.bulk.0 >= bulk.bytes)
    }

    /// Hands in what is due. `room`: how much cost the send queue takes; `queue` is the transport's command.
    pub fn offer(
        &mut self,
        now: Instant,
        room: u64,
        tally: &mut Tally,
        mut queue: impl FnMut(ChannelId, Payload, Option<Instant>) -> Result<(), SendError>,
    ) {
        let Workload { paced, bulk, .. } = self.workload;
        self.refused = false;
        while let Some(due) = self.due().filter(|due| *due <= now) {
            if self.paced >= paced.messages || self.closed || self.refused {
                break;
            }
            let channel = ChannelId::room(self.paced % paced.rooms.max(1)).delivered(paced.delivery);
            let deadline = paced.deadline.map(|span| due + span);
            match queue(channel, message(self.paced, paced.size), deadline) {
                Ok(()) => {
                    tally.on_sent(Lane::Paced, due);
                    self.paced += 1;
                }
                Err(error) => self.on_refused(error, tally),
            }
        }
        self.offer_bulk(now, room, &bulk, tally, queue);
    }

    fn offer_bulk(
        &mut self,
        now: Instant,
        room: u64,
        bulk: &Bulk,
        tally: &mut Tally,
        mut queue: impl FnMut(ChannelId, Payload, Option<Instant>) -> Result<(), SendError>,
    ) {
        let mut room = room.saturating_sub(RESERVE);
        let cost = cost(bulk.size as u64);
        let channel = self.workload.bulk_channel();
        while self.bulk.0 < bulk.bytes && room >= cost && self.begins + bulk.start <= now && !self.closed {
            if let Err(error) = queue(channel, message(self.bulk.1, bulk.size), None) {
                return self.on_refused(error, tally);
            }
            tally.on_sent(Lane::Bulk, now);
            self.bulk.0 += bulk.size as u64;
            self.bulk.1 += 1;
            room -= cost;
        }
    }

    fn on_refused(&mut self, error: SendError, tally: &mut Tally) {
        match error {
            SendError::QueueFull => {
                self.refused = true;
                tally.on_refused();
            }
            SendError::TooLong | SendError::Closed | SendError::Ordered => self.closed = true,
        }
    }

    /// When the next paced message is due, as far as that is known.
    fn due(&self) -> Option<Instant> {
        let Paced { interval, start, .. } = self.workload.paced;
        if self.workload.answers {
            return usize::try_from(self.paced).ok().and_then(|index| self.asked.get(index)).copied();
        }
        let micros = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX);
        Some(self.begins + start + Duration::from_micros(micros.saturating_mul(self.paced)))
    }
}

impl Workload {
    /// The channel of its bulk: the one behind its rooms.
    pub fn bulk_channel(&self) -> ChannelId {
        ChannelId::room(self.paced.rooms.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn workload(messages: u64, bulk: u64) -> Workload {
        Workload {
            paced: Paced { messages, rooms: 2, ..Paced::default() },
            bulk: Bulk { bytes: bulk, ..Bulk::default() },
            answers: false,
        }
    }

    fn offered(source: &mut Source, now: u64, room: u64) -> Vec<(u64, u64)> {
        let mut taken = Vec::new();
        let mut tally = Tally::new(&Workload::default(), at(0), Duration::ZERO);
        source.offer(at(now), room, &mut tally, |channel, payload, _| {
            taken.push((channel.0, number_of(&payload).expect("a whole message")));
            Ok(())
        });
        taken
    }

    #[test]
    fn messages_come_by_the_clock_and_go_round_the_rooms() {
        let mut source = Source::new(workload(3, 0), at(1_000));
        assert_eq!(source.poll_timeout(), Some(at(1_000)));
        assert_eq!(offered(&mut source, 999, 0), []);
        assert_eq!(offered(&mut source, 21_000, 0), [(8, 0), (12, 1)]);
        assert_eq!((source.poll_timeout(), source.is_finished()), (Some(at(41_000)), false));
        assert_eq!(offered(&mut source, 60_000, 0), [(8, 2)]);
        assert_eq!((source.poll_timeout(), source.is_finished()), (None, true));
    }

    #[test]
    fn bulk_fills_what_is_left_to_it_on_a_channel_of_its_own() {
        let mut source = Source::new(workload(0, 60_000), at(0));
        let piece = cost(16 << 10);
        assert_eq!(offered(&mut source, 0, RESERVE + 2 * piece), [(16, 0), (16, 1)]);
        assert_eq!(source.poll_timeout(), None, "it goes on when the queue drains");
        assert_eq!(offered(&mut source, 9, 1 << 20).len(), 2);
        assert!(source.is_finished());
    }

    #[test]
    fn a_message_refused_waits_for_the_queue_and_counts_from_when_it_was_due() {
        let mut source = Source::new(workload(1, 0), at(0));
        let mut tally = Tally::new(&workload(1, 0), at(0), Duration::ZERO);
        source.offer(at(5), 0, &mut tally, |_, _, _| Err(SendError::QueueFull));
        assert_eq!((source.poll_timeout(), source.is_finished()), (None, false));
        source.offer(at(900), 0, &mut tally, |_, _, _| Ok(()));
        tally.on_arrived(at(1_000), 8, &message(0, 8));
        let fates = tally.report().paced();
        assert_eq!((fates.refused, fates.latencies.max()), (1, Some(Duration::from_millis(1))));
    }

    #[test]
    fn an_answer_is_due_when_it_is_asked_for() {
        let mut source = Source::new(Workload { answers: true, ..workload(2, 0) }, at(0));
        assert_eq!((source.poll_timeout(), offered(&mut source, 99, 0).len()), (None, 0));
        source.on_heard(at(500));
        assert_eq!((source.poll_timeout(), offered(&mut source, 500, 0).len()), (Some(at(500)), 1));
        assert!(!source.is_finished());
    }

    #[test]
    fn nobody_hands_in_at_a_session_that_is_over() {
        let mut source = Source::new(workload(5, 5), at(0));
        let mut tally = Tally::new(&workload(5, 5), at(0), Duration::ZERO);
        source.offer(at(0), 1 << 20, &mut tally, |_, _, _| Err(SendError::Closed));
        assert_eq!((source.poll_timeout(), source.is_finished()), (None, true));
    }

    #[test]
    fn a_message_that_was_changed_has_no_number() {
        let mut bytes = message(7, 20).to_vec();
        assert_eq!(number_of(&bytes), Some(7));
        bytes[19] ^= 1;
        assert_eq!((number_of(&bytes), number_of(&bytes[..5])), (None, None));
    }
}
