//! What do the threads of a run's clients note, and who waits for what?
//!
//! One board for all: receivers note what they are given, the sender what it hands in, and the play goes on
//! when all are there, and ends when everybody has everything.

use super::process::PROGRESS;
use crate::lab::bench::{Account, Workload};
use crate::shell::clock;
use crate::time::{Duration, Instant};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How often progress is told.
const TELL_EACH: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
struct Notes {
    account: Account,
    /// (receiver, number) of all first deliveries.
    given: BTreeSet<(usize, u64)>,
    joined: u32,
    /// Why somebody is gone who should have stayed.
    gone: Option<String>,
    /// What was carried beside it.
    beside: Beside,
    /// The sender's counters, as told last, and whether that was the answer to a question.
    counters: (Value, bool),
    over: bool,
}

/// A transfer beside the messages: bytes that arrived since the first of them was handed in, and how many of
/// those when the last of them came.
#[derive(Clone, Copy, Debug, Default)]
struct Beside {
    bytes: u64,
    bytes_at_last: u64,
    first_sent: Option<Instant>,
    last_came: Option<Instant>,
}

/// The board; clones are the same one.
#[derive(Clone, Debug)]
pub struct Board(Arc<(Mutex<Notes>, Condvar)>);

impl Board {
    /// For so many receivers.
    pub fn new(receivers: u32) -> Self {
        let notes = Notes { account: Account::new(receivers), ..Notes::default() };
        Self(Arc::new((Mutex::new(notes), Condvar::new())))
    }

    /// Somebody is in.
    pub fn on_joined(&self) {
        self.note(|notes| notes.joined += 1);
    }

    /// Somebody is gone, for this reason.
    pub fn on_gone(&self, why: &str) {
        self.note(|notes| notes.gone = Some(why.to_owned()));
    }

    /// A receiver (from 0) is given this text.
    pub fn on_text(&self, receiver: usize, text: &str, now: Instant) {
        let Some(number) = Workload::number_of(text) else { return };
        self.note(|notes| {
            notes.on_delivered(receiver, number, now);
        });
    }

    /// A client (from 1) has connected.
    pub fn on_connected(&self, number: u64, now: Instant) {
        self.note(|notes| notes.on_delivered(0, number, now));
    }

    /// So many bytes of what is carried beside it arrived.
    pub fn on_beside(&self, bytes: usize) {
        self.note(|notes| notes.beside.bytes += bytes as u64);
    }

    /// The transfer beside the messages, from the first of them that was handed in to the last that came;
    /// null if there is none of it.
    pub fn beside(&self, carried: &str) -> Value {
        let Beside { bytes_at_last: bytes, first_sent, last_came, .. } = self.lock().beside;
        let (Some(first), Some(last)) = (first_sent, last_came) else { return Value::Null };
        json!({ "transport": carried, "bytes": bytes, "ms": (last - first).as_micros() / 1_000 })
    }

    /// The sender's session has these counters. `asked`: they are the answer to a question.
    pub fn on_counters(&self, counters: Value, asked: bool) {
        self.note(|notes| notes.counters = (counters, asked || notes.counters.1));
    }

    /// Waits until so many are in. The error is why they are not.
    pub fn await_joined(&self, count: u32, within: Duration) -> Result<(), String> {
        let deadline = clock::now() + within;
        self.wait_until(deadline, |notes| notes.joined >= count || notes.gone.is_some());
        let notes = self.lock();
        match &notes.gone {
            _ if notes.joined >= count => Ok(()),
            Some(why) => Err(why.clone()),
            None => Err(format!(
                "only {} of {count} clients got in within {} s: the link is too bad",
                notes.joined,
                within.as_secs()
            )),
        }
    }

    /// Hands in all messages, each at its time, and waits until all have them, or until nothing has come for
    /// as long as the workload's patience.
    /// `say` is handed each number and text; false ends it.
    pub fn perform(&self, workload: &Workload, mut say: impl FnMut(u64, String) -> bool) {
        let mut due = clock::now();
        for number in 1..=workload.messages {
            let text = workload.text(number);
            thread::sleep(due - clock::now());
            // Before it is handed in: a delivery may be noted before `say` returns.
            self.note(|notes| notes.on_sent(clock::now()));
            if !say(number, text) {
                break;
            }
            // Ours: the next one is due by the plan, whatever this one took, so that one that is late does
            // not shift the rest.
            due += workload.interval;
        }
        let patience = workload.patience.unwrap_or_default();
        let mut came = self.lock().given.len();
        loop {
            // Ours: a slow link that still brings something is not given up.
            self.wait_until(clock::now() + patience, |notes| notes.is_complete() || notes.given.len() > came);
            let notes = self.lock();
            if notes.is_complete() || notes.given.len() == came {
                return;
            }
            came = notes.given.len();
        }
    }

    /// Waits for so long; less if it is over.
    pub fn wait(&self, span: Duration) {
        self.wait_until(clock::now() + span, |notes| notes.over);
    }

    /// Waits for the answer to a question about counters; gives what is known.
    pub fn await_counters(&self, within: Duration) -> Value {
        self.wait_until(clock::now() + within, |notes| notes.counters.1);
        self.lock().counters.0.clone()
    }

    /// Tells on standard error how far it is, each half second until the end.
    pub fn tell_progress(&self, messages: u64) {
        let board = self.clone();
        thread::spawn(move || {
            while !board.wait_until(clock::now() + TELL_EACH, |notes| notes.over) {
                eprintln!("{PROGRESS}{}", board.lock().in_words(messages));
            }
        });
    }

    /// All is over: everything that was noted.
    pub fn finish(&self, detail: Value) -> Account {
        self.note(|notes| notes.over = true);
        let mut account = self.lock().account.clone();
        account.detail = detail;
        account
    }

    /// Is it over?
    pub fn is_over(&self) -> bool {
        self.lock().over
    }

    fn note(&self, change: impl FnOnce(&mut Notes)) {
        change(&mut self.lock());
        self.0.1.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        // No change of a note can be left half made.
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it came to pass before the deadline.
    fn wait_until(&self, deadline: Instant, wanted: impl Fn(&Notes) -> bool) -> bool {
        let mut notes = self.lock();
        loop {
            if wanted(&notes) {
                return true;
            }
            let left = deadline - clock::now();
            if left.is_zero() {
                return false;
            }
            let woken = self.0.1.wait_timeout(notes, left);
            notes = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Notes {
    fn on_sent(&mut self, now: Instant) {
        self.account.on_sent(now);
        if self.beside.first_sent.is_none() {
            self.beside = Beside { first_sent: Some(now), ..Beside::default() };
        }
    }

    fn on_delivered(&mut self, receiver: usize, number: u64, now: Instant) {
        self.account.on_delivered(receiver, number, now);
        if (1..=self.account.messages()).contains(&number) && self.given.insert((receiver, number)) {
            self.beside.bytes_at_last = self.beside.bytes;
            self.beside.last_came = Some(now);
        }
    }

    fn is_complete(&self) -> bool {
        let pairs = self.account.messages() * u64::from(self.account.receivers());
        self.given.len() as u64 >= pairs
    }

    fn in_words(&self, messages: u64) -> String {
        let sent = self.account.messages();
        let of = u64::from(self.account.receivers()) * sent;
        if sent == 0 {
            return format!("clients that are in: {}", self.joined);
        }
        format!("said {sent} of {messages}, {} of {of} delivered", self.given.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const WORKLOAD: Workload = Workload {
        messages: 3,
        interval: Duration::ZERO,
        bytes: 20,
        receivers: 2,
        rooms: 1,
        handshakes: false,
        patience: Some(Duration::from_mins(5)),
    };

    #[test]
    fn the_play_ends_as_soon_as_all_have_everything() {
        let board = Board::new(2);
        let deliver = board.clone();
        board.perform(&WORKLOAD, |_, text| {
            deliver.on_text(0, &text, at(1));
            deliver.on_text(1, &text, at(2));
            true
        });
        let account = board.finish(Value::Null);
        assert!(account.fates(&WORKLOAD).iter().all(|fate| fate.delivered.is_some()));
        assert_eq!(account.fates(&WORKLOAD).len(), 6);
    }

    #[test]
    fn a_sender_that_is_gone_says_no_more() {
        let board = Board::new(1);
        let workload = Workload { patience: Some(Duration::ZERO), ..WORKLOAD };
        board.perform(&workload, |number, _| number < 2);
        assert_eq!(board.finish(Value::Null).messages(), 2);
    }

    #[test]
    fn whoever_is_gone_is_not_waited_for() {
        let board = Board::new(1);
        board.on_joined();
        board.on_gone("refused: no such seal");
        let outcome = board.await_joined(2, Duration::from_mins(5));
        assert_eq!(outcome, Err("refused: no such seal".to_owned()));
        assert_eq!(board.await_joined(1, Duration::ZERO), Ok(()));
    }

    #[test]
    fn those_who_do_not_get_in_are_counted() {
        let board = Board::new(4);
        board.on_joined();
        let error = board.await_joined(5, Duration::ZERO).expect_err("four are missing");
        assert!(error.starts_with("only 1 of 5 clients"), "{error}");
    }

    #[test]
    fn what_is_beside_counts_from_the_first_message_to_the_last_that_came() {
        let board = Board::new(1);
        assert_eq!(board.beside("tcp"), Value::Null);
        board.on_beside(7);
        board.note(|notes| notes.on_sent(at(1_000)));
        board.on_beside(500);
        board.note(|notes| notes.on_sent(at(2_000)));
        board.on_text(0, "1 x", at(41_000));
        board.on_beside(900);
        board.on_text(0, "1 x", at(61_000));
        assert_eq!(board.beside("tcp"), json!({ "transport": "tcp", "bytes": 500, "ms": 40 }));
    }

    #[test]
    fn progress_is_told_in_words() {
        let board = Board::new(2);
        board.on_joined();
        assert_eq!(board.lock().in_words(3), "clients that are in: 1");
        board.note(|notes| notes.on_sent(at(1)));
        board.on_text(1, "1 x", at(2));
        board.on_text(1, "7 x", at(2));
        board.on_text(1, "hello", at(2));
        assert_eq!(board.lock().in_words(3), "said 1 of 3, 1 of 2 delivered");
    }
}
