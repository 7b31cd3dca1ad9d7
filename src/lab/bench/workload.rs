//! What is said in a run, how often, and to whom?
//!
//! ```text
//!             room 1      1     3     5     7        one sender, all others listen;
//!             room 2         2     4     6           messages go round robin over the rooms
//!  handshakes             |  |  |  |  |  |  |        or nobody says a word: one client after the other
//!                         one each interval          gets in, and leaves again
//! ```

use crate::lab::link::values::spell_out;
use crate::time::Duration;

/// A chat at an even pace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workload {
    /// How many messages (1 to [`Self::MESSAGES_MAX`]), or handshakes (at most [`Self::HANDSHAKES_MAX`]).
    pub messages: u64,
    /// One each so often; zero: as fast as they are taken (bulk).
    pub interval: Duration,
    /// Bytes of the text of each ([`Self::BYTES_MIN`] to [`Self::BYTES_MAX`]).
    pub bytes: u32,
    /// How many get each of them (1 to [`Self::RECEIVERS_MAX`]).
    pub receivers: u32,
    /// Over so many rooms, round robin (1 to [`Self::ROOMS_MAX`]).
    pub rooms: u32,
    /// Each "message" is a client that connects.
    pub handshakes: bool,
    /// How long stragglers are waited for after the last was handed in; `None`: as is usual for the link.
    pub patience: Option<Duration>,
}

impl Default for Workload {
    /// Ours: a message of a line of text each 15 ms for a second and a half: a hundred, so that one in a hundred
    /// is one, and short enough for a lecture.
    fn default() -> Self {
        Self {
            messages: 100,
            interval: Duration::from_millis(15),
            bytes: 100,
            receivers: 1,
            rooms: 1,
            handshakes: false,
            patience: None,
        }
    }
}

impl Workload {
    /// Messages of a run, at most.
    pub const MESSAGES_MAX: u64 = 1_000_000;
    /// Receivers, at most: each is a client with a thread.
    pub const RECEIVERS_MAX: u32 = 200;
    /// Clients that connect in a run, at most: on a bad link all of them are at it at once, with a thread each.
    pub const HANDSHAKES_MAX: u64 = 500;
    /// Rooms, at most: what one client is let into, with room to spare.
    pub const ROOMS_MAX: u32 = 16;
    /// Deliveries of a run, at most: each is remembered.
    pub const DELIVERIES_MAX: u64 = 1_000_000;
    /// The shortest text holds the number of the last message and a blank.
    pub const BYTES_MIN: u32 = 8;
    /// The longest text of a chat.
    pub const BYTES_MAX: u32 = 16_000;

    /// So long are stragglers waited for on a link with this delay (one way), unless something else is asked
    /// for.
    pub fn usual_patience(delay: Duration) -> Duration {
        // Ours: TCP's timer doubles with each loss in a row (RFC 6298 §5.5); ten seconds see five of them out
        // on a short link, and twenty delays more do on a long one.
        Duration::from_secs(10) + 20 * delay
    }

    /// Likewise where nothing is said again: what does not come in the time of a long queue never comes.
    pub fn usual_patience_for_raw(delay: Duration) -> Duration {
        Duration::from_secs(1) + 20 * delay
    }

    /// Says which numbers cannot be had together.
    pub fn check(&self) -> Result<(), String> {
        let deliveries = self.messages.saturating_mul(u64::from(self.receivers));
        if deliveries > Self::DELIVERIES_MAX {
            return Err(format!(
                "{} messages to {} receivers are more than {} deliveries, which is as many as are remembered",
                self.messages,
                self.receivers,
                Self::DELIVERIES_MAX
            ));
        }
        Ok(())
    }

    /// As fast as they are taken?
    pub const fn is_bulk(&self) -> bool {
        self.interval.is_zero() && !self.handshakes
    }

    /// In which room (from 0) is this message (from 1) said?
    pub fn room_of(&self, number: u64) -> u32 {
        let room = number.saturating_sub(1) % u64::from(self.rooms.max(1));
        u32::try_from(room).unwrap_or(0)
    }

    /// The text of the `number`-th message: its number, and a padding.
    pub fn text(&self, number: u64) -> String {
        let bytes = self.bytes as usize;
        format!("{:x<bytes$}", format!("{number} "))
    }

    /// Which message is this?
    pub fn number_of(text: &str) -> Option<u64> {
        text.split(' ').next()?.parse().ok()
    }

    /// The options of `bench` that ask for it: those that always stand there, and of the others what is not
    /// as usual.
    pub fn options(&self) -> String {
        let interval = if self.interval.is_zero() { "0ms".to_owned() } else { spell_out(self.interval) };
        if self.handshakes {
            let mut options = format!("--handshakes {} --interval {interval}", self.messages);
            options.push_str(&self.patience_option());
            return options;
        }
        let mut options = format!("--messages {} --interval {interval} --size {}", self.messages, self.bytes);
        for (name, count) in [("receivers", self.receivers), ("rooms", self.rooms)] {
            if count != 1 {
                options = format!("{options} --{name} {count}");
            }
        }
        options + &self.patience_option()
    }

    fn patience_option(&self) -> String {
        self.patience.map(|span| format!(" --patience {}", spell_out(span))).unwrap_or_default()
    }

    /// In a sentence.
    pub fn told(&self) -> String {
        let pace = if self.interval.is_zero() {
            "as fast as they are taken".to_owned()
        } else {
            format!("one each {}", spell_out(self.interval))
        };
        if self.handshakes {
            return format!("{} clients that connect, {pace}", self.messages);
        }
        let to = if self.receivers == 1 {
            "one receiver".to_owned()
        } else {
            format!("{} receivers", self.receivers)
        };
        let rooms =
            if self.rooms == 1 { String::new() } else { format!(", in {} rooms in turn", self.rooms) };
        format!("{} messages of {} bytes, {pace}, to {to}{rooms}", self.messages, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(messages: u64, bytes: u32, receivers: u32) -> Workload {
        Workload { messages, bytes, receivers, ..Workload::default() }
    }

    #[test]
    fn every_text_has_the_length_asked_for_and_tells_its_number() {
        for bytes in [Workload::BYTES_MIN, 100, Workload::BYTES_MAX] {
            let workload = workload(Workload::MESSAGES_MAX, bytes, 1);
            for number in [1, 200, Workload::MESSAGES_MAX] {
                let text = workload.text(number);
                assert_eq!((text.len(), Workload::number_of(&text)), (bytes as usize, Some(number)));
            }
        }
        assert_eq!(Workload::number_of("hello"), None);
    }

    #[test]
    fn what_would_not_be_remembered_is_refused() {
        assert_eq!(workload(5_000, 100, 200).check(), Ok(()));
        let error = workload(5_001, 100, 200).check().expect_err("too many");
        assert!(error.contains("5001 messages to 200 receivers"), "{error}");
    }

    #[test]
    fn a_long_link_is_waited_for_longer() {
        let delay = Duration::from_millis(250);
        assert_eq!(Workload::usual_patience(delay), Duration::from_secs(15));
        assert_eq!(Workload::usual_patience_for_raw(delay), Duration::from_secs(6));
    }

    #[test]
    fn rooms_take_turns() {
        let rooms = |rooms| {
            let workload = Workload { rooms, ..Workload::default() };
            (1..=4).map(|number| workload.room_of(number)).collect::<Vec<_>>()
        };
        assert_eq!((rooms(1), rooms(3), rooms(0)), (vec![0; 4], vec![0, 1, 2, 0], vec![0; 4]));
    }

    #[test]
    fn a_workload_is_told_and_typed() {
        let usual = Workload::default();
        assert_eq!(usual.options(), "--messages 100 --interval 15ms --size 100");
        assert_eq!(usual.told(), "100 messages of 100 bytes, one each 15ms, to one receiver");
        let bulk = Workload { interval: Duration::ZERO, receivers: 3, rooms: 2, ..usual };
        assert!(bulk.is_bulk());
        assert!(bulk.options().ends_with("--interval 0ms --size 100 --receivers 3 --rooms 2"));
        assert!(bulk.told().ends_with("as fast as they are taken, to 3 receivers, in 2 rooms in turn"));
        let patience = Some(Duration::from_mins(1));
        let connects = Workload { handshakes: true, patience, ..usual };
        assert_eq!(connects.options(), "--handshakes 100 --interval 15ms --patience 60s");
        assert_eq!(connects.told(), "100 clients that connect, one each 15ms");
    }
}
