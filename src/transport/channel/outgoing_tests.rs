//! The sending half of a channel.

use super::*;
use crate::time::at;

fn outgoing(messages: &[&[u8]]) -> (Outgoing, SendCredit) {
    let mut outgoing = Outgoing::new(10_000, Delivery::Ordered);
    messages.iter().for_each(|message| outgoing.push((*message).into(), None));
    (outgoing, SendCredit::new(10_000))
}

fn take(outgoing: &mut Outgoing, session: &mut SendCredit, room: usize) -> Option<(Span, Vec<u8>)> {
    let Some(Next::Piece(span)) = outgoing.next(at(0), session, room) else { return None };
    let bytes = outgoing.piece(at(0), 8, span)?.bytes.to_vec();
    outgoing.on_sent(session, span);
    Some((span, bytes))
}

#[test]
fn messages_leave_in_order_and_large_ones_in_pieces() {
    let (mut out, mut session) = outgoing(&[b"ab", b"cdefg"]);
    let sent: Vec<_> =
        std::iter::from_fn(|| take(&mut out, &mut session, 3)).map(|(_, bytes)| bytes).collect();
    assert_eq!(sent, [b"ab".to_vec(), b"cde".to_vec(), b"fg".to_vec()]);
}

#[test]
fn what_is_lost_goes_first_and_only_while_it_is_not_acknowledged() {
    let (mut out, mut session) = outgoing(&[b"one", b"two", b"three"]);
    let (one, _) = take(&mut out, &mut session, 9).unwrap();
    let (two, _) = take(&mut out, &mut session, 9).unwrap();
    out.on_lost(two);
    out.on_lost(one);
    out.on_acknowledged(two);
    assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"one");
    assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"three");
    assert_eq!(take(&mut out, &mut session, 9), None);
}

#[test]
fn a_lost_piece_may_go_again_in_smaller_pieces() {
    let (mut out, mut session) = outgoing(&[b"abcdef"]);
    let (span, _) = take(&mut out, &mut session, 9).unwrap();
    out.on_lost(span);
    let again: Vec<_> =
        std::iter::from_fn(|| take(&mut out, &mut session, 4)).map(|(_, bytes)| bytes).collect();
    assert_eq!(again, [b"abcd".to_vec(), b"ef".to_vec()]);
}

#[test]
fn a_message_is_done_when_all_its_bytes_are_acknowledged_in_any_order() {
    let (mut out, mut session) = outgoing(&[b"abcdef"]);
    let spans: Vec<_> =
        std::iter::from_fn(|| take(&mut out, &mut session, 2)).map(|(span, _)| span).collect();
    for span in [spans[2], spans[0], spans[2]] {
        out.on_acknowledged(span);
        assert!(!out.is_empty());
    }
    out.on_acknowledged(spans[1]);
    assert!(out.is_empty());
    assert_eq!(out.queued_bytes(), 0);
}

#[test]
fn without_credit_new_messages_wait_but_lost_ones_do_not() {
    let mut out = Outgoing::new(cost(3), Delivery::Ordered);
    let mut session = SendCredit::new(10_000);
    out.push(b"one"[..].into(), None);
    out.push(b"two"[..].into(), None);
    let (one, _) = take(&mut out, &mut session, 9).unwrap();
    assert_eq!(take(&mut out, &mut session, 9), None);
    out.on_lost(one);
    assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"one");
    out.on_credit(2 * cost(3));
    assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"two");
}

#[test]
fn an_empty_message_is_a_message() {
    let (mut out, mut session) = outgoing(&[b"", b"x"]);
    let (span, _) = take(&mut out, &mut session, 9).unwrap();
    assert_eq!(span.len, 0);
    assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"x");
    out.on_acknowledged(span);
    assert_eq!(out.queued_bytes(), cost(1));
}

/// Of an unordered or latest-only channel, all messages sent whole at once.
fn sent(delivery: Delivery, deadlines: &[u64]) -> (Outgoing, SendCredit, Vec<Span>) {
    let (mut out, mut session) = (Outgoing::new(100_000, delivery), SendCredit::new(100_000));
    let spans = deadlines.iter().map(|deadline| {
        out.push(vec![7; 50].into(), Some(at(*deadline)));
        take(&mut out, &mut session, 100).expect("credit").0
    });
    let spans = spans.collect();
    (out, session, spans)
}

const fn abandoned(sequence: u64) -> Next {
    Next::Abandoned { sequence, total: 50 }
}

#[test]
fn what_is_lost_after_its_deadline_is_abandoned_until_the_receiver_knows() {
    let (mut out, session, spans) = sent(Delivery::Unordered, &[10, 20]);
    spans.iter().for_each(|span| out.on_lost(*span));
    assert_eq!(out.piece(at(10), 9, spans[0]), None);
    assert_eq!(out.next(at(10), &session, 100), Some(abandoned(0)));
    out.on_abandonment_sent(0);
    out.on_lost(spans[0]);
    assert_eq!(out.next(at(10), &session, 100), Some(Next::Piece(spans[1])), "told once");
    out.on_abandonment_lost(0);
    assert_eq!(out.next(at(10), &session, 100), Some(abandoned(0)), "and again when that was lost");
    out.on_abandonment_sent(0);
    out.on_abandonment_acknowledged(0);
    assert_eq!(out.queued_bytes(), cost(50));
}

#[test]
fn a_newer_message_makes_those_before_it_worthless_where_only_the_latest_counts() {
    let (mut out, mut session, spans) = sent(Delivery::Latest, &[90, 90]);
    spans.iter().for_each(|span| out.on_lost(*span));
    assert_eq!(out.next(at(0), &session, 100), Some(abandoned(0)));
    out.on_abandonment_sent(0);
    assert_eq!(out.next(at(0), &session, 100), Some(Next::Piece(spans[1])));
    for text in [b"older", b"newer"] {
        out.push(text[..].into(), None);
    }
    out.on_abandonment_sent(1);
    assert_eq!(take(&mut out, &mut session, 100).unwrap().1, b"newer");
    assert_eq!(out.take_expired(), 1, "one that was never begun leaves no trace");
}

#[test]
fn a_message_cut_short_by_its_deadline_is_abandoned_and_the_next_one_goes() {
    let (mut out, mut session) = (Outgoing::new(9_000, Delivery::Unordered), SendCredit::new(9_000));
    out.push(vec![1; 50].into(), Some(at(1)));
    out.push(vec![2; 50].into(), None);
    take(&mut out, &mut session, 20).unwrap();
    assert_eq!(out.next(at(1), &session, 20), Some(abandoned(0)));
    out.on_abandonment_sent(0);
    assert_eq!(take(&mut out, &mut session, 50).unwrap().1, vec![2; 50]);
}

#[test]
fn nobody_runs_further_ahead_of_the_oldest_than_the_receiver_can_remember() {
    let window = 10 * MESSAGE_COST;
    let (mut out, mut session) = (Outgoing::new(window, Delivery::Unordered), SendCredit::new(100_000));
    out.on_credit(100_000);
    (0..20).for_each(|_| out.push(Payload::default(), None));
    let spans: Vec<Span> =
        std::iter::from_fn(|| take(&mut out, &mut session, 9)).map(|(span, _)| span).collect();
    assert_eq!(spans.len(), 10);
    spans[1..].iter().for_each(|span| out.on_acknowledged(*span));
    assert_eq!(take(&mut out, &mut session, 9), None);
    out.on_acknowledged(spans[0]);
    assert!(take(&mut out, &mut session, 9).is_some());
}
