//! Are the days that seeds make bad in every way, and does a broken promise come with its seed?

use super::*;
use std::collections::BTreeSet;

fn scenarios() -> impl Iterator<Item = Scenario> {
    (0..200).map(Scenario::of_seed)
}

#[test]
fn a_seed_always_makes_the_same_scenario() {
    assert_eq!(Scenario::of_seed(7), Scenario::of_seed(7));
    assert_ne!(Scenario::of_seed(7).script, Scenario::of_seed(8).script);
}

#[test]
fn every_kind_of_deed_happens_on_some_days_and_not_on_others() {
    let kinds = |scenario: &Scenario| -> BTreeSet<String> {
        let names = scenario.script.deeds.iter().map(|(_, deed)| format!("{deed:?}"));
        names.filter_map(|name| name.split_whitespace().next().map(str::to_owned)).collect()
    };
    let days: Vec<BTreeSet<String>> = scenarios().map(|scenario| kinds(&scenario)).collect();
    for kind in ["Kill", "PauseClient", "Rebind", "KillServer", "PauseServer"] {
        let count = days.iter().filter(|day| day.contains(kind)).count();
        assert!((20..180).contains(&count), "{kind}: {count} of 200");
    }
}

#[test]
fn links_that_are_drawn_could_be_asked_for_on_the_command_line() {
    let seats = scenarios().flat_map(|scenario| scenario.script.seats);
    for way in seats.flat_map(|seat| [seat.link.up, seat.link.down]) {
        assert_eq!(way.check(), Ok(()), "{way:?}");
    }
}

#[test]
fn texts_are_typed_only_once_and_fit() {
    for scenario in scenarios() {
        let mut texts = BTreeSet::new();
        for (_, deed) in &scenario.script.deeds {
            let Deed::Type { line, .. } = deed else { continue };
            assert!(
                line.starts_with('/') && !line.contains(char::is_numeric) || texts.insert(line),
                "{line}"
            );
            assert!(line.len() < 4_000, "{}", line.len());
        }
    }
}

#[test]
fn nothing_bad_is_planned_after_the_calm() {
    for (due, deed) in scenarios().flat_map(|scenario| scenario.script.deeds) {
        assert!(due <= CALM || deed == Deed::StartServer, "{due:?} {deed:?}");
    }
}
