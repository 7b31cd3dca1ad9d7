//! What can be seen of the way to a server, from here?
//!
//! Facts, as the system and the network gave them. Nothing here says what is good or bad.

use std::net::{IpAddr, SocketAddr};

/// What became of a question to a port.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Reply {
    /// It was answered; for a stream, it opened.
    Answered,
    /// The machine says that nobody listens there (an ICMP message, or a reset).
    Refused,
    /// Nothing came.
    #[default]
    Silent,
    /// The system says that there is no way there, in its words.
    Unreachable(String),
}

/// An interface with one of its addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// The system's name for it.
    pub name: String,
    /// The address.
    pub address: IpAddr,
}

impl Interface {
    /// Does its name say that it is a tunnel?
    pub fn is_tunnel(&self) -> bool {
        const NAMES: [&str; 9] =
            ["tun", "tap", "wg", "utun", "ppp", "ipsec", "tailscale", "nordlynx", "proton"];
        let name = self.name.to_lowercase();
        NAMES.iter().any(|tunnel| name.starts_with(tunnel)) || name.contains("vpn")
    }
}

/// A firewall that is set up on this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Firewall {
    /// ufw, as on Ubuntu.
    Ufw,
    /// firewalld, as on Fedora.
    Firewalld,
    /// That of Windows, which every Windows has.
    Windows,
}

/// The configuration folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Folder {
    /// It can be used, and was made here.
    Fine,
    /// It can be used; the keys in it were made elsewhere, as this text says.
    Copied(String),
    /// It cannot be used, as this text says.
    Unusable(String),
}

/// This machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Surroundings {
    /// Interfaces that are up, without the machine's own loop.
    pub interfaces: Vec<Interface>,
    /// The one that leads to everywhere.
    pub default_way: Option<Interface>,
    /// Seconds since 1970, as this machine's clock has it.
    pub unix_seconds: u64,
    /// What there is of one's own.
    pub folder: Folder,
    /// The firewall here, if there is one that we know.
    pub firewall: Option<Firewall>,
    /// Does somebody hold our usual port on this machine?
    pub serves_here: bool,
}

/// What datagrams got for an answer, by their size.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Datagrams {
    /// As small as may be.
    pub small: Reply,
    /// As long as a handshake's, which every path must carry.
    pub full: Reply,
    /// As long as the largest that are ever sent.
    pub large: Reply,
    /// The versions of the protocol that are spoken there.
    pub versions: Vec<u32>,
}

/// Do we know the server that showed this name and key?
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acquaintance {
    /// By this name and this key.
    Known,
    /// Neither.
    New,
    /// By this name, with another key, in this file.
    OtherKey(String),
    /// It is not the key that the join code, or the announcement, promised.
    NotPromised,
}

/// Who answered a handshake that was broken off before we said who we are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Met {
    /// A server of this name.
    Server(String, Acquaintance),
    /// It turned us away, in its words.
    TurnedAway(String),
    /// Nobody.
    Nobody,
}

/// One address of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The address.
    pub address: SocketAddr,
    /// Is it one of this machine's own?
    pub is_own: bool,
    /// Is it in a network that we stand in ourselves?
    pub is_near: bool,
    /// By which interface the way there begins.
    pub way: Option<Interface>,
    /// What datagrams to it got.
    pub datagrams: Datagrams,
    /// What a stream to the same port got.
    pub stream: Reply,
    /// What a stream to another port got, where nobody listens: does the machine say so?
    pub elsewhere: Reply,
    /// Has the machine told our system its hardware address? `None` where the system does not say.
    pub is_heard_nearby: Option<bool>,
    /// Who answered.
    pub met: Met,
}

/// What was asked for, and where it leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// As it was written.
    pub asked: String,
    /// The best of its addresses, or why it has none.
    pub place: Result<Place, String>,
}

/// All that was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observations {
    /// This machine.
    pub here: Surroundings,
    /// The server, if one is meant.
    pub target: Option<Target>,
    /// Servers that were found on the network, each with its address.
    pub found: Vec<String>,
}
