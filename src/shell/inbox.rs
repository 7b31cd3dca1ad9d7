//! How does another thread reach a loop that sleeps on sockets?
//!
//! Through a queue and a [`Waker`]: whoever sends puts the value into the queue and wakes the loop, which
//! takes what is there with its next turn. So a line that was typed, an answer of the disk and a datagram
//! all wake the same sleep, and nobody polls.
//!
//! ```text
//!   thread that reads lines ──post_when_room──▶ ┌───────┐
//!   thread of the store ─────post─────────────▶ │ queue │ ──take──▶ loop (never waits)
//!   signal handler ──────────post─────────────▶ └───────┘
//! ```

use mio::{Registry, Token, Waker};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct Queue<T> {
    letters: VecDeque<T>,
    /// The loop has ended: nobody will take anything any more.
    closed: bool,
}

#[derive(Debug)]
struct Shared<T> {
    queue: Mutex<Queue<T>>,
    room: Condvar,
    waker: Waker,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        // A sender that panicked cannot have left the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The other threads' end; clones post to the same inbox.
#[derive(Debug)]
pub(super) struct Postbox<T>(Arc<Shared<T>>);

impl<T> Clone for Postbox<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Postbox<T> {
    /// Puts a letter in and wakes the loop, without waiting. False when the loop has ended.
    pub fn post(&self, letter: T) -> bool {
        self.put(self.0.lock(), |letters| letters.push_back(letter))
    }

    /// As [`post`](Self::post), but before all others.
    pub fn post_first(&self, letter: T) -> bool {
        self.put(self.0.lock(), |letters| letters.push_front(letter))
    }

    /// As [`post`](Self::post), but waits while `bound` letters or more lie there.
    pub fn post_when_room(&self, letter: T, bound: usize) -> bool {
        let full = |queue: &mut Queue<T>| !queue.closed && queue.letters.len() >= bound.max(1);
        let guard = self.0.room.wait_while(self.0.lock(), full).unwrap_or_else(PoisonError::into_inner);
        self.put(guard, |letters| letters.push_back(letter))
    }

    fn put(&self, mut queue: MutexGuard<'_, Queue<T>>, put: impl FnOnce(&mut VecDeque<T>)) -> bool {
        if queue.closed {
            return false;
        }
        put(&mut queue.letters);
        drop(queue);
        self.0.waker.wake().is_ok()
    }
}

/// The loop's end.
#[derive(Debug)]
pub(super) struct Inbox<T>(Arc<Shared<T>>);

impl<T> Inbox<T> {
    /// An inbox whose senders wake the poll of `registry` with `token`.
    pub fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let queue = Mutex::new(Queue { letters: VecDeque::new(), closed: false });
        Ok(Self(Arc::new(Shared { queue, room: Condvar::new(), waker: Waker::new(registry, token)? })))
    }

    /// An end for another thread.
    pub fn postbox(&self) -> Postbox<T> {
        Postbox(Arc::clone(&self.0))
    }

    /// The first letter.
    pub fn take(&self) -> Option<T> {
        self.take_if(|_| true)
    }

    /// The first letter, if it is one that may be taken now.
    pub fn take_if(&self, may: impl Fn(&T) -> bool) -> Option<T> {
        let mut queue = self.0.lock();
        let letter = if queue.letters.front().is_some_and(may) { queue.letters.pop_front() } else { None };
        drop(queue);
        if letter.is_some() {
            self.0.room.notify_one();
        }
        letter
    }

    /// Is the first letter one that may be taken now?
    pub fn has(&self, may: impl Fn(&T) -> bool) -> bool {
        self.0.lock().letters.front().is_some_and(may)
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll};

    #[test]
    fn a_letter_wakes_the_sleeping_loop() {
        let mut poll = Poll::new().expect("a poll");
        let inbox = Inbox::new(poll.registry(), Token(7)).expect("a waker");
        let postbox = inbox.postbox();
        let sender = std::thread::spawn(move || postbox.post("hello"));
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, None).expect("woken");
        assert_eq!(inbox.take(), Some("hello"));
        assert!(sender.join().expect("sent"));
    }

    #[test]
    fn what_is_urgent_comes_first_and_what_may_not_be_taken_stays() {
        let poll = Poll::new().expect("a poll");
        let inbox = Inbox::new(poll.registry(), Token(0)).expect("a waker");
        let postbox = inbox.postbox();
        assert!(postbox.post("line") && postbox.post_first("quit"));
        assert!(inbox.has(|letter| *letter == "quit"));
        assert_eq!(inbox.take(), Some("quit"));
        assert_eq!(inbox.take_if(|letter| *letter != "line"), None);
        assert_eq!((inbox.take(), inbox.take()), (Some("line"), None));
    }

    #[test]
    fn whoever_waits_for_room_goes_on_when_there_is_some_and_when_the_loop_ends() {
        let poll = Poll::new().expect("a poll");
        let inbox = Inbox::new(poll.registry(), Token(0)).expect("a waker");
        let postbox = inbox.postbox();
        let sender = std::thread::spawn(move || {
            let sent: Vec<bool> = (0..4).map(|n| postbox.post_when_room(n, 2)).collect();
            sent
        });
        let first = std::iter::repeat_with(|| inbox.take()).flatten().next();
        assert_eq!(first, Some(0));
        while inbox.0.lock().letters.len() < 2 {
            std::thread::yield_now();
        }
        drop(inbox);
        let sent = sender.join().expect("the sender ends");
        assert_eq!(sent, [true, true, true, false]);
    }
}
