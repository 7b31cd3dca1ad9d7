//! What time is it? Whatever the caller says.
//!
//! The core never reads a clock: each verb is handed `now`. An [`Instant`] counts microseconds from an
//! arbitrary zero, so a test writes `at(1_000)`, a simulator jumps a day in no time, and the wire code
//! cannot depend on the operating system by accident. Shells translate the system's monotonic clock.
//!
//! ```
//! use sayagain::time::at;
//! use std::time::Duration;
//!
//! let sent = at(1_000);
//! let acknowledged = sent + Duration::from_millis(25);
//! assert_eq!(acknowledged - sent, Duration::from_micros(25_000));
//! assert_eq!(sent - acknowledged, Duration::ZERO, "time spans saturate; they are never negative");
//! ```

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
pub use std::time::Duration;

/// A moment, in microseconds since an arbitrary zero that all parts of one node share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

/// The moment `micros` microseconds after zero: the short form that tests use.
pub const fn at(micros: u64) -> Instant {
    Instant(micros)
}

impl Instant {
    /// The arbitrary zero.
    pub const ZERO: Self = Self(0);

    /// Microseconds since zero.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The microseconds since `earlier`; zero if `earlier` is later.
    pub const fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The span since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.micros_since(earlier))
    }
}

/// A span in whole microseconds, as between two [`Instant`]s: for what is reckoned with at each packet, since it
/// is one number where a [`Duration`] is two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Micros(u64);

impl Micros {
    /// None.
    pub const ZERO: Self = Self(0);

    /// Of what is not whole the rest is left out.
    pub const fn of(span: Duration) -> Self {
        let whole = span.as_secs().saturating_mul(1_000_000);
        Self(whole.saturating_add(span.subsec_micros() as u64))
    }

    /// The same as a [`Duration`].
    pub const fn duration(self) -> Duration {
        Duration::from_micros(self.0)
    }

    /// By how much it is longer than the other; zero if it is not.
    #[must_use]
    pub const fn beyond(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times as long.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Add<Micros> for Instant {
    type Output = Self;
    fn add(self, span: Micros) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        self + Micros::of(span)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(Micros::of(span).0))
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}
