//! ENet: reliable packets on one channel. Its documentation has no setting for latency; the host is serviced
//! each 200 µs, which is as often as waiting for the socket would. It takes what it is given: its queue has
//! no bound.

use crate::peer::{CLIENT, Peer, SERVER};
use rusty_enet::{Event, Host, HostSettings, Packet, PeerID};
use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

const SERVICE_EACH: Duration = Duration::from_micros(200);

/// Either end.
pub struct Enet {
    host: Host<UdpSocket>,
    peer: Option<PeerID>,
    came: VecDeque<Vec<u8>>,
}

impl Enet {
    /// Connects, or waits for who does.
    pub fn open(is_server: bool) -> Result<Self, Box<dyn Error>> {
        let socket = UdpSocket::bind(if is_server { SERVER } else { CLIENT })?;
        let settings = HostSettings { peer_limit: 1, channel_limit: 1, ..HostSettings::default() };
        let mut host = Host::new(socket, settings).map_err(|error| format!("{error:?}"))?;
        if !is_server {
            host.connect(SERVER, 1, 0).map_err(|error| format!("{error:?}"))?;
        }
        Ok(Self { host, peer: None, came: VecDeque::new() })
    }

    /// True if anything happened.
    fn service(&mut self) -> io::Result<bool> {
        match self.host.service()? {
            None => Ok(false),
            Some(event) => {
                match event {
                    Event::Connect { peer, .. } => self.peer = Some(peer.id()),
                    Event::Receive { packet, .. } => self.came.push_back(packet.data().to_vec()),
                    Event::Disconnect { .. } => return Err(io::ErrorKind::ConnectionReset.into()),
                }
                Ok(true)
            }
        }
    }
}

impl Peer for Enet {
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        loop {
            let mut happened = false;
            while self.service()? {
                happened = true;
            }
            self.host.flush();
            let left = until.saturating_duration_since(Instant::now());
            if happened || left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(SERVICE_EACH));
        }
    }

    fn is_connected(&self) -> bool {
        self.peer.is_some()
    }

    fn send(&mut self, message: &[u8]) -> io::Result<bool> {
        let Some(peer) = self.peer else { return Ok(false) };
        let outcome = self.host.peer_mut(peer).send(0, &Packet::reliable(message));
        Ok(outcome.is_ok())
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        self.came.pop_front()
    }
}
