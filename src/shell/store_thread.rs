//! Who waits for the disk? A thread of its own, so that the event loop never does.
//!
//! ```text
//!  event loop ──submit──▶ [ at most 4,096 requests ] ──▶ thread: Store::handle ──reply──▶ event loop wakes
//! ```
//!
//! Requests are done one by one, in their order. The thread never waits for the loop, so a slow disk makes
//! the queue longer, and beyond its bound `submit` answers at once that the store is behind.

use crate::store::{Store, StoreReply, StoreRequest};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

/// Requests that may wait. The chat has one commit under way at a time; the rest are look-ups.
const QUEUE: usize = 4_096;

/// Takes a reply from the store's thread to whoever asked: it must not block for long.
pub type Reply = Box<dyn Fn(StoreReply) + Send>;

/// The thread, and the queue that leads to it.
#[derive(Debug)]
pub struct StoreThread {
    requests: Option<SyncSender<StoreRequest>>,
    thread: Option<JoinHandle<()>>,
}

impl StoreThread {
    /// Starts the thread, which owns the store from here on and hands each reply to `reply`.
    ///
    /// An error if the system has no thread to give.
    pub fn start(store: impl Store + Send + 'static, reply: Reply) -> io::Result<Self> {
        let (requests, queue) = sync_channel(QUEUE);
        let work = move || serve(store, &queue, &reply);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(work)?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Puts a request into the queue. An error is the answer itself, to be given to the core at once: the
    /// store is too far behind, or it is gone.
    pub fn submit(&self, request: StoreRequest) -> Result<(), StoreReply> {
        let Some(requests) = &self.requests else {
            return Err(request.refused("the server's store has ended"));
        };
        requests.try_send(request).map_err(|refused| match refused {
            TrySendError::Full(request) => request.refused("the server's store is behind; try again later"),
            TrySendError::Disconnected(request) => request.refused("the server's store has ended"),
        })
    }

    /// Does all that is in the queue, closes the store, and ends the thread. Every reply was handed over
    /// when this returns. Dropping does the same.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the store has been printed by its own thread; there is nothing to add.
            let _ = thread.join();
        }
    }
}

impl Drop for StoreThread {
    fn drop(&mut self) {
        self.finish();
    }
}

fn serve(mut store: impl Store, queue: &Receiver<StoreRequest>, reply: &Reply) {
    while let Ok(request) = queue.recv() {
        reply(store.handle(request));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use std::sync::mpsc::{Sender, channel};

    fn request(batch: u64) -> StoreRequest {
        StoreRequest::Commit { batch, changes: Vec::new() }
    }

    fn forward(sender: Sender<StoreReply>) -> Reply {
        Box::new(move |reply| sender.send(reply).expect("the test listens"))
    }

    /// A disk that does nothing until the test lets it.
    struct Gated(Receiver<()>);

    impl Store for Gated {
        fn handle(&mut self, request: StoreRequest) -> StoreReply {
            self.0.recv().expect("the test opens the gate");
            MemoryStore::default().handle(request)
        }
    }

    #[test]
    fn replies_come_in_the_order_of_the_requests() {
        let (sender, replies) = channel();
        let store = StoreThread::start(MemoryStore::default(), forward(sender)).expect("a thread");
        (1..=100).for_each(|batch| store.submit(request(batch)).expect("room"));
        for batch in 1..=100 {
            assert_eq!(replies.recv(), Ok(StoreReply::Committed { batch }));
        }
    }

    #[test]
    fn stopping_finishes_what_is_pending() {
        let (open, gate) = channel();
        let (sender, replies) = channel();
        let store = StoreThread::start(Gated(gate), forward(sender)).expect("a thread");
        (1..=3).for_each(|batch| store.submit(request(batch)).expect("room"));
        (1..=3).for_each(|_| open.send(()).expect("the disk waits"));
        store.stop();
        let batches: Vec<_> = replies.try_iter().collect();
        assert_eq!(batches, [1, 2, 3].map(|batch| StoreReply::Committed { batch }));
    }

    #[test]
    fn a_store_that_is_too_far_behind_says_so_at_once() {
        let (open, gate) = channel();
        let (sender, replies) = channel();
        let store = StoreThread::start(Gated(gate), forward(sender)).expect("a thread");
        let mut taken = 0;
        let refusal = loop {
            match store.submit(request(taken)) {
                Ok(()) => taken += 1,
                Err(reply) => break reply,
            }
        };
        assert!(matches!(refusal, StoreReply::Failed { batch, .. } if batch == taken), "{refusal:?}");
        (0..taken).for_each(|_| open.send(()).expect("the disk waits"));
        store.stop();
        assert_eq!(replies.try_iter().count() as u64, taken, "what was taken is answered");
    }
}
