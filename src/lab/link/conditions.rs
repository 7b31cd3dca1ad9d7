//! How do the conditions of a link change over time?
//!
//! A trace file has a line for each moment at which something changes, in the order of time:
//!
//! ```text
//! # time since the start, then settings as on the command line, without dashes
//! 0s     delay=25ms rate=20mbit
//! 10s    loss=20% burst=4           # holds until something else is said
//! 12.5s  up-loss=100%               # up- and down- set one direction
//! 13s    loss=0 burst=off down-rate=1mbit
//! ```
//!
//! Left out: `fade` and `outage`, which are about time themselves (`loss=100%` makes an outage).

use super::config::LinkConfig;
use super::settings::{Assignment, read_assignment};
use super::values::Span;
use crate::time::Duration;
use std::str::FromStr;

/// The longest trace, in changes: a day of ten a second.
const MAX_CHANGES: usize = 864_000;

/// A trace: what changes when, in the order of time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Conditions {
    changes: Vec<(Duration, Assignment)>,
}

impl Conditions {
    /// Applies to `config` all changes from the `next`-th on that are due by this time since the link's
    /// start, and says from which to go on.
    pub fn apply_due(&self, next: usize, elapsed: Duration, config: &mut LinkConfig) -> usize {
        let rest = self.changes.get(next..).unwrap_or_default();
        let due = rest.iter().take_while(|(at, _)| *at <= elapsed);
        next + due.map(|(_, assignment)| assignment.apply(config)).count()
    }

    /// Tries all changes out on these settings: the error says at which time they cease to fit together.
    pub fn check(&self, mut config: LinkConfig) -> Result<(), String> {
        let mut next = 0;
        while let Some((at, _)) = self.changes.get(next) {
            next = self.apply_due(next, *at, &mut config);
            let fits = config.up.check().and_then(|()| config.down.check());
            fits.map_err(|error| format!("trace, at {}: {error}", super::values::spell_out(*at)))?;
        }
        Ok(())
    }
}

impl FromStr for Conditions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut conditions = Self::default();
        let mut last = Duration::ZERO;
        for (index, line) in text.lines().enumerate() {
            last = conditions
                .read_line(line, last)
                .map_err(|error| format!("trace, line {}: {error}", index + 1))?;
        }
        Ok(conditions)
    }
}

impl Conditions {
    /// Reads a line that may not be earlier than `last`; returns its time.
    fn read_line(&mut self, line: &str, last: Duration) -> Result<Duration, String> {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(time) = words.next() else { return Ok(last) };
        let at = time.parse::<Span>()?.0;
        if at < last {
            return Err(format!("{time} is earlier than the line before"));
        }
        let before = self.changes.len();
        for word in words {
            let (setting, assignment) = read_assignment(word)?;
            if !setting.changes {
                return Err(format!(
                    "`{}` cannot change over time; say loss=100% for an outage",
                    setting.names[0]
                ));
            }
            self.changes.push((at, assignment));
        }
        match self.changes.len() {
            after if after == before => Err(format!("nothing changes at {time}; write {time} delay=25ms")),
            after if after > MAX_CHANGES => Err(format!("more than {MAX_CHANGES} changes")),
            _ => Ok(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str =
        "# a bus\n0s delay=25ms\n\n10s loss=20% burst=4 # a tunnel\n10s up-rate=1mbit\n12s loss=0 burst=off";

    fn after(seconds: u64) -> LinkConfig {
        let conditions: Conditions = TRACE.parse().expect("a good trace");
        let mut config = LinkConfig::default();
        conditions.apply_due(0, Duration::from_secs(seconds), &mut config);
        config
    }

    #[test]
    fn each_line_holds_from_its_time_on() {
        assert_eq!(after(0).down.delay, Duration::from_millis(25));
        assert!(after(9).up.loss <= 0.0);
        assert!(after(10).up.loss > 0.0 && after(11).down.burst.is_some());
        assert_eq!((after(10).up.rate, after(10).down.rate), (Some(1_000_000), None));
        assert!(after(12).up.loss <= 0.0);
    }

    #[test]
    fn changes_are_applied_once_each() {
        let conditions: Conditions = TRACE.parse().expect("a good trace");
        let mut config = LinkConfig::default();
        let next = conditions.apply_due(0, Duration::from_secs(9), &mut config);
        assert_eq!(next, 1);
        assert_eq!(conditions.apply_due(next, Duration::from_secs(10), &mut config), 4);
        assert_eq!(conditions.apply_due(6, Duration::from_secs(99), &mut config), 6);
    }

    #[test]
    fn an_error_names_its_line() {
        for (text, hint) in [
            ("0s delay=25ms\n10 loss=5%", "line 2: `10` is no length of time"),
            ("5s delay=25ms\n\n4s loss=5%", "line 3: 4s is earlier"),
            ("5s", "line 1: nothing changes at 5s"),
            ("0s los=5%", "there is no setting `los`"),
            ("0s loss=5", "line 1: loss: `5` is no share"),
            ("0s outage=1s+1s", "cannot change over time"),
        ] {
            let error = text.parse::<Conditions>().expect_err(text);
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn changes_that_do_not_fit_together_are_found_before_the_start() {
        let conditions: Conditions = "0s loss=5%\n3s burst=4\n4s loss=0".parse().expect("a good trace");
        let error = conditions.check(LinkConfig::default()).expect_err("a burst of nothing");
        assert!(error.contains("at 4s") && error.contains("burst"), "{error}");
    }
}
