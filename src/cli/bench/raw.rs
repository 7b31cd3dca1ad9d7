//! The clients of a run over UDP alone: what is a chat that says nothing again?
//!
//! ```text
//!  receiver ── "join" ──▶ reflector      again and again, until
//!           ◀─ "welcome" ─               the answer is here: getting in survives loss, and is not measured
//!  sender ─── "1 xxx…" ─▶ reflector ─ "1 xxx…" ─▶ each receiver         once, and forgotten
//! ```

use super::board::Board;
use super::clients::JOIN_WITHIN;
use super::reflector::{JOIN, WELCOME};
use crate::cli::exit::Stop;
use crate::lab::bench::{Account, Workload};
use crate::shell::clock;
use crate::time::{Duration, Instant};
use serde_json::Value;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::str;
use std::thread;

/// A receiver that has no answer asks again so often.
const ASK_EACH: Duration = Duration::from_millis(200);
/// The largest datagram there is.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Registers the receivers, and plays the workload.
pub fn play(server: SocketAddr, workload: &Workload, board: &Board) -> Result<Account, Stop> {
    let sender = socket_towards(server).map_err(Stop::failed)?;
    let mut receivers = Vec::new();
    for index in 0..workload.receivers as usize {
        let (socket, board) = (socket_towards(server).map_err(Stop::failed)?, board.clone());
        socket.set_read_timeout(Some(ASK_EACH)).map_err(Stop::failed)?;
        receivers.push(thread::spawn(move || receive(index, &socket, &board)));
    }
    let joined = board.await_joined(workload.receivers, JOIN_WITHIN);
    if joined.is_ok() {
        board.perform(workload, |_, text| {
            // What the system does not take is lost: that is what is measured.
            let _ = sender.send(text.as_bytes());
            true
        });
    }
    let account = board.finish(Value::Null);
    for receiver in receivers {
        let _ = receiver.join();
    }
    joined.map(|()| account).map_err(Stop::not_connected)
}

fn socket_towards(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    Ok(socket)
}

/// Asks to be let in until it is, and then notes what comes, until all is over.
fn receive(index: usize, socket: &UdpSocket, board: &Board) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let (mut joined, mut ask_at) = (false, Instant::ZERO);
    while !board.is_over() {
        let now = clock::now();
        if !joined && now >= ask_at {
            let _ = socket.send(JOIN);
            ask_at = now + ASK_EACH;
        }
        // Nothing for a while, or nobody there yet: the next round asks again.
        let Ok(count) = socket.recv(&mut buffer) else { continue };
        match buffer.get(..count) {
            Some(WELCOME) if !joined => {
                joined = true;
                board.on_joined();
            }
            Some(datagram) => {
                if let Ok(text) = str::from_utf8(datagram) {
                    board.on_text(index, text, clock::now());
                }
            }
            None => {}
        }
    }
}
