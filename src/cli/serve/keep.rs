//! `--keep`: how long what was said is kept.
//!
//! | written | means |
//! | --- | --- |
//! | `30d`, `12h`, `2w` | nothing older; at least ten minutes, which is how often it is looked at |
//! | `10000` | so many messages of each room, and to each person |
//! | `30d,10000`, or given twice | whichever is stricter |
//! | `all` | all of it |

use crate::chat::server::sweeps::STORE;
use crate::cli::exit::Stop;
use crate::cli::history::since::span;
use crate::store::Keep;
use crate::time::Duration;

/// The most messages that can be asked for: beyond it nothing would ever go.
const MOST: u64 = 1_000_000_000;

/// What one `--keep` (or the setting) says.
pub fn value(text: &str) -> Result<Keep, String> {
    if text == "all" {
        return Ok(Keep::ALL);
    }
    let parts = text.split(',').map(|part| part_of(part.trim()));
    parts.reduce(|one, other| joined(one?, other?)).unwrap_or_else(|| part_of(text))
}

/// What all of them say together.
pub fn all(values: &[Keep]) -> Result<Keep, Stop> {
    let told = |why: String| Stop::usage(format!("--keep: {why}"));
    values
        .iter()
        .copied()
        .map(Ok)
        .reduce(|one, other| joined(one?, other?))
        .unwrap_or(Ok(Keep::ALL))
        .map_err(told)
}

fn joined(one: Keep, other: Keep) -> Result<Keep, String> {
    let is_twice =
        (one.age.is_some() && other.age.is_some()) || (one.count.is_some() && other.count.is_some());
    if is_twice || one.is_all() || other.is_all() {
        return Err("one age and one number of messages can be given, or `all` alone".to_owned());
    }
    Ok(Keep { age: one.age.or(other.age), count: one.count.or(other.count) })
}

fn part_of(text: &str) -> Result<Keep, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    let age = span(text).map(Duration::from_secs).filter(|age| *age >= STORE);
    if count.is_none() && age.is_none() {
        return Err(
            "write an age of at least 10m, such as 12h or 30d, a number of messages from 1, both as \
                    30d,10000, or `all`"
                .to_owned(),
        );
    }
    Ok(Keep { age, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_and_a_number_can_be_given_each_once() {
        let days = |days: u64| Some(Duration::from_hours(24 * days));
        let both = Keep { age: days(30), count: Some(10_000) };
        assert_eq!(value("30d,10000"), Ok(both));
        assert_eq!(all(&[value("10000").unwrap(), value("30d").unwrap()]), Ok(both));
        assert_eq!((value("all"), all(&[])), (Ok(Keep::ALL), Ok(Keep::ALL)));
        assert_eq!(value("2w"), Ok(Keep { age: days(14), count: None }));
        assert!(all(&[both, value("1h").unwrap()]).is_err() && all(&[Keep::ALL, both]).is_err());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in ["", "0", "-1", "9m", "30", "0d", "all,3", "3,", "1h,2h", "many"] {
            assert_eq!(value(text).is_ok(), text == "30", "{text}");
        }
    }
}
