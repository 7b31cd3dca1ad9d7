use super::super::state::tests::{press, state, type_line};
use super::super::state::{Mode, Wish};
use super::*;
use crate::lab::ladder::Side;
use crate::lab::ladder::live::Known;
use crate::time::at;
use crate::trace::{PieceCause, SendCause, TraceEvent};

/// So many milliseconds after the beginning.
pub fn fact(ms: u64, event: TraceEvent) -> Recorded {
    Recorded { at: at(5_000_000 + ms * 1_000), side: Side::Client, session: 7, event }
}

/// A short session in which packet 3 is lost, and 5 goes in its place.
pub fn a_loss() -> Vec<Recorded> {
    let piece = |sequence, cause| TraceEvent::PieceSent { channel: 8, sequence, offset: 0, len: 24, cause };
    let sent = |number, cause| TraceEvent::PacketSent { number, bytes: 71, cause };
    let received = |number| TraceEvent::PacketReceived { number, bytes: 33, late: false };
    let rtt = Duration::from_micros(51_200);
    let sampled = TraceEvent::RttSampled { sample: rtt, smoothed: rtt, variation: rtt, least: rtt };
    let age = Duration::from_millis(61);
    let lost = TraceEvent::PacketLost { number: 3, by_time: true, age, size_probe: false };
    [
        (0, TraceEvent::HandshakeSent { kind: "HELLO", bytes: 1_200, attempt: 1 }),
        (51, TraceEvent::HandshakeReceived { kind: "WELCOME", bytes: 180 }),
        (51, TraceEvent::Established { early_accepted: false }),
        (1_200, piece(4, PieceCause::First)),
        (1_200, sent(3, SendCause::First)),
        (1_210, piece(5, PieceCause::First)),
        (1_210, TraceEvent::AckSent { largest: 8 }),
        (1_210, sent(4, SendCause::First)),
        (1_261, received(9)),
        (1_261, TraceEvent::PacketAcknowledged { number: 4 }),
        (1_261, sampled),
        (1_261, lost),
        (1_261, piece(4, PieceCause::Retransmission)),
        (1_261, sent(5, SendCause::Retransmission)),
        (1_400, TraceEvent::ProbeFired { count: 1 }),
        (1_400, sent(6, SendCause::Probe)),
        (1_450, received(10)),
        (1_450, TraceEvent::PacketAcknowledged { number: 5 }),
        (1_450, TraceEvent::MessageDelivered { channel: 8, bytes: 24 }),
    ]
    .map(|(ms, event)| fact(ms, event))
    .into()
}

fn open() -> State {
    let mut state = state();
    state.on_size(ratatui::layout::Size::new(60, 15));
    state.on_traced(a_loss());
    state.handle_key(&Key::Ladder);
    state
}

fn heartbeats(state: &mut State, numbers: std::ops::Range<u64>) {
    let beat = |number| TraceEvent::PacketSent { number, bytes: 27, cause: SendCause::Heartbeat };
    state.on_traced(numbers.map(|number| fact(10_000 + number, beat(number))).collect());
}

#[test]
fn opening_it_shows_what_led_here_and_either_key_closes_it() {
    for key in [Key::Ladder, Key::Escape] {
        let mut state = open();
        assert!(state.ladder.is_open);
        assert_eq!(state.ladder.rows().iter().filter(|row| row.known == Known::Lost).count(), 1);
        state.handle_key(&key);
        assert!(!state.ladder.is_open, "{key:?}");
    }
}

#[test]
fn one_goes_on_typing_and_space_pauses_in_an_empty_line_only() {
    let mut state = open();
    press(&mut state, "a b");
    assert_eq!((state.typing.input.text(), state.ladder.bottom), ("a b", None));
    assert_eq!(type_line(&mut state, ""), Wish::Send(vec!["a b".to_owned()]));
    press(&mut state, " ");
    assert!(state.ladder.bottom.is_some() && state.typing.input.is_empty());
    heartbeats(&mut state, 20..25);
    assert_eq!(state.ladder.below(), 5);
    press(&mut state, " ");
    assert_eq!((state.ladder.bottom, state.ladder.below()), (None, 0));
}

#[test]
fn it_scrolls_to_both_ends_while_the_messages_stay() {
    let mut state = open();
    heartbeats(&mut state, 20..80);
    for (up, down) in
        [(Key::PageUp, Key::PageDown), (Key::WheelUp, Key::WheelDown), (Key::Oldest, Key::Newest)]
    {
        state.handle_key(&up);
        assert!(state.ladder.below() > 0, "{up:?}");
        (0..3).for_each(|_| drop(state.handle_key(&down)));
        assert_eq!(state.ladder.bottom, None, "{down:?}");
    }
    assert_eq!(state.buffers.active().bottom, None);
}

#[test]
fn its_memory_is_bounded_and_what_stood_still_follows_again_when_it_is_gone() {
    let mut state = open();
    heartbeats(&mut state, 20..20 + 2 * 2_000);
    assert_eq!(state.ladder.rows().len(), ROWS_MAX);
    press(&mut state, " ");
    heartbeats(&mut state, 5_000..5_000 + 2_000);
    assert_eq!((state.ladder.rows().len(), state.ladder.below()), (2 * ROWS_MAX, 2_000));
    heartbeats(&mut state, 8_000..8_000 + 2_000);
    assert_eq!((state.ladder.rows().len(), state.ladder.bottom), (2 * ROWS_MAX, None));
}

#[test]
fn a_search_and_a_question_keep_their_keys() {
    let mut state = open();
    state.handle_key(&Key::Find);
    press(&mut state, "a b");
    state.handle_key(&Key::Escape);
    assert!(matches!(state.mode, Mode::Typing) && state.ladder.is_open);
    state.handle_key(&Key::Interrupt);
    assert_eq!(state.handle_key(&Key::Char('y')), Wish::Leave);
}
