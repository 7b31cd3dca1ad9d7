//! How does a server tell people the way to it?
//!
//! ```text
//!  its key in words: quick turtle, amber piano, …
//!  join with: sayagain chat sa-R2M0-250J-HE8A-MCXV-C9B5-3DQN-G4GM  (192.168.1.20:4747)
//!  ▄▄▄▄▄▄ …                       the first code, for a phone's camera, where standard error is a terminal
//! ```
//!
//! A code holds one IPv4 address: the one that is listened on, or, on all addresses, the one that leads
//! outward, and besides every private one, since a machine may stand in two networks. All of this goes to
//! standard error; standard output has it as objects, and only with `--json`.

use super::qr;
use crate::cli::arguments::{Serve, ServedTransport};
use crate::crypto::{PublicKey, StretchedKey};
use crate::service::JoinCode;
use crate::shell::own_addresses;
use log::{Level, info, log_enabled};
use serde_json::{Value, json};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

/// Codes told, at most: a machine has few networks, but may have many virtual ones.
const CODES: usize = 8;

/// Why there is no code. Displays as a sentence with what to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoCode {
    /// Keys are not proved.
    Insecure,
    /// Only this IPv6 address is listened on.
    Ipv6Only(IpAddr),
    /// No interface has an address that others could use.
    NoAddress,
}

/// What this machine's IPv4 addresses are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OwnAddresses {
    /// The one that leads outward.
    pub outward: Option<Ipv4Addr>,
    /// Those of all interfaces.
    pub interfaces: Vec<Ipv4Addr>,
}

impl OwnAddresses {
    /// As the system has them now.
    fn find() -> Self {
        Self { outward: own_addresses::outward(), interfaces: own_addresses::of_interfaces() }
    }

    /// All that others may reach, the likeliest first.
    fn reachable(&self) -> Vec<Ipv4Addr> {
        let is_local = |address: &&Ipv4Addr| address.is_private() || address.is_link_local();
        let mut addresses = Vec::new();
        for address in self.outward.iter().chain(self.interfaces.iter().filter(is_local)) {
            if !address.is_loopback() && !addresses.contains(address) && addresses.len() < CODES {
                addresses.push(*address);
            }
        }
        addresses
    }
}

/// Where a server that listens on `bound` is found; at least one address.
fn addresses(bound: SocketAddr, own: impl FnOnce() -> OwnAddresses) -> Result<Vec<SocketAddrV4>, NoCode> {
    let found = match bound.ip().to_canonical() {
        IpAddr::V4(address) if !address.is_unspecified() => vec![address],
        address @ IpAddr::V6(_) if !address.is_unspecified() => return Err(NoCode::Ipv6Only(address)),
        IpAddr::V4(_) | IpAddr::V6(_) => own().reachable(),
    };
    if found.is_empty() {
        return Err(NoCode::NoAddress);
    }
    Ok(found.into_iter().map(|address| SocketAddrV4::new(address, bound.port())).collect())
}

/// Tells of the key and the codes of a server that listens on `bound`. With `--json` the objects for
/// standard output are given back.
pub fn tell(serve: &Serve, bound: SocketAddr, key: &PublicKey) -> Vec<Value> {
    if !serve.json && !log_enabled!(Level::Info) {
        return Vec::new();
    }
    if serve.insecure {
        info!("no join code: {}", NoCode::Insecure);
        return Vec::new();
    }
    let stretched = StretchedKey::of(key);
    let words = stretched.words();
    info!("its key in words: {words}");
    let addresses = match addresses(bound, OwnAddresses::find) {
        Ok(addresses) => addresses,
        Err(none) => {
            info!("no join code: {none}");
            return Vec::new();
        }
    };
    let codes: Vec<JoinCode> =
        addresses.into_iter().map(|address| JoinCode { address, key: stretched }).collect();
    let over_tcp = if serve.transport == ServedTransport::Tcp { " --transport tcp" } else { "" };
    for code in &codes {
        info!("join with: sayagain chat {code}{over_tcp}  ({})", code.address);
    }
    if let Some(code) = codes.first().filter(|_| log_enabled!(Level::Info)) {
        qr::show(&code.in_capitals());
    }
    let object = |code: &JoinCode| {
        let (code, address) = (code.to_string(), code.address.to_string());
        json!({ "event": "join-code", "code": code, "address": address, "key": key.to_string(), "words": words })
    };
    codes.iter().filter(|_| serve.json).map(object).collect()
}

impl fmt::Display for NoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insecure => {
                f.write_str("it would promise a key, and with --insecure no key is proved; join by the address")
            }
            Self::Ipv6Only(address) => write!(
                f,
                "it holds an IPv4 address, and this server listens on {address} alone; join by the address, or \
                 serve with --listen [::]:4747"
            ),
            Self::NoAddress => f.write_str(
                "no network interface has an IPv4 address that others could use; with --listen 127.0.0.1:4747 \
                 there is one for this machine alone",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIFI: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 20);
    const CABLE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);
    const PUBLIC: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);

    fn told(bound: &str, outward: Option<Ipv4Addr>, interfaces: &[Ipv4Addr]) -> Result<Vec<String>, NoCode> {
        let own = || OwnAddresses { outward, interfaces: interfaces.to_vec() };
        let found = addresses(bound.parse().unwrap(), own)?;
        Ok(found.iter().map(SocketAddrV4::to_string).collect())
    }

    fn all<const N: usize>(addresses: [&str; N]) -> Vec<String> {
        addresses.map(str::to_owned).to_vec()
    }

    #[test]
    fn an_address_that_is_listened_on_is_the_one_of_the_code() {
        assert_eq!(told("127.0.0.1:5", Some(WIFI), &[WIFI]).unwrap(), all(["127.0.0.1:5"]));
        assert_eq!(told("[::ffff:10.0.0.7]:5", Some(WIFI), &[]).unwrap(), all(["10.0.0.7:5"]));
    }

    #[test]
    fn on_all_addresses_the_one_that_leads_outward_is_first_and_all_private_ones_follow() {
        let interfaces = [Ipv4Addr::LOCALHOST, CABLE, WIFI, PUBLIC];
        for wildcard in ["0.0.0.0:5", "[::]:5"] {
            let both = all(["192.168.1.20:5", "10.0.0.7:5"]);
            assert_eq!(told(wildcard, Some(WIFI), &interfaces).unwrap(), both, "{wildcard}");
        }
        let public = all(["203.0.113.9:5", "10.0.0.7:5", "192.168.1.20:5"]);
        assert_eq!(told("[::]:5", Some(PUBLIC), &interfaces).unwrap(), public);
        assert_eq!(told("[::]:5", None, &interfaces).unwrap(), all(["10.0.0.7:5", "192.168.1.20:5"]));
    }

    #[test]
    fn codes_are_bounded() {
        let many: Vec<Ipv4Addr> = (1..=100).map(|last| Ipv4Addr::new(172, 17, 0, last)).collect();
        assert_eq!(told("[::]:5", Some(WIFI), &many).unwrap().len(), CODES);
    }

    #[test]
    fn where_there_is_no_code_it_is_said_why() {
        let loopback: IpAddr = "::1".parse().unwrap();
        assert_eq!(told("[::1]:5", Some(WIFI), &[WIFI]), Err(NoCode::Ipv6Only(loopback)));
        assert_eq!(told("[::]:5", None, &[Ipv4Addr::LOCALHOST, PUBLIC]), Err(NoCode::NoAddress));
        for (none, word) in [
            (NoCode::Insecure, "--insecure"),
            (NoCode::Ipv6Only(loopback), "::1"),
            (NoCode::NoAddress, "interface"),
        ] {
            assert!(none.to_string().contains(word), "{none}");
        }
    }
}
