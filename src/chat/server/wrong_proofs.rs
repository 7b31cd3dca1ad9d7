//! How often may somebody guess?
//!
//! Each wrong proof is a debt, of the name that it was for and of the address that it came from, and debts
//! are paid off by time alone. Whose debt is at its bound is turned away unheard.
//!
//! ```text
//!  debt  20 ┤      ╭──╮ turned away      a name: 20 wrong proofs at once, then one in 30 s
//!           │    ╭─╯  ╰──╮               an address: 512 at once, then one in 2 s
//!         0 ┼────╯       ╰──────▶ time
//! ```
//!
//! Ours: an address bears 512, as many as it may have sessions in handshake, because a whole class may sit
//! behind one: all of them may mistype, and none is locked out by it. A name bears 20, because nobody mistypes
//! it that often. That a stranger can use up a name's 20 does not lock its owner out: the key that the name had
//! last has a debt of its own. Nor is an address held against a key that owns a name behind a door that is not
//! open, since it has been let in before.

use crate::time::{Duration, Instant};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Names, and addresses, with debts: at most so many of each. Then the smallest debt is forgotten.
pub const DEBTORS_MAX: usize = 8_192;
/// Wrong proofs for a name at once, and how soon one more is borne.
const NAME: Terms = Terms { burst: 20, each: Duration::from_secs(30) };
/// Wrong proofs from an address at once, and how soon one more is borne.
const ADDRESS: Terms = Terms { burst: 512, each: Duration::from_secs(2) };

#[derive(Clone, Copy, Debug)]
struct Terms {
    burst: u32,
    each: Duration,
}

/// Where a peer comes from: an IPv4 address, or a network of IPv6 (64 bits), of which one person has many
/// addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Host(Option<IpAddr>);

impl Host {
    /// Of an address with its port, as people write it. What is no address counts as one and the same.
    pub fn of(address: &str) -> Self {
        let ip = address.parse::<std::net::SocketAddr>().ok().map(|address| address.ip().to_canonical());
        Self(ip.map(|ip| match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        }))
    }
}

/// Debts of one kind: until when each is paid off.
#[derive(Debug)]
struct Debts<K> {
    terms: Terms,
    paid_off: BTreeMap<K, Instant>,
}

impl<K: Ord + Clone> Debts<K> {
    const fn new(terms: Terms) -> Self {
        Self { terms, paid_off: BTreeMap::new() }
    }

    fn is_bearable(&self, now: Instant, debtor: &K) -> bool {
        let most = now + self.terms.each * (self.terms.burst - 1);
        self.paid_off.get(debtor).is_none_or(|at| *at <= most)
    }

    fn charge(&mut self, now: Instant, debtor: K) {
        if !self.paid_off.contains_key(&debtor) && self.paid_off.len() >= DEBTORS_MAX {
            self.paid_off.retain(|_, at| *at > now);
            let least = self.paid_off.iter().min_by_key(|(_, at)| **at).map(|(debtor, _)| debtor.clone());
            if self.paid_off.len() >= DEBTORS_MAX {
                least.map(|least| self.paid_off.remove(&least));
            }
        }
        let at = self.paid_off.entry(debtor).or_insert(now);
        *at = (*at).max(now) + self.terms.each;
    }

    fn refund(&mut self, now: Instant, debtor: &K) {
        if let Some(at) = self.paid_off.get_mut(debtor) {
            *at = Instant::ZERO + ((*at - Instant::ZERO).saturating_sub(self.terms.each));
            if *at <= now {
                self.paid_off.remove(debtor);
            }
        }
    }
}

/// Whom a proof is held against, should it be wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Debtors {
    name: String,
    host: Option<Host>,
}

impl Debtors {
    /// `by_own_key`: the key is the one that the name had last. `is_known`: it has been let in before.
    pub fn new(skeleton: &str, by_own_key: bool, address: &str, is_known: bool) -> Self {
        // A name is one word, so no name reads like the second form.
        let name = if by_own_key { format!("{skeleton} by its key") } else { skeleton.to_owned() };
        Self { name, host: (!is_known).then(|| Host::of(address)) }
    }
}

/// All debts.
#[derive(Debug)]
pub struct WrongProofs {
    names: Debts<String>,
    hosts: Debts<Host>,
}

impl Default for WrongProofs {
    fn default() -> Self {
        Self { names: Debts::new(NAME), hosts: Debts::new(ADDRESS) }
    }
}

impl WrongProofs {
    /// May a proof be looked at? If so it counts as wrong, until [`WrongProofs::on_right`]: so that many
    /// sessions at once do not guess more often.
    pub fn admit(&mut self, now: Instant, debtors: &Debtors) -> bool {
        let bearable = self.names.is_bearable(now, &debtors.name)
            && debtors.host.as_ref().is_none_or(|host| self.hosts.is_bearable(now, host));
        if bearable {
            self.names.charge(now, debtors.name.clone());
            debtors.host.iter().for_each(|host| self.hosts.charge(now, *host));
        }
        bearable
    }

    /// It was right, or nobody could say.
    pub fn on_right(&mut self, now: Instant, debtors: &Debtors) {
        self.names.refund(now, &debtors.name);
        debtors.host.iter().for_each(|host| self.hosts.refund(now, host));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn against(name: &str, address: &str) -> Debtors {
        Debtors::new(name, false, address, false)
    }

    fn guesses(wrong: &mut WrongProofs, now: Instant, count: u32, debtors: &Debtors) -> u32 {
        (0..count).map(|_| u32::from(wrong.admit(now, debtors))).sum()
    }

    const S: u64 = 1_000_000;

    #[test]
    fn a_name_bears_twenty_wrong_proofs_at_once_and_then_one_in_thirty_seconds() {
        let mut wrong = WrongProofs::default();
        let ann = against("ann", "10.0.0.1:1");
        assert_eq!(guesses(&mut wrong, at(0), 30, &ann), 20);
        assert_eq!(guesses(&mut wrong, at(29 * S), 30, &ann), 0);
        assert_eq!(guesses(&mut wrong, at(30 * S), 30, &ann), 1);
        assert_eq!(guesses(&mut wrong, at(630 * S), 30, &ann), 20, "after ten minutes as at first");
        assert_eq!(guesses(&mut wrong, at(0), 1, &against("ben", "10.0.0.1:1")), 1);
    }

    #[test]
    fn a_whole_class_behind_one_address_may_mistype_and_is_not_locked_out() {
        let mut wrong = WrongProofs::default();
        let classmate =
            |number: u32| against(&format!("pupil{number}"), &format!("10.0.0.1:{}", number % 999));
        let heard = (0..600).filter(|number| wrong.admit(at(0), &classmate(*number))).count();
        assert_eq!(heard, 512);
        assert!(!wrong.admit(at(S), &classmate(700)) && wrong.admit(at(2 * S), &classmate(700)));
        assert!(wrong.admit(at(S), &against("ann", "10.0.0.2:1")), "another address");
    }

    #[test]
    fn a_right_proof_costs_nothing() {
        let mut wrong = WrongProofs::default();
        let ann = against("ann", "10.0.0.1:1");
        for _ in 0..1_000 {
            assert!(wrong.admit(at(0), &ann));
            wrong.on_right(at(0), &ann);
        }
        assert!(wrong.names.paid_off.is_empty() && wrong.hosts.paid_off.is_empty());
    }

    #[test]
    fn strangers_who_guess_lock_neither_the_own_key_nor_a_known_one_out() {
        let mut wrong = WrongProofs::default();
        guesses(&mut wrong, at(0), 600, &against("ann", "10.0.0.1:1"));
        let own = Debtors::new("ann", true, "10.0.0.1:2", true);
        assert_eq!(guesses(&mut wrong, at(0), 30, &own), 20, "and it may guess no more often than they");
    }

    #[test]
    fn debtors_are_bounded_and_the_greatest_debt_is_kept() {
        let mut wrong = WrongProofs::default();
        let ann = against("ann", "10.0.0.1:1");
        guesses(&mut wrong, at(0), 20, &ann);
        for number in 0..20_000_u32 {
            let address = format!("10.{}.{}.1:5", 1 + number / 256, number % 256);
            wrong.admit(at(1), &against(&format!("n{number}"), &address));
        }
        assert_eq!((wrong.names.paid_off.len(), wrong.hosts.paid_off.len()), (DEBTORS_MAX, DEBTORS_MAX));
        assert!(!wrong.admit(at(2), &ann), "still turned away");
    }

    #[test]
    fn a_network_of_ipv6_is_one_host_and_a_mapped_address_is_its_ipv4() {
        assert_eq!(Host::of("[2001:db8::1]:5"), Host::of("[2001:db8::ffff:0:0:2]:9"));
        assert_ne!(Host::of("[2001:db8::1]:5"), Host::of("[2001:db8:0:1::1]:5"));
        assert_eq!(Host::of("[::ffff:10.0.0.1]:5"), Host::of("10.0.0.1:6"));
        assert_ne!(Host::of("10.0.0.1:5"), Host::of("10.0.0.2:5"));
        assert_eq!(Host::of("nonsense"), Host::of("more"));
    }
}
