//! mozilla/neqo: the matrix that its issue 895 asks for, and two of its tests.
//!
//! Rates × round trips × losses each way, tail-drop at one bandwidth-delay product, the default controller.
//! The server sends for as long as the rate would need for four seconds, less where the receiver's window of
//! 768 KiB a round trip allows less. Each cell must get 0.7 of what the rate and the loss leave, or, where
//! that is less, so many bytes a round trip:
//!
//! ```text
//!   loss each way     0 %     1 %     2 %     5 %    10 %    20 %
//!   at least       180 kB  160 kB  150 kB  120 kB  100 kB   28 kB      a round trip
//! ```
//!
//! For comparison: the law of `NewReno` (Mathis et al., "The macroscopic behavior of the TCP congestion
//! avoidance algorithm", CCR 1997: 1.22 datagrams / √p) allows 18 kB at 1 % and 4 kB at 20 %.

use super::*;
use crate::lab::link::{DirectionConfig, LinkConfig};

const RATES_MBIT: [u32; 4] = [10, 20, 50, 100];
/// Loss each way in percent, and the bytes a round trip that satisfy.
const LOSSES: [(u32, u32); 6] =
    [(0, 180_000), (1, 160_000), (2, 150_000), (5, 120_000), (10, 100_000), (20, 28_000)];
const WINDOW: u64 = 768 << 10;

fn cell(rate_mbit: u32, round_trip_ms: u32, loss: u32) -> Plan {
    let way = DirectionConfig {
        delay: ms(u64::from(round_trip_ms)) / 2,
        rate: Some(u64::from(rate_mbit) * 1_000_000),
        loss: f64::from(loss) / 100.0,
        ..DirectionConfig::default()
    };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    let by_window = WINDOW * 1_000 / u64::from(round_trip_ms);
    plan.sessions[0].down.bulk.bytes = 4 * by_window.min(u64::from(rate_mbit) * 125_000);
    plan
}

/// All rates and losses over this round trip.
fn row(round_trip_ms: u32) {
    for rate_mbit in RATES_MBIT {
        for (loss, bytes) in LOSSES {
            let report = whole(&cell(rate_mbit, round_trip_ms, loss), 1);
            let goodput = report.total().down.bulk.goodput_mbit();
            let left = f64::from(rate_mbit) * (1.0 - f64::from(loss) / 100.0);
            let least = (0.7 * left).min(f64::from(bytes) * 8e-3 / f64::from(round_trip_ms));
            assert!(
                goodput >= least,
                "{rate_mbit} Mbit/s, {round_trip_ms} ms, {loss} %: {goodput:.1}, at least {least:.1} Mbit/s"
            );
        }
    }
}

#[test]
fn neqo_895_over_a_round_trip_of_10_ms() {
    row(10);
}

#[test]
fn neqo_895_over_a_round_trip_of_50_ms() {
    row(50);
}

#[test]
fn neqo_895_over_a_round_trip_of_100_ms() {
    row(100);
}

#[test]
fn neqo_895_over_a_round_trip_of_250_ms() {
    row(250);
}
