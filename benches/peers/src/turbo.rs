//! KCP in the mode that its documentation calls fastest: `ikcp_nodelay(kcp, 1, 10, 2, 1)`: no delay of
//! acknowledgements, a clock of 10 ms, resend after two skips, no congestion control; flushed after each
//! send and each datagram, windows of 1,024 packets.

use crate::peer::{CLIENT, Peer, SERVER};
use crate::workload::now_us;
use kcp::Kcp;
use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CONVERSATION: u32 = 7;
const WINDOW: u16 = 1_024;

/// Where KCP writes its datagrams.
struct Output {
    socket: UdpSocket,
    remote: Arc<Mutex<Option<SocketAddr>>>,
}

impl Write for Output {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        if let Some(remote) = self.remote.lock().ok().and_then(|remote| *remote) {
            // What the system does not take is lost, as on any link.
            let _ = self.socket.send_to(datagram, remote);
        }
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Either end.
pub struct Turbo {
    kcp: Kcp<Output>,
    socket: UdpSocket,
    remote: Arc<Mutex<Option<SocketAddr>>>,
    buffer: Vec<u8>,
}

fn now_ms() -> u32 {
    // KCP's clock has 32 bits and goes round.
    (now_us() / 1_000) as u32
}

fn failed(error: kcp::Error) -> io::Error {
    io::Error::other(format!("{error:?}"))
}

impl Turbo {
    /// Either end; there is no handshake.
    pub fn open(is_server: bool) -> Result<Self, Box<dyn Error>> {
        let socket = UdpSocket::bind(if is_server { SERVER } else { CLIENT })?;
        let remote = Arc::new(Mutex::new((!is_server).then_some(SERVER)));
        let mut kcp = Kcp::new(CONVERSATION, Output { socket: socket.try_clone()?, remote: remote.clone() });
        kcp.set_nodelay(true, 10, 2, true);
        kcp.set_wndsize(WINDOW, WINDOW);
        kcp.update(now_ms()).map_err(failed)?;
        Ok(Self { kcp, socket, remote, buffer: vec![0; 65_536] })
    }

    fn tick(&mut self) -> io::Result<()> {
        self.kcp.update(now_ms()).map_err(failed)?;
        self.kcp.flush().map_err(failed)
    }
}

impl Peer for Turbo {
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        self.tick()?;
        let own = Duration::from_millis(self.kcp.check(now_ms()).into());
        let span = until.saturating_duration_since(Instant::now()).min(own);
        self.socket.set_read_timeout(Some(span.max(Duration::from_micros(1))))?;
        match self.socket.recv_from(&mut self.buffer) {
            Ok((length, from)) => {
                if let Ok(mut remote) = self.remote.lock() {
                    *remote = Some(from);
                }
                // A datagram that it does not understand it passes over.
                let _ = self.kcp.input(&self.buffer[..length]);
                self.tick()
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn is_connected(&self) -> bool {
        self.remote.lock().is_ok_and(|remote| remote.is_some())
    }

    fn send(&mut self, message: &[u8]) -> io::Result<bool> {
        if self.kcp.wait_snd() >= usize::from(WINDOW) {
            return Ok(false);
        }
        self.kcp.send(message).map_err(failed)?;
        Ok(true)
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        let length = self.kcp.recv(&mut self.buffer).ok()?;
        Some(self.buffer[..length].to_vec())
    }
}
