//! From when on?
//!
//! | written | means |
//! | --- | --- |
//! | `2026-11-21` | from the beginning of that day on, by the clock on the wall here |
//! | `2026-11-21T14:30`, `2026-11-21 14:30` | from that minute on |
//! | `45s`, `90m`, `12h`, `30d`, `2w` | so long ago |

use crate::chat::calendar::Date;
use std::str::FromStr;

/// The longest span, in seconds: about a thousand years.
const LONGEST: u64 = 32_000_000_000;

/// A moment from which on something counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// So many seconds ago.
    Ago(u64),
    /// When a clock on the wall had shown so many seconds since it showed 1970.
    Shown(i64),
}

impl Since {
    /// In milliseconds since 1970 UTC. `now_ms` is the present in those; `clock` says what the clock on the wall
    /// shows at such a moment.
    pub fn from_ms(self, now_ms: u64, clock: fn(u64) -> i64) -> u64 {
        match self {
            Self::Ago(seconds) => now_ms.saturating_sub(seconds.saturating_mul(1_000)),
            Self::Shown(seconds) => {
                let ms = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000);
                // The zone's offset of that day, or (within a day of a change) nearly.
                let ahead = clock(ms(seconds)).saturating_sub(seconds.max(0));
                ms(seconds.saturating_sub(ahead))
            }
        }
    }
}

/// A span such as `45s`, `90m`, `12h`, `30d` or `2w`, in seconds: at least one.
pub fn span(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    let number: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    number.checked_mul(unit).filter(|seconds| (1..=LONGEST).contains(seconds))
}

fn shown(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let mut parts = date.splitn(3, '-').map(digits);
    let date =
        Date { year: parts.next()??, month: usize::try_from(parts.next()??).ok()?, day: parts.next()?? };
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    let fits = (0..24).contains(&hours) && (0..60).contains(&minutes);
    let day = date.number().filter(|_| fits)?;
    Some(day * 86_400 + hours * 3_600 + minutes * 60)
}

fn digits(text: &str) -> Option<i64> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ago = || span(text).map(Self::Ago);
        shown(text).map(Self::Shown).or_else(ago).ok_or_else(|| {
            format!("`{text}` is no moment; write a day, 2026-11-21, a minute of it, 2026-11-21T14:30, or how long ago, 90m, 12h, 30d")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_hours_ahead(at_ms: u64) -> i64 {
        i64::try_from(at_ms / 1_000).unwrap_or(0) + 7_200
    }

    fn from(text: &str) -> u64 {
        let since: Since = text.parse().expect("a moment");
        since.from_ms(1_800_000_000_000, two_hours_ahead)
    }

    #[test]
    fn a_day_begins_when_the_clock_on_the_wall_says_so() {
        assert_eq!(from("2023-11-14"), (19_675 * 86_400 - 7_200) * 1_000);
        assert_eq!(from("2023-11-14T22:13"), (19_675 * 86_400 + 22 * 3_600 + 13 * 60 - 7_200) * 1_000);
        assert_eq!(from("1950-01-01"), 0, "nothing is older than the count of milliseconds");
    }

    #[test]
    fn a_span_reaches_back_from_now() {
        assert_eq!(from("90m"), 1_800_000_000_000 - 5_400_000);
        assert_eq!(from("52w"), 1_800_000_000_000 - 52 * 604_800_000);
        assert_eq!(from("30000d"), 0);
    }

    #[test]
    fn nonsense_is_refused_with_what_can_be_written() {
        for text in [
            "",
            "2023-13-01",
            "2023-02-29",
            "2023-11-14T24:00",
            "d",
            "-3d",
            "+3d",
            "0h",
            "1.5h",
            "99999999999999d",
            "3é",
        ] {
            let refused = text.parse::<Since>();
            assert!(refused.as_ref().is_err_and(|why| why.contains("2026-11-21")), "{text}: {refused:?}");
        }
    }
}
