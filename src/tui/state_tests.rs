use super::*;
use crate::chat::message::{Failure, MessageId};

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
    State::new(status, ["/join", "/who", "/whois"].map(str::to_owned))
}

fn press(state: &mut State, text: &str) {
    text.chars().for_each(|c| drop(state.handle_key(&Key::Char(c))));
}

fn pending(state: &State) -> Vec<&str> {
    state.pending().collect()
}

#[test]
fn a_line_is_pending_until_its_own_acceptance() {
    let mut state = state();
    press(&mut state, "hi");
    assert_eq!(state.handle_key(&Key::Enter), Wish::Send(vec!["hi".into()]));
    press(&mut state, "there");
    state.handle_key(&Key::Enter);
    assert_eq!(pending(&state), ["hi", "there"]);
    state.on_event(&UserEvent::Accepted { line: LineNumber(2), id: MessageId(9) });
    assert_eq!(pending(&state), ["hi"]);
    let failure = Failure::new("no-such-room", "no such room");
    state.on_event(&UserEvent::Error { failure, line: Some(LineNumber(1)) });
    assert!(pending(&state).is_empty());
}

#[test]
fn several_pasted_lines_are_sent_one_by_one_and_only_on_enter() {
    let mut state = state();
    assert_eq!(state.handle_key(&Key::Paste("one\n\n  two\n".into())), Wish::Nothing);
    assert_eq!(state.handle_key(&Key::Enter), Wish::Send(vec!["one".into(), "  two".into()]));
    assert_eq!(pending(&state), ["one", "  two"]);
}

#[test]
fn enter_on_an_empty_line_sends_nothing() {
    assert_eq!(state().handle_key(&Key::Enter), Wish::Nothing);
}

#[test]
fn ctrl_c_clears_the_line_then_asks_then_leaves() {
    let mut state = state();
    press(&mut state, "half a thou");
    assert_eq!(state.handle_key(&Key::Interrupt), Wish::Nothing);
    assert!(state.input.is_empty() && !state.asked_to_quit);
    assert_eq!(state.handle_key(&Key::Interrupt), Wish::Nothing);
    assert!(state.asked_to_quit);
    assert_eq!(state.handle_key(&Key::Interrupt), Wish::Leave);
}

#[test]
fn any_other_key_takes_the_question_back() {
    let mut state = state();
    state.handle_key(&Key::Interrupt);
    assert_eq!(state.handle_key(&Key::Char('n')), Wish::Nothing);
    assert!(!state.asked_to_quit && state.input.is_empty());
}

#[test]
fn ctrl_d_leaves_only_from_an_empty_line() {
    let mut state = state();
    press(&mut state, "ab");
    state.handle_key(&Key::Home);
    assert_eq!(state.handle_key(&Key::EndOfInput), Wish::Nothing);
    assert_eq!(state.input.text(), "b");
    state.handle_key(&Key::EndOfInput);
    assert_eq!(state.handle_key(&Key::EndOfInput), Wish::Leave);
}

#[test]
fn tab_cycles_and_any_other_key_ends_the_round() {
    let mut state = state();
    press(&mut state, "/wh");
    state.handle_key(&Key::Tab);
    state.handle_key(&Key::Tab);
    assert_eq!(state.input.text(), "/whois ");
    press(&mut state, "a");
    state.handle_key(&Key::Tab);
    assert_eq!(state.input.text(), "/whois a", "nobody whose name begins so is known");
    let joined = UserEvent::Joined { room: "lobby".into(), name: "anna".into(), own: false, line: None };
    state.on_event(&joined);
    state.handle_key(&Key::Tab);
    assert_eq!(state.input.text(), "/whois anna ");
}

#[test]
fn up_brings_the_sent_line_back() {
    let mut state = state();
    press(&mut state, "hi");
    state.handle_key(&Key::Enter);
    state.handle_key(&Key::Up);
    assert_eq!(state.input.text(), "hi");
    state.handle_key(&Key::Down);
    assert!(state.input.is_empty());
}

#[test]
fn what_is_said_is_printed_once() {
    let mut state = state();
    state.say(Entry::Note("one".into()));
    assert_eq!(state.take_fresh().len(), 1);
    assert!(state.take_fresh().is_empty());
    assert_eq!(state.newest_first().count(), 1);
}

#[test]
fn a_flood_between_two_drawings_keeps_the_newest() {
    let mut state = state();
    (0..LIMIT_ENTRIES + 3).for_each(|n| state.say(Entry::Note(n.to_string())));
    let fresh = state.take_fresh();
    assert_eq!((fresh.len(), &fresh[0]), (LIMIT_ENTRIES, &Entry::Note("3".into())));
}

fn measured(state: &mut State, bytes_in: u64) {
    state.on_stats(&SessionStats { bytes_in, ..SessionStats::default() }, None);
}

#[test]
fn seconds_without_a_byte_are_told_until_one_comes() {
    let mut state = state();
    (0..5).for_each(|_| measured(&mut state, 0));
    assert_eq!(state.status.link, Link::Connecting);
    state.on_event(&UserEvent::Connected { name: "Ann".into() });
    assert_eq!((&state.status.link, state.status.name.as_str()), (&Link::Connected, "Ann"));
    measured(&mut state, 100);
    (0..2).for_each(|_| measured(&mut state, 100));
    assert_eq!(state.status.link, Link::Connected);
    measured(&mut state, 100);
    assert_eq!(state.status.link, Link::Silent(Duration::from_secs(3)));
    measured(&mut state, 101);
    assert_eq!(state.status.link, Link::Connected);
    state.on_event(&UserEvent::Reconnecting { reason: "timed out".into() });
    assert_eq!(state.status.link, Link::Reconnecting);
}

#[test]
fn the_answer_to_stats_is_the_statistics() {
    let mut state = state();
    press(&mut state, "/stats");
    state.handle_key(&Key::Enter);
    state.on_event(&UserEvent::StatsAsked { line: LineNumber(1) });
    assert_eq!(pending(&state), ["/stats"]);
    state.on_stats(&SessionStats::default(), Some(LineNumber(1)));
    assert!(pending(&state).is_empty());
}
