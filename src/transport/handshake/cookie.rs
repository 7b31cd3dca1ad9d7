//! How does a server under a flood of hellos keep no state, and still let people in?
//!
//! It answers with a cookie that only it can make: a MAC over the sender's address, the client's
//! connection id and the minute. Who sends the cookie back hears us at that address, and only then memory
//! is spent (RFC 9000 §8.1.2; `WireGuard`'s second MAC does the same).
//!
//! ```text
//!   token = issued at (8 bytes, µs) │ MAC of (issued at, address, port, connection id) (16 bytes)
//! ```

use crate::crypto::mac::{MacKey, equal};
use crate::time::{Duration, Instant};
use crate::wire::datagram::ConnectionId;
use std::net::{IpAddr, SocketAddr};

/// How long a cookie is good.
const LIFETIME: Duration = Duration::from_secs(10);

/// Makes and checks cookies; its key is as old as the server's start.
#[derive(Debug)]
pub struct CookieJar {
    key: MacKey,
}

impl CookieJar {
    /// With this secret.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self { key: MacKey::new(secret) }
    }

    /// A cookie for this client at this address.
    pub fn issue(&self, now: Instant, remote: SocketAddr, client: ConnectionId) -> Vec<u8> {
        let issued = now.as_micros().to_be_bytes();
        let mut token = issued.to_vec();
        token.extend_from_slice(&self.tag(issued, remote, client));
        token
    }

    /// Is this one of ours, for this client at this address, and not too old?
    pub fn accepts(&self, now: Instant, remote: SocketAddr, client: ConnectionId, token: &[u8]) -> bool {
        let Some((issued, tag)) = token.split_first_chunk::<8>() else { return false };
        let age = now.as_micros().checked_sub(u64::from_be_bytes(*issued));
        age.is_some_and(|age| Duration::from_micros(age) <= LIFETIME)
            && equal(tag, &self.tag(*issued, remote, client))
    }

    fn tag(&self, issued: [u8; 8], remote: SocketAddr, client: ConnectionId) -> [u8; 16] {
        let address = match remote.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        };
        self.key.tag(&[&issued, &address, &remote.port().to_be_bytes(), &client.0.to_be_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn remote(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn a_cookie_is_good_for_its_client_at_its_address_for_ten_seconds() {
        let jar = CookieJar::new([9; 32]);
        let client = ConnectionId(5);
        let cookie = jar.issue(at(1_000_000), remote(1), client);
        assert!(jar.accepts(at(11_000_000), remote(1), client, &cookie));
        assert!(!jar.accepts(at(11_000_001), remote(1), client, &cookie), "too old");
        assert!(!jar.accepts(at(999_999), remote(1), client, &cookie), "from the future");
        assert!(!jar.accepts(at(1_000_000), remote(2), client, &cookie), "another port");
        assert!(!jar.accepts(at(1_000_000), remote(1), ConnectionId(6), &cookie), "another client");
        assert!(!CookieJar::new([8; 32]).accepts(at(1_000_000), remote(1), client, &cookie));
    }

    #[test]
    fn a_cookie_with_any_bit_changed_is_none() {
        let jar = CookieJar::new([9; 32]);
        let cookie = jar.issue(at(0), remote(1), ConnectionId(5));
        for bit in 0..cookie.len() * 8 {
            let mut forged = cookie.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!jar.accepts(at(5), remote(1), ConnectionId(5), &forged));
        }
        assert!(!jar.accepts(at(5), remote(1), ConnectionId(5), b""));
    }
}
