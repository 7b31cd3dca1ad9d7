//! How does a packet pass?
//!
//! [`Relay`] has the five verbs: a shell hands it what a side sent, takes out what is due for the other, and
//! sleeps until [`Relay::poll_timeout`]. A [`Tap`] hears of every packet twice, when it enters and when it
//! leaves: a capture and a log are taps.

use super::ends::{self, End};
use super::lateness::Lateness;
use super::packet::Packet;
use super::surgery;
use super::translation::Translation;
use crate::lab::bench::{Fate, Passage};
use crate::lab::link::{Counters, Delivery, Direction, Link, LinkConfig, Verdict};
use crate::time::Instant;

/// Buffers kept for packets to come, at most.
const SPARE_MAX: usize = 1_024;

/// Hears of what passes.
pub trait Tap {
    /// This packet entered, and this will become of it.
    fn on_entered(&mut self, passage: &Passage, bytes: &[u8]);
    /// This packet left at the other end.
    fn on_left(&mut self, now: Instant, outgoing: &Outgoing);
}

/// A packet that is due at an end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// Which way it went.
    pub direction: Direction,
    /// Its number in this direction, from 1.
    pub number: u64,
    /// When it was due.
    pub due: Instant,
    /// The whole IP packet.
    pub bytes: Vec<u8>,
    /// A bit of it was flipped.
    pub damaged: bool,
    /// It is a second copy.
    pub copy: bool,
    /// It was marked: congestion experienced.
    pub marked: bool,
}

/// One direction's side of the relay.
#[derive(Debug, Default)]
struct Way {
    lateness: Lateness,
    strays: u64,
    unreachable: u64,
}

/// What stands between the two ends.
pub struct Relay {
    link: Link<Vec<u8>>,
    translation: Option<Translation>,
    ways: [Way; 2],
    /// When the last packet entered: the link's time does not go back.
    latest: Instant,
    names_matter: bool,
    taps: Vec<Box<dyn Tap>>,
    spare: Vec<Vec<u8>>,
}

impl Relay {
    /// A link that starts now.
    pub fn new(config: LinkConfig, now: Instant) -> Self {
        Self {
            translation: config.rebind.map(|plan| Translation::new(plan, now)),
            names_matter: !config.drops.is_empty(),
            link: Link::new(config, now),
            ways: [Way::default(), Way::default()],
            latest: now,
            taps: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Another one who hears of what passes.
    pub fn listen(&mut self, tap: Box<dyn Tap>) {
        self.taps.push(tap);
    }

    /// This packet left an end at this moment. What is no packet from this end to the other is passed over
    /// and counted.
    pub fn handle_packet(&mut self, entered: Instant, from: End, bytes: &[u8]) {
        let direction = from.sends();
        let Some(packet) = Packet::read(bytes).filter(|packet| ends::is_between(from, packet)) else {
            self.ways[direction.index()].strays += 1;
            return;
        };
        let now = entered.max(self.latest);
        self.latest = now;
        let names = if self.names_matter { ends::names(&packet) } else { Vec::new() };
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(packet.bytes());
        if let Some(translation) = &mut self.translation {
            translation.handle_timeout(now);
            if direction == Direction::Up {
                translation.leave(&mut buffer);
            }
        }
        let ip_bytes = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let verdict = self.link.handle_packet(now, direction, ip_bytes, &names, buffer);
        if !self.taps.is_empty() {
            let passage = self.passage(now, direction, &packet, verdict);
            self.taps.iter_mut().for_each(|tap| tap.on_entered(&passage, packet.bytes()));
        }
    }

    fn passage(
        &self,
        entered: Instant,
        direction: Direction,
        packet: &Packet<'_>,
        verdict: Verdict,
    ) -> Passage {
        let client_port = match direction {
            Direction::Up => packet.source_port(),
            Direction::Down => packet.destination_port(),
        };
        Passage {
            entered,
            direction,
            number: self.link.counters(direction).entered,
            ip_bytes: u32::try_from(packet.bytes().len()).unwrap_or(u32::MAX),
            client_port: client_port.unwrap_or(0),
            protocol: packet.protocol(),
            fate: match verdict {
                Verdict::Passes(due) => Fate::Delivered(due),
                Verdict::Dropped(cause) => Fate::Dropped(cause),
            },
        }
    }

    /// The next packet that is due, if any: to be called until there is none. It is to be sent at once, and
    /// to be given to [`Self::on_sent`] then.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Outgoing> {
        loop {
            let delivery = self.link.poll_delivery(now)?;
            if let Some(outgoing) = self.prepare(now, delivery) {
                return Some(outgoing);
            }
        }
    }

    fn prepare(&mut self, now: Instant, delivery: Delivery<Vec<u8>>) -> Option<Outgoing> {
        let Delivery { direction, packet: mut bytes, number, due, copy, flip, ce } = delivery;
        let marked = ce && surgery::mark(&mut bytes);
        if let Some(translation) = self.translation.as_mut().filter(|_| direction == Direction::Down) {
            translation.handle_timeout(now);
            if !translation.arrive(&mut bytes) {
                self.ways[direction.index()].unreachable += 1;
                return None;
            }
        }
        // Damage comes last: what was repaired after it would not be damage.
        if let Some(flip) = flip {
            flip.apply(&mut bytes);
        }
        Some(Outgoing { direction, number, due, bytes, damaged: flip.is_some(), copy, marked })
    }

    /// It was sent at this moment.
    pub fn on_sent(&mut self, now: Instant, outgoing: Outgoing) {
        self.ways[outgoing.direction.index()].lateness.on_sent(outgoing.due, now);
        self.taps.iter_mut().for_each(|tap| tap.on_left(now, &outgoing));
        if self.spare.len() < SPARE_MAX {
            self.spare.push(outgoing.bytes);
        }
    }

    /// When [`Self::poll_transmit`] will have something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.link.poll_timeout()
    }

    /// What the link counted in this direction.
    pub const fn counters(&self, direction: Direction) -> &Counters {
        self.link.counters(direction)
    }

    /// How late packets left in this direction.
    pub fn lateness(&self, direction: Direction) -> &Lateness {
        &self.ways[direction.index()].lateness
    }

    /// What was sent this way and was nothing between the two ends: it never entered.
    pub fn strays(&self, direction: Direction) -> u64 {
        self.ways[direction.index()].strays
    }

    /// What came through for an address or a port that the client has no more.
    pub fn unreachable(&self, direction: Direction) -> u64 {
        self.ways[direction.index()].unreachable
    }

    /// When the link started: times of its settings count from here.
    pub const fn start(&self) -> Instant {
        self.link.start()
    }

    /// The settings in force just now.
    pub const fn config(&self) -> &LinkConfig {
        self.link.config()
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::tests::{is_intact, tcp, udp};
    use super::*;
    use crate::lab::link::config::{Fade, Outage};
    use crate::lab::link::{DirectionConfig, DropCause};
    use crate::time::{Duration, at};
    use std::cell::RefCell;
    use std::rc::Rc;

    const CLIENT: (&str, u16) = ("10.77.0.1", 40_000);
    const SERVER: (&str, u16) = ("10.77.0.2", 4_747);

    fn lossy(seed: u64) -> LinkConfig {
        let way =
            DirectionConfig { loss: 0.2, delay: Duration::from_millis(25), ..DirectionConfig::default() };
        LinkConfig::symmetric(way, seed)
    }

    /// Which of 500 packets come through, each a millisecond after the one before.
    fn survivors(config: LinkConfig, make: impl Fn(u64) -> Vec<u8>) -> Vec<u64> {
        let mut relay = Relay::new(config, at(0));
        (1..=500).for_each(|k| relay.handle_packet(at(k * 1_000), End::Client, &make(k)));
        std::iter::from_fn(|| relay.poll_transmit(at(10_000_000))).map(|outgoing| outgoing.number).collect()
    }

    #[test]
    fn the_kth_packet_meets_the_same_fate_over_udp_and_over_tcp() {
        let over_udp = survivors(lossy(7), |_| udp(CLIENT, SERVER, b"hello"));
        let over_tcp =
            survivors(lossy(7), |k| tcp(CLIENT, SERVER, 0x18, &vec![0; usize::try_from(k).unwrap()]));
        assert_eq!(over_udp, over_tcp);
        assert!((350..450).contains(&over_udp.len()), "{}", over_udp.len());
        assert_ne!(over_udp, survivors(lossy(8), |_| udp(CLIENT, SERVER, b"hello")));
    }

    #[test]
    fn fades_and_outages_fall_at_the_same_instants_whatever_passes_and_how_often() {
        let fade = Some(Fade { mean: Duration::from_millis(80), share: 0.2 });
        let outages = vec![Outage { from: Duration::from_secs(2), length: Duration::from_millis(300) }];
        let way = DirectionConfig { fade, outages, ..DirectionConfig::default() };
        // Which of the instants, each 30 ms, find the link out of order.
        let out = |each: u64, make: &dyn Fn() -> Vec<u8>| -> Vec<u64> {
            let mut relay = Relay::new(LinkConfig::symmetric(way.clone(), 5), at(0));
            let mut out = Vec::new();
            for ms in (0..5_000).step_by(usize::try_from(each).unwrap()) {
                let before = relay.counters(Direction::Up).dropped_in_all();
                relay.handle_packet(at(ms * 1_000), End::Client, &make());
                let dropped = relay.counters(Direction::Up).dropped_in_all() > before;
                out.extend((dropped && ms % 30 == 0).then_some(ms));
            }
            out
        };
        let over_udp = out(3, &|| udp(CLIENT, SERVER, b"hello"));
        assert_eq!(over_udp, out(10, &|| tcp(CLIENT, SERVER, 0x18, &[0; 900])));
        assert!((2_000..2_300).step_by(10).filter(|ms| ms % 30 == 0).all(|ms| over_udp.contains(&ms)));
        assert!((20..80).contains(&over_udp.len()), "{over_udp:?}");
    }

    #[test]
    fn a_stray_draws_nothing_from_the_sequence_of_losses() {
        let multicast = udp(("10.77.0.1", 1), ("224.0.0.22", 2), b"who is there?");
        let mut relay = Relay::new(lossy(7), at(0));
        for k in 1..=500 {
            relay.handle_packet(at(k * 1_000), End::Client, &multicast);
            relay.handle_packet(at(k * 1_000), End::Client, &udp(CLIENT, SERVER, b"hello"));
            relay.handle_packet(at(k * 1_000), End::Client, b"noise");
        }
        let passed: Vec<u64> = std::iter::from_fn(|| relay.poll_transmit(at(10_000_000)))
            .map(|outgoing| outgoing.number)
            .collect();
        assert_eq!(passed, survivors(lossy(7), |_| udp(CLIENT, SERVER, b"hello")));
        assert_eq!(relay.strays(Direction::Up), 1_000);
    }

    #[test]
    fn a_packet_is_due_a_delay_after_the_kernel_had_it_and_lateness_is_the_rest() {
        let mut relay = Relay::new(LinkConfig { seed: 1, ..lossy(1) }, at(0));
        relay.handle_packet(at(1_000), End::Client, &udp(CLIENT, SERVER, b"hello"));
        assert_eq!(relay.poll_timeout(), Some(at(26_000)));
        assert_eq!(relay.poll_transmit(at(25_999)), None);
        let outgoing = relay.poll_transmit(at(26_100)).expect("it is due");
        relay.on_sent(at(26_150), outgoing);
        assert_eq!(relay.lateness(Direction::Up).max(), Duration::from_micros(150));
    }

    #[test]
    fn a_segment_is_dropped_by_its_name() {
        let drops = vec!["client:syn#1".parse().expect("a name")];
        let mut relay = Relay::new(LinkConfig { drops, ..LinkConfig::default() }, at(0));
        for _ in 0..2 {
            relay.handle_packet(at(1), End::Client, &tcp(CLIENT, SERVER, 0x02, b""));
        }
        assert_eq!(relay.counters(Direction::Up).dropped(DropCause::Named), 1);
        assert_eq!(relay.poll_transmit(at(2)).map(|outgoing| outgoing.number), Some(2));
    }

    #[test]
    fn damage_is_one_bit_of_the_packet_that_was_sent() {
        let way = DirectionConfig { corrupt: 1.0, ..DirectionConfig::default() };
        let mut relay = Relay::new(LinkConfig::symmetric(way, 1), at(0));
        let sent = udp(CLIENT, SERVER, b"hello");
        relay.handle_packet(at(1), End::Client, &sent);
        let came = relay.poll_transmit(at(1)).expect("it passes");
        let flipped: u32 = sent.iter().zip(&came.bytes).map(|(one, other)| (one ^ other).count_ones()).sum();
        assert!(came.damaged && flipped == 1);
    }

    #[test]
    fn the_servers_answers_follow_the_client_and_those_to_its_old_place_are_counted() {
        let rebind = Some("addr@1s".parse().expect("a plan"));
        let mut relay = Relay::new(LinkConfig { rebind, ..LinkConfig::default() }, at(0));
        relay.handle_packet(at(2_000_000), End::Client, &udp(CLIENT, SERVER, b"hello"));
        let moved = relay.poll_transmit(at(2_000_000)).expect("it passes").bytes;
        assert!(is_intact(&moved));
        let packet = Packet::read(&moved).expect("a packet");
        let (address, port) = (packet.source.to_string(), packet.source_port().expect("a port"));
        assert_ne!((address.as_str(), port), CLIENT);
        relay.handle_packet(at(2_100_000), End::Server, &udp(SERVER, (&address, port), b"answer"));
        relay.handle_packet(at(2_100_000), End::Server, &udp(SERVER, CLIENT, b"to nobody"));
        let came = relay.poll_transmit(at(2_100_000)).expect("the answer").bytes;
        assert_eq!(Packet::read(&came).and_then(|packet| packet.destination_port()), Some(CLIENT.1));
        assert_eq!(relay.poll_transmit(at(9_000_000)), None);
        assert_eq!(relay.unreachable(Direction::Down), 1);
    }

    type Heard = Rc<RefCell<Vec<String>>>;

    struct Ear(Heard);

    impl Tap for Ear {
        fn on_entered(&mut self, passage: &Passage, bytes: &[u8]) {
            self.0.borrow_mut().push(format!("{} {:?} {}", passage.number, passage.fate, bytes.len()));
        }

        fn on_left(&mut self, now: Instant, outgoing: &Outgoing) {
            self.0.borrow_mut().push(format!("{} left {now:?}", outgoing.number));
        }
    }

    #[test]
    fn a_tap_hears_of_what_entered_and_of_what_left() {
        let drops = vec!["client:packet#1".parse().expect("a name")];
        let heard = Heard::default();
        let mut relay = Relay::new(LinkConfig { drops, ..LinkConfig::default() }, at(0));
        relay.listen(Box::new(Ear(heard.clone())));
        for moment in [at(1), at(2)] {
            relay.handle_packet(moment, End::Client, &udp(CLIENT, SERVER, b"hello"));
        }
        let outgoing = relay.poll_transmit(at(2)).expect("the second");
        relay.on_sent(at(3), outgoing);
        assert_eq!(*heard.borrow(), ["1 Dropped(Named) 33", "2 Delivered(0.000002s) 33", "2 left 0.000003s"]);
    }
}
