use super::*;
use crate::chat::client::event::UserEvent;
use crate::chat::message::{Failure, MessageId, PostKind, PresenceState};
use crate::transport::session::Transport;
use crate::tui::attention::Notify;
use std::time::Duration;

/// Noon of 21 November 2026.
pub const NOON: Moment = Moment(20_778 * 86_400 + 12 * 3_600);

pub fn state() -> State {
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
    let mut state = State::new(status, ["/join", "/who", "/whois"].map(str::to_owned));
    state.on_time(NOON);
    state
}

/// Told now.
pub fn hear(state: &mut State, event: &UserEvent) {
    let now = state.now;
    state.on_event(event, now);
}

pub fn message(room: &str, from: &str, text: &str, id: u64) -> UserEvent {
    UserEvent::Message {
        room: room.into(),
        from: from.into(),
        kind: PostKind::Text,
        text: text.into(),
        id: MessageId(id),
        at_ms: 0,
        history: false,
        own: from == "ann",
    }
}

pub fn private(from: &str, to: &str, text: &str, id: u64) -> UserEvent {
    let (from, to, text) = (from.to_owned(), to.to_owned(), text.to_owned());
    let own = from == "ann";
    UserEvent::Private { from, to, text, id: MessageId(id), at_ms: 0, own }
}

pub fn joined(room: &str, name: &str, line: Option<u64>) -> UserEvent {
    let own = name == "ann";
    UserEvent::Joined { room: room.into(), name: name.into(), own, line: line.map(LineNumber) }
}

pub fn press(state: &mut State, text: &str) {
    text.chars().for_each(|c| drop(state.handle_key(&Key::Char(c))));
}

pub fn type_line(state: &mut State, text: &str) -> Wish {
    press(state, text);
    state.handle_key(&Key::Enter)
}

fn sent(lines: &[&str]) -> Wish {
    Wish::Send(lines.iter().map(|line| (*line).to_owned()).collect())
}

fn pending(state: &State) -> Vec<&str> {
    state.sending.pending(&state.buffers.active().place).map(|pending| pending.text.as_str()).collect()
}

fn here(state: &State) -> &str {
    state.buffers.active().place.name()
}

fn counts(state: &State) -> Vec<(&str, usize, usize)> {
    state.buffers.iter().map(|buffer| (buffer.place.name(), buffer.unread, buffer.mentions)).collect()
}

/// In lobby and lab, looking at lobby.
fn in_two_rooms() -> State {
    let mut state = state();
    hear(&mut state, &joined("lobby", "ann", None));
    hear(&mut state, &joined("lab", "ann", None));
    state
}

#[test]
fn a_line_is_pending_until_the_server_has_it_and_its_message_is_here() {
    let mut state = state();
    assert_eq!(type_line(&mut state, "hi"), sent(&["hi"]));
    type_line(&mut state, "there");
    assert_eq!(pending(&state), ["hi", "there"]);
    hear(&mut state, &UserEvent::Accepted { line: LineNumber(2), id: MessageId(9) });
    assert_eq!(pending(&state), ["hi", "there"]);
    hear(&mut state, &message("lobby", "ann", "there", 9));
    assert_eq!(pending(&state), ["hi"]);
    let failure = Failure::new("no-such-room", "no such room");
    hear(&mut state, &UserEvent::Error { failure, line: Some(LineNumber(1)) });
    assert!(pending(&state).is_empty());
}

#[test]
fn a_paste_of_several_lines_leaves_as_one_message_and_only_on_enter() {
    let mut state = state();
    assert_eq!(state.handle_key(&Key::Paste("one\n\n  two\n".into())), Wish::Nothing);
    assert_eq!(state.handle_key(&Key::Enter), sent(&["one\n\n  two"]));
    press(&mut state, "a");
    state.handle_key(&Key::NewLine);
    assert_eq!(type_line(&mut state, "b"), sent(&["a\nb"]));
}

#[test]
fn enter_on_an_empty_line_sends_nothing() {
    assert_eq!(state().handle_key(&Key::Enter), Wish::Nothing);
    assert_eq!(type_line(&mut state(), "  "), Wish::Nothing);
}

#[test]
fn what_is_not_well_formed_stays_in_the_line_to_be_mended() {
    let mut state = state();
    assert_eq!(type_line(&mut state, "/jion lab"), Wish::Nothing);
    assert_eq!((state.typing.input.text(), pending(&state).len()), ("/jion lab", 0));
    let told = state.buffers.active().entries().back().map(|dated| dated.entry.clone());
    assert!(
        matches!(told, Some(Entry::Event(UserEvent::Error { failure, .. })) if failure.text.contains("/join"))
    );
}

#[test]
fn ctrl_c_clears_the_line_then_asks_then_leaves() {
    let mut state = state();
    press(&mut state, "half a thou");
    assert_eq!(state.handle_key(&Key::Interrupt), Wish::Nothing);
    assert!(state.typing.input.is_empty() && state.mode == Mode::Typing);
    assert_eq!(state.handle_key(&Key::Interrupt), Wish::Nothing);
    assert_eq!(state.mode, Mode::Asking);
    assert_eq!(state.handle_key(&Key::Interrupt), Wish::Leave);
}

#[test]
fn any_other_key_takes_the_question_back() {
    let mut state = state();
    state.handle_key(&Key::Interrupt);
    assert_eq!(state.handle_key(&Key::Char('n')), Wish::Nothing);
    assert!(state.mode == Mode::Typing && state.typing.input.is_empty());
}

#[test]
fn ctrl_d_leaves_only_from_an_empty_line() {
    let mut state = state();
    press(&mut state, "ab");
    state.handle_key(&Key::Home);
    assert_eq!(state.handle_key(&Key::EndOfInput), Wish::Nothing);
    assert_eq!(state.typing.input.text(), "b");
    state.handle_key(&Key::EndOfInput);
    assert_eq!(state.handle_key(&Key::EndOfInput), Wish::Leave);
}

#[test]
fn tab_cycles_and_any_other_key_ends_the_round() {
    let mut state = state();
    press(&mut state, "/wh");
    state.handle_key(&Key::Tab);
    state.handle_key(&Key::Tab);
    assert_eq!(state.typing.input.text(), "/whois ");
    press(&mut state, "a");
    state.handle_key(&Key::Tab);
    assert_eq!(state.typing.input.text(), "/whois a", "nobody whose name begins so is known");
    hear(&mut state, &joined("lobby", "anna", None));
    state.handle_key(&Key::Tab);
    assert_eq!(state.typing.input.text(), "/whois anna ");
}

#[test]
fn tab_offers_who_is_here_before_who_was_met_elsewhere() {
    let mut state = in_two_rooms();
    hear(&mut state, &joined("lab", "bea", None));
    hear(&mut state, &joined("lobby", "bob", None));
    press(&mut state, "b");
    state.handle_key(&Key::Tab);
    assert_eq!(state.typing.input.text(), "bob: ");
    state.handle_key(&Key::Tab);
    assert_eq!(state.typing.input.text(), "bea: ");
}

#[test]
fn up_brings_the_sent_line_back() {
    let mut state = state();
    type_line(&mut state, "hi");
    state.handle_key(&Key::Up);
    assert_eq!(state.typing.input.text(), "hi");
    state.handle_key(&Key::Down);
    assert!(state.typing.input.is_empty());
}

#[test]
fn text_goes_to_the_room_that_is_looked_at() {
    let mut state = in_two_rooms();
    assert_eq!(type_line(&mut state, "one"), sent(&["one"]));
    state.handle_key(&Key::Place(2));
    assert_eq!(type_line(&mut state, "two"), sent(&["/join lab", "two"]));
    assert_eq!(type_line(&mut state, "three"), sent(&["three"]));
    assert_eq!(pending(&state), ["two", "three"], "the word to the client is not shown");
    let entries = state.buffers.active().entries().len();
    hear(&mut state, &UserEvent::CurrentRoom { room: Some("lab".into()) });
    hear(&mut state, &joined("lab", "ann", Some(2)));
    assert_eq!(state.buffers.active().entries().len(), entries, "nor is its answer");
    state.handle_key(&Key::PlaceAfter);
    assert_eq!(type_line(&mut state, "/me waves"), sent(&["/join lobby", "/me waves"]));
    assert_eq!(type_line(&mut state, "/who"), sent(&["/who"]));
}

#[test]
fn where_the_clients_text_goes_is_said_again_when_it_is_in_doubt() {
    let mut state = in_two_rooms();
    state.handle_key(&Key::Place(2));
    type_line(&mut state, "one");
    hear(&mut state, &UserEvent::CurrentRoom { room: Some("lobby".into()) });
    assert_eq!(type_line(&mut state, "two"), sent(&["/join lab", "two"]));
}

#[test]
fn a_room_opens_with_its_join_and_what_is_typed_behind_it_is_for_it() {
    let mut state = state();
    assert_eq!(type_line(&mut state, "/join #Lab"), sent(&["/join #Lab"]));
    assert_eq!(here(&state), "lab");
    assert_eq!(type_line(&mut state, "hi"), sent(&["hi"]));
    let failure = Failure::new("room-full", "the room is full");
    hear(&mut state, &UserEvent::Error { failure, line: Some(LineNumber(1)) });
    assert!(state.buffers.active().left);
    assert_eq!(type_line(&mut state, "hi"), Wish::Nothing);
    assert_eq!(state.typing.input.text(), "hi", "what cannot be said is not lost");
}

#[test]
fn who_was_put_out_of_a_room_says_nothing_there_and_part_closes_it() {
    let mut state = in_two_rooms();
    state.handle_key(&Key::Place(2));
    let (room, name) = ("lab".to_owned(), "ann".to_owned());
    hear(&mut state, &UserEvent::Left { room, name, own: true, line: None });
    assert_eq!((here(&state), state.buffers.active().left), ("lab", true));
    assert_eq!(type_line(&mut state, "hi"), Wish::Nothing);
    state.typing.input.take();
    assert_eq!(type_line(&mut state, "/part"), Wish::Nothing);
    assert_eq!(counts(&state).len(), 1);
}

#[test]
fn part_closes_the_room_once_the_server_says_so() {
    let mut state = in_two_rooms();
    state.handle_key(&Key::Place(2));
    assert_eq!(type_line(&mut state, "/part"), sent(&["/join lab", "/part"]));
    let (room, name) = ("lab".to_owned(), "ann".to_owned());
    hear(&mut state, &UserEvent::Left { room, name, own: true, line: Some(LineNumber(2)) });
    assert_eq!((here(&state), counts(&state).len()), ("lobby", 1));
    assert_eq!(type_line(&mut state, "hi"), sent(&["/join lobby", "hi"]));
}

#[test]
fn a_conversation_in_private_is_a_place_of_its_own() {
    let mut state = state();
    hear(&mut state, &private("bob", "ann", "psst", 1));
    assert_eq!(counts(&state), [("lobby", 0, 0), ("bob", 1, 1)]);
    state.handle_key(&Key::Place(2));
    assert_eq!(counts(&state)[1], ("bob", 0, 0));
    assert_eq!(type_line(&mut state, "hello"), sent(&["/msg bob hello"]));
    assert_eq!(type_line(&mut state, "/me waves"), Wish::Nothing);
    state.typing.input.take();
    hear(&mut state, &UserEvent::Accepted { line: LineNumber(1), id: MessageId(4) });
    hear(&mut state, &private("ann", "bob", "hello", 4));
    assert!(pending(&state).is_empty());
    assert_eq!(state.buffers.active().entries().len(), 3, "psst, the refusal, hello");
    assert_eq!(type_line(&mut state, "/part"), Wish::Nothing);
    assert_eq!(here(&state), "lobby");
}

#[test]
fn msg_and_reply_open_the_conversation() {
    let mut state = state();
    assert_eq!(type_line(&mut state, "/msg carol hi"), sent(&["/msg carol hi"]));
    assert_eq!(here(&state), "carol");
    hear(&mut state, &private("bob", "ann", "psst", 1));
    assert_eq!(type_line(&mut state, "/reply yes"), sent(&["/msg bob yes"]));
    assert_eq!(here(&state), "bob");
}

#[test]
fn what_comes_elsewhere_is_counted_until_one_looks() {
    let mut state = in_two_rooms();
    hear(&mut state, &message("lab", "bob", "hi all", 1));
    hear(&mut state, &message("lab", "bob", "hi Ann", 2));
    hear(&mut state, &message("lobby", "bob", "hi", 1));
    assert_eq!(counts(&state), [("lobby", 0, 0), ("lab", 2, 1)]);
    state.handle_key(&Key::PlaceAfter);
    assert_eq!(counts(&state)[1], ("lab", 0, 0));
    assert!(state.buffers.active().unread_from.is_some());
}

#[test]
fn what_is_replayed_and_what_oneself_said_is_not_news() {
    let mut state = in_two_rooms();
    let mut old = message("lab", "bob", "ann!", 1);
    if let UserEvent::Message { history, .. } = &mut old {
        *history = true;
    }
    hear(&mut state, &old);
    hear(&mut state, &message("lab", "ann", "ann", 2));
    assert_eq!(state.attention.take(), None);
    assert_eq!(counts(&state)[1], ("lab", 0, 0));
}

#[test]
fn a_window_without_the_keyboard_counts_and_one_who_reads_older_messages_too() {
    let mut state = state();
    state.on_focus(false);
    hear(&mut state, &message("lobby", "bob", "hi", 1));
    assert_eq!(counts(&state), [("lobby", 1, 0)]);
    state.on_focus(true);
    assert_eq!(counts(&state), [("lobby", 0, 0)]);
    (0..100).for_each(|id| hear(&mut state, &message("lobby", "bob", "hi", id)));
    state.handle_key(&Key::PageUp);
    hear(&mut state, &message("lobby", "bob", "hi", 200));
    assert_eq!(counts(&state), [("lobby", 1, 0)]);
    state.handle_key(&Key::Newest);
    assert_eq!(counts(&state), [("lobby", 0, 0)]);
}

#[test]
fn the_bell_rings_for_mentions_and_private_messages_as_it_is_set() {
    let mut state = state();
    hear(&mut state, &message("lobby", "bob", "hi all", 1));
    assert_eq!(state.attention.take(), None);
    hear(&mut state, &message("lobby", "bob", "ann?\n\x1b]", 2));
    assert_eq!(state.attention.take().as_deref(), Some("bob in lobby: ann? ⏎ ␛]"));
    hear(&mut state, &private("bob", "ann", "psst", 3));
    assert_eq!(state.attention.take().as_deref(), Some("bob to you: psst"));
    assert_eq!(type_line(&mut state, "/notify off"), Wish::Nothing);
    hear(&mut state, &private("bob", "ann", "psst", 4));
    assert_eq!((state.attention.take(), state.attention.notify), (None, Notify::Off));
}

#[test]
fn settings_of_the_window_take_no_line_number() {
    let mut state = state();
    type_line(&mut state, "/theme light");
    assert_eq!(state.theme, crate::tui::theme::Theme::Light);
    type_line(&mut state, "hi");
    hear(&mut state, &UserEvent::Accepted { line: LineNumber(1), id: MessageId(1) });
    hear(&mut state, &message("lobby", "ann", "hi", 1));
    assert!(pending(&state).is_empty());
}

#[test]
fn who_is_here_is_known_and_told_once() {
    let mut state = state();
    hear(&mut state, &joined("lobby", "ann", None));
    let members = UserEvent::Members { room: "lobby".into(), names: vec!["bob".into()], total: 2 };
    hear(&mut state, &members);
    let away = UserEvent::Presence { name: "bob".into(), state: PresenceState::Away, line: None };
    hear(&mut state, &away);
    hear(&mut state, &members);
    let buffer = state.buffers.active();
    assert_eq!(buffer.entries().len(), 3, "after a reconnect it is no news");
    assert_eq!(
        buffer.people.iter().collect::<Vec<_>>(),
        [(&"ann".to_owned(), &PresenceState::Online), (&"bob".to_owned(), &PresenceState::Away)]
    );
    let (old, new) = ("bob".to_owned(), "rob".to_owned());
    hear(&mut state, &UserEvent::Renamed { old, new, own: false, line: None });
    assert!(state.buffers.active().people.contains_key("rob"));
}

#[test]
fn scrolling_stays_where_it_is_while_new_messages_come() {
    let mut state = state();
    (0..100).for_each(|id| hear(&mut state, &message("lobby", "bob", "hi", id)));
    state.handle_key(&Key::WheelUp);
    let bottom = state.buffers.active().bottom;
    assert_eq!(bottom, Some(Bottom { number: 96, rows: 1 }));
    (100..110).for_each(|id| hear(&mut state, &message("lobby", "bob", "hi", id)));
    assert_eq!(state.buffers.active().bottom, bottom);
    state.handle_key(&Key::Oldest);
    state.handle_key(&Key::PageUp);
    assert!(state.buffers.active().bottom.is_some_and(|bottom| bottom.number < 25));
    type_line(&mut state, "back");
    assert_eq!(state.buffers.active().bottom, None, "who speaks sees what they said");
}

#[test]
fn a_search_shows_what_it_finds_and_gives_the_line_back() {
    let mut state = state();
    (0..100).for_each(|id| hear(&mut state, &message("lobby", "bob", &format!("no {id}"), id)));
    press(&mut state, "half");
    state.handle_key(&Key::Find);
    press(&mut state, "no 1");
    state.handle_key(&Key::Enter);
    let Mode::Searching(search) = &state.mode else { panic!("{:?}", state.mode) };
    assert_eq!((search.count(state.buffers.active()), search.at), ((11, 10), Some(18)));
    assert!(state.buffers.active().bottom.is_some_and(|bottom| (18..40).contains(&bottom.number)));
    state.handle_key(&Key::Escape);
    assert_eq!((state.typing.input.text(), state.buffers.active().bottom), ("half", None));
}

#[test]
fn help_opens_over_the_chat_and_closes() {
    let mut state = state();
    let (line, text) = (LineNumber(1), "/join ROOM\n/part".to_owned());
    type_line(&mut state, "/help");
    hear(&mut state, &UserEvent::Help { line, text });
    assert!(matches!(state.mode, Mode::Help(_)) && pending(&state).is_empty());
    state.handle_key(&Key::Down);
    assert!(matches!(&state.mode, Mode::Help(help) if help.top == 1));
    state.handle_key(&Key::Escape);
    assert_eq!(state.mode, Mode::Typing);
}

fn measured(state: &mut State, bytes_in: u64) {
    state.on_stats(&SessionStats { bytes_in, ..SessionStats::default() }, None);
}

#[test]
fn seconds_without_a_byte_are_told_until_one_comes() {
    let mut state = state();
    (0..5).for_each(|_| measured(&mut state, 0));
    assert_eq!(state.status.link, Link::Connecting);
    hear(&mut state, &UserEvent::Connected { name: "Ann".into() });
    assert_eq!((&state.status.link, state.status.name.as_str()), (&Link::Connected, "Ann"));
    measured(&mut state, 100);
    (0..2).for_each(|_| measured(&mut state, 100));
    assert_eq!(state.status.link, Link::Connected);
    measured(&mut state, 100);
    assert_eq!(state.status.link, Link::Silent(Duration::from_secs(3)));
    measured(&mut state, 101);
    assert_eq!(state.status.link, Link::Connected);
    hear(&mut state, &UserEvent::Reconnecting { reason: "timed out".into() });
    assert_eq!(state.status.link, Link::Reconnecting);
}

#[test]
fn the_answer_to_stats_is_the_statistics() {
    let mut state = state();
    type_line(&mut state, "/stats");
    hear(&mut state, &UserEvent::StatsAsked { line: LineNumber(1) });
    assert_eq!(pending(&state), ["/stats"]);
    state.on_stats(&SessionStats::default(), Some(LineNumber(1)));
    assert!(pending(&state).is_empty());
}
