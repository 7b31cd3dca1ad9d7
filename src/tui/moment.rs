//! When was that, by the clock on the wall?
//!
//! A [`Moment`] counts the seconds that a local clock has shown since it showed 1970-01-01 00:00. Whoever
//! makes one has added the time zone already, so that nothing here knows of zones or reads a clock.

/// Seconds in a day.
const DAY: i64 = 86_400;
/// Days in 400 years of the Gregorian calendar, after which it repeats.
const CYCLE: i64 = 146_097;

const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// From March, so that the day of a leap year comes last.
const MONTHS: [(&str, i64); 12] = [
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
    ("January", 31),
    ("February", 29),
];

/// Seconds of the local wall clock since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Moment(pub i64);

impl Moment {
    /// The number of its day.
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// Such as `09:05`.
    pub fn time(self) -> String {
        let minutes = self.0.rem_euclid(DAY) / 60;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Such as `Saturday, 21 November 2026`.
    pub fn date(self) -> String {
        let weekday = usize::try_from(self.day().rem_euclid(7)).unwrap_or(0);
        let (day, month, year) = civil(self.day());
        format!("{}, {day} {month} {year}", WEEKDAYS[weekday])
    }
}

/// Day of the month, month and year of a day counted from 1970-01-01 (proleptic Gregorian calendar).
fn civil(day: i64) -> (i64, &'static str, i64) {
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    let since = day.saturating_add(719_468);
    let (cycle, mut rest) = (since.div_euclid(CYCLE), since.rem_euclid(CYCLE));
    // The last century of a cycle, and the last year of four, is a day longer.
    let century = (rest / 36_524).min(3);
    rest -= century * 36_524;
    let four = rest / 1_461;
    rest -= four * 1_461;
    let year = (rest / 365).min(3);
    rest -= year * 365;
    let mut month = 0;
    while month < 11 && rest >= MONTHS[month].1 {
        rest -= MONTHS[month].1;
        month += 1;
    }
    let turned = i64::from(month >= 10);
    (rest + 1, MONTHS[month].0, cycle * 400 + century * 100 + four * 4 + year + turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: i64) -> String {
        Moment(day * DAY).date()
    }

    #[test]
    fn known_days_have_their_dates() {
        assert_eq!(date(0), "Thursday, 1 January 1970");
        assert_eq!(date(-1), "Wednesday, 31 December 1969");
        assert_eq!(date(11_016), "Tuesday, 29 February 2000");
        assert_eq!(date(11_017), "Wednesday, 1 March 2000");
        assert_eq!(date(20_778), "Saturday, 21 November 2026");
        assert_eq!(date(47_540), "Sunday, 28 February 2100");
        assert_eq!(date(47_541), "Monday, 1 March 2100", "a century that is no leap year");
    }

    #[test]
    fn a_time_has_two_digits_each() {
        assert_eq!(Moment(9 * 3_600 + 5 * 60 + 59).time(), "09:05");
        assert_eq!(Moment(-1).time(), "23:59");
    }

    #[test]
    fn a_clock_that_is_absurd_is_no_accident() {
        for absurd in [i64::MAX, i64::MIN] {
            assert!(!Moment(absurd).date().is_empty() && Moment(absurd).time().len() == 5);
        }
    }
}
