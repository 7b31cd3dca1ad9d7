//! How much does a teaching mode get through, and how much should it by the book?
//!
//! One transfer of messages, each as long as fits into a packet, over a link of a stated rate; the goodput of
//! several seeds, of which the median stands beside the formula for that loss and round trip
//! ([`formula`]). Losses are of data only: the books' p is then the link's own. Acknowledgements take
//! the way back alone, without waiting for a line, as in the books' figures.

use super::formula;
use super::plan::Plan;
use super::report::{Report, run};
use super::testbed::Stuck;
use crate::lab::link::config::QueueLimit;
use crate::lab::link::{Direction, DirectionConfig, LinkConfig};
use crate::time::Duration;
use crate::transport::arq::Arq;
use crate::transport::config::{Choices, TransportConfig};
use crate::transport::congestion::Congestion;

/// Losses of the table.
pub const LOSSES: [f64; 5] = [0.0, 0.01, 0.05, 0.1, 0.2];

/// Round trips of the table, in milliseconds.
pub const ROUND_TRIPS_MS: [u64; 3] = [10, 50, 200];

/// The link's rate unless another is given, in bits of IP packets a second.
pub const RATE: u64 = 5_000_000;

/// How many seeds a median is of.
pub const SEEDS: u64 = 5;

/// Bytes of a message: with frame, header, seal and an acknowledgement it fits into a datagram of 1,200.
const MESSAGE: usize = 1_100;

/// IPv4 without options, and UDP.
const HEADERS: f64 = 28.0;

/// When the transfer begins: the handshake is over, and a heartbeat or two have measured the round trip.
const START: Duration = Duration::from_secs(4);

/// No packet finds the line's queue full: only the losses asked for happen.
const QUEUE: QueueLimit = QueueLimit::Packets(100_000);

/// One row of the table: what was measured, in Mbit/s of messages, beside what is written.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Row {
    /// The share of data packets that is lost.
    pub loss: f64,
    /// The round trip without transmission times.
    pub round_trip: Duration,
    /// Propagation time by transmission time of a packet.
    pub a: f64,
    /// What the formula says; of TCP that of Padhye et al.
    pub formula: f64,
    /// What Mathis et al. say, of TCP.
    pub mathis: Option<f64>,
    /// The median of all seeds.
    pub measured: f64,
}

/// Measures one row: this mode over a link of `rate` bits a second, seeds from `seed` on.
pub fn measure(
    choices: Choices,
    rate: u64,
    loss: f64,
    round_trip: Duration,
    seed: u64,
) -> Result<Row, Stuck> {
    let plan = plan(choices, rate, loss, round_trip);
    let reports = (0..SEEDS).map(|n| run(&plan, seed.wrapping_add(n))).collect::<Result<Vec<_>, _>>()?;
    let mut goodputs: Vec<f64> = reports.iter().map(|report| report.total().up.bulk.goodput_mbit()).collect();
    goodputs.sort_by(f64::total_cmp);
    let measured = goodputs[goodputs.len() / 2];
    Ok(beside_the_book(&plan, rate, loss, round_trip, packet_bytes(&reports[0]), measured))
}

/// The whole table of one mode.
pub fn table(choices: Choices, rate: u64, seed: u64) -> Result<Vec<Row>, Stuck> {
    let cells =
        ROUND_TRIPS_MS.into_iter().flat_map(|ms| LOSSES.map(|loss| (loss, Duration::from_millis(ms))));
    cells.map(|(loss, round_trip)| measure(choices, rate, loss, round_trip, seed)).collect()
}

fn plan(choices: Choices, rate: u64, loss: f64, round_trip: Duration) -> Plan {
    let delay = round_trip / 2;
    let down = DirectionConfig { delay, ..DirectionConfig::default() };
    let up = DirectionConfig { rate: Some(rate), queue: Some(QUEUE), loss, ..down.clone() };
    let mut plan = Plan::of(LinkConfig { up, down, ..LinkConfig::default() });
    let config = TransportConfig::chosen(choices);
    plan.server = config;
    plan.sessions[0].config = config;
    let messages: u64 = match choices.arq {
        Arq::StopAndWait => 500,
        Arq::TcpLike => 4_000,
        _ => 1_500,
    };
    let bulk = &mut plan.sessions[0].up.bulk;
    (bulk.size, bulk.bytes, bulk.start) = (MESSAGE, messages * MESSAGE as u64, START);
    plan
}

/// IP bytes of a packet with data, on the mean.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn packet_bytes(report: &Report) -> f64 {
    let all = report.total();
    let carrying = [false, true].map(|steady| all.wire(steady, Direction::Up).carrying);
    let datagrams: u64 = carrying.iter().map(|volume| volume.datagrams).sum();
    let bytes: u64 = carrying.iter().map(|volume| volume.bytes).sum();
    bytes as f64 / datagrams.max(1) as f64 + HEADERS
}

fn beside_the_book(
    plan: &Plan,
    rate: u64,
    loss: f64,
    round_trip: Duration,
    bytes: f64,
    measured: f64,
) -> Row {
    let TransportConfig { arq, congestion, .. } = plan.server.settled();
    let course = Course { rate, loss, round_trip };
    let (formula, mathis) =
        by_the_book(Choices { arq, congestion, ..Choices::default() }, course, MESSAGE, bytes);
    Row { loss, round_trip, a: course.a(bytes), formula, mathis, measured }
}

/// What the formulas ask of a link.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Course {
    /// Bits of IP packets a second.
    pub rate: u64,
    /// The share of data packets that is lost.
    pub loss: f64,
    /// Without transmission times.
    pub round_trip: Duration,
}

impl Course {
    /// Seconds that such a packet takes to be sent.
    #[expect(clippy::cast_precision_loss, reason = "rates far below 2^53")]
    fn transmission(self, packet_bytes: f64) -> f64 {
        packet_bytes * 8.0 / self.rate as f64
    }

    /// Propagation time by transmission time of such a packet.
    pub fn a(self, packet_bytes: f64) -> f64 {
        self.round_trip.as_secs_f64() / 2.0 / self.transmission(packet_bytes)
    }
}

/// What is written of messages of so many bytes in packets of so many, in Mbit/s of messages; of TCP also what
/// Mathis et al. say.
#[expect(clippy::cast_precision_loss, reason = "bytes of a message")]
pub fn by_the_book(choices: Choices, course: Course, message: usize, bytes: f64) -> (f64, Option<f64>) {
    let Course { loss, round_trip, .. } = course;
    let Choices { arq, congestion, .. } = choices;
    let (transmission, a) = (course.transmission(bytes), course.a(bytes));
    let trip = round_trip.as_secs_f64();
    // Of each packet's bytes the messages'; of TCP's, which carry several, as of the others'.
    let useful = message as f64 * 8.0 / 1e6 * (bytes / packet_with(message as f64)).max(1.0);
    let line = useful / transmission;
    let window = if let Congestion::Fixed(packets) = congestion { f64::from(packets) } else { f64::INFINITY };
    let timeout = (trip + transmission).max(arq.least_timeout().as_secs_f64());
    match arq {
        Arq::StopAndWait => (formula::stop_and_wait(loss, a) * line, None),
        Arq::GoBackN => (formula::go_back_n(loss, a, window) * line, None),
        Arq::Ours | Arq::SelectiveRepeat => (formula::selective_repeat(loss, a, window) * line, None),
        Arq::TcpLike => {
            let most = (1.0 - loss) * line;
            let [padhye, mathis] =
                [formula::padhye(loss, trip, timeout), formula::mathis(loss, trip)].map(|it| it * useful);
            (padhye.min(most), Some(mathis.min(most)))
        }
    }
}

/// IP bytes of a packet with so many bytes of one message: header, seal, frame, acknowledgement.
pub const fn packet_with(message: f64) -> f64 {
    message + 13.0 + 16.0 + 8.0 + 7.0 + HEADERS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(arq: Arq, window: u32) -> Choices {
        let congestion = arq.congestion(Congestion::Fixed(window));
        let congestion = if arq == Arq::TcpLike { Congestion::NewReno } else { congestion };
        Choices { arq, congestion, ..Choices::default() }
    }

    fn row(arq: Arq, window: u32, loss: f64, ms: u64) -> Row {
        measure(choices(arq, window), RATE, loss, Duration::from_millis(ms), 1).expect("time goes on")
    }

    /// Is what was measured within this share of the formula?
    fn holds(row: Row, share: f64) {
        assert!((row.measured / row.formula - 1.0).abs() <= share, "{row:?}");
    }

    #[test]
    fn without_loss_each_mode_does_what_its_formula_says() {
        for arq in Arq::TEACHING {
            for ms in [10, 50] {
                holds(row(arq, 8, 0.0, ms), 0.05);
            }
        }
    }

    #[test]
    fn with_loss_the_textbooks_modes_come_near_their_formulas() {
        for (arq, share) in [(Arq::StopAndWait, 0.1), (Arq::GoBackN, 0.2), (Arq::SelectiveRepeat, 0.1)] {
            for loss in [0.01, 0.1] {
                holds(row(arq, 8, loss, 50), share);
            }
        }
    }
}
