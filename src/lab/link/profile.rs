//! Which links do people sit behind?
//!
//! Seven of them, each a line of settings as a trace file would have it. The values are round numbers in
//! the middle of what is commonly measured, chosen so that a class feels the difference between two of
//! them; they are stand-ins, not measurements of one network:
//!
//! - `lan`: a switch or two; a gigabit, fractions of a millisecond, no loss.
//! - `good-wifi`: one's own room; the air adds a few milliseconds of waiting for its turn, and link-layer
//!   retransmission (IEEE 802.11) hides nearly all losses.
//! - `bad-wifi`: two walls away; retries show as jitter, what exceeds them as runs of loss, and for moments
//!   nothing passes. Access points buffer deeply.
//! - `crowded-classroom`: forty laptops on one channel; each waits its turn for tens of milliseconds,
//!   collisions take packets in runs, and a lost link-layer acknowledgement delivers some twice.
//! - `dsl`: VDSL with interleaving, some 12 ms each way, a tenth of the rate upwards, and next to no loss.
//! - `mobile`: LTE on the move; scheduling makes the jitter, handovers make outages of a third of a second,
//!   and the base station would rather queue than lose.
//! - `satellite`: 35,786 km up and down again at the speed of light are 240 ms one way at least; 280 ms with
//!   processing (RFC 2488 §2 on what that does to TCP).

use super::config::LinkConfig;
use super::settings::read_assignment;
use std::fmt::Write as _;
use std::str::FromStr;

/// A link with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// As `--profile` takes it.
    pub name: &'static str,
    /// What it sets, as words of a trace file.
    pub settings: &'static str,
}

/// All of them, from the best to the worst.
pub const PROFILES: [Profile; 7] = [
    Profile { name: "lan", settings: "delay=0.2ms jitter=0.1ms rate=1gbit queue=5ms" },
    Profile { name: "good-wifi", settings: "delay=2ms jitter=4ms loss=0.1% rate=100mbit queue=50ms" },
    Profile {
        name: "bad-wifi",
        settings: "delay=5ms jitter=20ms loss=3% burst=3 fade=150ms@2% rate=10mbit queue=200ms",
    },
    Profile {
        name: "crowded-classroom",
        settings: "delay=5ms jitter=40ms loss=8% burst=2 duplicate=0.5% rate=4mbit queue=150ms",
    },
    Profile {
        name: "dsl",
        settings: "delay=12ms jitter=2ms loss=0.01% up-rate=5mbit down-rate=50mbit queue=100ms",
    },
    Profile {
        name: "mobile",
        settings: "delay=25ms jitter=20ms loss=0.2% fade=300ms@1% up-rate=10mbit down-rate=40mbit queue=300ms",
    },
    Profile {
        name: "satellite",
        settings: "delay=280ms jitter=10ms loss=0.5% burst=2 up-rate=3mbit down-rate=25mbit queue=500ms",
    },
];

impl Profile {
    /// Sets what it sets, and leaves the rest.
    pub fn apply(self, config: &mut LinkConfig) -> Result<(), String> {
        for word in self.settings.split_whitespace() {
            read_assignment(word)?.1.apply(config);
        }
        Ok(())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        PROFILES.into_iter().find(|profile| profile.name == text).ok_or_else(|| {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            format!("there is no profile `{text}`; there are {}, and --profile list", names.join(", "))
        })
    }
}

/// What `--profile list` prints: a line each.
pub fn list() -> String {
    PROFILES.iter().fold(String::new(), |mut text, profile| {
        let _ = writeln!(text, "{:<18} {}", profile.name, profile.settings);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_can_be_read_and_fits_together() {
        for profile in PROFILES {
            assert_eq!(profile.name.parse(), Ok(profile));
            let mut config = LinkConfig::default();
            profile.apply(&mut config).expect(profile.name);
            config.up.check().expect(profile.name);
            config.down.check().expect(profile.name);
        }
    }

    #[test]
    fn an_unknown_profile_is_answered_with_those_there_are() {
        let error = "wifi".parse::<Profile>().expect_err("there is none");
        assert!(error.contains("good-wifi") && error.contains("list"), "{error}");
    }

    #[test]
    fn the_list_has_a_line_for_each() {
        assert_eq!(list().lines().count(), PROFILES.len());
        assert!(list().contains("satellite          delay=280ms"));
    }
}
