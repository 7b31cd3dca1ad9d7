//! On which machine and system, and on which day?
//!
//! For reports. What the system does not tell is left out; nothing that names the owner or the host is asked.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a report says of where it was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// The system and its version: `Linux 6.12.1`.
    pub system: String,
    /// Processor and how many threads run at once: `Some CPU 9, 2 processors, x86_64`.
    pub hardware: String,
    /// The day in UTC: `2026-11-21`.
    pub date: String,
}

/// This one, now.
pub fn describe() -> Machine {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let noun = if processors == 1 { "processor" } else { "processors" };
    let model = processor().map(|name| name + ", ").unwrap_or_default();
    Machine {
        system: system(),
        hardware: format!("{model}{processors} {noun}, {}", std::env::consts::ARCH),
        date: day(seconds / 86_400),
    }
}

/// Linux tells its version in a file; elsewhere the name must do.
fn system() -> String {
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => format!("Linux {}", release.trim()),
        Err(_) => std::env::consts::OS.to_owned(),
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The date so many days after 1 January 1970: years of 400 have 146,097 days, and begin in March so that the
/// leap day is the last.
fn day(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, date) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_782, "2024-02-29"),
            (20_088, "2024-12-31"),
            (20_778, "2026-11-21"),
        ] {
            assert_eq!(day(days), date);
        }
    }

    #[test]
    fn something_is_known_of_every_machine() {
        let Machine { system, hardware, date } = describe();
        assert!(!system.is_empty() && hardware.contains("processor"), "{system}, {hardware}");
        assert!(date.len() == 10 && date.as_str() > "2024", "{date}");
    }
}
