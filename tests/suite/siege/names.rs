//! Can somebody with another key be taken for somebody else?

use super::room::{Room, Seat};
use sayagain::service::api::Ending;
use sayagain::time::Duration;

#[test]
fn another_key_gets_no_name_that_is_taken_nor_one_that_looks_like_it() {
    let mut room = Room::of(50, 31);
    // The name itself, in capitals, with a Cyrillic о, with a fullwidth r, with a zero for the o.
    let thefts = ["person7", "PERSON7", "pers\u{43e}n7", "pe\u{ff52}son7", "pers0n7"];
    for name in thefts {
        for knows in [true, false] {
            let thief = room.enter(Seat { name: name.to_owned(), knows, ..Seat::own(60) });
            room.pass(Duration::from_millis(500));
            let thief = room.people.remove(thief);
            assert!(!thief.is_in, "{name}");
            let refused = |ending: &Ending| matches!(ending, Ending::Refused { code, .. } if code == "name-taken" || code == "name-invalid");
            assert!(thief.ending.as_ref().is_some_and(refused), "{name}: {:?}", thief.ending);
        }
    }
    room.pass(Duration::from_secs(1));
    room.chat("still");
    room.assert_whole();
}
