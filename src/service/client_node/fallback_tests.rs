//! The rules of falling back, told by hand.

use super::*;
use crate::time::at;
use crate::wire::datagram::{ConnectionId, Handshake, put_handshake, read_handshake};

const S: u64 = 1_000_000;

fn auto() -> Fallback {
    Fallback::new(Preference::Auto)
}

/// Over TCP since the moment 0.
fn fallen_back() -> Fallback {
    let mut fallback = auto();
    fallback.on_gone_over(at(0), Transport::Tcp);
    fallback.on_up(at(0));
    fallback
}

/// Asks from this moment on, until nobody has answered; gives the first datagram and when it ended.
fn asked(fallback: &mut Fallback, now: Instant) -> (Vec<u8>, Instant) {
    assert_eq!(fallback.handle_timeout(now, 7), Some(Step::Open(Transport::Udp)));
    let (mut first, mut now) = (Vec::new(), now);
    loop {
        let mut datagram = Vec::new();
        while fallback.poll_transmit(now, &mut datagram) {}
        if first.is_empty() {
            first = datagram;
        }
        now = fallback.poll_timeout().unwrap();
        if fallback.handle_timeout(now, 8) == Some(Step::Close(Transport::Udp)) {
            return (first, now);
        }
    }
}

#[test]
fn who_has_no_choice_stays_where_they_are() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut fallback = Fallback::new(transport.into());
        assert_eq!(fallback.on_attempt(at(0), None), None);
        for next in [Next::Hopeless, Next::At(at(100))] {
            assert_eq!(fallback.on_failed(at(0), Failing::Silent, next, false), (next, false));
        }
        fallback.on_up(at(0));
        assert_eq!((fallback.on_silent(at(3 * S)), fallback.poll_timeout()), (None, None));
        assert_eq!(fallback.transport(), transport);
    }
}

#[test]
fn udp_has_two_and_a_half_seconds_in_all_whatever_its_addresses_take() {
    let mut fallback = auto();
    assert_eq!(fallback.on_attempt(at(0), None), Some(at(5 * S / 2)));
    assert_eq!(fallback.on_attempt(at(S), Some(at(2 * S))), Some(at(2 * S)), "the second address");
    assert_eq!(fallback.on_attempt(at(2 * S), Some(at(3 * S))), Some(at(5 * S / 2)), "the third");
    let next = fallback.on_failed(at(5 * S / 2), Failing::Silent, Next::At(at(5 * S / 2)), false);
    assert_eq!((next, fallback.transport()), ((Next::At(at(5 * S / 2)), true), Transport::Tcp));
}

#[test]
fn an_address_that_is_silent_does_not_end_the_turn_of_the_others() {
    let mut fallback = auto();
    fallback.on_attempt(at(0), Some(at(S)));
    assert_eq!(fallback.on_failed(at(S), Failing::Silent, Next::At(at(S)), false), (Next::At(at(S)), false));
}

#[test]
fn it_is_hopeless_only_when_nobody_listens_on_either() {
    let mut fallback = auto();
    let refused = |fallback: &mut Fallback| fallback.on_failed(at(5), Failing::Silent, Next::Hopeless, false);
    assert_eq!(refused(&mut fallback), (Next::At(at(5)), true));
    assert_eq!(refused(&mut fallback), (Next::Hopeless, false));
    let mut fallback = auto();
    refused(&mut fallback);
    let silent = fallback.on_failed(at(S), Failing::Silent, Next::At(at(2 * S)), false);
    assert_eq!((silent, fallback.transport()), ((Next::At(at(2 * S)), true), Transport::Udp));
    assert_eq!(refused(&mut fallback), (Next::At(at(5)), true), "the silence between counts");
}

#[test]
fn a_server_that_was_heard_is_met_again_on_the_same_transport() {
    let mut fallback = auto();
    fallback.on_up(at(0));
    let next = Next::At(at(100));
    assert_eq!(fallback.on_failed(at(0), Failing::Heard, next, true), (next, false));
}

#[test]
fn a_silent_session_goes_over_when_a_stream_opens_and_stays_if_it_is_heard_meanwhile() {
    let mut fallback = auto();
    fallback.on_up(at(0));
    assert_eq!(fallback.on_silent(at(3 * S)), Some(Step::Open(Transport::Tcp)));
    assert_eq!(fallback.on_silent(at(5 * S)), None, "once is enough");
    fallback.on_stream_opened(at(3 * S + 10));
    assert_eq!(fallback.handle_timeout(at(3 * S + 10), 1), None, "the port was changed just now");
    let mut heard = fallback;
    assert_eq!(heard.on_heard(), Some(Step::Close(Transport::Tcp)));
    assert_eq!((heard.poll_timeout(), heard.on_heard()), (None, None));
    let due = fallback.poll_timeout().unwrap();
    assert_eq!(due, at(3 * S + 10) + GRACE);
    assert_eq!(fallback.handle_timeout(due, 1), Some(Step::GoOver(Transport::Tcp)));
}

#[test]
fn where_streams_fail_too_they_are_tried_again_and_the_session_is_kept() {
    let mut fallback = auto();
    fallback.on_up(at(0));
    fallback.on_silent(at(3 * S));
    fallback.on_stream_closed(at(3 * S));
    let due = fallback.poll_timeout().unwrap();
    assert_eq!((due, fallback.handle_timeout(due, 1)), (at(6 * S), Some(Step::Open(Transport::Tcp))));
    fallback.on_stream_opened(at(7 * S));
    fallback.on_stream_closed(at(7 * S));
    assert_eq!(fallback.poll_timeout(), Some(at(10 * S)), "one that opened and ended is no way either");
}

#[test]
fn udp_is_asked_at_intervals_that_grow_to_ten_minutes() {
    let mut fallback = fallen_back();
    let (mut end, mut rests) = (at(0), Vec::new());
    for _ in 0..7 {
        let due = fallback.poll_timeout().unwrap();
        rests.push((due - end).as_secs());
        end = asked(&mut fallback, due).1;
    }
    assert_eq!(rests, [30, 60, 120, 240, 480, 600, 600]);
}

#[test]
fn a_question_is_four_datagrams_and_two_seconds() {
    let mut fallback = fallen_back();
    let due = fallback.poll_timeout().unwrap();
    fallback.handle_timeout(due, 7);
    let mut sent = 0;
    let mut now = due;
    while fallback.handle_timeout(now, 8).is_none() {
        while fallback.poll_transmit(now, &mut Vec::new()) {
            sent += 1;
        }
        now = fallback.poll_timeout().unwrap();
    }
    assert_eq!((sent, now - due), (4, Duration::from_secs(2)));
}

#[test]
fn only_an_answer_in_our_version_leads_back_and_a_stay_that_was_short_makes_the_next_wait_longer() {
    let mut fallback = fallen_back();
    let due = fallback.poll_timeout().unwrap();
    fallback.handle_timeout(due, 7);
    let mut question = Vec::new();
    fallback.poll_transmit(due, &mut question);
    let asker = read_handshake(&question).unwrap().source;
    let answer = |to: ConnectionId, versions: &[u32]| {
        let mut bytes = Vec::new();
        let content = Handshake::Versions { versions: versions.to_vec() };
        put_handshake(&mut bytes, to, ConnectionId(0), &content);
        bytes
    };
    assert_eq!(fallback.on_datagram(&answer(asker, &[VERSION + 1])), None);
    assert_eq!(fallback.on_datagram(&answer(ConnectionId(1), &[VERSION])), None);
    assert_eq!(fallback.on_datagram(&answer(asker, &[VERSION])), Some(Step::GoOver(Transport::Udp)));
    fallback.on_gone_over(due, Transport::Udp);
    fallback.on_up(due);
    let mut gone_over = fallback;
    gone_over.on_gone_over(due + Duration::from_hours(1), Transport::Tcp);
    gone_over.on_up(due + Duration::from_hours(1));
    let rest = gone_over.poll_timeout().unwrap() - (due + Duration::from_hours(1));
    assert_eq!(rest.as_secs(), 30, "an hour that was good");
    let rest_after = |mut fallback: Fallback, stay: u64| {
        let now = due + Duration::from_secs(stay);
        fallback.on_failed(now, Failing::Silent, Next::At(now), true);
        fallback.on_up(now);
        (fallback.poll_timeout().unwrap() - now).as_secs()
    };
    assert_eq!((rest_after(fallback, 5), rest_after(fallback, 60)), (60, 30));
}
