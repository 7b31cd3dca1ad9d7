use super::*;
use crate::lab::link::DirectionConfig;
use crate::lab::link::config::QueueLimit;
use crate::time::at;

fn config(options: &[(Direction, DirectionConfig)]) -> LinkConfig {
    let mut config = LinkConfig { seed: 7, ..LinkConfig::default() };
    for (direction, way) in options {
        *config.way_mut(*direction) = way.clone();
    }
    config
}

fn delay(millis: u64) -> DirectionConfig {
    DirectionConfig { delay: Duration::from_millis(millis), ..DirectionConfig::default() }
}

fn loss(share: f64) -> DirectionConfig {
    DirectionConfig { loss: share, ..DirectionConfig::default() }
}

fn impairment(side: Side, config: LinkConfig) -> Impairment {
    Impairment::new(side, config, true, at(0)).expect("these can be had")
}

fn peer(index: u32) -> Path {
    let remote = (Ipv4Addr::from_bits(0x0a00_0000 + index), 4_747).into();
    Path { remote, local: None }
}

/// Who of the first hundred datagrams of this peer comes through.
fn survivors(impairment: &mut Impairment, path: Path) -> Vec<u8> {
    (0..100).for_each(|number| impairment.handle(at(0), Way::In, path, Ecn::Not, &[number]));
    std::iter::from_fn(|| impairment.poll(at(0))).map(|emerged| emerged.datagram[0]).collect()
}

#[test]
fn what_leaves_a_client_goes_up_and_what_leaves_a_server_goes_down() {
    for (side, out_delay, in_delay) in [(Side::Client, 10, 30), (Side::Server, 30, 10)] {
        let config = config(&[(Direction::Up, delay(10)), (Direction::Down, delay(30))]);
        for (way, millis) in [(Way::Out, out_delay), (Way::In, in_delay)] {
            let mut link = impairment(side, config.clone());
            link.handle(at(0), way, peer(1), Ecn::Not, b"x");
            assert_eq!(link.poll_timeout(), Some(at(millis * 1_000)), "{side:?} {way:?}");
            assert_eq!(link.poll(at(millis * 1_000 - 1)), None);
            let emerged = Emerged { way, path: peer(1), ecn: Ecn::Not, datagram: b"x".to_vec() };
            assert_eq!(link.poll(at(millis * 1_000)), Some(emerged));
            assert_eq!((link.poll_timeout(), link.has_outgoing(), link.bytes), (None, false, 0));
        }
    }
}

#[test]
fn each_peer_of_a_server_has_luck_of_its_own_and_the_same_in_every_run() {
    let run = || {
        let mut link = impairment(Side::Server, config(&[(Direction::Up, loss(0.5))]));
        [survivors(&mut link, peer(1)), survivors(&mut link, peer(2))]
    };
    let [first, second] = run();
    assert_ne!(first, second);
    assert_eq!(run(), [first.clone(), second]);
    let mut client = impairment(Side::Client, config(&[(Direction::Down, loss(0.5))]));
    let everybody: Vec<u8> = (0..100).collect();
    let lucky = survivors(&mut client, peer(1));
    assert!(!lucky.is_empty() && lucky != everybody, "{lucky:?}");
    assert!(!first.is_empty() && first != everybody, "{first:?}");
}

#[test]
fn a_client_keeps_its_link_when_it_tries_another_address() {
    let mut link = impairment(Side::Client, config(&[]));
    survivors(&mut link, peer(1));
    survivors(&mut link, peer(2));
    assert_eq!(link.links.len(), 1);
}

#[test]
fn links_are_bounded_and_make_room_when_they_are_idle() {
    let mut link = impairment(Side::Server, config(&[]));
    let crowd = u32::try_from(MAX_LINKS).expect("a small number") + 50;
    (0..crowd).for_each(|index| link.handle(at(0), Way::In, peer(index), Ecn::Not, b"x"));
    assert_eq!(link.links.len(), MAX_LINKS);
    assert_eq!(std::iter::from_fn(|| link.poll(at(0))).count(), crowd as usize, "nobody is turned away");
    let later = at(0) + IDLE + SWEEP;
    link.handle(later, Way::In, peer(crowd), Ecn::Not, b"x");
    assert_eq!(link.links.len(), 1);
}

#[test]
fn bytes_under_way_are_bounded_over_all_links() {
    let mut link = impairment(Side::Server, config(&[(Direction::Up, delay(1_000))]));
    link.max_bytes = 10_500;
    for index in 0..1_000 {
        link.handle(at(0), Way::In, peer(index % 100), Ecn::Not, &[0; 1_000]);
    }
    assert_eq!(link.bytes, 10_000);
    assert_eq!(std::iter::from_fn(|| link.poll(at(1_000_000))).count(), 10);
    link.handle(at(1_000_000), Way::In, peer(1), Ecn::Not, &[0; 1_000]);
    assert_eq!(link.bytes, 1_000, "there is room again");
}

#[test]
fn a_datagram_counts_with_its_headers() {
    let tight = DirectionConfig { mtu: Some(128), ..DirectionConfig::default() };
    let mut link = impairment(Side::Client, config(&[(Direction::Up, tight)]));
    let v6 = Path { remote: "[::1]:4747".parse().expect("an address"), local: None };
    for (path, payload, passes) in
        [(peer(1), 100, true), (peer(1), 101, false), (v6, 80, true), (v6, 81, false)]
    {
        link.handle(at(0), Way::Out, path, Ecn::Not, &vec![0; payload]);
        assert_eq!(link.poll(at(0)).is_some(), passes, "{payload} bytes to {}", path.remote);
    }
}

#[test]
fn a_copy_and_a_flipped_bit_come_out_as_such() {
    let twice = DirectionConfig { duplicate: 1.0, ..DirectionConfig::default() };
    let damaged = DirectionConfig { corrupt: 1.0, ..DirectionConfig::default() };
    let mut link = impairment(Side::Client, config(&[(Direction::Up, twice), (Direction::Down, damaged)]));
    link.handle(at(0), Way::Out, peer(1), Ecn::Not, b"hello");
    assert_eq!(std::iter::from_fn(|| link.poll(at(0))).filter(|it| it.datagram == b"hello").count(), 2);
    link.handle(at(0), Way::In, peer(1), Ecn::Not, &[0; 5]);
    let emerged = link.poll(at(0)).expect("damaged, not lost");
    assert_eq!(emerged.datagram.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    assert_eq!((link.bytes, link.outgoing), (0, 0));
}

#[test]
fn a_queue_that_grows_marks_what_lets_itself_be_marked() {
    let queue = Some(QueueLimit::Packets(4));
    let narrow = DirectionConfig { rate: Some(1_000_000), queue, ecn: true, ..DirectionConfig::default() };
    let mut link = impairment(Side::Server, config(&[(Direction::Up, narrow)]));
    for number in 0..8 {
        link.handle(at(0), Way::In, peer(1), Ecn::of(number % 2 == 0), &[number; 1_000]);
    }
    let came: Vec<Ecn> =
        std::iter::from_fn(|| link.poll(at(10_000_000))).map(|emerged| emerged.ecn).collect();
    assert_eq!(came, [Ecn::Capable, Ecn::Not, Ecn::Marked, Ecn::Not, Ecn::Marked]);
}

#[test]
fn a_named_datagram_is_dropped() {
    let drops = vec!["client:packet#2".parse().expect("a name")];
    let mut link = impairment(Side::Client, LinkConfig { drops, ..LinkConfig::default() });
    (1..=3).for_each(|number| link.handle(at(0), Way::Out, peer(1), Ecn::Not, &[number]));
    let came: Vec<u8> = std::iter::from_fn(|| link.poll(at(0))).map(|emerged| emerged.datagram[0]).collect();
    assert_eq!(came, [1, 3]);
}

#[test]
fn what_cannot_be_had_is_refused_with_the_way_that_works() {
    for (side, plan, way_out) in
        [(Side::Server, "port@1s", "sayagain chat"), (Side::Client, "addr@1s", "sayagain link")]
    {
        let rebind = Some(plan.parse().expect("a plan"));
        let refused = Impairment::new(side, LinkConfig { rebind, ..LinkConfig::default() }, false, at(0));
        assert!(refused.is_err_and(|text| text.contains(way_out)), "{side:?} {plan}");
    }
}
