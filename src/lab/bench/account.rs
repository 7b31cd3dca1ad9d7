//! What do the clients of a run tell when it is over?
//!
//! When each message was handed in, and what each receiver was given when, in that order. It travels from the
//! process of the clients to the one that asked for the run as one JSON object:
//!
//! ```text
//! {"sent_us": [81000000, 81020000, …],               the k-th is message k, from 1
//!  "receivers": [[[1, 81025400], [2, 81045310], …]], a list for each: [number, moment]
//!  "detail": {"congestion": "cubic", "nagle": false}}
//! ```

use super::measurement::MessageFate;
use super::members::{list, member, object};
use super::workload::Workload;
use crate::time::{Instant, at};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The longest account that is read, in bytes.
pub const BYTES_MAX: usize = 128 << 20;
/// Deliveries that one receiver notes, for each message of the run: duplicates beyond them are not counted.
const COPIES_MAX: usize = 4;

/// What the clients tell.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Account {
    sent: Vec<Instant>,
    /// What each receiver was given, in that order.
    receivers: Vec<Vec<(u64, Instant)>>,
    /// What only this transport has to tell.
    pub detail: Value,
}

impl Account {
    /// Of a run that has not begun, with so many receivers (at most [`Workload::RECEIVERS_MAX`]).
    pub fn new(receivers: u32) -> Self {
        let receivers = receivers.min(Workload::RECEIVERS_MAX) as usize;
        Self { sent: Vec::new(), receivers: vec![Vec::new(); receivers], detail: Value::Null }
    }

    /// The next message is handed in now.
    pub fn on_sent(&mut self, now: Instant) {
        if (self.sent.len() as u64) < Workload::MESSAGES_MAX {
            self.sent.push(now);
        }
    }

    /// A receiver (from 0) is given a message. What was never handed in is passed over.
    pub fn on_delivered(&mut self, receiver: usize, number: u64, now: Instant) {
        let known = self.index_of(number).is_some();
        let room = COPIES_MAX * self.sent.len();
        if let Some(given) = self.receivers.get_mut(receiver).filter(|given| known && given.len() < room) {
            given.push((number, now));
        }
    }

    /// Messages handed in.
    pub fn messages(&self) -> u64 {
        self.sent.len() as u64
    }

    /// How many receivers there are.
    pub fn receivers(&self) -> u32 {
        u32::try_from(self.receivers.len()).unwrap_or(u32::MAX)
    }

    /// What became of each message of this workload on its way to each receiver: by number, then by receiver.
    pub fn fates(&self, workload: &Workload) -> Vec<MessageFate> {
        let firsts: Vec<_> = self.receivers.iter().map(|given| firsts(given)).collect();
        let numbered = (1_u64..).zip(&self.sent);
        let each = numbered.flat_map(|(number, sent)| {
            let to = move |(receiver, firsts): (u32, &BTreeMap<u64, Instant>)| MessageFate {
                number,
                receiver,
                room: workload.room_of(number),
                sent: *sent,
                delivered: firsts.get(&number).copied(),
            };
            (0_u32..).zip(&firsts).map(to)
        });
        each.collect()
    }

    /// Deliveries beyond the first of a message to a receiver.
    pub fn duplicated(&self) -> u64 {
        self.receivers.iter().map(|given| (given.len() - firsts(given).len()) as u64).sum()
    }

    /// First deliveries behind a message of a higher number in the same room to the same receiver. Of
    /// handshakes none: no two of them have an order.
    pub fn out_of_order(&self, workload: &Workload) -> u64 {
        if workload.handshakes {
            return 0;
        }
        self.receivers.iter().map(|given| overtaken(given, workload)).sum()
    }

    fn index_of(&self, number: u64) -> Option<usize> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        (index < self.sent.len()).then_some(index)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let sent: Vec<u64> = self.sent.iter().map(|moment| moment.as_micros()).collect();
        let given = |given: &Vec<(u64, Instant)>| -> Vec<[u64; 2]> {
            given.iter().map(|(number, moment)| [*number, moment.as_micros()]).collect()
        };
        let receivers: Vec<_> = self.receivers.iter().map(given).collect();
        json!({ "sent_us": sent, "receivers": receivers, "detail": self.detail })
    }

    /// Reads what [`Self::to_json`] wrote; the error says what is wrong.
    pub fn read(account: &str) -> Result<Self, String> {
        let value = object(account, BYTES_MAX)?;
        let (sent, receivers) = (list(&value, "sent_us")?, list(&value, "receivers")?);
        if sent.len() as u64 > Workload::MESSAGES_MAX {
            return Err(format!("more than {} messages", Workload::MESSAGES_MAX));
        }
        if receivers.len() > Workload::RECEIVERS_MAX as usize {
            return Err(format!("more than {} receivers", Workload::RECEIVERS_MAX));
        }
        let mut read = Self::new(u32::try_from(receivers.len()).unwrap_or(0));
        for moment in sent {
            read.on_sent(moment.as_u64().map(at).ok_or("`sent_us`: a moment is a whole number")?);
        }
        for (receiver, given) in receivers.iter().enumerate() {
            let given = given.as_array().ok_or("`receivers`: each is a list")?;
            for delivery in given {
                let (number, moment) =
                    pair(delivery).ok_or("`receivers`: a delivery is two whole numbers")?;
                read.on_delivered(receiver, number, at(moment));
            }
        }
        read.detail = member(&value, "detail")?.clone();
        Ok(read)
    }
}

fn pair(delivery: &Value) -> Option<(u64, u64)> {
    match delivery.as_array()?.as_slice() {
        [number, moment] => Some((number.as_u64()?, moment.as_u64()?)),
        _ => None,
    }
}

/// When each number was given for the first time.
fn firsts(given: &[(u64, Instant)]) -> BTreeMap<u64, Instant> {
    let mut firsts = BTreeMap::new();
    for (number, moment) in given {
        firsts.entry(*number).or_insert(*moment);
    }
    firsts
}

fn overtaken(given: &[(u64, Instant)], workload: &Workload) -> u64 {
    let mut seen = BTreeSet::new();
    let mut newest: BTreeMap<u32, u64> = BTreeMap::new();
    let mut overtaken = 0;
    for (number, _) in given {
        if seen.insert(*number) {
            let newest = newest.entry(workload.room_of(*number)).or_default();
            overtaken += u64::from(*number < *newest);
            *newest = (*number).max(*newest);
        }
    }
    overtaken
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
