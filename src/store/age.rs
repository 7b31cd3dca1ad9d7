//! How long is what is remembered?
//!
//! A client resends for twelve hours at most, so an instance whose receipts have not changed for a day will
//! not be heard of again. The store has no clock: the newest moment that a commit names is its `now`.

use super::Change;
use crate::time::Duration;

/// Receipts are kept so long after they last changed: a day.
pub const RECEIPTS_KEPT: Duration = Duration::from_hours(24);

/// What is out of date is swept out so often: an hour.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// Receipts that last changed before this moment are out of date.
pub(super) fn receipts_since_ms(now_ms: u64) -> u64 {
    now_ms.saturating_sub(millis(RECEIPTS_KEPT))
}

/// When to sweep next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sweep {
    next_ms: u64,
}

impl Sweep {
    /// One was made at this moment.
    pub fn made_at(now_ms: u64) -> Self {
        Self { next_ms: now_ms.saturating_add(millis(SWEEP_EVERY)) }
    }

    /// The moment of the sweep that is due after these changes, if one is.
    pub fn due(&mut self, changes: &[Change]) -> Option<u64> {
        let now_ms = changes.iter().filter_map(moment_ms).max()?;
        if now_ms < self.next_ms {
            return None;
        }
        *self = Self::made_at(now_ms);
        Some(now_ms)
    }
}

fn moment_ms(change: &Change) -> Option<u64> {
    match change {
        Change::Instance { at_ms, .. } => Some(*at_ms),
        _ => None,
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::instance_record;

    fn settled_at(at_ms: u64) -> [Change; 1] {
        [Change::Instance { record: instance_record(), at_ms }]
    }

    #[test]
    fn a_sweep_is_due_once_an_hour_by_the_moments_of_the_commits() {
        let hour = 3_600_000;
        let mut sweep = Sweep::made_at(1_000);
        assert_eq!(sweep.due(&settled_at(hour)), None);
        assert_eq!(sweep.due(&[]), None);
        assert_eq!(sweep.due(&settled_at(hour + 1_000)), Some(hour + 1_000));
        assert_eq!(sweep.due(&settled_at(hour + 2_000)), None);
    }
}
