//! Datagrams that do not pass: whole nodes, with a choice of transports, on bad days.

use super::super::*;
use crate::chat::client::event::UserEvent;
use crate::lab::cast::ChatCast;
use crate::service::api::{ClientEvent, Preference};
use crate::time::Duration;

const S: u64 = 1_000_000;

/// The first seed and how many: `SAYAGAIN_SEED` plays one of them alone.
fn seeds(count: u64) -> Vec<u64> {
    let one = std::env::var("SAYAGAIN_SEED").ok().and_then(|seed| seed.parse().ok());
    one.map_or_else(|| (0..count).collect(), |seed| vec![seed])
}

fn block(client: usize, transport: Transport, blocked: bool) -> Deed {
    Deed::Block { client, transport, blocked }
}

/// One person on a good link who types each second from the moment 0 to 60 s, with these blocks.
fn one_person(seed: u64, blocks: &[(u64, Transport, bool)]) -> Scenario {
    let link = LinkConfig { seed, ..LinkConfig::default() };
    let script = Script {
        seats: vec![SeatPlan { transport: Preference::Auto, link }],
        deeds: vec![(at(S / 10), Deed::Start { client: 0 })],
        store_delay: Duration::from_millis(10),
    };
    let mut scenario =
        Scenario { seed, names: vec!["ann".to_owned()], rooms: vec!["lobby".to_owned()], script };
    for second in 0..60 {
        scenario.plan(at(S / 5 + second * S), Deed::Type { client: 0, line: format!("ann {second}") });
    }
    for (due, transport, blocked) in blocks {
        scenario.plan(at(*due), block(0, *transport, *blocked));
    }
    scenario
}

/// What carried the session at each `connected`, and when; everything typed was shown once, in its order.
fn played(scenario: &Scenario, end: u64) -> Vec<(u64, Transport)> {
    let mut world = World::new(ChatCast::of(scenario), &scenario.script, scenario.seed);
    world.run_until(at(end)).expect("no node spins");
    let (mut transport, mut connected, mut shown) = (Transport::Udp, Vec::new(), Vec::new());
    for (now, event) in world.transcript().client(0) {
        match event {
            ClientEvent::Carried(carried) => transport = *carried,
            ClientEvent::User(UserEvent::Connected { .. }) => connected.push((now.as_micros(), transport)),
            ClientEvent::User(UserEvent::Message { text, .. }) => shown.push(text.clone()),
            _ => {}
        }
    }
    let typed: Vec<String> = (0..60).map(|second| format!("ann {second}")).collect();
    assert_eq!(shown, typed, "seed {}: {}", scenario.seed, world.transcript());
    connected
}

fn carriers(connected: &[(u64, Transport)]) -> Vec<Transport> {
    connected.iter().map(|(_, transport)| *transport).collect()
}

#[test]
fn where_udp_never_passes_the_chat_is_up_over_tcp_within_three_seconds() {
    for seed in seeds(20) {
        let connected = played(&one_person(seed, &[(0, Transport::Udp, true)]), 70 * S);
        assert_eq!(carriers(&connected), [Transport::Tcp], "{seed}");
        assert!(connected[0].0 < S / 10 + 3 * S, "{seed}: {connected:?}");
    }
}

#[test]
fn a_session_whose_datagrams_stop_goes_over_within_four_seconds() {
    for seed in seeds(20) {
        let connected = played(&one_person(seed, &[(10 * S, Transport::Udp, true)]), 70 * S);
        assert_eq!(carriers(&connected), [Transport::Udp, Transport::Tcp], "{seed}");
        assert!(connected[1].0 < 14 * S, "{seed}: {connected:?}");
    }
}

#[test]
fn when_datagrams_pass_again_the_chat_goes_back_to_them() {
    for seed in seeds(20) {
        let blocks = [(10 * S, Transport::Udp, true), (20 * S, Transport::Udp, false)];
        let connected = played(&one_person(seed, &blocks), 70 * S);
        assert_eq!(carriers(&connected), [Transport::Udp, Transport::Tcp, Transport::Udp], "{seed}");
        assert!(connected[2].0 < 46 * S, "{seed}: asked after half a minute: {connected:?}");
    }
}

#[test]
fn where_neither_passes_all_is_kept_and_the_first_that_passes_carries_it() {
    for seed in seeds(20) {
        let both = |due, blocked| [(due, Transport::Udp, blocked), (due, Transport::Tcp, blocked)];
        let mut blocks = both(10 * S, true).to_vec();
        blocks.push((50 * S, Transport::Tcp, false));
        let connected = played(&one_person(seed, &blocks), 90 * S);
        assert_eq!(carriers(&connected), [Transport::Udp, Transport::Tcp], "{seed}");
        blocks.push((60 * S, Transport::Udp, false));
        let connected = played(&one_person(seed, &blocks), 140 * S);
        assert_eq!(*carriers(&connected).last().unwrap(), Transport::Udp, "{seed}: {connected:?}");
    }
}

/// A bad day as any other, on which everybody has the choice, and some have no use for one of the two for a
/// while or for good.
fn bad_day(seed: u64) -> Scenario {
    let mut scenario = Scenario::of_seed(seed);
    let mut rng = Rng::from_seed(seed ^ 0x0066_616c_6c62_6163);
    for client in 0..scenario.names.len() {
        scenario.script.seats[client].transport = Preference::Auto;
        for _ in 0..rng.below(3) {
            let transport = if rng.chance(0.8) { Transport::Udp } else { Transport::Tcp };
            let from = if rng.chance(0.3) { at(0) } else { moment(&mut rng) };
            scenario.plan(from, block(client, transport, true));
            if transport == Transport::Tcp || rng.chance(0.6) {
                let until = (from + millis(&mut rng, 100, 12_000)).min(CALM);
                scenario.plan(until, block(client, transport, false));
            }
        }
    }
    scenario
}

#[test]
fn on_bad_days_with_blocked_transports_nothing_is_lost_doubled_or_out_of_order() {
    for seed in seeds(60) {
        let scenario = bad_day(seed);
        if let Err(failure) = scenario.play(ChatCast::of(&scenario)) {
            panic!("{failure}\n{}", failure.transcript);
        }
    }
}
