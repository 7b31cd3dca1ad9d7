//! How many copies does a message need, if so many packets get lost?
//!
//! If a share *p* is lost, independently, then *n* copies are all lost with probability *p*ⁿ. So *n* is the
//! least number that brings this below what is bearable, and between two whole numbers some messages get
//! one and some the other:
//!
//! ```text
//!   loss       1 %   2 %   5 %   10 %   20 %   30 %
//!   rides      2     2.5   3     3.9    5.5    7.1     all lost: 2 in 10,000
//!   own        2     2     2     2.2    3      4       all lost: 8 in 1,000, which the 99th percentile bears
//! ```

use crate::time::Duration;
use std::fmt;
use std::str::FromStr;

/// How freely copies are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Redundancy {
    /// Each message once; again only when lost.
    Off,
    /// As many copies as the measured loss calls for.
    #[default]
    Auto,
    /// As many as are ever sent, whatever the loss.
    Max,
}

impl Redundancy {
    /// All, as they are written.
    pub const ALL: [Self; 3] = [Self::Off, Self::Auto, Self::Max];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Auto => "auto",
            Self::Max => "max",
        }
    }
}

impl fmt::Display for Redundancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Redundancy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|setting| setting.name() == text);
        found.ok_or_else(|| format!("`{text}` is no redundancy; there are off, auto and max"))
    }
}

/// What a message may have.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Target {
    /// How many datagrams carry it, at least 1.
    pub rides: f64,
    /// How many of these may leave for its sake.
    pub own: f64,
    /// How long after a ride the next datagram leaves for its sake.
    pub spacing: Duration,
}

/// Below this share of loss a copy would mostly be for nothing.
pub const LOSS_MIN: f64 = 0.0025;
/// From this share on copies leave early. Ours: below it the second copy comes at the latest in time for
/// the 99th percentile, and mostly rides along with the next message.
pub const LOSS_HIGH: f64 = 0.03;
/// Beyond this share copies are what fills the path, whatever the round trips say.
pub const LOSS_MAX: f64 = 0.4;
/// So many messages may be lost in all their rides.
const MISS_RIDES: f64 = 2e-4;
/// So many may be lost in all datagrams that left for their sake.
const MISS_OWN: f64 = 0.008;
/// More rides than this a message never gets.
const RIDES_MAX: f64 = 8.0;
/// More datagrams of its own than this neither.
const OWN_MAX: f64 = 4.0;
/// Ours: a little more than 10 ms, so that a stream with a message each 10 or 20 ms carries the copies in
/// its own datagrams.
const SOON: Duration = Duration::from_millis(11);
/// Where little is lost, a copy waits so long for a datagram that leaves anyway.
const LATER: Duration = Duration::from_millis(25);

/// What a message may have if this share of packets is lost.
pub fn compute(setting: Redundancy, loss: f64) -> Target {
    match setting {
        Redundancy::Max => Target { rides: RIDES_MAX, own: OWN_MAX, spacing: SOON },
        Redundancy::Auto if loss >= LOSS_MIN => Target {
            rides: copies(loss, MISS_RIDES).clamp(2.0, RIDES_MAX),
            own: copies(loss, MISS_OWN).clamp(2.0, OWN_MAX),
            spacing: if loss >= LOSS_HIGH { SOON } else { LATER },
        },
        Redundancy::Auto | Redundancy::Off => Target { rides: 1.0, own: 1.0, spacing: SOON },
    }
}

/// The mean number of copies with which a share `miss` of the messages is lost altogether: a mixture of two
/// neighbouring whole numbers, at most [`RIDES_MAX`].
fn copies(loss: f64, miss: f64) -> f64 {
    let (mut count, mut all_lost) = (1.0, loss);
    while all_lost * loss > miss && count < RIDES_MAX {
        all_lost *= loss;
        count += 1.0;
    }
    let one_more = all_lost * loss;
    if all_lost <= miss { count } else { count + (all_lost - miss) / (all_lost - one_more) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rides_and_own(loss: f64) -> (f64, f64) {
        let target = compute(Redundancy::Auto, loss);
        ((target.rides * 10.0).round() / 10.0, (target.own * 10.0).round() / 10.0)
    }

    #[test]
    fn the_table_above_is_what_is_computed() {
        let rows = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3].map(rides_and_own);
        assert_eq!(rows, [(2.0, 2.0), (2.5, 2.0), (3.0, 2.0), (3.9, 2.2), (5.5, 3.0), (7.1, 4.0)]);
    }

    #[test]
    fn without_loss_or_when_switched_off_a_message_goes_once() {
        for target in [compute(Redundancy::Auto, 0.0), compute(Redundancy::Off, 0.3)] {
            assert_eq!((target.rides, target.own), (1.0, 1.0));
        }
    }

    #[test]
    fn no_loss_calls_for_more_than_the_bounds() {
        for percent in 0..=100 {
            let target = compute(Redundancy::Auto, f64::from(percent) / 100.0);
            assert!((1.0..=RIDES_MAX).contains(&target.rides), "{percent} %: {target:?}");
            assert!((1.0..=OWN_MAX).contains(&target.own), "{percent} %: {target:?}");
        }
    }

    #[test]
    fn a_setting_reads_back_as_it_is_written() {
        for setting in Redundancy::ALL {
            assert_eq!(setting.to_string().parse(), Ok(setting));
        }
        assert!("more".parse::<Redundancy>().is_err_and(|error| error.contains("off, auto and max")));
    }
}
