//! Has this first flight been heard before?
//!
//! An IK HELLO opens for whoever sends it, so its data is heard only if its stamp, the client's wall clock, is
//! newer than the newest of that client's key. Nothing is remembered over a restart: what is not known is not
//! believed.
//!
//! ```text
//!   HELLO of key K with stamp T    nothing stored of K ─────────▶ no first flight
//!                                  T not above what is stored ──▶ no first flight
//!                                  T above it ──────────────────▶ heard; T is stored
//!   K has proven to be here ─────▶ the larger of T and what is stored is stored
//!                                  (nothing stored: the larger of T and our own clock)
//! ```
//!
//! Where there is no first flight the handshake goes on; its client learns of it in WELCOME and says the same
//! in packets. Only a client that has shown that it has the session's keys is entered, so a recorded HELLO
//! plants nothing. Past the bound the key that was not entered for longest is forgotten, which costs its client
//! one round trip at its next coming.
//!
//! *Our own clock*, because a stamp of another life of this server may be above one of a client whose clock
//! went back: no stamp that an honest clock has made so far is above it.
//!
//! Source: the timestamp of `WireGuard`'s handshake, and RFC 8446 §8 for what a replay of early data does. Left
//! out: stamps that outlive the server, and keys that only claim (in the clear).

use crate::crypto::PublicKey;
use std::collections::{BTreeMap, HashMap};

/// So many keys are remembered. Ours: more than sessions at once, in a few megabytes.
pub const KEYS_MAX: usize = 65_536;

/// The newest stamp of each key that has proven to be here.
#[derive(Debug, Default)]
pub struct FirstFlights {
    newest: HashMap<PublicKey, Newest>,
    /// Keys by when they were last entered.
    entered: BTreeMap<u64, PublicKey>,
    entries: u64,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    stamp_us: u64,
    /// Its place in `entered`.
    entry: u64,
}

impl FirstFlights {
    /// May the first flight of this key with this stamp (µs since 1970, by the client's clock) be heard? Asked
    /// again it may not.
    pub fn take(&mut self, key: PublicKey, stamp_us: u64) -> bool {
        let is_newer = self.newest.get(&key).is_some_and(|newest| newest.stamp_us < stamp_us);
        if is_newer {
            self.enter(key, stamp_us);
        }
        is_newer
    }

    /// The client of this key, which came with this stamp, has shown that it has its session's keys; `now_us`
    /// is our own clock, in µs since 1970.
    pub fn on_proven(&mut self, key: PublicKey, stamp_us: u64, now_us: u64) {
        let least = self.newest.get(&key).map_or(now_us, |newest| newest.stamp_us);
        self.enter(key, stamp_us.max(least));
    }

    /// How many keys are known.
    pub fn len(&self) -> usize {
        self.newest.len()
    }

    /// Nobody?
    pub fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    fn enter(&mut self, key: PublicKey, stamp_us: u64) {
        let entry = self.entries;
        self.entries += 1;
        if let Some(former) = self.newest.insert(key, Newest { stamp_us, entry }) {
            self.entered.remove(&former.entry);
        }
        self.entered.insert(entry, key);
        if self.newest.len() > KEYS_MAX
            && let Some((_, oldest)) = self.entered.pop_first()
        {
            self.newest.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000;

    fn key(n: u64) -> PublicKey {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_be_bytes());
        PublicKey(key)
    }

    #[test]
    fn where_nothing_is_stored_nothing_is_heard_and_asking_plants_nothing() {
        let mut flights = FirstFlights::default();
        for stamp in [0, 5, u64::MAX, 5, 6] {
            assert!(!flights.take(key(1), stamp), "{stamp}");
        }
        assert!(flights.is_empty());
    }

    #[test]
    fn a_newer_stamp_is_heard_once() {
        let mut flights = FirstFlights::default();
        flights.on_proven(key(1), 2_000, NOW);
        assert!(!flights.take(key(1), 2_000), "the very one that was proven");
        assert!(flights.take(key(1), 2_001));
        for stamp in [0, 2_000, 2_001] {
            assert!(!flights.take(key(1), stamp), "{stamp}");
        }
        assert!(flights.take(key(1), 2_002));
        assert!(!flights.take(key(2), 9_000), "another key is not known by that");
    }

    #[test]
    fn a_proof_with_an_older_stamp_takes_nothing_back() {
        let mut flights = FirstFlights::default();
        flights.on_proven(key(1), 5_000, NOW);
        flights.on_proven(key(1), 3_000, NOW);
        assert!(!flights.take(key(1), 4_000));
        assert!(flights.take(key(1), 5_001));
    }

    #[test]
    fn what_another_life_of_the_server_heard_is_below_its_clock() {
        let mut flights = FirstFlights::default();
        flights.on_proven(key(1), 10, NOW);
        assert!(!flights.take(key(1), NOW), "its client's clock went back before it was proven here");
        assert!(flights.take(key(1), NOW + 1));
    }

    #[test]
    fn the_memory_of_timestamps_has_a_bound() {
        let mut flights = FirstFlights::default();
        let max = KEYS_MAX as u64;
        (0..max).for_each(|n| flights.on_proven(key(n), 1, 0));
        assert!(flights.take(key(0), 2), "who comes again is the newest again");
        (max..max + 10).for_each(|n| flights.on_proven(key(n), 1, 0));
        assert_eq!((flights.len(), flights.entered.len()), (KEYS_MAX, KEYS_MAX));
        assert!(
            (1..11).all(|n| !flights.take(key(n), 9)),
            "those that were not entered for longest are forgotten"
        );
        assert!(flights.take(key(0), 3) && flights.take(key(11), 2) && flights.take(key(max + 9), 2));
    }
}
