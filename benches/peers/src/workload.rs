//! What is sent, and what became of it?

use sayagain::shell::clock;
use sayagain::time::Instant;
use serde_json::{Value, json};
use std::str::FromStr;
use std::time::Duration;

/// The server's last word.
pub const DONE: &[u8] = b"done";

/// Bytes at the start of a message: its number and its moment.
const HEAD: usize = 16;

/// So many messages of so many bytes, one each so often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workload {
    /// How many.
    pub messages: u64,
    /// Zero: as fast as they are taken.
    pub interval: Duration,
    /// Bytes of each, at least 16.
    pub size: usize,
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no workload: messages,interval in µs,bytes");
        let numbers: Option<Vec<u64>> = text.split(',').map(|part| part.parse().ok()).collect();
        match numbers.as_deref() {
            Some([messages, interval, size]) => Ok(Self {
                messages: *messages,
                interval: Duration::from_micros(*interval),
                size: usize::try_from(*size).map_err(|_| wrong())?.max(HEAD),
            }),
            _ => Err(wrong()),
        }
    }
}

impl Workload {
    /// As [`FromStr`] reads it.
    pub fn word(self) -> String {
        format!("{},{},{}", self.messages, self.interval.as_micros(), self.size)
    }

    /// The message of this number, from 0, sent now.
    pub fn message(self, number: u64, now_us: u64) -> Vec<u8> {
        let mut message = [number.to_be_bytes(), now_us.to_be_bytes()].concat();
        message.resize(self.size, b'.');
        message
    }
}

/// The machine's monotonic clock, the same in every process.
pub fn now_us() -> u64 {
    (clock::now() - Instant::ZERO).as_micros().try_into().unwrap_or(u64::MAX)
}

/// What came, and when.
pub struct Tally {
    workload: Workload,
    latencies_us: Vec<u64>,
    first_sent_us: u64,
    last_us: u64,
    out_of_order: u64,
}

impl Tally {
    /// Nothing yet.
    pub const fn new(workload: Workload) -> Self {
        Self { workload, latencies_us: Vec::new(), first_sent_us: u64::MAX, last_us: 0, out_of_order: 0 }
    }

    /// A message was handed out.
    pub fn on_message(&mut self, now_us: u64, message: &[u8]) {
        let word = |at: usize| {
            message.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes)
        };
        let (Some(number), Some(sent)) = (word(0), word(8)) else { return };
        self.out_of_order += u64::from(number != self.latencies_us.len() as u64);
        self.latencies_us.push(now_us.saturating_sub(sent));
        self.first_sent_us = self.first_sent_us.min(sent);
        self.last_us = now_us;
    }

    /// Did all come?
    pub fn is_complete(&self) -> bool {
        self.latencies_us.len() as u64 >= self.workload.messages
    }

    /// What the table is made of.
    pub fn json(&self) -> Value {
        json!({
            "latencies_us": self.latencies_us,
            "elapsed_us": self.last_us.saturating_sub(self.first_sent_us),
            "bytes": self.workload.messages * self.workload.size as u64,
            "out_of_order": self.out_of_order,
        })
    }
}
