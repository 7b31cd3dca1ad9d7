//! What does each way of carrying messages have to offer, and how is a run played with it?

use crate::workload::{DONE, Tally, Workload, now_us};
use crate::{enet, ours, quic, tcp, turbo};
use clap::ValueEnum;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Where the server listens, on the link's server end.
pub const SERVER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 2)), 4747);
/// The client's end.
pub const CLIENT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1)), 0);
/// A run that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// So long the server goes on after it has everything, so that its last word arrives.
const LINGER: Duration = Duration::from_millis(1_500);

/// Who carries.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Our layer.
    Ours,
    /// The kernel's TCP with CUBIC.
    TcpCubic,
    /// The kernel's TCP with BBR.
    TcpBbr,
    /// QUIC as it comes.
    Quic,
    /// QUIC that acknowledges at once.
    QuicPrompt,
    /// ENet.
    Enet,
    /// KCP, turbo.
    Kcp,
}

impl Kind {
    /// All, in the order of the table.
    pub const ALL: [Self; 7] =
        [Self::Ours, Self::TcpCubic, Self::TcpBbr, Self::Quic, Self::QuicPrompt, Self::Enet, Self::Kcp];

    /// The row's name, with the configuration.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ours => "sayagain (as the chat uses it; sealed)",
            Self::TcpCubic => "TCP, kernel (cubic, Nagle off)",
            Self::TcpBbr => "TCP, kernel (bbr, Nagle off)",
            Self::Quic => "QUIC, quinn (defaults, one stream; sealed)",
            Self::QuicPrompt => "QUIC, quinn (acknowledges at once; sealed)",
            Self::Enet => "ENet, rusty_enet (reliable, one channel)",
            Self::Kcp => "KCP, kcp (turbo: nodelay 1, 10 ms, 2, no congestion control)",
        }
    }

    /// As the command line names it.
    pub fn word(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// One end of a session that delivers messages in order.
pub trait Peer {
    /// Sleeps until something arrives, at the latest until this moment, and handles it.
    fn turn(&mut self, until: Instant) -> io::Result<()>;
    /// May messages be sent?
    fn is_connected(&self) -> bool;
    /// Takes a message; false: not now.
    fn send(&mut self, message: &[u8]) -> io::Result<bool>;
    /// The next message that came.
    fn receive(&mut self) -> Option<Vec<u8>>;
}

fn open(kind: Kind, is_server: bool) -> Result<Box<dyn Peer>, Box<dyn Error>> {
    Ok(match kind {
        Kind::Ours if is_server => Box::new(ours::Server::bind()?),
        Kind::Ours => Box::new(ours::Client::connect()?),
        Kind::TcpCubic => Box::new(tcp::open(is_server, "cubic")?),
        Kind::TcpBbr => Box::new(tcp::open(is_server, "bbr")?),
        Kind::Quic => Box::new(quic::open(is_server, false)?),
        Kind::QuicPrompt => Box::new(quic::open(is_server, true)?),
        Kind::Enet => Box::new(enet::Enet::open(is_server)?),
        Kind::Kcp => Box::new(turbo::Turbo::open(is_server)?),
    })
}

/// The server's end: notes what comes, prints it, and says that it has everything.
pub fn serve(kind: Kind, workload: Workload) -> Result<(), Box<dyn Error>> {
    let mut peer = open(kind, true)?;
    let mut tally = Tally::new(workload);
    let deadline = Instant::now() + PATIENCE;
    while !tally.is_complete() {
        if Instant::now() >= deadline {
            return Err("the run took too long".into());
        }
        peer.turn(Instant::now() + Duration::from_millis(100))?;
        while let Some(message) = peer.receive() {
            tally.on_message(now_us(), &message);
        }
    }
    println!("{}", tally.json());
    let until = Instant::now() + LINGER;
    let mut said = false;
    while Instant::now() < until {
        said = said || peer.send(DONE)?;
        // The client may hang up as soon as it has heard.
        if peer.turn(Instant::now() + Duration::from_millis(20)).is_err() {
            break;
        }
    }
    Ok(())
}

/// The client's end: sends as the workload says, and waits until the server has everything.
pub fn send(kind: Kind, workload: Workload) -> Result<(), Box<dyn Error>> {
    let mut peer = open(kind, false)?;
    let deadline = Instant::now() + PATIENCE;
    let check = |peer: &mut Box<dyn Peer>, until: Instant| -> Result<(), Box<dyn Error>> {
        if Instant::now() >= deadline {
            return Err("the run took too long".into());
        }
        Ok(peer.turn(until)?)
    };
    while !peer.is_connected() {
        check(&mut peer, Instant::now() + Duration::from_millis(10))?;
    }
    let began = Instant::now();
    for number in 0..workload.messages {
        let due = began + workload.interval * u32::try_from(number)?;
        while Instant::now() < due {
            check(&mut peer, due)?;
        }
        while !peer.send(&workload.message(number, now_us()))? {
            check(&mut peer, Instant::now() + Duration::from_millis(1))?;
        }
        // What was handed in leaves at once.
        check(&mut peer, Instant::now())?;
    }
    loop {
        check(&mut peer, Instant::now() + Duration::from_millis(50))?;
        while let Some(message) = peer.receive() {
            if message == DONE {
                return Ok(());
            }
        }
    }
}
