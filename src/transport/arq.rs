//! Which rules of repetition does a session follow: ours, or those of a textbook?
//!
//! ARQ, automatic repeat request, is what all reliable protocols do: number what is sent, acknowledge what
//! came, repeat what did not. The textbooks' three ways of doing it, and TCP's, are settings of the same
//! code; this file says what each setting asks of the parts, and the parts know of no mode.
//!
//! ```text
//!                      ours       stop-and-wait   go-back-n      selective-repeat   tcp-like (model)
//!   window             --cc       1 packet        N packets      N packets          --cc, newreno
//!   receiver keeps     all        all             next in order  all                all
//!   acknowledges       at once*   at once         at once        at once            each second, 40 ms
//!   finds a loss by    RFC 9002   timer           timer          timer              three later, timer
//!   sends again        the lost   the one         all behind it  the lost           the lost; timer: all
//!   least timeout      –          –               –              –                  200 ms, doubling
//!   a packet carries   all due    one piece       one piece      one piece          all due
//!   order              channel    channel         channel        channel            one for all
//!   * under bulk one acknowledgement for eight packets
//! ```
//!
//! With one sequence bit instead of our numbers stop-and-wait is the alternating-bit protocol.
//!
//! Each end chooses for itself, and nothing is told to the other: whatever a receiver drops it does not
//! acknowledge, and however a sender repeats, every receiver understands.
//!
//! Source: Kurose & Ross, Computer Networking, §3.4 (the three), RFC 3366 §1.2 to §1.4 (their terms);
//! RFC 5681, 6298, 9293 (TCP).

use super::congestion::Congestion;
use super::redundancy::Redundancy;
use super::reliability::probe::{INTERVAL_MAX, Probes, UNDOUBLED};
use super::reliability::thinning::Patience;
use crate::time::Duration;
use std::fmt;
use std::str::FromStr;

/// The window of go-back-N and selective repeat where none is given, in packets.
pub const WINDOW: u32 = 8;

/// The largest that may be given. Ours: half of the replay window, so that a packet is known as new however
/// long its window was out.
pub const WINDOW_MAX: u32 = 1_024;

/// The least retransmission timeout of TCP, as Linux has it. RFC 6298 §2.4 says a second.
const LEAST_TIMEOUT: Duration = Duration::from_millis(200);

/// The longest timeout of the textbooks' modes, which know no doubling. Ours: a heartbeat, because their window
/// holds heartbeats back, and a peer that was silent for longer would be suspected; a client that moves would
/// send too little to be answered at its new address.
const TEXTBOOK_TIMEOUT_MAX: Duration = Duration::from_secs(1);

/// RFC 9293 §3.8.6.3: at least each second segment is acknowledged, within half a second; Linux waits 40 ms.
const TCP_PATIENCE: Patience = Patience { longest: Duration::from_millis(40), each: 2, long: 0 };

/// How what is lost comes again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Arq {
    /// What this layer is built for: RFC 9002 with copies of small messages.
    #[default]
    Ours,
    /// One packet, and nothing else until it is acknowledged.
    StopAndWait,
    /// A window of packets, of which the receiver keeps only the next in order.
    GoBackN,
    /// A window of packets, each acknowledged and repeated by itself.
    SelectiveRepeat,
    /// A model of TCP: one stream for all channels, patient timers and acknowledgements.
    TcpLike,
}

impl Arq {
    /// The teaching modes, in the order in which they are best learned.
    pub const TEACHING: [Self; 4] = [Self::StopAndWait, Self::GoBackN, Self::SelectiveRepeat, Self::TcpLike];

    /// As it is written on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::StopAndWait => "stop-and-wait",
            Self::GoBackN => "go-back-n",
            Self::SelectiveRepeat => "selective-repeat",
            Self::TcpLike => "tcp-like",
        }
    }

    /// Any but ours?
    pub const fn is_teaching(self) -> bool {
        !matches!(self, Self::Ours)
    }

    /// One of the three of the textbooks? Then a packet carries one piece of a message at most, the window
    /// counts all that asks for an acknowledgement, and nothing but the timer finds a loss.
    pub const fn is_textbook(self) -> bool {
        matches!(self, Self::StopAndWait | Self::GoBackN | Self::SelectiveRepeat)
    }

    /// The congestion control, if `wished` was asked for: the textbooks' windows are fixed.
    pub const fn congestion(self, wished: Congestion) -> Congestion {
        match (self, wished) {
            (Self::StopAndWait, _) => Congestion::Fixed(1),
            (Self::Ours | Self::TcpLike, _) | (_, Congestion::Fixed(_)) => wished,
            (Self::GoBackN | Self::SelectiveRepeat, _) => Congestion::Fixed(WINDOW),
        }
    }

    /// The copies of small messages, if `wished` were asked for: none but in our own mode.
    pub const fn redundancy(self, wished: Redundancy) -> Redundancy {
        if self.is_teaching() { Redundancy::Off } else { wished }
    }

    /// How long a receiver's acknowledgement may wait, if it is `ours` in our own mode.
    pub const fn patience(self, ours: Duration) -> Patience {
        match self {
            Self::Ours => Patience::under_bulk(ours),
            Self::TcpLike => TCP_PATIENCE,
            Self::StopAndWait | Self::GoBackN | Self::SelectiveRepeat => Patience::under_bulk(Duration::ZERO),
        }
    }

    /// Does a receiver keep what comes before its turn? If not, that is dropped and not acknowledged.
    pub const fn keeps_out_of_order(self) -> bool {
        !matches!(self, Self::GoBackN)
    }

    /// Does all that is out go again when the timer of the oldest runs out?
    pub const fn goes_back(self) -> bool {
        matches!(self, Self::GoBackN | Self::TcpLike)
    }

    /// Do timer and thresholds follow TCP (RFC 5681, RFC 6298)?
    pub const fn follows_tcp(self) -> bool {
        matches!(self, Self::TcpLike)
    }

    /// Do all channels share one order?
    pub const fn is_one_stream(self) -> bool {
        matches!(self, Self::TcpLike)
    }

    /// How the interval of probes, or of the retransmission timer, grows.
    pub const fn backoff(self) -> Probes {
        match self {
            Self::Ours => Probes::doubling_after(UNDOUBLED, INTERVAL_MAX),
            // RFC 6298 §5.5: doubled at once.
            Self::TcpLike => Probes::doubling_after(0, INTERVAL_MAX),
            _ => Probes::doubling_after(UNDOUBLED, TEXTBOOK_TIMEOUT_MAX),
        }
    }

    /// No retransmission timeout is shorter.
    pub const fn least_timeout(self) -> Duration {
        if matches!(self, Self::TcpLike) { LEAST_TIMEOUT } else { Duration::ZERO }
    }
}

impl fmt::Display for Arq {
    /// The name; what is a model says so wherever it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if *self == Self::TcpLike { f.write_str(" (model)") } else { Ok(()) }
    }
}

impl FromStr for Arq {
    type Err = String;

    /// Reads the name of a teaching mode; an error lists them.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::TEACHING.into_iter().find(|mode| mode.name() == text).ok_or_else(|| {
            let names = Self::TEACHING.map(Self::name);
            format!("no such way to repeat; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_what_is_none_is_answered_with_all() {
        for mode in Arq::TEACHING {
            assert_eq!(mode.name().parse(), Ok(mode));
        }
        for bad in ["", "ours", "gbn", "TCP-LIKE", "tcp-like (model)"] {
            let error = bad.parse::<Arq>().expect_err("no name");
            assert!(error.contains("stop-and-wait, go-back-n, selective-repeat, tcp-like"), "{error}");
        }
    }

    #[test]
    fn what_is_a_model_says_so() {
        assert_eq!(Arq::TcpLike.to_string(), "tcp-like (model)");
        assert_eq!(Arq::GoBackN.to_string(), "go-back-n");
    }

    #[test]
    fn our_own_mode_changes_no_setting() {
        let (congestion, redundancy) = (Congestion::Cubic, Redundancy::Max);
        assert_eq!(Arq::Ours.congestion(congestion), congestion);
        assert_eq!(Arq::Ours.redundancy(redundancy), redundancy);
        let delay = Duration::from_millis(1);
        assert_eq!(Arq::Ours.patience(delay), Patience::under_bulk(delay));
        assert_eq!(Arq::Ours.least_timeout(), Duration::ZERO);
    }

    #[test]
    fn the_textbooks_windows_are_fixed_and_nothing_is_copied() {
        assert_eq!(Arq::StopAndWait.congestion(Congestion::Fixed(5)), Congestion::Fixed(1));
        assert_eq!(Arq::GoBackN.congestion(Congestion::Fixed(5)), Congestion::Fixed(5));
        assert_eq!(Arq::SelectiveRepeat.congestion(Congestion::Cubic), Congestion::Fixed(WINDOW));
        assert!(Arq::TEACHING.iter().all(|mode| mode.redundancy(Redundancy::Max) == Redundancy::Off));
    }
}
