//! What does our layer, or its model of TCP, make of the link?

use super::super::matrix::Wanted;
use super::super::row::Row;
use super::{begun, link};
use crate::lab::bench::{Measurement, MessageFate};
use crate::lab::flow::{Ears, End, Medium, Paced, Plan, SessionPlan, Testbed};
use crate::lab::link::Direction;
use crate::time::{Duration, Instant};
use crate::transport::arq::Arq;
use crate::transport::config::TransportConfig;

/// When the first message is handed in: until then everybody has met, on all but the worst links.
pub const START: Duration = Duration::from_secs(2);

/// When nothing has arrived for so long, nothing more will.
const PATIENCE: Duration = Duration::from_secs(30);

/// Plays it: the first session speaks, the others listen.
pub fn take(wanted: &Wanted, arq: Arq) -> Result<Measurement, String> {
    let mut testbed = Testbed::new(&plan(wanted, arq), wanted.seed, Ears::default());
    if wanted.packets {
        testbed.keep_packets();
    }
    testbed.finish().map_err(|stuck| stuck.to_string())?;
    let report = testbed.report();
    let [up, down] = report.links.first().copied().unwrap_or_default();
    let mut taken = begun(wanted, [&up, &down]);
    taken.passages = testbed.take_packets();
    let sent = testbed.paced(0, Direction::Up);
    for receiver in 0..wanted.workload.receivers {
        let got = testbed.paced(receiver as usize + 1, Direction::Down);
        let told = &report.sessions[receiver as usize + 1].down.paced();
        taken.duplicated += told.duplicated;
        taken.out_of_order += told.out_of_order;
        taken.fates.extend(fates(wanted, receiver, &sent, &got));
    }
    Ok(taken)
}

/// A room is in order, so the n-th that the server hands on is the n-th that was handed in.
fn fates<'a>(
    wanted: &Wanted,
    receiver: u32,
    sent: &'a [(Instant, Option<Instant>)],
    got: &'a [(Instant, Option<Instant>)],
) -> impl Iterator<Item = MessageFate> + use<'a> {
    let workload = wanted.workload;
    let due = {
        let (first, interval) = (Instant::ZERO + START, wanted.workload.interval);
        move |index: u64| first + interval.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX))
    };
    (0..wanted.workload.messages).zip(0_usize..).map(move |(number, index)| MessageFate {
        number: number + 1,
        receiver,
        room: workload.room_of(number + 1),
        sent: sent.get(index).map_or_else(|| due(number), |(sent, _)| *sent),
        delivered: got.get(index).and_then(|(_, arrived)| *arrived),
    })
}

fn plan(wanted: &Wanted, arq: Arq) -> Plan {
    let config = TransportConfig::chosen(Row { arq, ..wanted.row }.choices());
    let mut plan = Plan::of(link(wanted));
    plan.medium = Medium::Shared;
    plan.handed_on = true;
    plan.end = End::Arrived(PATIENCE);
    plan.server = config;
    let workload = wanted.workload;
    let paced = Paced {
        messages: workload.messages,
        interval: workload.interval,
        size: workload.bytes as usize,
        rooms: workload.rooms.into(),
        ..Paced::default()
    };
    let silent = SessionPlan { config, ..SessionPlan::default() };
    let mut sender = silent.clone();
    sender.up.paced = Paced { start: START, ..paced };
    let mut receiver = silent;
    receiver.down.paced = paced;
    receiver.down.answers = true;
    plan.sessions = vec![receiver; workload.receivers as usize + 1];
    plan.sessions[0] = sender;
    plan
}
