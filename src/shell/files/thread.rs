//! Who waits for the disk of files? A thread of its own, apart from the store's: a large file keeps no
//! message from being stored.
//!
//! The queue needs no bound of its own: how much each session may have under way is bounded, by a window.

use crate::files::{Disk, FileReply, FileRequest};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

/// Takes a reply to whoever asked: it must not block for long.
pub type Reply = Box<dyn Fn(FileReply) + Send>;

/// The thread, and the queue that leads to it.
#[derive(Debug)]
pub struct FileThread {
    requests: Option<Sender<FileRequest>>,
    thread: Option<JoinHandle<()>>,
}

impl FileThread {
    /// Starts the thread, which owns the disk from here on and hands each reply to `reply`. An error if the
    /// system has no thread to give.
    pub fn start(disk: impl Disk + Send + 'static, reply: Reply) -> io::Result<Self> {
        let (requests, queue) = channel();
        let work = move || serve(disk, &queue, &reply);
        let thread = thread::Builder::new().name("files".to_owned()).spawn(work)?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Puts a request into the queue. Nothing once the thread has ended.
    pub fn submit(&self, request: FileRequest) {
        if let Some(requests) = &self.requests {
            // Fails only if the disk panicked, which its own thread has printed.
            let _ = requests.send(request);
        }
    }
}

/// Does what is in the queue, then ends the thread.
impl Drop for FileThread {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut disk: impl Disk, queue: &Receiver<FileRequest>, reply: &Reply) {
    while let Ok(request) = queue.recv() {
        if let Some(answer) = disk.handle(request) {
            reply(answer);
        }
    }
}
