use super::super::key::Key;
use super::super::screen::Screen;
use super::super::state::tests::{NOON, hear, joined, message, press, private, state, type_line};
use super::super::state::{Mode, State};
use super::super::theme::Theme;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::{MessageId, PresenceState};
use crate::tui::moment::Moment;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A scene with two rooms, a conversation, and something of everything.
pub fn scene() -> State {
    let mut state = state();
    hear(&mut state, &UserEvent::Connected { name: "ann".into() });
    hear(&mut state, &joined("lobby", "ann", None));
    let names = ["bob", "carol"].map(str::to_owned).to_vec();
    hear(&mut state, &UserEvent::Members { room: "lobby".into(), names, total: 3 });
    let (name, away) = ("carol".to_owned(), PresenceState::Away);
    hear(&mut state, &UserEvent::Presence { name, state: away, line: None });
    hear(&mut state, &joined("lab", "ann", None));
    hear(&mut state, &message("lab", "bob", "anybody here?", 1));
    hear(&mut state, &message("lobby", "bob", "hi", 1));
    type_line(&mut state, "hello");
    hear(&mut state, &UserEvent::Accepted { line: LineNumber(1), id: MessageId(2) });
    hear(&mut state, &message("lobby", "ann", "hello", 2));
    hear(&mut state, &private("dave", "ann", "psst", 1));
    state.on_focus(false);
    state.on_time(Moment(NOON.0 + 43_200));
    hear(&mut state, &message("lobby", "bob", "ann, look:\nfn main() {}", 3));
    state.on_focus(true);
    state.status.rtt = Some(Duration::from_micros(12_340));
    state.status.loss = Some(0.031);
    state.meter.rtts.extend([5.0, 12.0, 20.0]);
    type_line(&mut state, "how are you?");
    state
}

fn screen(width: u16, height: u16) -> Screen<TestBackend> {
    Screen::new(TestBackend::new(width, height)).unwrap()
}

fn shown(screen: &mut Screen<TestBackend>, state: &mut State) -> Vec<String> {
    screen.show(state).unwrap();
    let buffer = screen.backend_mut().buffer();
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    // A wide character owns the cell behind it, which holds a blank.
    let text =
        |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    rows.map(|row| text(row).trim_end().to_owned()).collect()
}

pub fn drawn(state: &mut State, width: u16, height: u16) -> Vec<String> {
    shown(&mut screen(width, height), state)
}

#[track_caller]
fn assert_rows(rows: &[String], expected: &str) {
    let expected: Vec<&str> = expected.trim_matches('\n').lines().collect();
    assert_eq!(rows, expected, "\n{}\n", rows.join("\n"));
}

/// Compares the rows with those that are kept in `screens/`; `SAYAGAIN_BLESS=1` keeps these instead.
#[track_caller]
pub fn assert_screen(name: &str, rows: &[String]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/view/screens");
    let (file, drawn) = (folder.join(format!("{name}.txt")), rows.join("\n") + "\n");
    if std::env::var_os("SAYAGAIN_BLESS").is_some() {
        fs::write(&file, drawn).unwrap();
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(kept, drawn, "{}:\n{drawn}", file.display());
}

#[test]
fn a_wide_window_shows_rooms_people_messages_and_status() {
    assert_rows(
        &drawn(&mut scene(), 80, 16),
        "
ROOMS               │ lobby
1 lobby             │
2 lab              1│ ─────────────── Saturday, 21 November 2026 ───────────────
PRIVATE             │ 12:00   * connected to localhost:4747 over udp as ann
3 dave            @1│ 12:00   * ann joined lobby
PEOPLE 3            │ 12:00   * in lobby (3): bob, carol, and 1 more
  ann               │ 12:00   * carol is away
  bob               │ 12:00   bob: hi
  carol away        │ 12:00 ✓ ann: hello
                    │ ──────────────── Sunday, 22 November 2026 ────────────────
                    │ ────────────────────────── new ───────────────────────────
                    │ 00:00 @ bob: ann, look:
                    │           fn main() {}
                    │       … how are you?
● connected │ ann │ udp │ rtt 12.3 ms ▃▅█ │ loss 3.1 % │ localhost:4747
lobby> type a message, or /help",
    );
}

#[test]
fn a_window_of_60_by_15_folds_the_side_bar_away() {
    assert_rows(
        &drawn(&mut scene(), 60, 15),
        "
 1 lobby  2 lab 1  3 @dave @1
──────────────── Saturday, 21 November 2026 ────────────────
12:00   * connected to localhost:4747 over udp as ann
12:00   * ann joined lobby
12:00   * in lobby (3): bob, carol, and 1 more
12:00   * carol is away
12:00   bob: hi
12:00 ✓ ann: hello
───────────────── Sunday, 22 November 2026 ─────────────────
─────────────────────────── new ────────────────────────────
00:00 @ bob: ann, look:
          fn main() {}
      … how are you?
● connected │ ann │ udp │ rtt 12.3 ms ▃▅█ │ loss 3.1 %
lobby> type a message, or /help",
    );
}

#[test]
fn what_was_found_is_in_view_and_the_bar_says_how_much_there_is() {
    let mut state = scene();
    (4..40).for_each(|id| hear(&mut state, &message("lobby", "bob", &format!("number {id}"), id)));
    drawn(&mut state, 60, 15);
    state.handle_key(&Key::Find);
    press(&mut state, "hello");
    let rows = drawn(&mut state, 60, 15);
    assert_eq!(rows[0], "reading older messages; Esc or Ctrl-End returns");
    assert_eq!(rows[14], "search: hello   1 of 1; Enter: older, Down: newer, Esc: done");
    let mut screen = screen(60, 15);
    let at = shown(&mut screen, &mut state).iter().position(|row| row.contains("ann: hello")).unwrap();
    let cell = &screen.backend_mut().buffer().content[60 * at + 14];
    assert!(cell.symbol() == "e" && cell.modifier.contains(Modifier::REVERSED), "{cell:?}");
    press(&mut state, "x");
    assert_eq!(shown(&mut screen, &mut state)[14], "search: hellox   not found here");
}

#[test]
fn help_lies_over_everything_and_is_turned_by_pages() {
    let mut state = scene();
    state.handle_key(&Key::Help);
    let rows = drawn(&mut state, 60, 15);
    assert_eq!(rows[0], " KEYS");
    assert_eq!(rows[2], " Tab                   complete a command, a name, a room;…");
    assert_eq!(rows[14], " Up, Down, PgUp, PgDn turn the page; Esc closes it");
    (0..9).for_each(|_| drop(state.handle_key(&Key::PageDown)));
    let rows = drawn(&mut state, 60, 15);
    assert!(rows[0].starts_with(" /theme dark|light|none"), "{rows:#?}");
    state.handle_key(&Key::Escape);
    assert_eq!(drawn(&mut state, 60, 15), drawn(&mut scene(), 60, 15));
}

#[test]
fn a_resize_never_garbles() {
    let mut state = scene();
    let mut screen = screen(80, 16);
    shown(&mut screen, &mut state);
    for (width, height) in [(60, 15), (20, 5), (120, 40), (72, 8), (1, 1), (80, 16)] {
        screen.backend_mut().resize(width, height);
        let after = shown(&mut screen, &mut state);
        assert_eq!(after, drawn(&mut scene(), width, height), "{width} by {height}");
    }
}

#[test]
fn every_window_can_be_drawn_whatever_keys_mean() {
    for key in [
        Key::Ladder,
        Key::Escape,
        Key::Interrupt,
        Key::Help,
        Key::Find,
        Key::PageUp,
        Key::Paste("a\nb".into()),
    ] {
        let mut state = scene();
        for (width, height) in (1..40).flat_map(|height| [1, 2, 3, 7, 41, 73].map(|width| (width, height))) {
            state.mode = Mode::Typing;
            state.on_size(ratatui::layout::Size::new(width, height));
            state.handle_key(&key);
            assert_eq!(drawn(&mut state, width, height).len(), usize::from(height));
        }
    }
}

#[test]
fn a_very_low_window_still_shows_what_is_typed() {
    let mut state = scene();
    press(&mut state, "ab");
    assert_eq!(drawn(&mut state, 30, 1), ["lobby> ab"]);
    assert_eq!(drawn(&mut state, 30, 2), ["● connected │ ann │ udp", "lobby> ab"]);
}

#[test]
fn wide_characters_and_emoji_wrap_whole() {
    let mut state = state();
    hear(&mut state, &message("lobby", "bob", "日本語日本語日本語 👨‍👩‍👧‍👦👍🏽 fin", 1));
    let rows = drawn(&mut state, 20, 8);
    let rows: Vec<String> = rows[2..6].iter().map(|row| row.replace("  ", "~")).collect();
    assert_eq!(rows.join("|").matches('本').count(), 3, "{rows:#?}");
    assert!(!rows.join("").contains(['\u{200d}', '🏽']), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains('👨') && row.contains('👍')), "{rows:#?}");
}

#[test]
fn a_long_text_goes_on_below_and_the_cursor_with_it() {
    let mut state = state();
    let mut screen = screen(20, 9);
    press(&mut state, "abcdefghijklmnopqrstuvwxyz");
    let rows = shown(&mut screen, &mut state);
    assert_eq!(rows[6..], ["lobby> abcdefghijkl", "       mnopqrstuvwx", "       yz"]);
    screen.backend_mut().assert_cursor_position((9, 8));
    state.handle_key(&Key::Home);
    shown(&mut screen, &mut state);
    screen.backend_mut().assert_cursor_position((7, 6));
}

#[test]
fn a_paste_is_counted_before_it_leaves_and_the_question_is_asked() {
    let mut state = state();
    state.handle_key(&Key::Paste("one\ntwo\nthree\n".into()));
    let rows = drawn(&mut state, 60, 15);
    assert_eq!(rows[10], "3 lines: Enter sends them as one message, Ctrl-C drops them");
    assert_eq!(rows[11..], ["lobby> one", "       two", "       three", ""]);
    state.handle_key(&Key::Interrupt);
    state.handle_key(&Key::Interrupt);
    assert_eq!(drawn(&mut state, 60, 15)[13], "Leave? y or Ctrl-C; any other key stays");
}

#[test]
fn pending_lines_beyond_five_are_counted() {
    let mut state = state();
    (0..8).for_each(|n| drop(type_line(&mut state, &format!("line {n}"))));
    let rows = drawn(&mut state, 60, 20);
    assert_eq!(
        rows[12..18].join("|"),
        "      … line 0|      … line 1|      … line 2|      … line 3|      … line 4|      … and 3 more, not yet accepted"
    );
}

#[test]
fn an_escape_sequence_reaches_no_terminal() {
    let mut state = state();
    hear(&mut state, &message("lobby", "bob", "\x1b]0;owned\x07 hi\n\u{202e}there\u{9b}", 1));
    let (room, by) = ("lobby".to_owned(), "bob".to_owned());
    hear(&mut state, &UserEvent::Topic { room, topic: "\x1b[2J".into(), by, line: None });
    hear(&mut state, &private("e\x1b[31m", "ann", "psst", 2));
    let rows = drawn(&mut state, 80, 15).join("");
    assert!(!rows.contains(|c: char| c.is_control() || c == '\u{202e}') && rows.contains("hi"), "{rows}");
}

#[test]
fn a_text_of_several_lines_cannot_pass_for_somebody_else() {
    let mut state = state();
    hear(&mut state, &message("lobby", "bob", "hi\n12:00   carol: I am carol", 1));
    let rows = drawn(&mut state, 60, 6);
    assert_eq!(rows[2..4], ["12:00   bob: hi", "          12:00   carol: I am carol"]);
}

#[test]
fn without_colours_no_cell_has_one() {
    let mut state = scene();
    state.theme = Theme::None;
    let mut screen = screen(80, 16);
    shown(&mut screen, &mut state);
    let buffer = screen.backend_mut().buffer();
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn many_rooms_and_people_leave_the_present_room_in_view() {
    let mut state = scene();
    (0..30).for_each(|n| hear(&mut state, &joined(&format!("room{n}"), "ann", None)));
    (0..30).for_each(|n| hear(&mut state, &joined("lobby", &format!("guest{n}"), None)));
    let rows = drawn(&mut state, 80, 16);
    assert!(rows[1].starts_with("1 lobby") && rows[13].starts_with("  and "), "{rows:#?}");
    state.handle_key(&Key::PlaceBefore);
    let rows = drawn(&mut state, 80, 16);
    assert!(rows.iter().any(|row| row.contains("  dave  ")), "{rows:#?}");
    assert!(drawn(&mut state, 60, 15)[0].contains("33 @dave"));
}
