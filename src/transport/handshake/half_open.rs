//! What does a server keep between WELCOME and FINISH, and how much of it?
//!
//! The first message and a seed: from these the state of the handshake is computed again when the third
//! message comes, for [`LIFETIME`] at most. How many there may be: see [`unproven`](super::unproven).

use super::unproven::Unproven;
use crate::time::{Duration, Instant};
use crate::wire::datagram::ConnectionId;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

/// How long a handshake may take; so long too a client that was let in at once may leave itself unproven.
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
    /// Its client said hello again since its time was last looked at.
    is_wanted: bool,
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
        let hello_len = u8::try_from(hello.len()).ok()?;
        Some(Self { local, client, remote, seed, hello: kept, hello_len, is_wanted: false })
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

impl HalfOpenTable {
    /// The unproven, of whom this table's handshakes are a part.
    pub const fn unproven(&mut self) -> &mut Unproven {
        &mut self.unproven
    }

    /// The handshake that this client began from this address with this message. Another message under the same
    /// id is another handshake: whoever overhears an id must not be able to take its place.
    pub fn find(&self, remote: SocketAddr, client: ConnectionId, hello: &[u8]) -> Option<&HalfOpen> {
        let local = self.by_client.get(&(remote, client))?;
        self.by_local.get(local).filter(|half_open| half_open.hello() == hello)
    }

    /// The client of this handshake says hello again: it is not forgotten meanwhile.
    pub fn on_wanted(&mut self, local: ConnectionId) {
        if let Some(half_open) = self.by_local.get_mut(&local) {
            half_open.is_wanted = true;
        }
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
        let client = (half_open.remote, half_open.client);
        if self.by_client.get(&client) == Some(&local) {
            self.by_client.remove(&client);
        }
        self.unproven.on_ended(half_open.remote.ip());
        Some(half_open)
    }

    /// Forgets the handshakes whose time is up, unless their clients still say hello.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, local)) = self.expiry.pop_front_if(|(expiry, _)| *expiry <= now) {
            let is_wanted = |kept: &mut HalfOpen| std::mem::take(&mut kept.is_wanted);
            if self.by_local.get_mut(&local).is_some_and(is_wanted) {
                self.expiry.push_back((now + LIFETIME, local));
            } else {
                self.remove(local);
            }
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
        assert_eq!(table.find(one.remote, one.client, &[7; 32]), Some(&one));
        assert_eq!(table.get(one.local).map(HalfOpen::hello), Some(&[7; 32][..]));
        table.handle_timeout(at(9_999_999));
        assert!(table.get(one.local).is_some());
        table.handle_timeout(at(10_000_000));
        assert_eq!((table.get(one.local), table.find(one.remote, one.client, &[7; 32])), (None, None));
        assert!(table.by_client.is_empty() && table.unproven.is_empty());
    }

    #[test]
    fn another_message_under_the_same_id_is_another_handshake_and_ends_none() {
        let mut table = HalfOpenTable::default();
        let one = half_open(1);
        let other = HalfOpen::new(ConnectionId(2), one.client, one.remote, [1; 32], &[8; 32]).expect("short");
        table.insert(at(0), one);
        table.insert(at(1), other);
        assert_eq!(table.find(one.remote, one.client, &[8; 32]), Some(&other));
        assert_eq!(table.get(one.local), Some(&one), "it can still be finished");
        table.remove(one.local);
        assert_eq!(table.find(one.remote, one.client, &[8; 32]), Some(&other));
        table.remove(other.local);
        assert!(table.by_client.is_empty() && table.unproven.is_empty());
    }

    #[test]
    fn a_handshake_whose_client_still_says_hello_is_kept() {
        let mut table = HalfOpenTable::default();
        let one = half_open(1);
        table.insert(at(0), one);
        table.on_wanted(one.local);
        table.handle_timeout(at(10_000_000));
        assert!(table.get(one.local).is_some());
        table.handle_timeout(at(20_000_000));
        assert!(table.get(one.local).is_none() && table.expiry.is_empty(), "it was silent since");
    }

    #[test]
    fn a_first_message_that_is_too_long_is_not_kept() {
        let remote = SocketAddr::from(([192, 0, 2, 1], 1_000));
        assert!(HalfOpen::new(ConnectionId(1), ConnectionId(2), remote, [0; 32], &[0; 65]).is_none());
    }
}
