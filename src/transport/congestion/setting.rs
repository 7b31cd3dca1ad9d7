//! Which controller, by name?
//!
//! [`Congestion`] is the setting, small and comparable; [`Chosen`] is the controller that it makes.

use super::{Acknowledged, Controller, Cubic, Fixed, NewReno, RoundTrip, Tolerant};
use crate::time::{Duration, Instant};
use std::fmt;
use std::str::FromStr;

/// The window of `fixed` where no number is given, in packets.
const FIXED_PACKETS: u32 = 32;

/// The largest window of `fixed`, in packets: what a sender may have queued in tiny messages.
const FIXED_MAX: u32 = 32_768;

/// Which controller a session uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Congestion {
    /// A window of so many packets that never moves.
    Fixed(u32),
    /// RFC 9002 §7.
    NewReno,
    /// RFC 9438.
    Cubic,
    /// CUBIC that bears losses for which no queue is to blame.
    #[default]
    Tolerant,
}

impl Congestion {
    /// All names, in the order in which they are best learned. `fixed` may be followed by its window in
    /// packets: `fixed:8`.
    pub const NAMES: [&str; 4] = ["fixed", "newreno", "cubic", "tolerant"];

    /// A controller for datagrams of this many bytes.
    pub fn controller(self, datagram: u64) -> Chosen {
        match self {
            Self::Fixed(packets) => Chosen::Fixed(Fixed::new(packets, datagram)),
            Self::NewReno => Chosen::NewReno(NewReno::new(datagram)),
            Self::Cubic => Chosen::Cubic(Cubic::new(datagram)),
            Self::Tolerant => Chosen::Tolerant(Tolerant::new(datagram)),
        }
    }
}

impl fmt::Display for Congestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(packets) => write!(f, "fixed:{packets}"),
            Self::NewReno => f.write_str("newreno"),
            Self::Cubic => f.write_str("cubic"),
            Self::Tolerant => f.write_str("tolerant"),
        }
    }
}

impl FromStr for Congestion {
    type Err = String;

    /// Reads a name; an error lists them.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "fixed" => Ok(Self::Fixed(FIXED_PACKETS)),
            "newreno" => Ok(Self::NewReno),
            "cubic" => Ok(Self::Cubic),
            "tolerant" => Ok(Self::Tolerant),
            _ => {
                let Some(packets) = text.strip_prefix("fixed:") else {
                    return Err(format!("no such congestion control; there are {}", Self::NAMES.join(", ")));
                };
                let packets = packets.parse().ok().filter(|packets| (1..=FIXED_MAX).contains(packets));
                packets
                    .map(Self::Fixed)
                    .ok_or_else(|| format!("a fixed window has 1 to {FIXED_MAX} packets: fixed:8"))
            }
        }
    }
}

/// The controller of a session.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the variants are named like the controllers that they hold")]
pub enum Chosen {
    Fixed(Fixed),
    NewReno(NewReno),
    Cubic(Cubic),
    Tolerant(Tolerant),
}

impl Chosen {
    fn get(&self) -> &dyn Controller {
        match self {
            Self::Fixed(controller) => controller,
            Self::NewReno(controller) => controller,
            Self::Cubic(controller) => controller,
            Self::Tolerant(controller) => controller,
        }
    }

    fn get_mut(&mut self) -> &mut dyn Controller {
        match self {
            Self::Fixed(controller) => controller,
            Self::NewReno(controller) => controller,
            Self::Cubic(controller) => controller,
            Self::Tolerant(controller) => controller,
        }
    }
}

impl Controller for Chosen {
    fn on_acknowledged(&mut self, packet: Acknowledged) {
        self.get_mut().on_acknowledged(packet);
    }

    fn on_round_trip(&mut self, trip: RoundTrip) {
        self.get_mut().on_round_trip(trip);
    }

    fn on_lost(&mut self, now: Instant, sent_at: Instant) {
        self.get_mut().on_lost(now, sent_at);
    }

    fn on_marked(&mut self, now: Instant, sent_at: Instant) {
        self.get_mut().on_marked(now, sent_at);
    }

    fn on_persistent_congestion(&mut self) {
        self.get_mut().on_persistent_congestion();
    }

    fn on_spurious_loss(&mut self) {
        self.get_mut().on_spurious_loss();
    }

    fn on_path_changed(&mut self) {
        self.get_mut().on_path_changed();
    }

    fn on_datagram_size(&mut self, bytes: u64) {
        self.get_mut().on_datagram_size(bytes);
    }

    fn window(&self) -> u64 {
        self.get().window()
    }

    fn window_packets(&self) -> Option<u64> {
        self.get().window_packets()
    }

    fn threshold(&self) -> Option<u64> {
        self.get().threshold()
    }

    fn pacing_rate(&self, smoothed: Duration) -> Option<u64> {
        self.get().pacing_rate(smoothed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const ALL: [Congestion; 4] =
        [Congestion::Fixed(FIXED_PACKETS), Congestion::NewReno, Congestion::Cubic, Congestion::Tolerant];

    #[test]
    fn every_name_reads_back() {
        for (name, setting) in Congestion::NAMES.iter().zip(ALL) {
            assert_eq!(name.parse(), Ok(setting));
            assert_eq!(setting.to_string().parse(), Ok(setting));
        }
        assert_eq!("fixed:1".parse(), Ok(Congestion::Fixed(1)));
    }

    #[test]
    fn what_is_no_name_is_answered_with_all_of_them() {
        for bad in ["", "reno", "cubic:3", "fixed:", "fixed:0", "fixed:-1", "fixed:99999999999", "CUBIC"] {
            let error = bad.parse::<Congestion>().unwrap_err();
            assert!(error.contains("fixed"), "{bad}: {error}");
        }
        assert!("vegas".parse::<Congestion>().unwrap_err().contains("fixed, newreno, cubic, tolerant"));
    }

    /// What RFC 9002 asks of every controller that reacts.
    #[test]
    fn every_reacting_controller_obeys_the_common_rules() {
        for setting in &ALL[1..] {
            let mut controller = setting.controller(1_200);
            let ack = |controller: &mut Chosen, now: u64, limited: bool| {
                controller.on_acknowledged(Acknowledged {
                    now: at(now),
                    sent_at: at(now - 50_000),
                    bytes: 1_200,
                    limited,
                });
            };
            assert_eq!(controller.window(), 12_000, "{setting}: §7.2");
            ack(&mut controller, 50_000, false);
            assert_eq!(controller.window(), 12_000, "{setting}: §7.8: what is not used does not grow");
            (0..40).for_each(|_| ack(&mut controller, 60_000, true));
            assert_eq!(controller.window(), 60_000, "{setting}: §7.3.1: slow start");
            controller.on_marked(at(100_000), at(99_000));
            let reduced = controller.window();
            assert!(reduced < 60_000 && controller.threshold() == Some(reduced), "{setting}: §7.1, §7.3.2");
            controller.on_marked(at(120_000), at(99_999));
            assert_eq!(controller.window(), reduced, "{setting}: once a round trip");
            controller.on_spurious_loss();
            assert_eq!(controller.window(), 60_000, "{setting}: undone");
            controller.on_spurious_loss();
            assert_eq!(controller.window(), 60_000, "{setting}: undone once");
            controller.on_persistent_congestion();
            assert_eq!(controller.window(), 2_400, "{setting}: §7.6.2");
            ack(&mut controller, 300_000, true);
            assert_eq!(controller.window(), 3_600, "{setting}: and slow start again");
            controller.on_path_changed();
            assert_eq!((controller.window(), controller.threshold()), (12_000, None), "{setting}");
            controller.on_datagram_size(1_472);
            assert_eq!(controller.window(), 12_000, "{setting}: a larger datagram widens nothing");
            controller.on_persistent_congestion();
            assert_eq!(controller.window(), 2_944, "{setting}: but the least is two of them");
            controller.on_persistent_congestion();
            controller.on_datagram_size(1_200);
            controller.on_persistent_congestion();
            assert_eq!(controller.window(), 2_400, "{setting}");
            controller.on_datagram_size(1_472);
            assert_eq!(controller.window(), 2_944, "{setting}: also of one that has grown");
        }
    }
}
