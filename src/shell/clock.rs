//! What time does the system say it is?
//!
//! On Unix our [`Instant`] counts the microseconds of `CLOCK_MONOTONIC` itself, zero for zero, so that an
//! `at_us` printed by one process can be compared with one printed by another on the same machine.
//! Elsewhere zero is the first call in this process. The wall clock is read once, to say what it showed
//! at zero; a wall clock that is set later does not move the chat's timestamps.

use crate::time::{Instant, at};
use std::time::{SystemTime, UNIX_EPOCH};

/// Now.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library hides the zero of its monotonic clock; POSIX tells it")]
pub fn now() -> Instant {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec of our own, and the call only writes there.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    debug_assert_eq!(failed, 0, "POSIX: this clock exists and the pointer is good");
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_nsec / 1_000).unwrap_or(0);
    at(seconds.saturating_mul(1_000_000).saturating_add(micros))
}

/// Now.
#[cfg(not(unix))]
pub fn now() -> Instant {
    static ZERO: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    at(0) + ZERO.get_or_init(std::time::Instant::now).elapsed()
}

/// Milliseconds since 1970 at [`Instant::ZERO`]; 0 on a machine whose wall clock stands before its start.
pub fn unix_ms_at_zero() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since_zero = now() - Instant::ZERO;
    u64::try_from(since_1970.saturating_sub(since_zero).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_runs_backwards() {
        let readings: Vec<Instant> = (0..1_000).map(|_| now()).collect();
        assert!(readings.is_sorted());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn zero_is_the_start_of_the_machine() {
        let text = std::fs::read_to_string("/proc/uptime").expect("Linux tells its uptime");
        let uptime: f64 = text.split(' ').next().and_then(|seconds| seconds.parse().ok()).expect("a number");
        let ours = (now() - Instant::ZERO).as_secs_f64();
        assert!(ours <= uptime + 1.0, "monotonic time stands still in suspend, uptime does not");
        assert!(ours > 0.0);
    }

    #[test]
    fn the_wall_clock_is_zero_plus_now() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let said = u128::from(unix_ms_at_zero()) + (now() - Instant::ZERO).as_millis();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        assert!((before - 2..=after + 2).contains(&said), "{before} <= {said} <= {after}");
    }
}
