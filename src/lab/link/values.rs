//! How is a value of the link written?
//!
//! | value | like | units |
//! | --- | --- | --- |
//! | [`Span`] | `25ms`, `1.5s` | `us`, `ms`, `s`, `min` |
//! | [`Share`] | `5%`, `0.1%` | `%` |
//! | [`Rate`] | `20mbit` | `bit`, `kbit`, `mbit`, `gbit` a second, each a thousand of the one before |
//! | [`QueueLimit`] | `50ms`, `25pkt`, `125kB` | as a span; packets; `B`, `kB`, `MB` of 1,000 |
//! | [`Fade`] | `80ms@5%` | mean length, share of the time |
//! | [`Outage`] | `10s+3s` | from, for how long |
//!
//! A plain `0` needs no unit. Every refusal shows the right form.

use super::config::{Fade, Outage, QueueLimit};
use crate::time::Duration;
use std::str::FromStr;

/// The longest span: a year.
const LONGEST: Duration = Duration::from_hours(8760);

/// The fastest line: 1 Tbit/s.
const FASTEST: f64 = 1e12;

/// Splits `1.5s` into 1.5 and `s`; a number is digits with at most one point, so neither signed nor infinite.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit))
}

/// A length of time: at most a year, in whole microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no length of time; write 25ms, 1.5s, 500us or 2min");
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let micros = match unit {
            "us" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            "min" => 60e6,
            "" if number == 0.0 => 0.0,
            _ => return Err(wrong()),
        };
        let seconds = (number * micros).round() / 1e6;
        if seconds > LONGEST.as_secs_f64() {
            return Err(format!("`{text}` is longer than a year"));
        }
        Ok(Self(Duration::from_secs_f64(seconds)))
    }
}

/// A span in the shortest form that [`Span`] reads: `25ms`, `1.5s`.
pub fn spell_out(span: Duration) -> String {
    let micros = span.as_micros();
    let (unit, size, digits) = match micros {
        0 => return "0".to_owned(),
        n if n.is_multiple_of(1_000_000) || n > 1_000_000 && n.is_multiple_of(100_000) => ("s", 1_000_000, 6),
        n if n.is_multiple_of(10) => ("ms", 1_000, 3),
        _ => ("us", 1, 0),
    };
    match (micros / size, micros % size) {
        (whole, 0) => format!("{whole}{unit}"),
        (whole, rest) => format!("{whole}.{}{unit}", format!("{rest:0digits$}").trim_end_matches('0')),
    }
}

/// A share, from 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match number_and_unit(text) {
            Some((percent, "%")) if percent <= 100.0 => Ok(Self(percent / 100.0)),
            Some((0.0, "")) => Ok(Self(0.0)),
            _ => Err(format!("`{text}` is no share; write 5% or 0.1%, at most 100%")),
        }
    }
}

/// Bits a second, at least 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate(pub u64);

impl FromStr for Rate {
    type Err = String;

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no rate; write 20mbit, 500kbit or 1gbit (bits a second)");
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let bits = number
            * match unit {
                "bit" => 1.0,
                "kbit" => 1e3,
                "mbit" => 1e6,
                "gbit" => 1e9,
                _ => return Err(wrong()),
            };
        if (1.0..=FASTEST).contains(&bits) { Ok(Self(bits as u64)) } else { Err(wrong()) }
    }
}

impl FromStr for QueueLimit {
    type Err = String;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast to an integer saturates"
    )]
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no queue; write 50ms, 25pkt or 125kB");
        let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
        let bytes = |factor: f64| Self::Bytes((number * factor) as u64);
        match unit {
            "pkt" if number.fract() == 0.0 => Ok(Self::Packets(number as u64)),
            "B" => Ok(bytes(1.0)),
            "kB" => Ok(bytes(1e3)),
            "MB" => Ok(bytes(1e6)),
            _ => text.parse::<Span>().map(|span| Self::Time(span.0)).map_err(|_| wrong()),
        }
    }
}

impl FromStr for Fade {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no fade; write 80ms@5% (mean length of an outage, share of the time)");
        let (mean, share) = text.split_once('@').ok_or_else(wrong)?;
        let mean = mean.parse::<Span>().map_err(|_| wrong())?.0;
        let share = share.parse::<Share>().map_err(|_| wrong())?.0;
        if mean < Duration::from_millis(1) {
            return Err(format!("`{text}`: a fade lasts at least 1ms; write 80ms@5%"));
        }
        if share <= 0.0 || share >= 1.0 {
            return Err(format!(
                "`{text}`: a fade takes more than 0% and less than 100% of the time; write 80ms@5%"
            ));
        }
        Ok(Self { mean, share })
    }
}

impl FromStr for Outage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = |text: &str| text.parse::<Span>().ok().map(|span| span.0);
        text.split_once('+')
            .and_then(|(from, length)| Some(Self { from: span(from)?, length: span(length)? }))
            .ok_or_else(|| format!("`{text}` is no outage; write 10s+3s (from 10 s, for 3 s)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn good_values_are_read() {
        let spans = [("25ms", 25_000), ("1.5s", 1_500_000), ("500us", 500), ("2min", 120_000_000), ("0", 0)];
        for (text, micros) in spans {
            assert_eq!(text.parse::<Span>().map(|span| span.0.as_micros()), Ok(micros), "{text}");
        }
        for (text, share) in [("5%", 0.05), ("0.1%", 0.001), ("100%", 1.0), ("0", 0.0), ("0%", 0.0)] {
            assert!(text.parse::<Share>().is_ok_and(|read| (read.0 - share).abs() < 1e-12), "{text}");
        }
        let rates = [("20mbit", 20_000_000), ("500kbit", 500_000), ("1.5gbit", 1_500_000_000), ("9bit", 9)];
        for (text, bits) in rates {
            assert_eq!(text.parse(), Ok(Rate(bits)), "{text}");
        }
        let queues = [
            ("50ms", QueueLimit::Time(ms(50))),
            ("25pkt", QueueLimit::Packets(25)),
            ("125kB", QueueLimit::Bytes(125_000)),
            ("1.5MB", QueueLimit::Bytes(1_500_000)),
            ("900B", QueueLimit::Bytes(900)),
        ];
        for (text, limit) in queues {
            assert_eq!(text.parse(), Ok(limit), "{text}");
        }
        assert_eq!("80ms@5%".parse(), Ok(Fade { mean: ms(80), share: 0.05 }));
        assert_eq!("10s+3s".parse(), Ok(Outage { from: ms(10_000), length: ms(3_000) }));
    }

    #[test]
    fn bad_values_are_refused_with_the_right_form() {
        fn refused<T: FromStr<Err = String>>(texts: &[&str], example: &str) {
            for text in texts {
                let error = text.parse::<T>().err().unwrap_or_else(|| panic!("{text} was taken"));
                assert!(error.contains(example), "{text}: {error}");
            }
        }
        refused::<Span>(&["", "25", "ms", "-5ms", "5 ms", "1e3ms", "infs", "1.2.3s", "25mss", "٣s"], "25ms");
        refused::<Span>(&["99999999999999s"], "a year");
        refused::<Share>(&["", "5", "0.05", "101%", "-1%", "%", "5%%", "nan%"], "5%");
        refused::<Rate>(&["", "20", "0mbit", "20Mbit", "20mb", "-1mbit", "0.5bit", "9999999gbit"], "20mbit");
        refused::<QueueLimit>(&["", "25", "25 pkt", "2.5pkt", "125KB", "-1pkt"], "25pkt");
        refused::<Fade>(&["", "80ms", "5%@80ms", "80ms@0%", "80ms@100%", "10us@5%"], "80ms@5%");
        refused::<Outage>(&["", "10s", "10s-3s", "10+3", "10s+"], "10s+3s");
    }

    #[test]
    fn a_span_is_spelled_as_it_is_read() {
        for text in ["25ms", "1.5s", "12us", "0", "10s", "500ms", "0.25ms"] {
            let span = text.parse::<Span>().expect("a good span");
            assert_eq!(spell_out(span.0), text);
        }
    }
}
