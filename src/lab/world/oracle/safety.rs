//! What must never happen, whatever the faults?

use super::testimony::{Outcome, Place, Said, Shown, Typed};
use super::{Testimony, Verdicts, Violation};
use crate::chat::message::MessageId;
use std::collections::{BTreeMap, BTreeSet};

/// Which promises were broken, if any. `names[i]` is the name of client `i`, and never changes.
pub fn violations(testimonies: &[Testimony], names: &[String]) -> Vec<Violation> {
    let mut verdicts = Verdicts::default();
    let authors = authors(testimonies);
    for (testimony, name) in testimonies.iter().zip(names) {
        every_line_has_one_outcome_at_most(testimony, name, &mut verdicts);
        nothing_is_shown_twice_or_out_of_order(testimony, name, &mut verdicts);
        for shown in &testimony.shown {
            what_is_shown_was_typed(shown, &authors, names, name, &mut verdicts);
        }
    }
    let places = places(testimonies, &mut verdicts);
    for (testimony, name) in testimonies.iter().zip(names) {
        what_was_accepted_is_what_is_shown(testimony, name, &places, &mut verdicts);
        own_order_is_kept(testimony, name, &places, &mut verdicts);
    }
    verdicts.0
}

/// Who typed each text.
type Authors<'a> = BTreeMap<&'a str, (usize, Said<'a>)>;

fn authors(testimonies: &[Testimony]) -> Authors<'_> {
    let said = testimonies.iter().enumerate().flat_map(|(client, testimony)| {
        testimony.typed.values().filter_map(move |typed| typed.said().map(|said| (said.text, (client, said))))
    });
    said.collect()
}

/// Where each text was shown, and under which id.
type Places<'a> = BTreeMap<&'a str, (&'a Place, MessageId)>;

/// The same text has the same place and id everywhere, and no other text has them.
fn places<'a>(testimonies: &'a [Testimony], verdicts: &mut Verdicts) -> Places<'a> {
    let mut places = Places::new();
    let mut texts: BTreeMap<(&Place, MessageId), &str> = BTreeMap::new();
    for shown in testimonies.iter().flat_map(|testimony| &testimony.shown) {
        let key = (&shown.place, shown.id);
        let before = *places.entry(&shown.text).or_insert(key);
        verdicts.demand(before == key, || {
            format!("`{}` is shown as {before:?} to one and as {key:?} to another", shown.text)
        });
        let other = *texts.entry(key).or_insert(&shown.text);
        verdicts.demand(other == shown.text, || {
            format!("{key:?} is `{other}` for one and `{}` for another", shown.text)
        });
    }
    places
}

fn every_line_has_one_outcome_at_most(testimony: &Testimony, name: &str, verdicts: &mut Verdicts) {
    let mut settled = BTreeSet::new();
    for (line, outcome) in &testimony.outcomes {
        verdicts.demand(settled.insert(*line), || {
            format!("line {line} of {name} has a second outcome: {outcome:?}")
        });
        verdicts
            .demand(testimony.typed.contains_key(line), || format!("line {line} of {name} was never typed"));
    }
}

fn nothing_is_shown_twice_or_out_of_order(testimony: &Testimony, name: &str, verdicts: &mut Verdicts) {
    let mut last: BTreeMap<&Place, MessageId> = BTreeMap::new();
    let mut texts = BTreeSet::new();
    for Shown { place, id, text, .. } in &testimony.shown {
        verdicts.demand(texts.insert(text), || format!("{name} is shown `{text}` twice"));
        if let Some(before) = last.insert(place, *id) {
            verdicts.demand(before < *id, || format!("{name} is shown {id:?} after {before:?} in {place:?}"));
        }
    }
}

fn what_is_shown_was_typed(
    shown: &Shown,
    authors: &Authors,
    names: &[String],
    to: &str,
    verdicts: &mut Verdicts,
) {
    let Some((author, said)) = authors.get(shown.text.as_str()) else {
        return verdicts.demand(false, || format!("{to} is shown `{}`, which nobody typed", shown.text));
    };
    let name = &names[*author];
    verdicts.demand(*name == shown.from, || {
        format!("`{}` of {name} is shown to {to} as said by {}", shown.text, shown.from)
    });
    let right_place = match (&shown.place, said.to) {
        (Place::Room(_), None) => true,
        (Place::Private(recipient), Some(meant)) => recipient == meant && (to == meant || to == name),
        _ => false,
    };
    verdicts.demand(right_place, || format!("`{}`, meant for {:?}, is shown to {to}", shown.text, said.to));
}

fn what_was_accepted_is_what_is_shown(
    testimony: &Testimony,
    name: &str,
    places: &Places,
    verdicts: &mut Verdicts,
) {
    for (line, outcome) in &testimony.outcomes {
        let Some(said) = testimony.typed.get(line).and_then(Typed::said) else { continue };
        let shown = places.get(said.text);
        match outcome {
            Outcome::Accepted(id) => verdicts.demand(shown.is_none_or(|(_, shown)| shown == id), || {
                format!("line {line} of {name} was accepted as {id:?} and is shown as {shown:?}")
            }),
            Outcome::Failed(code) => verdicts.demand(shown.is_none(), || {
                format!("line {line} of {name} failed ({code}) and is shown all the same")
            }),
            Outcome::Answered => verdicts.demand(false, || {
                format!("line {line} of {name} says something, and was answered like a command")
            }),
        }
    }
}

/// In each place, what one person says keeps the order in which it was typed.
fn own_order_is_kept(testimony: &Testimony, name: &str, places: &Places, verdicts: &mut Verdicts) {
    let mut last: BTreeMap<&Place, (u64, MessageId)> = BTreeMap::new();
    for (line, typed) in &testimony.typed {
        let Some((place, id)) = typed.said().and_then(|said| places.get(said.text)) else { continue };
        if let Some((earlier, before)) = last.insert(place, (*line, *id)) {
            verdicts.demand(before < *id, || {
                format!(
                    "lines {earlier} and {line} of {name} have the ids {before:?} and {id:?} in {place:?}"
                )
            });
        }
    }
}
