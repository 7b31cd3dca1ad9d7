use super::super::super::key::Key;
use super::super::super::ladder::tests::{a_loss, fact};
use super::super::super::state::State;
use super::super::super::state::tests::{hear, message, press, state};
use super::super::super::theme::Theme;
use super::super::tests::{assert_screen, drawn, scene};
use crate::trace::{DropReason, TraceEvent};
use crate::transport::session::Transport;

fn open() -> State {
    let mut state = scene();
    state.on_traced(a_loss());
    state.handle_key(&Key::Ladder);
    state
}

#[test]
fn a_window_of_60_by_15_shows_the_ladder_alone_above_what_is_typed() {
    assert_screen("ladder-60x15", &drawn(&mut open(), 60, 15));
}

#[test]
fn a_window_of_80_by_24_shows_it_in_its_lower_half() {
    assert_screen("ladder-80x24", &drawn(&mut open(), 80, 24));
}

#[test]
fn a_window_of_120_by_40_has_each_reason_in_a_line() {
    assert_screen("ladder-120x40", &drawn(&mut open(), 120, 40));
}

#[test]
fn a_very_wide_window_shows_it_beside_the_chat() {
    assert_screen("ladder-170x15", &drawn(&mut open(), 170, 15));
}

#[test]
fn over_tcp_it_shows_frames_and_says_what_is_not_visible() {
    let mut state = state();
    state.status.transport = Transport::Tcp;
    state.on_traced(vec![
        fact(0, TraceEvent::FrameSent { number: 2, kind: "message", bytes: 63 }),
        fact(26, TraceEvent::FrameReceived { number: 5, kind: "message", bytes: 80 }),
        fact(26, TraceEvent::MessageDelivered { channel: 8, bytes: 54 }),
    ]);
    state.handle_key(&Key::Ladder);
    assert_screen("ladder-tcp-80x6", &drawn(&mut state, 80, 6));
}

#[test]
fn a_pause_says_how_much_is_newer() {
    let mut state = open();
    press(&mut state, " ");
    assert!(drawn(&mut state, 60, 15)[0].starts_with("── ladder, paused ──"));
    let dropped = TraceEvent::DatagramDropped { bytes: 71, reason: DropReason::Duplicate };
    state.on_traced((2_000..2_003).map(|ms| fact(ms, dropped.clone())).collect());
    let rows = drawn(&mut state, 60, 15);
    assert!(rows[0].starts_with("── ladder, paused: 3 newer below ──"), "{}", rows[0]);
    press(&mut state, " ");
    let rows = drawn(&mut state, 60, 15);
    assert!(rows.iter().any(|row| row.contains("← ?") && row.contains("a second copy")), "{rows:#?}");
}

#[test]
fn words_of_the_peer_can_do_nothing_to_the_terminal() {
    let mut state = state();
    let reason = "\x1b[2J\u{202e}over".to_owned();
    state.on_traced(vec![fact(0, TraceEvent::Closed { reason })]);
    state.handle_key(&Key::Ladder);
    for theme in [Theme::Dark, Theme::None] {
        state.theme = theme;
        let rows = drawn(&mut state, 60, 15).join("");
        assert!(rows.contains("over") && !rows.contains(['\x1b', '\u{202e}']), "{rows}");
    }
}

#[test]
fn what_comes_while_the_ladder_covers_the_messages_is_unread() {
    let mut state = open();
    for (height, unread) in [(15, 1), (24, 1)] {
        drawn(&mut state, 80, height);
        hear(&mut state, &message("lobby", "bob", "anybody?", u64::from(height)));
        assert_eq!(state.buffers.active().unread, unread, "{height} rows");
    }
    state.handle_key(&Key::Ladder);
    assert_eq!(state.buffers.active().unread, 0);
}
