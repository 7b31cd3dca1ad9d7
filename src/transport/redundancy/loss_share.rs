//! How large a share of our packets is lost?
//!
//! Two counts, of the packets whose fate is known and of those lost among them, both halved whenever the
//! first reaches 1,024: so the last 512 to 1,024 packets weigh most, and older ones less and less.

/// At this many packets both counts are halved.
const WINDOW: f64 = 1_024.0;

/// So many packets must have met their fate before no loss is believed.
const FIRST: f64 = 128.0;

/// What is assumed until then. Ours: a Wi-Fi that loses nothing is rarer than one that loses this.
const ASSUMED: f64 = 0.02;

/// Less than this is what remains of losses long ago.
const FORGOTTEN: f64 = 0.5;

/// The share of packets that were lost.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LossShare {
    settled: f64,
    lost: f64,
    is_known: bool,
}

impl LossShare {
    /// A packet arrived.
    pub fn on_acknowledged(&mut self) {
        self.settle(0.0);
    }

    /// A packet was declared lost.
    pub fn on_lost(&mut self) {
        self.settle(1.0);
    }

    /// A packet declared lost arrived after all.
    pub fn on_spurious(&mut self) {
        self.lost = (self.lost - 1.0).max(0.0);
    }

    fn settle(&mut self, lost: f64) {
        self.settled += 1.0;
        self.lost += lost;
        self.is_known |= self.settled >= FIRST;
        if self.settled >= WINDOW {
            self.settled /= 2.0;
            self.lost /= 2.0;
        }
    }

    /// The share, from 0 to 1.
    pub fn get(&self) -> f64 {
        if !self.is_known {
            return (self.lost + ASSUMED * (FIRST - self.settled)) / FIRST;
        }
        if self.lost < FORGOTTEN { 0.0 } else { self.lost / self.settled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(acknowledged: u32, lost: u32) -> LossShare {
        let mut share = LossShare::default();
        (0..acknowledged).for_each(|_| share.on_acknowledged());
        (0..lost).for_each(|_| share.on_lost());
        share
    }

    #[test]
    fn a_little_loss_is_assumed_until_many_packets_have_arrived() {
        assert!((after(0, 0).get() - ASSUMED).abs() < 1e-9);
        assert!((after(64, 0).get() - ASSUMED / 2.0).abs() < 1e-9);
        assert!(after(128, 0).get() <= 0.0);
    }

    #[test]
    fn the_share_is_that_of_the_packets_whose_fate_is_known() {
        assert!((after(180, 20).get() - 0.1).abs() < 1e-9);
        let mut share = after(180, 20);
        (0..10).for_each(|_| share.on_spurious());
        assert!((share.get() - 0.05).abs() < 1e-9);
    }

    #[test]
    fn old_losses_weigh_less_and_less_until_they_are_forgotten() {
        let mut share = after(900, 100);
        (0..1_024).for_each(|_| share.on_acknowledged());
        assert!(share.get() < 0.06, "{}", share.get());
        (0..8_192).for_each(|_| share.on_acknowledged());
        assert!(share.get() <= 0.0);
    }

    #[test]
    fn the_counts_are_bounded() {
        let share = after(1_000_000, 3);
        assert!(share.settled < WINDOW);
    }
}
