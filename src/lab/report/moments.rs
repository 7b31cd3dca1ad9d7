//! How long does a chat suffer from something that was planned in time?
//!
//! ```text
//!  link      ────────┤ outage ├───────────────────────────▶
//!  handed in   | | | | | | | | | | | | | | |
//!  delivered    | | |                   ||||||||| | | | |
//!                    │        └ all there ┘      │
//!                    └──── silence ─────┘        │
//!                             └─── back after ───┘
//! ```

use super::matrix::Wanted;
use super::quantity::{is_late, late_bound};
use crate::lab::bench::Measurement;
use crate::time::{Duration, Instant};

/// When what was planned was over: the last outage, the first change of address.
fn calm_from(run: &Measurement, wanted: &Wanted) -> Option<Instant> {
    let config = &wanted.config;
    let outages = config.up.outages.iter().chain(&config.down.outages).map(|it| it.from + it.length);
    let moments = outages.chain(config.rebind.map(|plan| plan.first));
    Some(run.link.start? + moments.max()?)
}

/// From then until all that was said before had come; `None`: nothing was planned, or something never came.
pub fn caught_up(run: &Measurement, wanted: &Wanted) -> Option<Duration> {
    let calm = calm_from(run, wanted)?;
    let before = || run.fates.iter().filter(|fate| fate.sent < calm);
    if before().any(|fate| fate.delivered.is_none()) {
        return None;
    }
    // What came before it was over took no time from then on.
    before().filter_map(|fate| fate.delivered).max().map(|last| last - calm)
}

/// From then until the last late message had come; zero if none was late. `None`: nothing was planned.
pub fn back_after(run: &Measurement, wanted: &Wanted) -> Option<Duration> {
    let (calm, bound) = (calm_from(run, wanted)?, late_bound(run)?);
    let late = run.fates.iter().filter(|fate| is_late(fate, bound)).filter_map(|fate| fate.delivered);
    Some(late.max().map_or(Duration::ZERO, |last| last - calm))
}

/// The longest time in which nothing was delivered to somebody, from the first delivery on.
pub fn silence(run: &Measurement) -> Option<Duration> {
    let of = |receiver| {
        let fates = run.fates.iter().filter(move |fate| fate.receiver == receiver);
        let mut moments: Vec<Instant> = fates.filter_map(|fate| fate.delivered).collect();
        moments.sort_unstable();
        moments.windows(2).map(|pair| pair[1] - pair[0]).max()
    };
    (0..run.receivers).filter_map(of).max()
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::super::matrix::Matrix;
    use super::*;
    use crate::lab::link::config::Outage;

    /// Messages each 20 ms from 1 s on, over a link that is out of order from 1 s to 1.05 s.
    fn out_of_order(latencies: &[Option<u64>]) -> (Measurement, Wanted) {
        let mut wanted = Matrix::usual().wanted().swap_remove(0);
        let outage = Outage { from: Duration::from_secs(1), length: Duration::from_millis(50) };
        wanted.config.up.outages = vec![outage];
        (made_up::run("udp", latencies), wanted)
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn an_outage_is_over_when_the_last_late_message_has_come() {
        // Handed in at 0, 20, 40 (during the outage), 60 and 80 ms.
        let (run, wanted) = out_of_order(&[Some(50), Some(180), Some(160), Some(150), Some(60)]);
        assert_eq!(caught_up(&run, &wanted), Some(ms(150)));
        assert_eq!(back_after(&run, &wanted), Some(ms(160)));
        // Delivered at 50, 140, 200, 200 and 210 ms.
        assert_eq!(silence(&run), Some(ms(90)));
    }

    #[test]
    fn what_never_came_is_never_all_there() {
        let (run, wanted) = out_of_order(&[Some(50), None, Some(60), Some(60)]);
        assert_eq!(caught_up(&run, &wanted), None);
        assert_eq!(back_after(&run, &wanted), Some(ms(0)));
    }

    #[test]
    fn where_nothing_was_planned_nothing_is_over() {
        let (run, mut wanted) = out_of_order(&[Some(50), Some(180)]);
        wanted.config.up.outages.clear();
        assert_eq!((caught_up(&run, &wanted), back_after(&run, &wanted)), (None, None));
        wanted.config.rebind = "addr@1s".parse().ok();
        assert_eq!(back_after(&run, &wanted), Some(ms(200)));
    }
}
