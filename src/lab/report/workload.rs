//! Who says how much, how often, to how many?

use crate::lab::link::values::spell_out;
use crate::time::Duration;

/// A sender and its receivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workload {
    /// How many messages the sender hands in.
    pub messages: u64,
    /// One each so often; zero: as fast as they are taken (bulk).
    pub interval: Duration,
    /// Bytes of text of each.
    pub size: u32,
    /// How many get each of them.
    pub receivers: u32,
}

impl Workload {
    /// The options of `bench` that ask for it.
    pub fn options(self) -> String {
        let Self { messages, interval, size, receivers } = self;
        let interval = if interval.is_zero() { "0ms".to_owned() } else { spell_out(interval) };
        let mut options = format!("--messages {messages} --interval {interval} --size {size}");
        if receivers != 1 {
            options = format!("{options} --receivers {receivers}");
        }
        options
    }

    /// In a sentence.
    pub fn told(self) -> String {
        let Self { messages, interval, size, receivers } = self;
        let pace = if interval.is_zero() {
            "as fast as they are taken".to_owned()
        } else {
            format!("one each {}", spell_out(interval))
        };
        let to = if receivers == 1 { "one receiver".to_owned() } else { format!("{receivers} receivers") };
        format!("{messages} messages of {size} bytes, {pace}, to {to}")
    }

    /// As fast as they are taken?
    pub const fn is_bulk(self) -> bool {
        self.interval.is_zero()
    }
}

impl Default for Workload {
    /// Ours: a message of a line of text each 20 ms for a second and a half: enough for losses to show, short
    /// enough for a lecture.
    fn default() -> Self {
        Self { messages: 75, interval: Duration::from_millis(20), size: 100, receivers: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_told_and_typed() {
        let usual = Workload::default();
        assert_eq!(usual.options(), "--messages 75 --interval 20ms --size 100");
        assert_eq!(usual.told(), "75 messages of 100 bytes, one each 20ms, to one receiver");
        let bulk = Workload { interval: Duration::ZERO, receivers: 3, ..usual };
        assert!(bulk.is_bulk() && bulk.options().ends_with("--interval 0ms --size 100 --receivers 3"));
        assert!(bulk.told().ends_with("as fast as they are taken, to 3 receivers"));
    }
}
