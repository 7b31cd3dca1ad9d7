//! The receiving half of a channel.

use super::*;
use proptest::prelude::*;

fn piece(sequence: u64, total: u64, offset: u64, bytes: &[u8]) -> Piece<'_> {
    Piece { channel: 8, sequence, total, offset, bytes }
}

fn fresh() -> (Incoming, ReceiveCredit) {
    (Incoming::new(10_000, 8), ReceiveCredit::new(10_000))
}

#[test]
fn messages_come_out_in_order_however_they_came_in() {
    let (mut incoming, mut session) = fresh();
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(1, 3, 0, b"two")).unwrap();
    assert_eq!(incoming.poll_message(&mut session), None);
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 3, 0, b"one")).unwrap();
    assert_eq!(incoming.poll_message(&mut session), Some(b"one".to_vec()));
    assert_eq!(incoming.poll_message(&mut session), Some(b"two".to_vec()));
    assert_eq!(session.buffered(), 0);
}

#[test]
fn a_piece_that_was_here_already_is_a_duplicate() {
    let (mut incoming, mut session) = fresh();
    let hi = piece(0, 2, 0, b"hi");
    assert_eq!(incoming.on_piece(&mut session, &mut Spare::default(), &hi), Ok(Taken::New));
    assert_eq!(incoming.on_piece(&mut session, &mut Spare::default(), &hi), Ok(Taken::Duplicate));
    incoming.poll_message(&mut session);
    assert_eq!(incoming.on_piece(&mut session, &mut Spare::default(), &hi), Ok(Taken::Duplicate));
}

#[test]
fn a_sender_that_breaks_a_rule_is_named_and_costs_no_memory() {
    let (mut incoming, mut session) = fresh();
    assert!(
        incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, MESSAGE_MAX + 1, 0, b"x")).is_err()
    );
    assert!(incoming.on_piece(&mut session, &mut Spare::default(), &piece(9_999_999, 1, 0, b"x")).is_err());
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 9_000, 0, b"x")).unwrap();
    assert!(incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 8_000, 0, b"x")).is_err());
    assert!(
        incoming.on_piece(&mut session, &mut Spare::default(), &piece(1, 9_000, 0, b"x")).is_err(),
        "over the credit"
    );
}

proptest! {
    /// The reference: the messages themselves, cut at random (into no more pieces than allowed), in random order,
    /// some twice.
    #[test]
    fn reassembly_agrees_with_what_was_cut(
        lengths in prop::collection::vec(0usize..300, 1..8),
        cut in 10usize..120,
        order in prop::collection::vec(any::<u16>(), 64),
    ) {
        let messages: Vec<Vec<u8>> = lengths.iter().enumerate()
            .map(|(n, len)| (0..*len).map(|i| (i * 7 + n) as u8).collect()).collect();
        let mut pieces = Vec::new();
        for (sequence, bytes) in messages.iter().enumerate() {
            let total = bytes.len() as u64;
            if bytes.is_empty() { pieces.push((sequence as u64, 0, 0, Vec::new())); }
            for (n, chunk) in bytes.chunks(cut).enumerate() {
                pieces.push((sequence as u64, total, (n * cut) as u64, chunk.to_vec()));
            }
        }
        for (n, key) in order.iter().enumerate() {
            let (a, b) = (n % pieces.len(), usize::from(*key) % pieces.len());
            pieces.swap(a, b);
            if key % 5 == 0 { let again = pieces[b].clone(); pieces.push(again); }
        }
        let (mut incoming, mut session) = fresh();
        let mut out = Vec::new();
        for (sequence, total, offset, bytes) in &pieces {
            incoming.on_piece(&mut session, &mut Spare::default(), &piece(*sequence, *total, *offset, bytes)).unwrap();
            while let Some(message) = incoming.poll_message(&mut session) { out.push(message); }
        }
        prop_assert_eq!(out, messages);
        prop_assert_eq!(session.buffered(), 0);
    }
}

fn of(delivery: Delivery) -> (Incoming, ReceiveCredit) {
    (Incoming::new(10_000, 8 + delivery.bits()), ReceiveCredit::new(10_000))
}

#[test]
fn unordered_messages_come_out_as_they_become_whole_each_once() {
    let (mut incoming, mut session) = of(Delivery::Unordered);
    for (sequence, bytes) in [(2, b"c"), (0, b"a"), (2, b"c"), (1, b"b"), (0, b"a")] {
        incoming.on_piece(&mut session, &mut Spare::default(), &piece(sequence, 1, 0, bytes)).unwrap();
    }
    let out: Vec<_> = std::iter::from_fn(|| incoming.poll_message(&mut session)).collect();
    assert_eq!(out, [b"c", b"a", b"b"]);
    assert_eq!(
        incoming.on_piece(&mut session, &mut Spare::default(), &piece(1, 1, 0, b"b")),
        Ok(Taken::Duplicate)
    );
    assert_eq!((incoming.next, incoming.settled.len(), session.buffered()), (3, 0, 0));
}

#[test]
fn of_latest_only_what_is_older_than_the_newest_is_dropped_and_costs_nothing() {
    let (mut incoming, mut session) = of(Delivery::Latest);
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 2, 0, b"h")).unwrap();
    for (sequence, expected) in
        [(2, Taken::New), (1, Taken::Outdated), (1, Taken::Duplicate), (3, Taken::New)]
    {
        assert_eq!(
            incoming.on_piece(&mut session, &mut Spare::default(), &piece(sequence, 1, 0, b"x")),
            Ok(expected)
        );
    }
    assert_eq!(
        incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 2, 1, b"i")),
        Ok(Taken::Duplicate)
    );
    assert_eq!(incoming.poll_message(&mut session), Some(b"x".to_vec()));
    assert_eq!(incoming.poll_message(&mut session), None);
    assert_eq!((incoming.next, session.buffered()), (4, 0));
}

#[test]
fn an_abandoned_message_is_not_waited_for_and_gives_its_credit_back() {
    let (mut incoming, mut session) = of(Delivery::Unordered);
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 9_000, 0, b"half")).unwrap();
    assert!(session.buffered() > 9_000);
    incoming.on_abandoned(&mut session, 0, 9_000).unwrap();
    incoming.on_abandoned(&mut session, 1, 700).unwrap();
    assert_eq!((session.buffered(), incoming.next), (0, 2));
    assert_eq!(
        incoming.on_piece(&mut session, &mut Spare::default(), &piece(1, 700, 0, b"late")),
        Ok(Taken::Duplicate)
    );
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(2, 1, 0, b"x")).unwrap();
    incoming.on_abandoned(&mut session, 2, 1).unwrap();
    assert_eq!(incoming.poll_message(&mut session), Some(b"x".to_vec()), "whole is whole");
}

#[test]
fn an_abandonment_breaks_the_rules_in_order_beyond_the_credit_and_with_another_length() {
    let (mut ordered, mut session) = fresh();
    assert!(ordered.on_abandoned(&mut session, 0, 1).is_err());
    let (mut incoming, mut session) = of(Delivery::Unordered);
    assert!(incoming.on_abandoned(&mut session, 999_999, 1).is_err());
    assert!(incoming.on_abandoned(&mut session, 0, MESSAGE_MAX + 1).is_err());
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 9, 0, b"x")).unwrap();
    assert!(incoming.on_abandoned(&mut session, 0, 8).is_err());
    assert!(
        incoming.on_abandoned(&mut session, 1, 60_000).is_err(),
        "nobody may abandon what was never paid for"
    );
}

#[test]
fn a_piece_is_next_if_nothing_before_it_is_missing() {
    let (mut incoming, mut session) = fresh();
    let places = |incoming: &Incoming| {
        [piece(0, 4, 0, b"ab"), piece(0, 4, 2, b"cd"), piece(1, 0, 0, b""), piece(2, 1, 0, b"x")]
            .map(|piece| incoming.place(&piece))
    };
    let [before, next, beyond] = [Place::Before, Place::Next, Place::Beyond];
    assert_eq!(places(&incoming), [next, beyond, beyond, beyond]);
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 4, 0, b"ab")).unwrap();
    assert_eq!(places(&incoming), [before, next, beyond, beyond]);
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 4, 2, b"cd")).unwrap();
    assert_eq!(places(&incoming), [before, before, next, beyond], "though nobody has read it yet");
    incoming.on_piece(&mut session, &mut Spare::default(), &piece(1, 0, 0, b"")).unwrap();
    while incoming.poll_message(&mut session).is_some() {}
    assert_eq!(places(&incoming), [before, before, before, next]);
}

#[test]
fn a_stream_bears_a_longest_message_with_its_number() {
    let mut session = ReceiveCredit::new(200_000);
    let [mut stream, mut room] = [3, 8].map(|channel| Incoming::new(100_000, channel));
    let begin = |channel, total| Piece { channel, sequence: 0, total, offset: 0, bytes: b"x" };
    assert!(stream.on_piece(&mut session, &mut Spare::default(), &begin(3, MESSAGE_MAX + 9)).is_err());
    assert!(room.on_piece(&mut session, &mut Spare::default(), &begin(8, MESSAGE_MAX + 8)).is_err());
    assert!(stream.on_piece(&mut session, &mut Spare::default(), &begin(3, MESSAGE_MAX + 8)).is_ok());
}

#[test]
fn a_message_in_crumbs_is_refused_before_it_costs_more_memory_than_credit() {
    let (mut incoming, mut session) = fresh();
    let crumbs = (0..9_000)
        .step_by(2)
        .map(|offset| incoming.on_piece(&mut session, &mut Spare::default(), &piece(0, 9_000, offset, b"x")));
    let taken = crumbs.take_while(Result::is_ok).count();
    assert_eq!(taken, RUNS_MIN + 9_000 / RUN_BYTES);
}

#[test]
fn what_is_settled_out_of_order_is_remembered_within_a_bound() {
    let (mut incoming, mut session) = (Incoming::new(1 << 20, 9), ReceiveCredit::new(1 << 20));
    let taken = (1..).step_by(2).map(|sequence| incoming.on_abandoned(&mut session, sequence, 0));
    assert_eq!(taken.take_while(Result::is_ok).count() as u64, AHEAD_MAX / 2);
    assert_eq!(incoming.settled.len() as u64, AHEAD_MAX / 2);
}
