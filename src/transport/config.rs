//! Which numbers of the reliability layer are settings?

use super::channel::ChannelLimits;
use super::congestion::Congestion;
use super::redundancy::Redundancy;
use super::session::LivenessConfig;
use crate::time::Duration;

/// Those that people choose, for everything that goes over datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Choices {
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
    /// The longest that a peer holds an acknowledgement back. Ours do not.
    pub max_ack_delay: Duration,
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
}

impl TransportConfig {
    /// The usual settings, but for these choices.
    pub fn chosen(choices: Choices) -> Self {
        let Choices { congestion, redundancy } = choices;
        Self { redundancy, congestion, ..Self::default() }
    }
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            liveness: LivenessConfig::default(),
            limits: ChannelLimits::default(),
            max_ack_delay: Duration::ZERO,
            redundancy: Redundancy::default(),
            congestion: Congestion::default(),
            insecure: false,
            rekey_packets: 1 << 20,
            rekey_interval: Duration::from_hours(1),
        }
    }
}
