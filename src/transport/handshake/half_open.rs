//! What does a server keep between WELCOME and FINISH, and how much of it?
//!
//! The first message and a seed: from these the state of the handshake is computed again when the third
//! message comes. At most [`HALF_OPEN_MAX`] of them, [`PER_ADDRESS_MAX`] an address, [`LIFETIME`] each;
//! beyond that the server keeps nothing and asks for a [cookie](super::cookie).

use crate::time::{Duration, Instant};
use crate::wire::datagram::ConnectionId;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

/// Handshakes under way at a time without a cookie.
pub const HALF_OPEN_MAX: usize = 1_024;

/// Handshakes under way from one address without a cookie.
pub const PER_ADDRESS_MAX: usize = 64;

/// How long a handshake may take.
pub const LIFETIME: Duration = Duration::from_secs(10);

/// The longest first message that is kept, in bytes. XX needs 32.
pub const HELLO_KEPT_MAX: usize = 64;

/// A handshake under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HalfOpen {
    /// The connection id that the server chose.
    pub local: ConnectionId,
    /// The client's.
    pub client: ConnectionId,
    /// Where the client is.
    pub remote: SocketAddr,
    /// From this the server's ephemeral key is computed.
    pub seed: [u8; 32],
    hello: [u8; HELLO_KEPT_MAX],
    hello_len: u8,
}

impl HalfOpen {
    /// A handshake that begins with this message; `None` if the message is too long to be kept.
    pub fn new(
        local: ConnectionId,
        client: ConnectionId,
        remote: SocketAddr,
        seed: [u8; 32],
        hello: &[u8],
    ) -> Option<Self> {
        let mut kept = [0; HELLO_KEPT_MAX];
        kept.get_mut(..hello.len())?.copy_from_slice(hello);
        Some(Self { local, client, remote, seed, hello: kept, hello_len: u8::try_from(hello.len()).ok()? })
    }

    /// The first message.
    pub fn hello(&self) -> &[u8] {
        &self.hello[..usize::from(self.hello_len)]
    }
}

/// All handshakes under way.
#[derive(Debug, Default)]
pub struct HalfOpenTable {
    by_local: HashMap<ConnectionId, HalfOpen>,
    by_client: HashMap<(SocketAddr, ConnectionId), ConnectionId>,
    unproven: Unproven,
    expiry: VecDeque<(Instant, ConnectionId)>,
}

/// How many peers have not proved their address yet: half-open handshakes and young sessions alike.
#[derive(Debug, Default)]
pub struct Unproven {
    count: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Unproven {
    /// May one more begin from this address without a cookie?
    pub fn admits(&self, address: IpAddr) -> bool {
        self.count < HALF_OPEN_MAX
            && self.by_address.get(&address).is_none_or(|count| *count < PER_ADDRESS_MAX)
    }

    /// One begins.
    pub fn on_begun(&mut self, address: IpAddr) {
        self.count += 1;
        *self.by_address.entry(address).or_default() += 1;
    }

    /// One proved itself, or is over.
    pub fn on_ended(&mut self, address: IpAddr) {
        self.count = self.count.saturating_sub(1);
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}

impl HalfOpenTable {
    /// The unproven, of whom this table's handshakes are a part.
    pub const fn unproven(&mut self) -> &mut Unproven {
        &mut self.unproven
    }

    /// The handshake that this client began from this address.
    pub fn find(&self, remote: SocketAddr, client: ConnectionId) -> Option<&HalfOpen> {
        self.by_client.get(&(remote, client)).and_then(|local| self.by_local.get(local))
    }

    /// The handshake under this connection id of ours.
    pub fn get(&self, local: ConnectionId) -> Option<&HalfOpen> {
        self.by_local.get(&local)
    }

    /// A handshake begins.
    pub fn insert(&mut self, now: Instant, half_open: HalfOpen) {
        self.unproven.on_begun(half_open.remote.ip());
        self.by_client.insert((half_open.remote, half_open.client), half_open.local);
        self.expiry.push_back((now + LIFETIME, half_open.local));
        self.by_local.insert(half_open.local, half_open);
    }

    /// A handshake came to its end.
    pub fn remove(&mut self, local: ConnectionId) -> Option<HalfOpen> {
        let half_open = self.by_local.remove(&local)?;
        self.by_client.remove(&(half_open.remote, half_open.client));
        self.unproven.on_ended(half_open.remote.ip());
        Some(half_open)
    }

    /// Forgets the handshakes whose time is up.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, local)) = self.expiry.pop_front_if(|(expiry, _)| *expiry <= now) {
            self.remove(local);
        }
    }

    /// When the next one's time is up.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.expiry.front().map(|(expiry, _)| *expiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn half_open(n: u64) -> HalfOpen {
        let remote = SocketAddr::from(([192, 0, 2, 1], 1_000));
        HalfOpen::new(ConnectionId(n), ConnectionId(n + 50_000), remote, [1; 32], &[7; 32]).unwrap()
    }

    #[test]
    fn a_half_open_handshake_takes_less_than_512_bytes_with_all_its_index_entries() {
        let entry = size_of::<(ConnectionId, HalfOpen)>()
            + size_of::<((SocketAddr, ConnectionId), ConnectionId)>()
            + size_of::<(Instant, ConnectionId)>();
        // A hash table keeps one slot in eight free at least, and may be half empty after it grew.
        assert!(entry * 2 < 512, "{entry} bytes");
    }

    #[test]
    fn a_handshake_is_found_by_either_side_and_forgotten_after_ten_seconds() {
        let mut table = HalfOpenTable::default();
        let one = half_open(1);
        table.insert(at(0), one);
        assert_eq!(table.find(one.remote, one.client), Some(&one));
        assert_eq!(table.get(one.local).map(HalfOpen::hello), Some(&[7; 32][..]));
        table.handle_timeout(at(9_999_999));
        assert!(table.get(one.local).is_some());
        table.handle_timeout(at(10_000_000));
        assert_eq!((table.get(one.local), table.find(one.remote, one.client)), (None, None));
        assert!(table.by_client.is_empty() && table.unproven.by_address.is_empty());
    }

    #[test]
    fn an_address_may_begin_64_and_all_addresses_1024() {
        let mut unproven = Unproven::default();
        let address = |n: u32| IpAddr::from((n + 1).to_be_bytes());
        (0..PER_ADDRESS_MAX).for_each(|_| unproven.on_begun(address(0)));
        assert!(!unproven.admits(address(0)) && unproven.admits(address(1)));
        (0..HALF_OPEN_MAX - PER_ADDRESS_MAX).for_each(|n| unproven.on_begun(address(n as u32 + 1)));
        assert!(!unproven.admits(address(100_000)));
        unproven.on_ended(address(0));
        assert!(unproven.admits(address(100_000)) && unproven.admits(address(0)));
    }

    #[test]
    fn a_first_message_that_is_too_long_is_not_kept() {
        let remote = SocketAddr::from(([192, 0, 2, 1], 1_000));
        assert!(HalfOpen::new(ConnectionId(1), ConnectionId(2), remote, [0; 32], &[0; 65]).is_none());
    }
}
