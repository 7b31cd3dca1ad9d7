//! When was that, by the clock on the wall?
//!
//! A [`Moment`] counts the seconds that a local clock has shown since it showed 1970-01-01 00:00. Whoever
//! makes one has added the time zone already, so that nothing here knows of zones or reads a clock.

use crate::chat::calendar::Date;

/// Seconds in a day.
const DAY: i64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
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
        let Date { year, month, day } = Date::of(self.day());
        format!("{}, {day} {} {year}", WEEKDAYS[weekday], MONTHS[month - 1])
    }
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
