//! What do the threads of a run's clients note, and who waits for what?
//!
//! One board for all: receivers note what they are given, the sender what it hands in, and the play goes on
//! when all are there, and ends when everybody has everything.

use super::process::PROGRESS;
use crate::lab::bench::{Account, Workload};
use crate::shell::clock;
use crate::time::{Duration, Instant};
use serde_json::Value;
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
    /// The sender's counters, as told last, and whether that was the answer to a question.
    counters: (Value, bool),
    over: bool,
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
            notes.account.on_delivered(receiver, number, now);
            if (1..=notes.account.messages()).contains(&number) {
                notes.given.insert((receiver, number));
            }
        });
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

    /// Hands in all messages, each at its time, and waits until all have them, or for the workload's patience.
    /// `say` is handed each number and text; false ends it.
    pub fn perform(&self, workload: &Workload, mut say: impl FnMut(u64, String) -> bool) {
        let mut due = clock::now();
        for number in 1..=workload.messages {
            let text = workload.text(number);
            thread::sleep(due - clock::now());
            // Before it is handed in: a delivery may be noted before `say` returns.
            self.note(|notes| notes.account.on_sent(clock::now()));
            if !say(number, text) {
                break;
            }
            // Ours: the next one is due by the plan, whatever this one took, so that one that is late does
            // not shift the rest.
            due += workload.interval;
        }
        let deadline = clock::now() + workload.patience;
        self.wait_until(deadline, Notes::is_complete);
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
    fn is_complete(&self) -> bool {
        let pairs = self.account.messages() * u64::from(self.account.receivers());
        self.given.len() as u64 >= pairs
    }

    fn in_words(&self, messages: u64) -> String {
        let sent = self.account.messages();
        let of = u64::from(self.account.receivers()) * sent;
        if sent == 0 {
            return format!("{} clients are in", self.joined);
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
        patience: Duration::from_mins(5),
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
        assert!(account.fates().iter().all(|fate| fate.delivered.is_some()));
        assert_eq!(account.fates().len(), 6);
    }

    #[test]
    fn a_sender_that_is_gone_says_no_more() {
        let board = Board::new(1);
        let workload = Workload { patience: Duration::ZERO, ..WORKLOAD };
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
    fn progress_is_told_in_words() {
        let board = Board::new(2);
        board.on_joined();
        assert_eq!(board.lock().in_words(3), "1 clients are in");
        board.note(|notes| notes.account.on_sent(at(1)));
        board.on_text(1, "1 x", at(2));
        board.on_text(1, "7 x", at(2));
        board.on_text(1, "hello", at(2));
        assert_eq!(board.lock().in_words(3), "said 1 of 3, 1 of 2 delivered");
    }
}
