use super::super::state::{Key, Link, Status};
use super::*;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::{MessageId, PostKind};
use crate::transport::session::Transport;
use ratatui::backend::TestBackend;
use std::time::Duration;

const PLAIN: Theme = Theme { colour: false };

fn state() -> State {
    let status = Status {
        server: "localhost:4747".into(),
        transport: Transport::Udp,
        insecure: false,
        name: "ann".into(),
        room: Some("lobby".into()),
        link: Link::Connecting,
        rtt: None,
        loss: None,
    };
    State::new(status, ["/join".to_owned()])
}

fn message(from: &str, text: &str) -> UserEvent {
    UserEvent::Message {
        room: "lobby".into(),
        from: from.into(),
        kind: PostKind::Text,
        text: text.into(),
        id: MessageId(1),
        at_ms: 0,
        history: false,
        own: from == "ann",
    }
}

fn type_line(state: &mut State, text: &str) {
    text.chars().for_each(|c| drop(state.handle_key(&Key::Char(c))));
    state.handle_key(&Key::Enter);
}

fn rows(screen: &Screen<TestBackend>) -> Vec<String> {
    text_of(screen.backend.buffer())
}

fn text_of(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width);
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
        .collect()
}

#[test]
fn messages_stand_above_what_is_pending_the_status_and_the_input() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(60, 8), PLAIN).unwrap();
    state.on_event(&UserEvent::Connected { name: "ann".into() });
    state.status.rtt = Some(Duration::from_micros(12_340));
    state.status.loss = Some(0.031);
    state.on_event(&message("bob", "hi"));
    type_line(&mut state, "hello");
    state.handle_key(&Key::Paste("how is it".into()));
    screen.show(&mut state).unwrap();
    assert_eq!(
        rows(&screen)[1..6],
        [
            "[lobby] bob: hi",
            "… hello",
            "● connected │ lobby │ ann │ udp │ 12.3 ms │ 3.1 % lost",
            "lobby> how is it",
            "",
        ]
    );
    screen.backend.assert_cursor_position(Position::new(16, 4));
}

#[test]
fn an_accepted_line_leaves_its_place_to_the_message() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(60, 5), PLAIN).unwrap();
    type_line(&mut state, "hello");
    screen.show(&mut state).unwrap();
    assert_eq!(rows(&screen)[0], "… hello");
    state.on_event(&message("ann", "hello"));
    state.on_event(&UserEvent::Accepted { line: LineNumber(1), id: MessageId(1) });
    screen.show(&mut state).unwrap();
    assert_eq!(
        rows(&screen),
        [
            "[lobby] ann: hello",
            "◌ connecting │ lobby │ ann │ udp │ localhost:4747",
            "lobby> type a message, or /help",
            "",
            ""
        ]
    );
}

#[test]
fn old_messages_scroll_into_the_terminals_memory_whole_and_in_order() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(40, 6), PLAIN).unwrap();
    for n in 0..20 {
        state.on_event(&message("bob", &n.to_string()));
        type_line(&mut state, "x");
        screen.show(&mut state).unwrap();
        state.on_event(&UserEvent::Accepted { line: LineNumber(n + 1), id: MessageId(1) });
        screen.show(&mut state).unwrap();
    }
    let mut all = text_of(screen.backend.scrollback());
    all.extend(rows(&screen));
    let said: Vec<&String> = all.iter().filter(|row| row.starts_with("[lobby]")).collect();
    let expected: Vec<String> = (0..20).map(|n| format!("[lobby] bob: {n}")).collect();
    assert_eq!(said, expected.iter().collect::<Vec<_>>());
    assert!(!all.iter().any(|row| row.starts_with('…')), "a frame never scrolls away: {all:#?}");
}

#[test]
fn many_entries_at_once_are_all_printed() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(40, 6), PLAIN).unwrap();
    (0..50).for_each(|n| state.on_event(&message("bob", &n.to_string())));
    screen.show(&mut state).unwrap();
    assert_eq!(rows(&screen)[..4], (46..50).map(|n| format!("[lobby] bob: {n}")).collect::<Vec<_>>());
    assert_eq!(text_of(screen.backend.scrollback()).last().unwrap(), "[lobby] bob: 45");
}

#[test]
fn a_resize_prints_the_newest_again_at_the_new_width() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(40, 10), PLAIN).unwrap();
    (0..5).for_each(|n| state.on_event(&message("bob", &format!("message number {n}"))));
    screen.show(&mut state).unwrap();
    screen.backend.resize(24, 6);
    screen.show(&mut state).unwrap();
    assert_eq!(
        rows(&screen),
        [
            "[lobby] bob: message",
            "  number 3",
            "[lobby] bob: message",
            "  number 4",
            "◌ connecting │ lobby",
            "lobby> type a message, o",
        ]
    );
}

#[test]
fn long_and_wide_lines_wrap_with_an_indent() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(20, 8), PLAIN).unwrap();
    state.on_event(&message("bob", "日本語日本語 and then some"));
    screen.show(&mut state).unwrap();
    let drawn = rows(&screen);
    assert!(drawn[1].starts_with("  ") && drawn[..3].iter().all(|row| !row.is_empty()), "{drawn:#?}");
}

#[test]
fn a_line_longer_than_the_row_shows_the_part_around_the_cursor() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(20, 4), PLAIN).unwrap();
    state.handle_key(&Key::Paste("abcdefghijklmnopqrstuvwxyz".into()));
    screen.show(&mut state).unwrap();
    assert_eq!(rows(&screen)[1], "lobby> opqrstuvwxyz");
    screen.backend.assert_cursor_position(Position::new(19, 1));
}

#[test]
fn pending_lines_beyond_three_are_counted() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(60, 15), PLAIN).unwrap();
    (0..6).for_each(|n| type_line(&mut state, &format!("line {n}")));
    screen.show(&mut state).unwrap();
    assert_eq!(rows(&screen)[..3], ["… line 0", "… line 1", "… and 4 more not yet accepted"]);
}

#[test]
fn a_terminal_of_two_rows_still_shows_the_input() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(30, 2), PLAIN).unwrap();
    type_line(&mut state, "hello");
    state.on_event(&message("bob", "hi"));
    screen.show(&mut state).unwrap();
    assert_eq!(rows(&screen)[1], "lobby> type a message, or /hel");
    screen.backend.resize(30, 1);
    screen.show(&mut state).unwrap();
    assert_eq!(rows(&screen), ["lobby> type a message, or /hel"]);
}

#[test]
fn the_question_takes_the_place_of_the_status() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(60, 4), PLAIN).unwrap();
    state.handle_key(&Key::Interrupt);
    screen.show(&mut state).unwrap();
    assert_eq!(rows(&screen)[0], "Leave? y or Ctrl-C; any other key stays");
}

#[test]
fn leaving_takes_the_frame_away_and_keeps_the_messages() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(60, 4), PLAIN).unwrap();
    state.on_event(&message("bob", "hi"));
    screen.show(&mut state).unwrap();
    screen.leave().unwrap();
    assert_eq!(rows(&screen), ["[lobby] bob: hi", "", "", ""]);
}

#[test]
fn an_escape_sequence_in_a_message_reaches_no_terminal() {
    let mut state = state();
    let mut screen = Screen::new(TestBackend::new(60, 4), PLAIN).unwrap();
    state.on_event(&message("bob", "\x1b]0;owned\x07 hi\nthere"));
    screen.show(&mut state).unwrap();
    let drawn = screen.backend.buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    assert!(!drawn.contains(char::is_control) && drawn.contains("hi"), "{drawn}");
}
