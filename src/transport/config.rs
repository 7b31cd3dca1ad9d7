//! Which numbers of the reliability layer are settings?

use super::arq::Arq;
use super::channel::ChannelLimits;
use super::congestion::Congestion;
use super::redundancy::Redundancy;
use super::session::LivenessConfig;
use crate::time::{Duration, Instant};

/// Those that people choose, for everything that goes over datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Choices {
    /// How what is lost comes again.
    pub arq: Arq,
    /// What rules how much is in flight.
    pub congestion: Congestion,
    /// How freely copies of small messages are sent.
    pub redundancy: Redundancy,
}

/// Settings of every connection of an endpoint.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TransportConfig {
    /// When silence means what.
    pub liveness: LivenessConfig,
    /// How much is queued and buffered.
    pub limits: ChannelLimits,
    /// The longest that an acknowledgement is held back where packets come in a long run; zero: none ever
    /// is. The same at both ends: it is part of the protocol, and not told.
    pub max_ack_delay: Duration,
    /// How what is lost comes again. A teaching mode goes before `redundancy` and `congestion`.
    pub arq: Arq,
    /// How freely copies of small messages are sent.
    pub redundancy: Redundancy,
    /// What rules how much is in flight.
    pub congestion: Congestion,
    /// Speak in the clear with a CRC (and only so).
    pub insecure: bool,
    /// Seal with the next key after so many packets.
    pub rekey_packets: u64,
    /// Seal with the next key after so long.
    pub rekey_interval: Duration,
    /// What the wall clock showed at [`Instant::ZERO`], in milliseconds since 1970. It may be wrong: a client
    /// whose clock went back, or a server's, costs the first flight a round trip.
    pub unix_ms_at_zero: u64,
}

impl TransportConfig {
    /// The wall clock, in microseconds since 1970. It rises with `now`, however the system's is set meanwhile.
    pub const fn unix_us(&self, now: Instant) -> u64 {
        self.unix_ms_at_zero.saturating_mul(1_000).saturating_add(now.as_micros())
    }

    /// The usual settings, but for these choices.
    pub fn chosen(choices: Choices) -> Self {
        let Choices { arq, congestion, redundancy } = choices;
        Self { arq, redundancy, congestion, ..Self::default() }
    }

    /// The same, with what a teaching mode leaves no choice about.
    #[must_use]
    pub const fn settled(self) -> Self {
        let (redundancy, congestion) =
            (self.arq.redundancy(self.redundancy), self.arq.congestion(self.congestion));
        Self { redundancy, congestion, ..self }
    }
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            liveness: LivenessConfig::default(),
            limits: ChannelLimits::default(),
            max_ack_delay: Duration::from_millis(1),
            arq: Arq::default(),
            redundancy: Redundancy::default(),
            congestion: Congestion::default(),
            insecure: false,
            rekey_packets: 1 << 20,
            rekey_interval: Duration::from_hours(1),
            unix_ms_at_zero: 0,
        }
    }
}
