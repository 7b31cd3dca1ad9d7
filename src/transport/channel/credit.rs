//! How much may a sender have under way that the receiver has not consumed?
//!
//! Credit is counted in *cost*: a message costs its length plus [`MESSAGE_COST`] bytes, so that a flood of
//! tiny messages is bounded too. The receiver states a limit on the sum of all costs so far; it rises as
//! messages are consumed (RFC 9000 §4 does the same with stream offsets).
//!
//! ```text
//!   consumed ────────── arrived ─────────── limit
//!            buffered            may be sent
//!            └────────────── window ──────────────┘
//! ```

/// What a message costs besides its length.
pub const MESSAGE_COST: u64 = 32;

/// How far a message may be ahead of the oldest open one of its channel where order does not rule.
///
/// Ours: whoever settles messages out of order must remember which, in 16 bytes for each gap; so 128 channels
/// take a megabyte at most.
pub const AHEAD_MAX: u64 = 1_024;

/// The cost of a message of this length.
pub const fn cost(len: u64) -> u64 {
    len.saturating_add(MESSAGE_COST)
}

/// The sender's side: what the receiver allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendCredit {
    limit: u64,
    used: u64,
}

impl SendCredit {
    /// The receiver allows `limit` at first.
    pub const fn new(limit: u64) -> Self {
        Self { limit, used: 0 }
    }

    /// A limit was received; an older, lower one changes nothing.
    pub fn on_limit(&mut self, limit: u64) {
        self.limit = self.limit.max(limit);
    }

    /// Is there room for this cost?
    pub const fn admits(&self, cost: u64) -> bool {
        self.used.saturating_add(cost) <= self.limit
    }

    /// A message of this cost begins to be sent.
    pub fn on_sent(&mut self, cost: u64) {
        self.used += cost;
    }
}

/// The receiver's side: what it allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceiveCredit {
    window: u64,
    arrived: u64,
    consumed: u64,
    announced: u64,
}

impl ReceiveCredit {
    /// At most `window` is buffered at a time.
    pub const fn new(window: u64) -> Self {
        Self { window, arrived: 0, consumed: 0, announced: window }
    }

    /// A message of this cost begins to arrive; false if the sender has no credit for it.
    pub fn on_arrived(&mut self, cost: u64) -> bool {
        self.arrived = self.arrived.saturating_add(cost);
        self.arrived <= self.announced
    }

    /// A message of this cost was handed to the user.
    pub fn on_consumed(&mut self, cost: u64) {
        self.consumed += cost;
    }

    /// Has so much been consumed that the sender should hear of it? At half a window, so that neither a
    /// stream of tiny updates nor a stalled sender results.
    pub const fn is_update_due(&self) -> bool {
        self.consumed + self.window >= self.announced + self.window / 2
    }

    /// The limit to announce.
    pub fn announce(&mut self) -> u64 {
        self.announced = self.consumed + self.window;
        self.announced
    }

    /// How much may be buffered at a time.
    pub const fn window(&self) -> u64 {
        self.window
    }

    /// What is buffered: arrived and not consumed.
    pub const fn buffered(&self) -> u64 {
        self.arrived.saturating_sub(self.consumed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_stops_at_the_limit_and_goes_on_when_it_rises() {
        let mut credit = SendCredit::new(100);
        credit.on_sent(cost(60));
        assert!(!credit.admits(cost(0)));
        credit.on_limit(124);
        assert!(credit.admits(cost(0)));
        credit.on_limit(50);
        assert!(credit.admits(cost(0)), "a limit that comes late does not take credit back");
    }

    #[test]
    fn a_receiver_announces_after_half_a_window_was_consumed() {
        let mut credit = ReceiveCredit::new(1_000);
        assert!(credit.on_arrived(499));
        credit.on_consumed(499);
        assert!(!credit.is_update_due());
        assert!(credit.on_arrived(1));
        credit.on_consumed(1);
        assert!(credit.is_update_due());
        assert_eq!(credit.announce(), 1_500);
        assert!(!credit.is_update_due());
    }

    #[test]
    fn whoever_sends_beyond_the_limit_is_caught() {
        let mut credit = ReceiveCredit::new(1_000);
        assert!(credit.on_arrived(1_000));
        assert!(!credit.on_arrived(1));
    }
}
