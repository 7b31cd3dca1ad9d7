//! How do bytes enter and leave one TCP connection without anybody waiting for them?
//!
//! A [`Pipe`] remembers what the system last said: whether more may be read, and whether the system's
//! buffer was full at the last write. Readiness comes once (edge-triggered), so what was not read to its
//! end must be remembered as readable.

use super::tcp_tuning::{TcpInForce, TcpTuning};
use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::SockRef;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};

/// One read takes at most this much, so that a firehose waits its turn like everybody else.
pub(super) const READ_BYTES: usize = 16 * 1_024;

/// What one read found.
#[derive(Debug)]
pub(super) enum Reading {
    /// So many bytes; perhaps more wait.
    Bytes(usize),
    /// Nothing just now.
    Nothing,
    /// The peer ended the stream, or it broke: the system's words.
    Ended(String),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Pipe {
    stream: TcpStream,
    /// The system's buffer was full at the last write.
    blocked: bool,
}

impl Pipe {
    /// A connection that was accepted, or is being made.
    pub fn new(stream: TcpStream) -> Self {
        // Small messages must not wait for acknowledgements (Nagle, RFC 896). A failure costs latency only.
        let _ = stream.set_nodelay(true);
        Self { stream, blocked: false }
    }

    /// Asks for what a measurement wants of the kernel.
    pub fn tune(&self, tuning: &TcpTuning) -> io::Result<()> {
        tuning.apply(&SockRef::from(&self.stream))
    }

    /// What of that is in force.
    pub fn in_force(&self) -> io::Result<TcpInForce> {
        TcpInForce::of(&SockRef::from(&self.stream))
    }

    /// Registers for readability and writability under this token.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.stream.register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Reads what is there, at most the buffer.
    pub fn read(&mut self, buffer: &mut [u8]) -> Reading {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Reading::Ended("the peer closed the connection".to_owned()),
                Ok(count) => return Reading::Bytes(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Reading::Nothing,
                Err(error) => return Reading::Ended(error.to_string()),
            }
        }
    }

    /// Writes what the system takes at once of `bytes`, and says how many those were. An error is the end.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < bytes.len() {
            match self.stream.write(&bytes[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Must a write wait for [`unblock`](Self::unblock)?
    pub fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// The system says that it takes bytes again.
    pub fn unblock(&mut self) {
        self.blocked = false;
    }

    /// Says to the peer that nothing more comes; what it still sends can be read.
    pub fn end_output(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Has a connection that is being made come to its end? `None`: not yet.
    pub fn connected(&self) -> Option<io::Result<()>> {
        match self.stream.take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Some(Err(error)),
        }
        match self.stream.peer_addr() {
            Ok(SocketAddr::V4(_) | SocketAddr::V6(_)) => Some(Ok(())),
            Err(error) if is_in_progress(&error) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EINPROGRESS) {
        return true;
    }
    matches!(error.kind(), ErrorKind::NotConnected | ErrorKind::WouldBlock)
}
