//! What does the clock on the wall show here?
//!
//! The chat carries milliseconds since 1970 in universal time; people read their own zone's. On Unix the
//! system knows the zone's rules of that day (`localtime_r`, POSIX); elsewhere universal time is shown.

use super::clock;
use crate::time::Instant;

/// Seconds that a local clock showed at `unix_ms` (milliseconds since 1970, UTC), since it showed 1970.
pub fn local_seconds(unix_ms: u64) -> i64 {
    let seconds = i64::try_from(unix_ms / 1_000).unwrap_or(0);
    seconds.saturating_add(offset(seconds))
}

/// What it shows now, in the same seconds.
pub fn local_seconds_now() -> i64 {
    let since_zero = u64::try_from((clock::now() - Instant::ZERO).as_millis()).unwrap_or(0);
    local_seconds(clock::unix_ms_at_zero().saturating_add(since_zero))
}

/// By how many seconds the local clock is ahead.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library knows no time zones; POSIX does")]
#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::useless_conversion, reason = "not every Unix has 64 bits in a long")
)]
fn offset(seconds: i64) -> i64 {
    let seconds = seconds.try_into().unwrap_or(0);
    // SAFETY: all fields are integers or pointers, for which zero is a value.
    let mut broken_down: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of our own; the call keeps neither.
    let answer = unsafe { libc::localtime_r(&raw const seconds, &raw mut broken_down) };
    // POSIX: null where the year does not fit.
    if answer.is_null() { 0 } else { i64::from(broken_down.tm_gmtoff) }
}

/// By how many seconds the local clock is ahead.
#[cfg(not(unix))]
fn offset(_: i64) -> i64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_clock_is_at_most_a_day_off_and_an_absurd_time_is_no_accident() {
        let noon = 1_700_000_000_000;
        let off = local_seconds(noon) - 1_700_000_000;
        assert!(off.abs() <= 86_400 && off % 60 == 0, "{off}");
        local_seconds(u64::MAX);
    }
}
