//! Is the peer still there?
//!
//! ```text
//!            silent 3 s             silent 5 s            silent 30 s
//!   Alive ───────────────▶ Suspected ─────────▶ Lost ───────────────────▶ over
//!     ▲   a ping each second    │  a ping each 0.3 s  │
//!     └─────── anything heard ──┴─────────────────────┘
//! ```
//!
//! Suspecting before losing keeps plain loss from raising false alarms: between the third and the fifth
//! second six pings are sent and six answers may come. Both ends keep this clock; a server with thousands
//! of sessions stretches it, and tells its clients by how much; pings are never further apart than a NAT
//! remembers.

use crate::time::{Duration, Instant, Micros};
use crate::transport::session::{Liveness, LivenessConfig};

/// However stretched the clock is, a ping leaves so often, unless a heartbeat alone is longer. Ours: a NAT forgets
/// a UDP binding after 30 s without a datagram, if it is in a hurry (RFC 4787 REQ-5 wants two minutes).
pub const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// The clock of one session.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    config: LivenessConfig,
    stretch: u32,
    state: Liveness,
    last_heard: Instant,
    last_asked: Instant,
    /// What follows from settings, stretch and state: how far pings are apart, …
    ping_every: Micros,
    /// … and after how long a silence the state turns.
    patience: Micros,
}

/// What became of a silence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// The state is another one now.
    State(Liveness),
    /// Too long: the session is over.
    Over,
}

impl Silence {
    /// The session begins now: the peer was just heard.
    pub const fn new(now: Instant, config: LivenessConfig) -> Self {
        Self {
            config,
            stretch: 1,
            state: Liveness::Alive,
            last_heard: now,
            last_asked: now,
            ping_every: Micros::of(config.heartbeat),
            patience: Micros::of(config.suspect_after),
        }
    }

    /// Something that only the peer can have sent arrived. Says if it had been missed.
    pub fn on_heard(&mut self, now: Instant) -> Option<Liveness> {
        self.last_heard = now;
        let missed = self.state != Liveness::Alive;
        if missed {
            self.turn(Liveness::Alive);
        }
        missed.then_some(Liveness::Alive)
    }

    /// Something was sent that the peer must answer.
    pub fn on_asked(&mut self, now: Instant) {
        self.last_asked = now;
    }

    /// All intervals are this many times as long from now on.
    pub fn on_stretch(&mut self, factor: u32) {
        self.stretch = factor.clamp(1, 600);
        self.turn(self.state);
    }

    /// The server told its heartbeat, in milliseconds: all our intervals become as many times as long,
    /// rounded up, so that nobody suspects the other too early.
    pub fn on_pace(&mut self, heartbeat_ms: u64) {
        let own = self.config.heartbeat.as_millis().max(1);
        let factor = u128::from(heartbeat_ms).div_ceil(own);
        self.on_stretch(u32::try_from(factor).unwrap_or(u32::MAX));
    }

    /// The heartbeat interval in force.
    pub fn heartbeat(&self) -> Duration {
        self.config.heartbeat * self.stretch
    }

    /// The state.
    pub const fn state(&self) -> Liveness {
        self.state
    }

    /// Should a ping go out now?
    pub fn is_ping_due(&self, now: Instant) -> bool {
        self.ping_at() <= now
    }

    /// When to look again.
    pub fn poll_timeout(&self) -> Instant {
        self.ping_at().min(self.turn_at())
    }

    /// Time passed: has the silence become too long?
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Turn> {
        if now < self.turn_at() {
            return None;
        }
        self.turn(match self.state {
            Liveness::Alive => Liveness::Suspected,
            Liveness::Suspected => Liveness::Lost,
            Liveness::Lost => return Some(Turn::Over),
        });
        Some(Turn::State(self.state))
    }

    /// From now on it is in this state.
    fn turn(&mut self, state: Liveness) {
        let LivenessConfig { heartbeat, probe_interval, suspect_after, lost_after, dead_after, .. } =
            self.config;
        let (ping_every, patience) = match state {
            Liveness::Alive => (heartbeat, suspect_after),
            Liveness::Suspected => (probe_interval, lost_after),
            Liveness::Lost => (probe_interval, dead_after),
        };
        self.state = state;
        self.ping_every = Micros::of((ping_every * self.stretch).min(KEEP_ALIVE.max(ping_every)));
        self.patience = Micros::of(patience * self.stretch);
    }

    fn ping_at(&self) -> Instant {
        self.last_asked + self.ping_every
    }

    fn turn_at(&self) -> Instant {
        self.last_heard + self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const S: u64 = 1_000_000;

    fn silence() -> Silence {
        Silence::new(at(0), LivenessConfig::default())
    }

    #[test]
    fn silence_goes_through_suspected_and_lost_to_over_at_its_times() {
        let mut silence = silence();
        assert_eq!(silence.handle_timeout(at(3 * S - 1)), None);
        assert_eq!(silence.handle_timeout(at(3 * S)), Some(Turn::State(Liveness::Suspected)));
        assert_eq!(silence.handle_timeout(at(5 * S)), Some(Turn::State(Liveness::Lost)));
        assert_eq!(silence.handle_timeout(at(30 * S - 1)), None);
        assert_eq!(silence.handle_timeout(at(30 * S)), Some(Turn::Over));
    }

    #[test]
    fn anything_heard_brings_the_peer_back_and_is_told_once() {
        let mut silence = silence();
        silence.handle_timeout(at(3 * S));
        assert_eq!(silence.on_heard(at(4 * S)), Some(Liveness::Alive));
        assert_eq!(silence.on_heard(at(4 * S)), None);
        assert_eq!(silence.handle_timeout(at(7 * S - 1)), None);
    }

    #[test]
    fn a_suspect_is_asked_every_300_ms() {
        let mut silence = silence();
        silence.on_asked(at(2 * S));
        assert!(!silence.is_ping_due(at(3 * S - 1)) && silence.is_ping_due(at(3 * S)));
        silence.handle_timeout(at(3 * S));
        silence.on_asked(at(3 * S));
        assert_eq!(silence.poll_timeout(), at(3_300_000));
    }

    #[test]
    fn a_pace_is_a_whole_multiple_rounded_up_from_1_to_600() {
        for (told_ms, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (2_000, 2), (u64::MAX, 600)] {
            let mut silence = silence();
            silence.on_pace(told_ms);
            assert_eq!(silence.heartbeat(), Duration::from_secs(seconds), "{told_ms} ms");
        }
    }

    #[test]
    fn a_stretched_clock_is_slower_in_everything() {
        let mut silence = silence();
        silence.on_stretch(10);
        assert_eq!(silence.handle_timeout(at(30 * S - 1)), None);
        assert_eq!(silence.handle_timeout(at(30 * S)), Some(Turn::State(Liveness::Suspected)));
        assert_eq!(silence.heartbeat(), Duration::from_secs(10));
    }

    #[test]
    fn a_stretched_clock_pings_before_a_nat_forgets() {
        let mut silence = silence();
        silence.on_stretch(600);
        assert!(!silence.is_ping_due(at(25 * S - 1)) && silence.is_ping_due(at(25 * S)));
        let slow = LivenessConfig { heartbeat: Duration::from_secs(40), ..LivenessConfig::default() };
        assert_eq!(Silence::new(at(0), slow).ping_at(), at(40 * S), "who asks for a slower one gets it");
    }
}
