//! Strangers at the door: what they cost, what they hear, and who is let in.

mod first_flight;

use super::answers::ANSWERS_MAX;
use super::*;
use crate::crypto::Identity;
use crate::time::{Duration, at};
use crate::transport::handshake::client::ClientHello;
use crate::transport::session::CloseReason;
use crate::transport::trust::TrustAll;
use crate::wire::datagram::put_handshake;
use std::collections::BTreeMap;

fn identity() -> Arc<Identity> {
    Arc::new(Identity::from_secret([2; 32]))
}

fn endpoint(max_sessions: usize) -> Endpoint {
    let setup = ServerSetup {
        config: TransportConfig::default(),
        identity: identity(),
        greeting: b"the server".to_vec(),
        max_sessions,
    };
    Endpoint::new(setup, Rng::from_seed(5), Tracer::default())
}

fn path(host: u16, port: u16) -> Path {
    let [a, b] = host.to_be_bytes();
    Path { remote: SocketAddr::from(([198, 18, a, b], port)), local: None }
}

/// A client that knows the server's key, or does not.
fn client(seed: u64, known: bool) -> Connection {
    let hello = ClientHello {
        identity: Arc::new(Identity::from_secret([1; 32])),
        server: known.then(|| identity().public()),
        greeting: b"ann".to_vec(),
        trust: Arc::new(TrustAll),
    };
    let config = TransportConfig::default();
    Connection::client(at(0), config, hello, path(0, 1), Rng::from_seed(seed), Tracer::default())
}

/// Everything that a client has to say reaches the server.
fn say(now: Instant, client: &mut Connection, server: &mut Endpoint, from: Path) {
    let mut buffer = Vec::new();
    while client.poll_transmit(now, &mut buffer).is_some() {
        server.handle_datagram(now, from, &mut buffer);
    }
}

/// All that the server has to say to this path; what it has for others is lost.
fn heard(now: Instant, server: &mut Endpoint, to: Path) -> Vec<Vec<u8>> {
    let (mut datagrams, mut buffer) = (Vec::new(), Vec::new());
    while let Some(path) = server.poll_transmit(now, &mut buffer) {
        if path == to {
            datagrams.push(buffer.clone());
        }
    }
    datagrams
}

/// What kinds of handshake datagrams these are.
fn kinds(datagrams: &[Vec<u8>]) -> Vec<&'static str> {
    let parts = datagrams.iter().filter_map(|datagram| datagram::read_handshake(datagram).ok());
    parts.filter_map(|part| part.content.map(|content| content.kind())).collect()
}

/// The two talk until neither has anything to say; gives the kinds that the server said.
fn talk(now: Instant, client: &mut Connection, server: &mut Endpoint, from: Path) -> Vec<&'static str> {
    let mut said = Vec::new();
    loop {
        say(now, client, server, from);
        let answers = heard(now, server, from);
        if answers.is_empty() {
            return said;
        }
        said.extend(kinds(&answers));
        answers.into_iter().for_each(|mut answer| client.handle_datagram(now, path(0, 1), &mut answer));
    }
}

fn closed(client: &mut Connection) -> Option<CloseReason> {
    std::iter::from_fn(|| client.poll_event(at(0))).find_map(|event| match event {
        SessionEvent::Closed(reason) => Some(reason),
        _ => None,
    })
}

fn unproven(server: &mut Endpoint) -> usize {
    server.half_open.unproven().len()
}

#[test]
fn whoever_is_let_in_at_once_counts_as_unproven_until_a_packet_of_theirs_opens() {
    let mut server = endpoint(100);
    let mut ann = client(1, true);
    say(at(0), &mut ann, &mut server, path(1, 1));
    assert_eq!((server.len(), unproven(&mut server)), (1, 1));
    talk(at(0), &mut ann, &mut server, path(1, 1));
    assert_eq!((server.len(), unproven(&mut server)), (1, 0));
}

#[test]
fn an_address_gets_64_unproven_sessions_or_handshakes_and_then_a_cookie_is_asked_for() {
    for known in [true, false] {
        let mut server = endpoint(5_000);
        for port in 0..64 {
            say(at(0), &mut client(u64::from(port), known), &mut server, path(1, port));
        }
        let sessions = server.len();
        assert_eq!((sessions, unproven(&mut server)), (if known { 64 } else { 0 }, 64));
        heard(at(0), &mut server, path(1, 64));
        say(at(0), &mut client(64, known), &mut server, path(1, 64));
        assert_eq!(kinds(&heard(at(0), &mut server, path(1, 64))), ["RETRY"]);
        assert_eq!((server.len(), unproven(&mut server)), (sessions, 64), "nothing was kept");
        say(at(0), &mut client(65, known), &mut server, path(2, 64));
        assert_eq!(unproven(&mut server), 65, "another address needs none");
    }
}

#[test]
fn all_addresses_get_1024_unproven_sessions_and_then_a_cookie_is_asked_for() {
    let mut server = endpoint(5_000);
    for host in 0..1_024 {
        say(at(0), &mut client(u64::from(host), true), &mut server, path(host, 1));
        heard(at(0), &mut server, path(host, 1));
    }
    assert_eq!(server.len(), 1_024);
    say(at(0), &mut client(9_999, true), &mut server, path(9_999, 1));
    assert_eq!(kinds(&heard(at(0), &mut server, path(9_999, 1))), ["RETRY"]);
    assert_eq!(server.len(), 1_024);
}

#[test]
fn a_true_cookie_opens_512_places_to_an_address_and_beyond_them_is_silence_and_no_state() {
    for known in [true, false] {
        let mut server = endpoint(5_000);
        // The answers to the hello with the cookie are not heard, so that nobody proves anything.
        let knock = |server: &mut Endpoint, port: u16| {
            let (mut stranger, from) = (client(u64::from(port), known), path(1, port));
            say(at(0), &mut stranger, server, from);
            for mut answer in heard(at(0), server, from) {
                if kinds(std::slice::from_ref(&answer)) == ["RETRY"] {
                    stranger.handle_datagram(at(0), path(0, 1), &mut answer);
                }
            }
            say(at(0), &mut stranger, server, from);
            heard(at(0), server, from).len()
        };
        for port in 0..512 {
            knock(&mut server, port);
        }
        let sessions = server.len();
        assert_eq!(unproven(&mut server), 512, "known: {known}");
        assert_eq!(knock(&mut server, 512), 0, "not a word");
        assert_eq!((server.len(), unproven(&mut server)), (sessions, 512));
        server.handle_timeout(at(25_000_000));
        heard(at(25_000_000), &mut server, path(1, 0));
        assert_eq!(
            (server.len(), unproven(&mut server)),
            (0, 0),
            "all are forgotten after twenty-five seconds"
        );
    }
}

/// How many of these were answered in each way.
fn answered(
    server: &mut Endpoint,
    datagrams: impl Iterator<Item = (Path, Vec<u8>)>,
) -> BTreeMap<&'static str, u32> {
    let mut answers = BTreeMap::new();
    for (from, mut datagram) in datagrams {
        server.handle_datagram(at(0), from, &mut datagram);
        for kind in kinds(&heard(at(0), server, from)) {
            *answers.entry(kind).or_default() += 1;
        }
    }
    answers
}

#[test]
fn hellos_that_do_not_open_cost_arithmetic_2048_times_and_then_a_cookie_is_asked_for() {
    let mut server = endpoint(5_000);
    let forged = (0..5_000u16).map(|n| {
        let mut hello = Vec::new();
        let content = Handshake::Hello { pattern: 2, token: b"", noise: &[9; 128] };
        put_handshake(&mut hello, ConnectionId(0), ConnectionId(n.into()), &content);
        (path(n, 1), hello)
    });
    let answers = answered(&mut server, forged);
    assert_eq!(answers, BTreeMap::from([("REFUSE", 2_048), ("RETRY", 5_000 - 2_048)]));
    for known in [true, false] {
        talk(at(0), &mut client(1, known), &mut server, path(6_000, u16::from(known)));
    }
    assert_eq!(server.len(), 2, "who brings the cookie is in");
}

#[test]
fn the_same_hello_again_and_again_costs_arithmetic_2048_times_and_then_a_cookie_is_asked_for() {
    let mut server = endpoint(5_000);
    let (mut ann, mut hello) = (client(1, false), Vec::new());
    ann.poll_transmit(at(0), &mut hello).expect("a hello");
    let answers = answered(&mut server, (0..5_000).map(|_| (path(1, 1), hello.clone())));
    assert_eq!(answers, BTreeMap::from([("WELCOME", 2_048), ("RETRY", 5_000 - 2_048)]));
    assert_eq!(unproven(&mut server), 1);
}

#[test]
fn forged_finishes_spend_the_arithmetic_of_their_handshake_s_address_and_the_true_one_comes_through_later() {
    let mut server = endpoint(5_000);
    let (mut ann, from) = (client(1, false), path(1, 1));
    say(at(0), &mut ann, &mut server, from);
    let welcome = heard(at(0), &mut server, from).remove(0);
    let local = datagram::read_handshake(&welcome).expect("a welcome").source;
    let mut finish = Vec::new();
    put_handshake(&mut finish, local, ConnectionId(7), &Handshake::Finish { noise: &[9; 96] });
    // From wherever they come.
    let forged = (0..3_000).map(|n| (path(n, 1), finish.clone()));
    assert_eq!(answered(&mut server, forged), BTreeMap::new());
    ann.handle_datagram(at(0), path(0, 1), &mut welcome.clone());
    say(at(0), &mut ann, &mut server, from);
    assert_eq!(server.len(), 0, "there is nothing left for it");
    ann.handle_timeout(at(1_000_000));
    talk(at(1_000_000), &mut ann, &mut server, from);
    assert_eq!(server.len(), 1);
}

#[test]
fn who_never_proves_to_be_there_is_forgotten_after_twenty_five_seconds_without_a_word() {
    let mut server = endpoint(100);
    say(at(0), &mut client(1, true), &mut server, path(1, 1));
    heard(at(0), &mut server, path(1, 1));
    let mut now = at(0);
    while let Some(next) = server.poll_timeout().filter(|_| !server.is_empty()) {
        now = next;
        server.handle_timeout(now);
        heard(now, &mut server, path(1, 1));
    }
    let events: Vec<_> = std::iter::from_fn(|| server.poll_event()).map(|(_, event)| event).collect();
    assert_eq!(events.last(), Some(&SessionEvent::Closed(CloseReason::HandshakeTimedOut)));
    assert_eq!((now, unproven(&mut server)), (at(25_000_000), 0));
}

#[test]
fn a_full_server_says_so_and_takes_the_next_when_somebody_has_left() {
    for known in [true, false] {
        let mut server = endpoint(2);
        let mut ann = client(1, known);
        talk(at(0), &mut ann, &mut server, path(1, 1));
        talk(at(0), &mut client(2, known), &mut server, path(2, 1));
        assert_eq!(server.len(), 2);
        let mut third = client(3, known);
        assert_eq!(talk(at(0), &mut third, &mut server, path(3, 1)), ["REFUSE"]);
        let full = CloseReason::Refused(CloseCode::FULL, "the server is full".to_owned());
        assert_eq!((closed(&mut third), server.len()), (Some(full), 2));
        assert!(server.poll_turned_away().is_some_and(|turned_away| turned_away.path == path(3, 1)));
        ann.close(at(0), CloseCode::GOODBYE, "");
        talk(at(0), &mut ann, &mut server, path(1, 1));
        server.handle_timeout(at(9_000_000));
        heard(at(9_000_000), &mut server, path(1, 1));
        assert_eq!(server.len(), 1);
        talk(at(9_000_000), &mut client(4, known), &mut server, path(4, 1));
        assert_eq!(server.len(), 2);
    }
}

#[test]
fn who_finds_the_last_place_taken_at_its_finish_is_reset_and_asks_anew() {
    let mut server = endpoint(1);
    let (mut ann, mut bob) = (client(1, false), client(2, false));
    for (stranger, from) in [(&mut ann, path(1, 1)), (&mut bob, path(2, 1))] {
        say(at(0), stranger, &mut server, from);
        for mut welcome in heard(at(0), &mut server, from) {
            stranger.handle_datagram(at(0), path(0, 1), &mut welcome);
        }
    }
    say(at(0), &mut ann, &mut server, path(1, 1));
    heard(at(0), &mut server, path(1, 1));
    say(at(0), &mut bob, &mut server, path(2, 1));
    let answers = heard(at(0), &mut server, path(2, 1));
    assert_eq!(kinds(&answers)[0], "RESET");
    answers.into_iter().for_each(|mut answer| bob.handle_datagram(at(0), path(0, 1), &mut answer));
    assert_eq!(closed(&mut bob), Some(CloseReason::Reset));
    assert_eq!((server.len(), unproven(&mut server)), (1, 0));
}

#[test]
fn a_pattern_that_nobody_knows_breaks_the_protocol() {
    let mut server = endpoint(1);
    for pattern in [3, 255] {
        let mut hello = Vec::new();
        let content = Handshake::Hello { pattern, token: b"", noise: &[9; 32] };
        put_handshake(&mut hello, ConnectionId(0), ConnectionId(7), &content);
        server.handle_datagram(at(0), path(1, 1), &mut hello);
        let answers = heard(at(0), &mut server, path(1, 1));
        let part = datagram::read_handshake(&answers[0]).unwrap();
        let text = "no such handshake pattern";
        assert_eq!(part.content, Some(Handshake::Refuse { code: CloseCode::PROTOCOL.0, text }));
    }
}

#[test]
fn answers_to_1024_strangers_wait_and_further_ones_are_lost() {
    let mut server = endpoint(1);
    for n in 0..2_000u64 {
        // Of another version: answered, and nothing is kept.
        let mut hello = vec![0; datagram::HELLO_MIN];
        hello[0] = 0x81;
        hello[4] = 9;
        hello[13..21].copy_from_slice(&n.to_be_bytes());
        server.handle_datagram(at(0), path(1, 1), &mut hello);
    }
    let answers = heard(at(0), &mut server, path(1, 1));
    assert_eq!((answers.len(), ANSWERS_MAX), (1_024, 1_024));
}

#[test]
fn answers_that_cost_their_asker_nothing_have_a_budget_and_beyond_it_is_silence() {
    let mut server = endpoint(1);
    let mut answered = 0;
    // A second of 100,000, of another version each.
    for n in 0..100_000_u64 {
        let mut hello = vec![0; datagram::HELLO_MIN];
        hello[0] = 0x81;
        hello[4] = 9;
        server.handle_datagram(at(10 * n), path(1, 1), &mut hello);
        answered += heard(at(10 * n), &mut server, path(1, 1)).len();
    }
    assert!((32_768 + 8_000..=32_768 + 8_192).contains(&answered), "{answered}");
}

#[test]
fn of_those_who_are_turned_away_the_log_hears_16_a_second_and_1024_wait_for_it() {
    let mut server = endpoint(1);
    let told = |server: &mut Endpoint| std::iter::from_fn(|| server.poll_turned_away()).count();
    for second in [0, 1, 5] {
        for _ in 0..1_000 {
            server.answers.on_turned_away(at(second * 1_000_000), path(1, 1), "");
        }
        assert_eq!(told(&mut server), 16);
    }
    for second in 0..2_000 {
        server.answers.on_turned_away(at(second * 1_000_000), path(1, 1), "");
    }
    assert_eq!(told(&mut server), 1_024);
}

#[test]
fn a_hello_that_is_not_padded_gets_no_answer_and_leaves_nothing() {
    let mut server = endpoint(100);
    let mut hello = Vec::new();
    put_handshake(
        &mut hello,
        ConnectionId(0),
        ConnectionId(7),
        &Handshake::Hello { pattern: 1, token: &[], noise: &[9; 32] },
    );
    for len in [100, datagram::HELLO_MIN - 1, datagram::HELLO_MIN] {
        // As if written so long, with a true checksum.
        let mut short = hello[..len - 4].to_vec();
        let body = u16::try_from(len - datagram::HANDSHAKE_OVERHEAD).expect("short").to_be_bytes();
        short[21..23].copy_from_slice(&body);
        let checksum = crc32fast::hash(&short).to_be_bytes();
        short.extend(checksum);
        assert!(datagram::read_handshake(&short).is_ok());
        server.handle_datagram(at(0), path(1, 1), &mut short);
        let is_long = len == datagram::HELLO_MIN;
        assert_eq!(heard(at(0), &mut server, path(1, 1)).len(), usize::from(is_long), "{len} bytes");
        assert_eq!(unproven(&mut server), usize::from(is_long));
    }
}

#[test]
fn no_answer_to_a_stranger_is_longer_than_what_it_answers() {
    let mut server = endpoint(1);
    let mut ask = |mut question: Vec<u8>| {
        let len = question.len();
        server.handle_datagram(at(0), path(1, 1), &mut question);
        let answers = heard(at(0), &mut server, path(1, 1));
        assert!(answers.iter().all(|answer| answer.len() <= len), "{len} bytes");
        answers.len()
    };
    for len in 0..100 {
        let mut finish = Vec::new();
        let content = Handshake::Finish { noise: &vec![0; len] };
        put_handshake(&mut finish, ConnectionId(9), ConnectionId(7), &content);
        let answered = finish.len() >= 48;
        assert_eq!(ask(finish), usize::from(answered), "a FINISH with {len} bytes");
        let mut packet = vec![0x40; 13];
        packet.resize(13 + len, 0);
        assert_eq!(ask(packet), usize::from(13 + len >= 48), "a packet with {len} bytes");
    }
    for len in 23..60 {
        let mut foreign = vec![0; len];
        foreign[0] = 0x81;
        foreign[4] = 9;
        ask(foreign);
    }
}

#[test]
fn an_idle_timeout_over_a_14_week_round_trip_is_still_thirty_seconds_of_silence() {
    let weeks = |count: u64| at(count * 7 * 24 * 3_600 * 1_000_000);
    let (mut server, from) = (endpoint(10), path(1, 1));
    let mut ann = client(1, true);
    let mut mail = Vec::new();
    assert!(ann.poll_transmit(at(0), &mut mail).is_some());
    server.handle_datagram(weeks(7), from, &mut mail);
    for mut answer in heard(weeks(7), &mut server, from) {
        ann.handle_datagram(weeks(14), path(0, 1), &mut answer);
    }
    assert_eq!(ann.stats().rtt.map(|rtt| rtt.as_secs()), Some(14 * 7 * 24 * 3_600));
    ann.send(ChannelId::room(0), b"hi"[..].into()).expect("a session");
    talk(weeks(14), &mut ann, &mut server, from);
    // Asked at each moment that it wants to be woken at, it is over after its thirty seconds.
    let mut turns = 0;
    while let Some((due, _)) = ann.poll_timeout() {
        assert!(due >= weeks(14) && due <= weeks(14) + Duration::from_secs(30), "{due:?}");
        ann.handle_timeout(due);
        ann.poll_transmit(due, &mut mail);
        turns += 1;
        assert!(turns < 1_000, "a timer never rests");
    }
    assert_eq!(closed(&mut ann), Some(CloseReason::TimedOut));
}

#[test]
fn only_the_newest_authenticated_number_moves_a_session() {
    let (mut server, home, away) = (endpoint(10), path(1, 1), path(9, 9));
    let mut ann = client(1, true);
    talk(at(0), &mut ann, &mut server, home);
    let id = std::iter::from_fn(|| server.poll_event()).map(|(id, _)| id).next().expect("a session");
    let mut next = || {
        let mut datagram = Vec::new();
        ann.send(ChannelId::room(0), b"hi"[..].into()).expect("a session");
        assert!(ann.poll_transmit(at(0), &mut datagram).is_some());
        datagram
    };
    let [late, newest, forged, moving] = [(); 4].map(|()| next());
    let mut is_at = |from: Path, datagram: &[u8]| {
        server.handle_datagram(at(0), from, &mut datagram.to_vec());
        server.path(id).expect("a session").remote
    };
    assert_eq!(is_at(home, &newest), home.remote);
    assert_eq!(is_at(away, &late), home.remote, "a late one");
    assert_eq!(is_at(away, &newest), home.remote, "one that was here");
    let mut broken = forged.clone();
    *broken.last_mut().expect("a tag") ^= 1;
    assert_eq!(is_at(away, &broken), home.remote, "one that does not open");
    assert_eq!(is_at(away, &moving), away.remote);
    assert_eq!(is_at(home, &forged), away.remote, "an older one does not move it back");
}

#[test]
fn a_peer_that_acknowledges_nothing_is_turned_out_before_it_costs_more_than_65536_packets() {
    use crate::transport::reliability::sent::PACKETS_MAX;
    let (mut server, from) = (endpoint(10), path(1, 1));
    let mut ann = client(1, true);
    talk(at(0), &mut ann, &mut server, from);
    let id = std::iter::from_fn(|| server.poll_event()).map(|(id, _)| id).next().expect("a session");
    let mut datagram = Vec::new();
    for n in 0..=PACKETS_MAX as u64 {
        // It hears nothing, so it acknowledges nothing; and nobody holds an acknowledgement back for a run.
        let now = at(2_000 * n);
        ann.on_rebound();
        assert!(ann.poll_transmit(now, &mut datagram).is_some());
        server.handle_datagram(now, from, &mut datagram);
        heard(now, &mut server, from);
        let footprint = server.footprint(id).expect("a session");
        assert_eq!(footprint.exceeds(&TransportConfig::default().limits), None, "after {n}");
    }
    let ended = std::iter::from_fn(|| server.poll_event()).map(|(_, event)| event).next();
    assert_eq!(ended, Some(SessionEvent::Closed(CloseReason::Protocol("a peer that acknowledges nothing"))));
}
