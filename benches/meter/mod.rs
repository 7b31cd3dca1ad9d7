//! What did it cost, and what is typical? Figures of the system's, and medians.
//!
//! Where a system does not tell a figure it is NaN, and printed as a dash.

#![allow(dead_code, reason = "each bench is a program of its own and uses a part")]

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use std::thread::JoinHandle;
use std::time::Duration;

/// What this process has used since it began.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Processor time of all threads, in the program and in the system for it, in microseconds.
    pub cpu_us: f64,
    /// How often a thread gave up its processor because it had to wait.
    pub waits: f64,
    /// How often a thread was pushed off its processor.
    pub preemptions: f64,
}

/// What this process has used so far (POSIX getrusage).
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library does not know the cost of a process; POSIX does")]
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub fn usage() -> Usage {
    // SAFETY: rusage is made of integers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live rusage of our own, and the call only writes there.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    assert_eq!(failed, 0, "POSIX: this call cannot fail");
    let micros = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
    Usage {
        cpu_us: micros(usage.ru_utime) + micros(usage.ru_stime),
        waits: usage.ru_nvcsw as f64,
        preemptions: usage.ru_nivcsw as f64,
    }
}

/// What this process has used so far: not told here.
#[cfg(not(unix))]
pub fn usage() -> Usage {
    Usage { cpu_us: f64::NAN, waits: f64::NAN, preemptions: f64::NAN }
}

/// The processor time of a running thread, in microseconds.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library does not know the clock of a thread; POSIX does")]
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub fn thread_cpu_us<T>(thread: &JoinHandle<T>) -> f64 {
    use std::os::unix::thread::JoinHandleExt;
    let mut clock = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the handle is not joined, so its thread is known; the pointers are to values of our own.
    let failed = unsafe {
        libc::pthread_getcpuclockid(thread.as_pthread_t(), &raw mut clock)
            | libc::clock_gettime(clock, &raw mut time)
    };
    if failed == 0 { time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3 } else { f64::NAN }
}

/// The processor time of a running thread: not told here.
#[cfg(not(target_os = "linux"))]
pub fn thread_cpu_us<T>(_thread: &JoinHandle<T>) -> f64 {
    f64::NAN
}

/// Processor time of the calling thread (POSIX); where the system does not tell it, time as it passes.
fn own_cpu() -> Duration {
    #[cfg(unix)]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[expect(
            unsafe_code,
            reason = "the standard library does not know the clock of a thread; POSIX does"
        )]
        // SAFETY: the pointer is to a live timespec of our own, and the call only writes there.
        let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        assert_eq!(failed, 0, "POSIX: this clock exists and the pointer is good");
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    }
    #[cfg(not(unix))]
    {
        static ZERO: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        ZERO.get_or_init(std::time::Instant::now).elapsed()
    }
}

/// Lets criterion measure processor time: what other programs do meanwhile does not count.
#[derive(Clone, Copy, Debug)]
pub struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        own_cpu()
    }

    fn end(&self, start: Duration) -> Duration {
        own_cpu().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_secs_f64() * 1e9
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Memory of this process that is in use, in KiB (Linux).
pub fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(f64::NAN)
}

/// The value in the middle; NaN of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this share (0 to 1) of the values lies; NaN of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the length")]
pub fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// A cell of a table: three figures that matter.
pub fn cell(value: f64) -> String {
    match value {
        value if value.is_nan() => "–".to_owned(),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// The value of an option of the command line, `--name value`.
pub fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

/// The value of an option that is a number, or what it is without.
///
/// # Panics
/// If it is not a number.
pub fn number(name: &str, default: u64) -> u64 {
    let parse = |text: String| text.parse().unwrap_or_else(|_| panic!("{name} takes a number"));
    option(name).map_or(default, parse)
}

/// Is this no measurement, but `cargo test` that wants to see it run? Then everything is as short as it can
/// be.
pub fn is_trial() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}

/// Microseconds of a span.
pub fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}
