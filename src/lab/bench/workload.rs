//! What is said in a run?

use crate::time::Duration;

/// A chat at an even pace: one sender, all others listen, all in one room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workload {
    /// How many messages (1 to [`Self::MESSAGES_MAX`]).
    pub messages: u64,
    /// One is handed in each so often.
    pub interval: Duration,
    /// Bytes of the text of each ([`Self::BYTES_MIN`] to [`Self::BYTES_MAX`]).
    pub bytes: u32,
    /// How many get them (1 to [`Self::RECEIVERS_MAX`]).
    pub receivers: u32,
    /// How long stragglers are waited for after the last was handed in.
    pub patience: Duration,
}

impl Workload {
    /// Messages of a run, at most.
    pub const MESSAGES_MAX: u64 = 1_000_000;
    /// Receivers, at most: each is a client with a thread.
    pub const RECEIVERS_MAX: u32 = 200;
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

    /// The text of the `number`-th message: its number, and a padding.
    pub fn text(&self, number: u64) -> String {
        let bytes = self.bytes as usize;
        format!("{:x<bytes$}", format!("{number} "))
    }

    /// Which message is this?
    pub fn number_of(text: &str) -> Option<u64> {
        text.split(' ').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(messages: u64, bytes: u32, receivers: u32) -> Workload {
        let interval = Duration::from_millis(20);
        Workload { messages, interval, bytes, receivers, patience: Duration::ZERO }
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
}
