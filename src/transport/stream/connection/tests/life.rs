use super::*;

/// Moves what is to be written from one stream to the other, `delay` later.
fn deliver(pair: &mut Pair, delay: Duration) {
    for _ in 0..10 {
        pair.now += delay;
        pair.carry_all();
    }
}

impl Pair {
    fn carry_all(&mut self) {
        let (up, down) = (self.client.output().to_vec(), self.server.output().to_vec());
        self.client.written(self.now, up.len());
        self.server.written(self.now, down.len());
        self.server.handle_bytes(self.now, &up);
        self.client.handle_bytes(self.now, &down);
    }
}

#[test]
fn both_sides_measure_the_round_trip_from_the_start() {
    let mut pair = Pair::new(Pattern::Xx);
    assert_eq!(pair.client.stats().rtt, None);
    deliver(&mut pair, Duration::from_millis(20));
    for stream in [&pair.client, &pair.server] {
        let stats = stream.stats();
        assert_eq!(stats.rtt, Some(Duration::from_millis(40)));
        assert_eq!(stats.rtt_min, Some(Duration::from_millis(40)));
        assert_eq!((stats.loss, stats.retransmitted, stats.cwnd), (None, None, None));
    }
    assert_eq!(pair.client.stats().bytes_out, pair.server.stats().bytes_in);
    assert_eq!(pair.server.stats().bytes_out, pair.client.stats().bytes_in);
}

#[test]
fn idle_sessions_stay_alive_by_a_heartbeat_a_second() {
    let mut pair = Pair::open(Pattern::Ik);
    let before = pair.client.stats().sent;
    pair.run_until(at(60 * S));
    assert!(events(&mut pair.client).is_empty() && events(&mut pair.server).is_empty());
    assert_eq!(pair.client.stats().sent - before, 120, "a ping and a pong a second");
}

#[test]
fn silence_is_suspected_probed_lost_and_over_at_its_times() {
    let mut stream = Pair::open(Pattern::Xx).server;
    let mut seen = Vec::new();
    let mut probes = 0;
    let mut sent = stream.stats().sent;
    while let Some((when, _)) = stream.poll_timeout() {
        stream.handle_timeout(when);
        seen.extend(events(&mut stream).into_iter().map(|event| (when.as_micros() / MS, event)));
        if seen.len() == 1 {
            probes += stream.stats().sent - sent;
        }
        sent = stream.stats().sent;
        stream.written(when, usize::MAX);
    }
    assert_eq!(
        seen,
        [
            (3_000, SessionEvent::Liveness(Liveness::Suspected)),
            (5_000, SessionEvent::Liveness(Liveness::Lost)),
            (30_000, SessionEvent::Closed(CloseReason::TimedOut)),
        ]
    );
    assert!((6..=7).contains(&probes), "every 300 ms for two seconds: {probes}");
    assert!(stream.is_over());
}

#[test]
fn a_lost_peer_that_speaks_again_is_alive_again() {
    let mut pair = Pair::open(Pattern::Xx);
    wake_until(&mut pair.server, at(6 * S));
    events(&mut pair.server);
    pair.now = at(6 * S);
    pair.client.send(pair.now, ChannelId(8), b"back"[..].into()).expect("room");
    pair.carry_all();
    let seen = events(&mut pair.server);
    assert_eq!(seen, [SessionEvent::Liveness(Liveness::Alive), message(8, b"back")]);
}

#[test]
fn half_a_frame_is_no_sign_of_life() {
    let mut pair = Pair::open(Pattern::Xx);
    pair.client.send(at(0), ChannelId(8), vec![0; 5_000].into()).expect("room");
    let bytes = pair.client.output().to_vec();
    for (second, byte) in (1..).zip(&bytes[..40]) {
        wake_until(&mut pair.server, at(second * S));
        pair.server.handle_bytes(at(second * S), &[*byte]);
    }
    assert_eq!(reason(&mut pair.server), Some(CloseReason::TimedOut));
}

#[test]
fn a_handshake_that_stops_halfway_is_over_after_ten_seconds() {
    for pattern in PATTERNS {
        let whole = Pair::new(pattern).client.output().to_vec();
        let cuts = if pattern.has_finish() { 0..=whole.len() } else { 0..=whole.len() - 1 };
        for cut in cuts {
            let mut server = Pair::new(pattern).server;
            server.handle_bytes(at(0), &whole[..cut]);
            server.handle_timeout(at(10 * S - 1));
            assert_eq!(server.poll_timeout(), Some((at(10 * S), Timer::Handshake)), "{pattern:?} {cut}");
            server.handle_timeout(at(10 * S));
            assert_eq!(reason(&mut server), Some(CloseReason::HandshakeTimedOut));
            assert!(server.is_over());
        }
        let mut client = Pair::new(pattern).client;
        client.handle_timeout(at(10 * S));
        assert_eq!(reason(&mut client), Some(CloseReason::HandshakeTimedOut));
        assert!(client.is_over());
    }
}

#[test]
fn a_slow_reader_fills_its_queue_is_refused_and_can_be_closed() {
    let mut pair = Pair::open(Pattern::Xx);
    let payload: Payload = vec![1; 10_000].into();
    let mut sent = 0;
    while pair.server.send(at(0), ChannelId(8), Arc::clone(&payload)) == Ok(()) {
        sent += 1;
    }
    assert_eq!(sent, 104, "a megabyte");
    let queued = pair.server.queued_bytes();
    assert_eq!(pair.server.send(at(0), ChannelId(8), Arc::clone(&payload)), Err(SendError::QueueFull));
    assert_eq!(pair.server.queued_bytes(), queued, "what was refused left nothing");
    pair.server.close(at(0), CloseCode::SLOW_READER, "too slow");
    assert_eq!(reason(&mut pair.server), Some(CloseReason::Local));
    assert_eq!(pair.server.poll_timeout(), Some((at(2 * S), Timer::Drain)));
    pair.server.handle_timeout(at(2 * S));
    assert!(pair.server.is_over(), "what nobody reads is given up");
}

#[test]
fn a_reader_that_reads_again_may_be_sent_to_again() {
    let mut pair = Pair::open(Pattern::Xx);
    let payload: Payload = vec![1; 60_000].into();
    while pair.server.send(at(0), ChannelId(8), Arc::clone(&payload)) == Ok(()) {}
    pair.carry_all();
    assert_eq!(pair.server.send(at(0), ChannelId(8), payload), Ok(()));
}

#[test]
fn a_peer_that_asks_and_never_reads_cannot_make_us_pile_up_answers() {
    let mut pair =
        Pair::with(input(Pattern::Xx), StreamConfig { output_max: 2_000, ..StreamConfig::default() }, 1);
    pair.exchange();
    let State::Open(sealed) = &mut pair.client.state else { panic!("open") };
    for _ in 0..1_000 {
        let mut pings = Output::default();
        sealed.put(at(0), &StreamConfig::default(), &Content::Ping(1), &mut pings);
        pair.server.handle_bytes(at(0), pings.pending());
    }
    assert!(pair.server.is_open());
    assert!(pair.server.output().len() < 2_100);
}

#[test]
fn what_waits_for_the_handshake_is_bounded_too() {
    let mut client = Pair::new(Pattern::Xx).client;
    let payload: Payload = vec![1; 60_000].into();
    let taken = (0..100).take_while(|_| client.send(at(0), ChannelId(8), Arc::clone(&payload)) == Ok(()));
    assert_eq!(taken.count(), 17);
}

#[test]
fn a_message_of_65537_bytes_is_too_long() {
    let mut pair = Pair::open(Pattern::Xx);
    let refused = pair.client.send(at(0), ChannelId(8), vec![0; 65_537].into());
    assert_eq!(refused, Err(SendError::TooLong));
}

#[test]
fn a_broken_socket_ends_it_with_the_systems_words() {
    let mut pair = Pair::open(Pattern::Xx);
    pair.client.send(at(0), ChannelId(8), b"lost"[..].into()).expect("room");
    pair.client.handle_broken(at(1), "connection reset by peer");
    let broken = CloseReason::Broken("connection reset by peer".to_owned());
    assert_eq!(events(&mut pair.client), [SessionEvent::Closed(broken)]);
    assert!(pair.client.is_over());
    pair.client.handle_broken(at(2), "again");
    assert!(events(&mut pair.client).is_empty(), "nothing follows a close");
}

#[test]
fn a_server_that_slows_its_heartbeats_takes_the_client_along() {
    let mut pair = Pair::open(Pattern::Ik);
    pair.server.stretch(pair.now, 10);
    pair.exchange();
    let before = (pair.client.stats().sent, pair.server.stats().sent);
    pair.run_until(at(100 * S));
    assert!(events(&mut pair.client).is_empty() && events(&mut pair.server).is_empty());
    assert_eq!(pair.client.stats().sent - before.0, 20, "a ping and a pong each ten seconds");
    assert_eq!(pair.server.stats().sent - before.1, 20);
}

#[test]
fn a_client_cannot_slow_a_server_down() {
    let mut pair = Pair::open(Pattern::Ik);
    pair.client.stretch(pair.now, 10);
    pair.exchange();
    assert_eq!(reason(&mut pair.server), Some(CloseReason::Protocol("a pace from a client")));
    let told = CloseReason::Peer(CloseCode::PROTOCOL, "a pace from a client".to_owned());
    assert_eq!(reason(&mut pair.client), Some(told));
}
