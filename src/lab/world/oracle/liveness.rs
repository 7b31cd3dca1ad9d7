//! What must have happened, once the faults are over and there was time enough?

use super::testimony::{Outcome, Place, Typed};
use super::{Testimony, Verdicts, Violation};
use crate::chat::message::MessageId;
use crate::service::api::Ending;
use std::collections::BTreeSet;

/// Is every line settled that was typed into a program that was not killed? While this is not so, time may
/// still help.
pub fn is_settled(testimonies: &[Testimony]) -> bool {
    testimonies.iter().all(|testimony| testimony.is_lost() || unsettled(testimony).next().is_none())
}

fn unsettled(testimony: &Testimony) -> impl Iterator<Item = (&u64, &Typed)> {
    testimony.typed.iter().filter(|(line, _)| testimony.outcome(**line).is_none())
}

/// What should have happened and did not, at a moment at which all could have come to rest. Whoever has
/// finished or was killed is owed nothing more.
pub fn unsettled_business(testimonies: &[Testimony], names: &[String]) -> Vec<Violation> {
    let mut verdicts = Verdicts::default();
    for (testimony, name) in testimonies.iter().zip(names).filter(|(testimony, _)| !testimony.is_lost()) {
        for (line, typed) in unsettled(testimony) {
            verdicts.demand(false, || format!("line {line} of {name} has no outcome: `{}`", typed.line));
        }
        if testimony.ending.is_none() {
            everything_owed_is_shown(testimony, name, testimonies, &mut verdicts);
        }
    }
    verdicts.0
}

fn everything_owed_is_shown(testimony: &Testimony, name: &str, all: &[Testimony], verdicts: &mut Verdicts) {
    let seen: BTreeSet<&str> = testimony.shown.iter().map(|shown| shown.text.as_str()).collect();
    for author in all {
        for (line, typed) in &author.typed {
            let (Some(said), Some(Outcome::Accepted(id))) = (typed.said(), author.outcome(*line)) else {
                continue;
            };
            let owed = match said.to {
                Some(to) => to == name,
                None => is_owed_in_a_room(testimony, typed, *id, said.text, all),
            };
            verdicts.demand(!owed || seen.contains(said.text), || {
                format!("{name} was never shown `{}`, accepted as {id:?}", said.text)
            });
        }
    }
}

/// Was this said in a room that the client is in, after it knew that it was in, or after something that it
/// was shown there?
fn is_owed_in_a_room(
    testimony: &Testimony,
    typed: &Typed,
    id: MessageId,
    text: &str,
    all: &[Testimony],
) -> bool {
    let shown = all.iter().flat_map(|other| &other.shown).find(|shown| shown.text == text);
    let Some(Place::Room(room)) = shown.map(|shown| &shown.place) else { return false };
    let Some(since) = testimony.rooms.get(room) else { return false };
    let in_this_stay = |place: &Place, at| matches!(place, Place::Room(name) if name == room) && at >= *since;
    let first =
        testimony.shown.iter().find(|shown| in_this_stay(&shown.place, shown.at)).map(|shown| shown.id);
    typed.at > *since || first.is_some_and(|first| first < id)
}

/// Accepted messages that nobody was shown, though their author was there to see them: one's own messages
/// come back too. Whoever leaves the room right after speaking may miss the replay that would show them.
pub fn vanished(testimonies: &[Testimony], names: &[String]) -> Vec<Violation> {
    let mut verdicts = Verdicts::default();
    let seen: BTreeSet<&str> =
        testimonies.iter().flat_map(|testimony| &testimony.shown).map(|shown| shown.text.as_str()).collect();
    let present =
        testimonies.iter().zip(names).filter(|(author, _)| !author.is_lost() && author.ending.is_none());
    for (author, name) in present {
        for (line, typed) in &author.typed {
            let accepted = matches!(author.outcome(*line), Some(Outcome::Accepted(_)));
            let stayed = !author.typed.range(line + 1..).any(|(_, later)| later.line.starts_with("/part"));
            let Some(said) = typed.said().filter(|said| accepted && stayed && said.to.is_none()) else {
                continue;
            };
            verdicts.demand(seen.contains(said.text), || {
                format!("line {line} of {name} was accepted and shown to nobody: `{}`", said.text)
            });
        }
    }
    verdicts.0
}

/// What is wrong with the endings, a while after everybody's input has ended. Lines that failed aloud are
/// counted by whoever heard of it; an ending has to name those that nobody heard of.
pub fn bad_endings(testimonies: &[Testimony], names: &[String]) -> Vec<Violation> {
    let mut verdicts = Verdicts::default();
    let ended =
        testimonies.iter().zip(names).filter(|(testimony, _)| testimony.input_ended && !testimony.is_lost());
    for (testimony, name) in ended {
        let open: Vec<u64> = unsettled(testimony).map(|(line, _)| *line).collect();
        let truly = match &testimony.ending {
            Some(Ending::Done) => open.is_empty(),
            Some(Ending::Undelivered(lines)) => open.iter().all(|line| lines.contains(line)),
            Some(Ending::NotConnected(_) | Ending::Refused { .. }) | None => false,
        };
        verdicts.demand(truly, || format!("{name} ended with {:?}; open were {open:?}", testimony.ending));
    }
    verdicts.0
}
