//! Messages that a thread of its own reads, for whoever can wait for nothing but them.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

/// What came.
pub struct Inbox {
    incoming: Receiver<Vec<u8>>,
    came: Option<Vec<u8>>,
}

impl Inbox {
    /// Of what this thread reads; it ends with the stream.
    pub const fn new(incoming: Receiver<Vec<u8>>) -> Self {
        Self { incoming, came: None }
    }

    /// Until there is a message, at the latest until this moment. An error: the stream has ended.
    pub fn wait(&mut self, until: Instant) -> io::Result<()> {
        if self.came.is_some() {
            return Ok(());
        }
        match self.incoming.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(message) => self.came = Some(message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::ConnectionReset.into()),
        }
        Ok(())
    }

    /// The next one.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        self.came.take().or_else(|| self.incoming.try_recv().ok())
    }
}
