//! Who is kept out, who is silent, and since when may they come back?
//!
//! A measure is against a key, or against the network that somebody comes from. Against a key rather than a
//! name, since names are free for the taking; so where several people share a key, or a network, it is
//! against all of them, and whoever takes it is told first. It holds besides for the person for whose sake it was
//! taken, who may prove to be that person with another key.
//!
//! No measure binds those who may as much as whoever took it, whether or not that was known then: so nobody
//! acts against their own role or above by way of a shared key or address.
//!
//! ```text
//!  10.0.0.7:50312          ──▶ 10.0.0.7               an IPv4 address whole
//!  [2001:db8:1:2::7]:50312 ──▶ 2001:db8:1:2::/64      an IPv6 subnet (RFC 4291 §2.5.4), whose hosts choose
//!                                                     their addresses as they like (RFC 8981)
//!  [fe80::7]:50312         ──▶ fe80::7                that subnet would be everybody on the cable
//! ```

use crate::chat::message::{Measure, MeasureEntry, PersonId, Role};
use crate::store::{Change, Key, MeasureRecord, Whom};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Measures in force at once, at most.
pub const MEASURES_MAX: usize = 4_096;

/// All measures.
#[derive(Debug, Default)]
pub struct Measures {
    taken: BTreeMap<(Measure, Whom), MeasureRecord>,
    of_person: BTreeMap<(Measure, PersonId), Whom>,
}

/// Somebody who comes or speaks.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Their key.
    pub key: &'a Key,
    /// Whom they have proved to be.
    pub person: Option<PersonId>,
    /// What they may do.
    pub role: Role,
}

/// What stands for everybody who comes from where this address (with its port, as people write it) is.
pub fn network(address: &str) -> Option<Whom> {
    let address: SocketAddr = address.parse().ok()?;
    Some(Whom::Network(match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) if ip.is_unicast_link_local() => ip.to_string(),
        IpAddr::V6(ip) => {
            let subnet = Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64);
            format!("{subnet}/64")
        }
    }))
}

impl Measures {
    /// Those that the store knows.
    pub fn new(records: Vec<MeasureRecord>) -> Self {
        let mut this = Self::default();
        for record in records {
            this.impose(record);
        }
        this
    }

    /// Is there no place for another one?
    pub fn is_full(&self) -> bool {
        self.taken.len() >= MEASURES_MAX
    }

    /// Takes a measure, in the place of one of the kind against the same.
    pub fn impose(&mut self, record: MeasureRecord) -> Change {
        // One of an older store does not know whom it was for.
        if record.person != PersonId::default() {
            self.of_person.insert((record.measure, record.person), record.whom.clone());
        }
        self.taken.insert((record.measure, record.whom.clone()), record.clone());
        Change::Measure(record)
    }

    /// Lifts it; `None` if there is none.
    pub fn lift(&mut self, measure: Measure, whom: &Whom) -> Option<Change> {
        let record = self.taken.remove(&(measure, whom.clone()))?;
        self.of_person.remove(&(measure, record.person));
        Some(Change::Lift { measure, whom: whom.clone() })
    }

    /// The measure of this kind against them.
    pub fn get(&self, measure: Measure, whom: &Whom) -> Option<&MeasureRecord> {
        self.taken.get(&(measure, whom.clone()))
    }

    /// Against whom is the measure of this kind that was taken for this person's sake?
    pub fn of_person(&self, measure: Measure, person: PersonId) -> Option<&Whom> {
        self.of_person.get(&(measure, person))
    }

    /// Against whom is the measure of this kind that people know by this name, or by this address?
    pub fn known_as(&self, measure: Measure, name: &str) -> Option<Whom> {
        let is_it = |record: &&MeasureRecord| {
            let network = match &record.whom {
                Whom::Network(network) => network == name,
                Whom::Key(_) => false,
            };
            record.measure == measure && (network || record.name.to_lowercase() == name.to_lowercase())
        };
        self.taken.values().find(is_it).map(|record| record.whom.clone())
    }

    /// The ban that keeps them out if they come from this address.
    pub fn ban(&self, who: Subject<'_>, address: &str, now_ms: u64) -> Option<&MeasureRecord> {
        let of_network = || self.holding(Measure::BanAddress, &network(address)?, who.role, now_ms);
        self.against(Measure::Ban, who, now_ms).or_else(of_network)
    }

    /// The measure that silences them.
    pub fn mute(&self, who: Subject<'_>, now_ms: u64) -> Option<&MeasureRecord> {
        self.against(Measure::Mute, who, now_ms)
    }

    fn against(&self, measure: Measure, who: Subject<'_>, now_ms: u64) -> Option<&MeasureRecord> {
        let of_person = || self.holding(measure, self.of_person(measure, who.person?)?, who.role, now_ms);
        self.holding(measure, &Whom::Key(*who.key), who.role, now_ms).or_else(of_person)
    }

    fn holding(&self, measure: Measure, whom: &Whom, role: Role, now_ms: u64) -> Option<&MeasureRecord> {
        self.get(measure, whom).filter(|record| record.holds(now_ms) && role < record.rank)
    }

    /// All in force, as moderators read them.
    pub fn entries(&self, now_ms: u64) -> impl Iterator<Item = MeasureEntry> {
        self.taken.values().filter(move |record| record.holds(now_ms)).map(|record| MeasureEntry {
            measure: record.measure,
            whom: match &record.whom {
                Whom::Network(network) => network.clone(),
                Whom::Key(_) => record.name.clone(),
            },
            by: record.by.clone(),
            reason: record.reason.clone(),
            until_ms: record.until_ms.unwrap_or(0),
        })
    }

    /// Drops those whose time is over.
    pub fn forget(&mut self, now_ms: u64) {
        self.taken.retain(|_, record| record.holds(now_ms));
        let taken = &self.taken;
        self.of_person.retain(|(measure, _), whom| taken.contains_key(&(*measure, whom.clone())));
    }

    /// Is there any?
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }
}

/// A span of time as people say it: its largest unit, rounded up.
pub fn in_words(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds.div_ceil(60)),
        7_200..=172_799 => format!("{} h", seconds.div_ceil(3_600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// ` for another 9 min by ann: spam`, as far as it is known.
pub fn terms(record: &MeasureRecord, now_ms: u64) -> String {
    let left =
        record.until_ms.map(|until| format!(" for another {}", in_words(until.saturating_sub(now_ms))));
    let reason = if record.reason.is_empty() { String::new() } else { format!(": {}", record.reason) };
    format!("{} by {}{reason}", left.unwrap_or_default(), record.by)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; 32];

    fn record(measure: Measure, whom: Whom, until_ms: Option<u64>) -> MeasureRecord {
        let [name, by, reason] = ["bob", "ann", "spam"].map(str::to_owned);
        MeasureRecord {
            measure,
            whom,
            person: PersonId(7),
            name,
            by,
            rank: Role::Moderator,
            reason,
            until_ms,
        }
    }

    fn with_key(key: &Key) -> Subject<'_> {
        Subject { key, person: None, role: Role::Member }
    }

    #[test]
    fn an_address_stands_for_its_host_or_its_subnet() {
        let of = |address| network(address).map(|whom| format!("{whom:?}"));
        assert_eq!(of("10.0.0.7:50312"), of("[::ffff:10.0.0.7]:9"));
        assert_eq!(of("[2001:db8:1:2::7]:5"), of("[2001:db8:1:2:ffff::]:6"));
        assert_ne!(of("[2001:db8:1:2::7]:5"), of("[2001:db8:1:3::7]:5"));
        assert_ne!(of("10.0.0.7:1"), of("10.0.0.8:1"));
        assert_ne!(of("[fe80::7]:1"), of("[fe80::8]:1"), "everybody on a cable has fe80");
        assert_eq!(of("nowhere"), None);
    }

    #[test]
    fn a_ban_holds_for_its_key_and_its_network_until_its_time_is_over() {
        let mut measures = Measures::default();
        measures.impose(record(Measure::Ban, Whom::Key(KEY), Some(100)));
        assert!(measures.ban(with_key(&KEY), "10.0.0.7:1", 99).is_some());
        assert!(measures.ban(with_key(&KEY), "10.0.0.7:1", 100).is_none(), "over");
        assert!(measures.ban(with_key(&[8; 32]), "10.0.0.7:1", 99).is_none(), "another key");
        measures.impose(record(Measure::BanAddress, network("10.0.0.7:1").unwrap(), None));
        assert!(measures.ban(with_key(&[8; 32]), "10.0.0.7:9", u64::MAX).is_some());
        assert!(measures.mute(with_key(&KEY), 0).is_none(), "a ban is no mute");
    }

    #[test]
    fn whoever_proves_to_be_the_person_is_held_to_it_with_any_key() {
        let mut measures = Measures::default();
        measures.impose(record(Measure::Mute, Whom::Key(KEY), None));
        let bob = Subject { person: Some(PersonId(7)), ..with_key(&[8; 32]) };
        assert!(measures.mute(bob, 0).is_some());
        assert!(measures.mute(Subject { person: Some(PersonId(8)), ..bob }, 0).is_none());
        measures.lift(Measure::Mute, &Whom::Key(KEY));
        assert!(measures.mute(bob, 0).is_none() && measures.of_person(Measure::Mute, PersonId(7)).is_none());
    }

    #[test]
    fn nobody_is_held_to_it_who_may_as_much_as_whoever_took_it() {
        let mut measures = Measures::default();
        measures.impose(record(Measure::Ban, Whom::Key(KEY), None));
        let moderator = Subject { role: Role::Moderator, ..with_key(&KEY) };
        assert!(measures.ban(moderator, "10.0.0.7:1", 0).is_none());
        measures.impose(MeasureRecord { rank: Role::Owner, ..record(Measure::Ban, Whom::Key(KEY), None) });
        assert!(measures.ban(moderator, "10.0.0.7:1", 0).is_some());
    }

    #[test]
    fn a_measure_is_found_by_its_name_in_any_case_and_by_its_address() {
        let mut measures = Measures::default();
        measures.impose(record(Measure::Ban, Whom::Key(KEY), None));
        measures.impose(record(Measure::BanAddress, network("10.0.0.7:1").unwrap(), None));
        assert_eq!(measures.known_as(Measure::Ban, "BOB"), Some(Whom::Key(KEY)));
        assert_eq!(measures.known_as(Measure::Mute, "bob"), None);
        let address = measures.known_as(Measure::BanAddress, "10.0.0.7").unwrap();
        assert!(measures.lift(Measure::BanAddress, &address).is_some());
        assert!(measures.lift(Measure::BanAddress, &address).is_none(), "only once");
    }

    #[test]
    fn what_is_over_is_forgotten_and_not_listed() {
        let mut measures = Measures::new(vec![record(Measure::Mute, Whom::Key(KEY), Some(5))]);
        assert_eq!(measures.entries(4).count(), 1);
        assert_eq!(measures.entries(5).count(), 0);
        measures.forget(5);
        assert!(measures.is_empty());
    }

    #[test]
    fn spans_are_said_in_their_largest_unit() {
        let said = [500, 60_000, 600_000, 7_200_000, 864_000_000].map(in_words);
        assert_eq!(said, ["1 s", "60 s", "10 min", "2 h", "10 days"]);
        let record = record(Measure::Ban, Whom::Key(KEY), Some(600_000));
        assert_eq!(terms(&record, 60_001), " for another 9 min by ann: spam");
        assert_eq!(terms(&MeasureRecord { until_ms: None, ..record }, 0), " by ann: spam");
    }
}
