//! Which addresses are meant by `HOST[:PORT]`?
//!
//! All that the system's resolver knows, in its order (RFC 6724), each once. An address of either family
//! may stand for the host; an IPv6 address with a port needs its brackets: `[::1]:4747`.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// The port of servers and clients that were told none.
pub const DEFAULT_PORT: u16 = 4747;

/// How many addresses of one host are kept: more would only prolong a vain attempt.
const MAX_ADDRESSES: usize = 16;

/// Why `HOST[:PORT]` stands for no address. Displays as what is wrong and what to do.
#[derive(Debug)]
pub enum ResolveError {
    /// Not of the form `HOST`, `HOST:PORT` or `[IPV6]:PORT`.
    Malformed(String),
    /// The system does not know this host, and says why.
    Unknown(String, io::Error),
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) => write!(
                f,
                "`{text}` is not an address: write HOST, HOST:PORT or [IPV6]:PORT, for example 192.168.1.20:4747"
            ),
            Self::Unknown(host, why) => write!(
                f,
                "no address found for `{host}` ({why}): check the spelling and the network, \
                 or use the server's IP address"
            ),
        }
    }
}

impl std::error::Error for ResolveError {}

/// All addresses of `text`, with `default_port` where it names none; at least one, at most 16.
///
/// This may take seconds: the system asks its name servers.
pub fn resolve(text: &str, default_port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    let (host, port) = split(text, default_port).ok_or_else(|| ResolveError::Malformed(text.to_owned()))?;
    let found = (host, port).to_socket_addrs().map_err(|why| ResolveError::Unknown(host.to_owned(), why))?;
    let mut addresses = Vec::new();
    for address in found {
        if addresses.len() < MAX_ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        let nothing = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        return Err(ResolveError::Unknown(host.to_owned(), nothing));
    }
    Ok(addresses)
}

/// Has this text the form of an address? Nobody is asked whether it leads anywhere.
pub fn is_address(text: &str, default_port: u16) -> bool {
    split(text, default_port).is_some()
}

fn split(text: &str, default_port: u16) -> Option<(&str, u16)> {
    if is_ip(text) {
        return Some((text, default_port));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            let port = if after.is_empty() { after } else { after.strip_prefix(':')? };
            (is_ip(host) && host.contains(':')).then_some((host, port))?
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let port = match (port, text.ends_with(':')) {
        ("", false) => default_port,
        _ => port.parse().ok()?,
    };
    let plausible = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control());
    plausible.then_some((host, port))
}

/// An IP address, perhaps with the zone of RFC 4007 §11: `fe80::1%eth0`.
fn is_ip(text: &str) -> bool {
    text.split('%').next().is_some_and(|address| address.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> String {
        resolve(text, 4747).map_or_else(|error| error.to_string(), |found| found[0].to_string())
    }

    #[test]
    fn an_address_may_stand_for_the_host_with_or_without_a_port() {
        assert_eq!(first("127.0.0.1"), "127.0.0.1:4747");
        assert_eq!(first("127.0.0.1:5"), "127.0.0.1:5");
        assert_eq!(first("::1"), "[::1]:4747");
        assert_eq!(first("[::1]"), "[::1]:4747");
        assert_eq!(first("[::1]:5"), "[::1]:5");
        assert_eq!(first("[::]:0"), "[::]:0");
    }

    #[test]
    fn what_is_no_address_is_told_with_the_form_it_should_have() {
        for text in ["", ":5", "host:", "host:x", "host:70000", "[::1", "[::1]5", "[host]:5", "a b", "a:1:2"]
        {
            assert!(matches!(resolve(text, 4747), Err(ResolveError::Malformed(_))), "{text}");
        }
        assert!(first("host:x").contains("HOST:PORT"));
    }

    #[test]
    fn a_name_that_does_not_resolve_is_named_with_what_to_do() {
        // RFC 1035 §3.1: a label is never empty, so that no name server needs to be asked.
        let text = first("nobody..invalid:4747");
        assert!(text.contains("`nobody..invalid`") && text.contains("check the spelling"), "{text}");
    }

    #[test]
    fn each_address_comes_once() {
        let found = resolve("localhost", 4747).expect("every system knows itself");
        let mut once = found.clone();
        once.dedup();
        assert_eq!(found, once);
        assert!(found.iter().all(|address| address.ip().is_loopback()));
    }
}
