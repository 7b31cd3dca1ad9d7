//! Several channels together.

use super::*;
use crate::time::at;

fn pair() -> (Channels, Channels) {
    let limits = ChannelLimits::default();
    (Channels::new(limits, limits), Channels::new(limits, limits))
}

/// Carries one packet of `room` bytes, or loses it; returns what it carried.
fn carry_all(from: &mut Channels, mut to: Option<&mut Channels>, room: usize) -> Vec<Polled> {
    let mut left = room;
    let mut carried = Vec::new();
    while let Some(polled) = from.poll_piece(at(0), left, Which::Any, |item| match item {
        Item::Piece(piece) => {
            to.as_mut().map(|to| to.on_piece(piece)).transpose().unwrap();
            let mut bytes = Vec::new();
            frame::put_piece(&mut crate::wire::Writer::new(&mut bytes), piece);
            left -= bytes.len();
        }
        Item::Abandoned { channel, sequence, total } => {
            to.as_mut().map(|to| to.on_abandoned(*channel, *sequence, *total)).transpose().unwrap();
            left -= frame::abandoned_len(*channel, *sequence, *total);
        }
    }) {
        carried.push(polled);
    }
    carried
}

/// The same, of pieces alone.
fn carry(from: &mut Channels, to: &mut Channels, room: usize) -> Vec<(u64, Span)> {
    let piece = |polled| match polled {
        Polled::Piece { channel, span, .. } => Some((channel, span)),
        Polled::Abandoned { .. } => None,
    };
    carry_all(from, Some(to), room).into_iter().filter_map(piece).collect()
}

#[test]
fn channels_take_turns_so_a_large_message_clogs_no_small_one() {
    let (mut from, mut to) = pair();
    from.send(ChannelId(8), vec![1; 60_000].into(), None).unwrap();
    from.send(ChannelId(12), vec![2; 20].into(), None).unwrap();
    carry(&mut from, &mut to, 1_150);
    carry(&mut from, &mut to, 1_150);
    assert_eq!(to.poll_message(), Some((ChannelId(12), vec![2; 20])));
}

#[test]
fn a_piece_cut_for_a_larger_packet_is_cut_anew_for_a_smaller_one() {
    let (mut from, mut to) = pair();
    let mut nowhere = pair().1;
    from.send(ChannelId(8), vec![7; 4_000].into(), None).unwrap();
    let lost: Vec<_> = (0..3).flat_map(|_| carry(&mut from, &mut nowhere, 1_430)).collect();
    assert!(lost.iter().all(|(_, span)| span.len > 1_100) && lost.len() == 3, "{lost:?}");
    lost.into_iter().for_each(|(channel, span)| from.on_lost(channel, span));
    while !carry(&mut from, &mut to, 1_150).is_empty() {}
    assert_eq!(to.poll_message(), Some((ChannelId(8), vec![7; 4_000])));
}

#[test]
fn a_loss_in_one_channel_never_holds_up_another() {
    let (mut from, mut to) = pair();
    let mut nowhere = pair().1;
    from.send(ChannelId(8), b"lost"[..].into(), None).unwrap();
    let lost = carry(&mut from, &mut nowhere, 1_150);
    from.send(ChannelId(8), b"late"[..].into(), None).unwrap();
    from.send(ChannelId(12), b"free"[..].into(), None).unwrap();
    carry(&mut from, &mut to, 1_150);
    assert_eq!(to.poll_message(), Some((ChannelId(12), b"free".to_vec())));
    assert_eq!(to.poll_message(), None);
    lost.into_iter().for_each(|(channel, span)| from.on_lost(channel, span));
    carry(&mut from, &mut to, 1_150);
    assert_eq!(to.poll_message(), Some((ChannelId(8), b"lost".to_vec())));
    assert_eq!(to.poll_message(), Some((ChannelId(8), b"late".to_vec())));
}

#[test]
fn a_peer_may_open_128_channels_and_one_more_breaks_the_protocol() {
    let (_, mut to) = pair();
    let piece = |channel| Piece { channel, sequence: 0, total: 1, offset: 0, bytes: b"x" };
    for channel in 0..128 {
        assert_eq!(to.on_piece(&piece(channel * 4)), Ok(Taken::New));
    }
    assert_eq!(to.on_piece(&piece(128 * 4)), Err("more channels than allowed"));
    assert_eq!(to.on_piece(&piece(0)), Ok(Taken::Duplicate), "those that are open go on");
    assert_eq!(to.incoming.len(), 128);
}

#[test]
fn a_sender_feels_the_bound_of_its_queue_and_is_free_again_when_acknowledged() {
    let (mut from, mut to) = pair();
    let mut count = 0;
    while from.send(ChannelId(8), vec![0; 10_000].into(), None).is_ok() {
        count += 1;
    }
    assert!(from.queued() <= ChannelLimits::default().queue && count > 100);
    assert_eq!(from.send(ChannelId(8), vec![0; 70_000].into(), None), Err(SendError::TooLong));
    for (channel, span) in carry(&mut from, &mut to, 12_000) {
        from.on_acknowledged(channel, span);
    }
    assert_eq!(from.send(ChannelId(8), vec![0; 10_000].into(), None), Ok(()));
}

#[test]
fn a_receiver_that_does_not_read_stops_the_sender_within_its_window() {
    let (mut from, mut to) = pair();
    for _ in 0..90 {
        from.send(ChannelId(8), vec![0; 10_000].into(), None).unwrap();
    }
    while !carry(&mut from, &mut to, 1_150).is_empty() {}
    assert!(to.buffered() <= ChannelLimits::default().channel_window);
    assert!(!from.has_ready());
    while to.poll_message().is_some() {}
    while let Some((channel, limit)) = to.poll_update() {
        from.on_credit(channel, limit);
    }
    assert!(from.has_ready());
}

#[test]
fn a_loss_in_an_unordered_channel_holds_up_nothing() {
    let (mut from, mut to) = pair();
    let mut nowhere = pair().1;
    from.send(ChannelId(9), b"lost"[..].into(), None).unwrap();
    let lost = carry(&mut from, &mut nowhere, 1_150);
    from.send(ChannelId(9), b"next"[..].into(), None).unwrap();
    carry(&mut from, &mut to, 1_150);
    assert_eq!(to.poll_message(), Some((ChannelId(9), b"next".to_vec())));
    lost.into_iter().for_each(|(channel, span)| from.on_lost(channel, span));
    carry(&mut from, &mut to, 1_150);
    assert_eq!(to.poll_message(), Some((ChannelId(9), b"lost".to_vec())));
}

#[test]
fn only_the_latest_goes_again_and_credit_stays_the_same_at_both_ends() {
    let (mut from, mut to) = pair();
    for round in 0..100_000_u32 {
        from.send(ChannelId(10), round.to_be_bytes()[..].into(), None).unwrap();
        let is_lost = round % 3 != 0;
        for polled in carry_all(&mut from, (!is_lost).then_some(&mut to), 1_150) {
            match polled {
                Polled::Piece { channel, span, .. } if is_lost => from.on_lost(channel, span),
                Polled::Piece { channel, span, .. } => from.on_acknowledged(channel, span),
                Polled::Abandoned { channel, sequence } if is_lost => {
                    from.on_abandonment_lost(channel, sequence);
                }
                Polled::Abandoned { channel, sequence } => {
                    from.on_abandonment_acknowledged(channel, sequence);
                }
            }
        }
        if !is_lost {
            assert_eq!(to.poll_message(), Some((ChannelId(10), round.to_be_bytes().to_vec())));
            while let Some((channel, limit)) = to.poll_update() {
                from.on_credit(channel, limit);
            }
        }
        assert_eq!(to.poll_message(), None);
    }
    assert_eq!(to.buffered(), 0);
}

#[test]
fn an_ordered_channel_takes_no_deadline() {
    let (mut from, _) = pair();
    let hi: Payload = b"hi"[..].into();
    assert_eq!(from.send(ChannelId(8), hi.clone(), Some(at(9))), Err(SendError::Ordered));
    assert_eq!(from.send(ChannelId(9), hi, Some(at(9))), Ok(()));
}

#[test]
fn what_is_late_before_it_was_begun_is_forgotten_and_frees_the_queue() {
    let (mut from, _) = pair();
    let nothing = |_: &Item<'_>| {};
    for deadline in [5, 5, 9] {
        from.send(ChannelId(9), vec![1; 100].into(), Some(at(deadline))).unwrap();
    }
    let polled = from.poll_piece(at(5), 1_150, Which::Any, nothing);
    assert!(matches!(polled, Some(Polled::Piece { span: Span { sequence: 0, .. }, .. })), "{polled:?}");
    assert_eq!((from.take_expired(), from.queued()), (2, cost(100)));
    assert_eq!(from.poll_piece(at(5), 1_150, Which::Any, nothing), None);
}
