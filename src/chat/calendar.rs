//! Which day is that?
//!
//! Days are counted from 1970-01-01, in the Gregorian calendar, carried on backwards. Seconds are those of a
//! clock on a wall: whoever has them has added the time zone already, so that nothing here knows of zones.

/// Seconds in a day.
const DAY: i64 = 86_400;
/// Days in 400 years, after which the calendar repeats.
const CYCLE: i64 = 146_097;
/// Days between 0000-03-01 and 1970-01-01.
const BEFORE: i64 = 719_468;
/// Days of each month from March on, so that the day of a leap year comes last.
const MONTHS: [i64; 12] = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29];

/// A day of the calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Date {
    /// The year; before the year 1 it is 0, −1, …
    pub year: i64,
    /// From 1.
    pub month: usize,
    /// From 1.
    pub day: i64,
}

impl Date {
    /// The day with this number.
    pub fn of(day: i64) -> Self {
        let since = day.saturating_add(BEFORE);
        let (cycle, mut rest) = (since.div_euclid(CYCLE), since.rem_euclid(CYCLE));
        // The last century of a cycle, and the last year of four, is a day longer.
        let century = (rest / 36_524).min(3);
        rest -= century * 36_524;
        let four = rest / 1_461;
        rest -= four * 1_461;
        let year = (rest / 365).min(3);
        rest -= year * 365;
        let mut month = 0;
        while month < 11 && rest >= MONTHS[month] {
            rest -= MONTHS[month];
            month += 1;
        }
        let turned = i64::from(month >= 10);
        let year = cycle * 400 + century * 100 + four * 4 + year + turned;
        Self { year, month: (month + 2) % 12 + 1, day: rest + 1 }
    }

    /// Its number; `None` if the calendar has no such day, or none that is written with four digits.
    pub fn number(self) -> Option<i64> {
        let Self { year, month, day } = self;
        if !(0..=9_999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let from_march = (month + 9) % 12;
        let year = if from_march >= 10 { year - 1 } else { year };
        let of_year: i64 = MONTHS[..from_march].iter().sum::<i64>() + day - 1;
        let of_cycle = year.rem_euclid(400);
        let before = of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year;
        let number = year.div_euclid(400) * CYCLE + before - BEFORE;
        (Self::of(number) == self).then_some(number)
    }
}

/// Such as `2026-11-21 09:05:59`, of the seconds that a wall clock has shown since it showed 1970.
pub fn stamp(seconds: i64) -> String {
    let Date { year, month, day } = Date::of(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_its_number_are_one() {
        for number in (-719_000..800_000).step_by(37).chain([0, -1, 11_016, 11_017, 47_540, 47_541]) {
            assert_eq!(Date::of(number).number(), Some(number));
        }
    }

    #[test]
    fn days_that_no_calendar_has_have_no_number() {
        let number = |year, month, day| Date { year, month, day }.number();
        assert_eq!(number(2026, 11, 21), Some(20_778));
        assert_eq!(number(2000, 2, 29), Some(11_016));
        for (year, month, day) in [
            (2026, 2, 29),
            (2100, 2, 29),
            (2026, 13, 1),
            (2026, 0, 1),
            (2026, 4, 31),
            (2026, 4, 0),
            (10_000, 1, 1),
        ] {
            assert_eq!(number(year, month, day), None, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn a_stamp_sorts_as_it_reads() {
        assert_eq!(stamp(0), "1970-01-01 00:00:00");
        assert_eq!(stamp(-1), "1969-12-31 23:59:59");
        assert_eq!(stamp(20_778 * DAY + 9 * 3_600 + 5 * 60 + 59), "2026-11-21 09:05:59");
        assert!(!stamp(i64::MAX).is_empty() && !stamp(i64::MIN).is_empty());
    }
}
