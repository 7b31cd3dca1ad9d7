//! Does the oracle see what is wrong? Transcripts written by hand, each with one fault.

use super::{Testimony, Violation, liveness, safety};
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::{Failure, MessageId, PostKind};
use crate::lab::world::{Deed, Entry, Fact, Transcript};
use crate::service::api::{ClientEvent, Ending};
use crate::time::at;

fn typed(client: usize, line: &str) -> Fact {
    Fact::Done(Deed::Type { client, line: line.to_owned() })
}

fn said(client: usize, event: UserEvent) -> Fact {
    Fact::Client { client, event: ClientEvent::User(event) }
}

fn shown(client: usize, from: &str, id: u64, text: &str) -> Fact {
    let (room, from, text) = ("lobby".to_owned(), from.to_owned(), text.to_owned());
    let (kind, own, history) = (PostKind::Text, false, false);
    said(client, UserEvent::Message { room, from, kind, text, id: MessageId(id), at_ms: 0, history, own })
}

fn whispered(client: usize, from: &str, to: &str, id: u64, text: &str) -> Fact {
    let (from, to, text) = (from.to_owned(), to.to_owned(), text.to_owned());
    said(client, UserEvent::Private { from, to, text, id: MessageId(id), at_ms: 0, own: false })
}

fn accepted(client: usize, line: u64, id: u64) -> Fact {
    said(client, UserEvent::Accepted { line: LineNumber(line), id: MessageId(id) })
}

fn failed(client: usize, line: u64) -> Fact {
    let failure = Failure::new("no-such-room", "no such room");
    said(client, UserEvent::Error { failure, line: Some(LineNumber(line)) })
}

fn joined(client: usize) -> Fact {
    said(client, UserEvent::Joined { room: "lobby".into(), name: "x".into(), own: true, line: None })
}

fn finished(client: usize, ending: Ending) -> Fact {
    Fact::Client { client, event: ClientEvent::Finished(ending) }
}

/// Ann says two things, which both are shown.
fn good() -> Vec<Fact> {
    vec![
        joined(0),
        joined(1),
        typed(0, "one"),
        typed(0, "two"),
        accepted(0, 1, 7),
        shown(1, "ann", 7, "one"),
        shown(0, "ann", 7, "one"),
        accepted(0, 2, 8),
        shown(0, "ann", 8, "two"),
        shown(1, "ann", 8, "two"),
        typed(1, "/msg ann three"),
        accepted(1, 1, 1),
        whispered(0, "bob", "ann", 1, "three"),
        whispered(1, "bob", "ann", 1, "three"),
    ]
}

fn testimonies(facts: Vec<Fact>) -> Vec<Testimony> {
    let entries = facts.into_iter().enumerate().map(|(index, fact)| Entry { at: at(index as u64), fact });
    Testimony::all(&Transcript(entries.collect()), 2)
}

fn names() -> Vec<String> {
    ["ann", "bob"].map(str::to_owned).to_vec()
}

fn all_violations(facts: Vec<Fact>) -> Vec<Violation> {
    let testimonies = testimonies(facts);
    let mut all = safety::violations(&testimonies, &names());
    all.extend(liveness::unsettled_business(&testimonies, &names()));
    all.extend(liveness::vanished(&testimonies, &names()));
    all.extend(liveness::bad_endings(&testimonies, &names()));
    all
}

/// The good transcript with one more fact, and what the oracle must say of it.
#[track_caller]
fn assert_found(more: &[Fact], hint: &str) {
    let mut facts = good();
    facts.extend_from_slice(more);
    let found = all_violations(facts);
    assert!(found.iter().any(|violation| violation.0.contains(hint)), "{hint}: {found:?}");
}

/// Likewise with one fact less.
#[track_caller]
fn assert_missed(index: usize, hint: &str) {
    let mut facts = good();
    facts.remove(index);
    let found = all_violations(facts);
    assert!(found.iter().any(|violation| violation.0.contains(hint)), "{hint}: {found:?}");
}

#[test]
fn a_good_run_is_good() {
    assert_eq!(all_violations(good()), []);
    assert!(liveness::is_settled(&testimonies(good())));
}

#[test]
fn what_is_shown_twice_or_out_of_order_is_found() {
    assert_found(&[shown(1, "ann", 8, "two")], "bob is shown `two` twice");
    assert_found(&[typed(0, "four"), shown(1, "ann", 6, "four")], "after MessageId(8)");
}

#[test]
fn what_nobody_typed_or_somebody_else_is_found() {
    assert_found(&[shown(1, "ann", 9, "ghost")], "which nobody typed");
    assert_found(&[typed(0, "four"), shown(1, "bob", 9, "four")], "as said by bob");
}

#[test]
fn ids_that_differ_between_people_are_found() {
    let mut facts = good();
    facts[9] = shown(1, "ann", 9, "two");
    assert!(all_violations(facts).iter().any(|violation| violation.0.contains("to another")));
    assert_found(
        &[typed(0, "four"), shown(0, "ann", 9, "four"), shown(1, "ann", 10, "four")],
        "`four` is shown as",
    );
    assert_found(
        &[typed(0, "four"), typed(1, "five"), shown(0, "ann", 9, "four"), shown(1, "bob", 9, "five")],
        "for another",
    );
}

#[test]
fn a_second_outcome_and_an_outcome_of_nothing_are_found() {
    assert_found(&[accepted(0, 2, 8)], "second outcome");
    assert_found(&[failed(0, 2)], "second outcome");
    assert_found(&[accepted(0, 9, 9)], "never typed");
}

#[test]
fn an_acceptance_that_does_not_hold_is_found() {
    assert_found(&[typed(0, "four"), accepted(0, 3, 10), shown(0, "ann", 9, "four")], "was accepted as");
    assert_found(&[typed(0, "four"), failed(0, 3), shown(0, "ann", 9, "four")], "shown all the same");
    assert_found(&[typed(0, "four"), accepted(0, 3, 10)], "shown to nobody");
}

#[test]
fn an_order_that_its_author_did_not_mean_is_found() {
    let facts = [typed(0, "four"), typed(0, "five"), shown(0, "ann", 9, "five"), shown(0, "ann", 10, "four")];
    assert_found(&facts, "lines 3 and 4 of ann");
}

#[test]
fn a_private_message_in_the_wrong_hands_is_found() {
    assert_found(&[typed(0, "/msg ann four"), whispered(1, "ann", "ann", 2, "four")], "is shown to bob");
    assert_found(&[typed(0, "/msg bob four"), shown(1, "ann", 9, "four")], "meant for");
}

#[test]
fn a_line_without_an_outcome_is_found_unless_its_program_was_killed() {
    assert_found(&[typed(0, "four")], "has no outcome");
    assert_missed(7, "line 2 of ann has no outcome");
    let mut facts = good();
    facts.extend([typed(0, "four"), Fact::Done(Deed::Kill { client: 0 })]);
    assert_eq!(all_violations(facts), []);
}

#[test]
fn what_somebody_in_the_room_never_saw_is_found() {
    assert_missed(9, "bob was never shown `two`");
    assert_missed(5, "bob was never shown `one`");
    assert_missed(12, "ann was never shown `three`");
    let mut facts = good();
    let left = said(1, UserEvent::Left { room: "lobby".into(), name: "bob".into(), own: true, line: None });
    facts[9] = left;
    assert_eq!(all_violations(facts), [], "whoever has left is owed nothing");
}

#[test]
fn endings_that_lie_are_found() {
    let end = |client| Fact::Done(Deed::EndInput { client });
    assert_found(&[end(0)], "ann ended with None");
    assert_found(&[typed(0, "four"), end(0), finished(0, Ending::Done)], "open were [3]");
    let not_connected = || finished(1, Ending::NotConnected("no".into()));
    let connected = said(1, UserEvent::Connected { name: "bob".into() });
    assert_found(&[connected, end(1), not_connected()], "bob ended with");
    let mut facts = good();
    facts.extend([typed(1, "four"), end(1), not_connected()]);
    assert_eq!(all_violations(facts), [], "whoever found nobody at the start may say so and go");
    let mut facts = good();
    facts.extend([end(0), finished(0, Ending::Done), end(1), finished(1, Ending::Undelivered(vec![]))]);
    assert_eq!(all_violations(facts), []);
}
