//! What do bare UDP, our layer and the kernel's TCP each do on the very same link? Measured below IP, where
//! the system lets a program make such a link.
//!
//! Three runs of `bench` at once, each with a server and two clients of its own, over links with the same
//! seed: the k-th packet of a direction meets the same fate in all three.

use super::tally::Row;
use crate::cli::bench::{Launcher, Plan};
use crate::cli::exit::Stop;
use crate::lab::bench::{Carried, Measurement, Workload};
use crate::lab::link::{Direction, LinkConfig};
use crate::time::Duration;
use std::path::Path;
use std::thread;

/// What each row carries.
pub fn workload() -> Workload {
    Workload { messages: 150, ..Workload::default() }
}

/// Stragglers of a very bad link are not waited for as long as `bench` would.
const PATIENCE: Duration = Duration::from_secs(8);
/// What bare UDP has lost never comes.
const BARE_PATIENCE: Duration = Duration::from_secs(2);

/// A row each, or why there are none here.
pub fn rows(link: &LinkConfig, trace: Option<&Path>) -> Result<Vec<Row>, Stop> {
    let launcher = Launcher::of_this_program()?.in_silence();
    launcher.try_link().map_err(Stop::unavailable)?;
    let races: Vec<_> = [Carried::Raw, Carried::Udp, Carried::Tcp]
        .into_iter()
        .map(|carried| {
            let (launcher, plan) = (launcher.clone(), plan(carried, link, trace));
            thread::spawn(move || launcher.take_as_allowed(&plan))
        })
        .collect();
    let joined =
        races.into_iter().map(|race| race.join().unwrap_or_else(|_| Err(Stop::failed("a race panicked"))));
    joined.map(|run| run.map(|run| row(&run))).collect()
}

fn plan(carried: Carried, link: &LinkConfig, trace: Option<&Path>) -> Plan {
    let patience = Some(if carried == Carried::Raw { BARE_PATIENCE } else { PATIENCE });
    let trace = trace.map(Path::to_owned);
    Plan { trace, ..Plan::new(carried, Workload { patience, ..workload() }, link.clone()) }
}

fn row(run: &Measurement) -> Row {
    let name = match run.carried {
        Carried::Raw => "bare UDP".to_owned(),
        Carried::Udp => "UDP + our layer".to_owned(),
        Carried::Tcp => format!("TCP ({})", run.detail["congestion"].as_str().unwrap_or("the system's")),
    };
    let latencies = run.latencies();
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let packets = |way| run.link.way(way).packets;
    Row {
        name,
        sent: count(run.messages),
        delivered: count(run.delivered()),
        lost: count(run.lost()),
        twice: run.duplicated,
        out_of_order: run.out_of_order,
        p50: latencies.quantile(500),
        p99: latencies.quantile(990),
        max: latencies.max(),
        datagrams: (packets(Direction::Up), packets(Direction::Down)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::bench::{LinkReport, MessageFate, WayReport};
    use crate::time::at;

    #[test]
    fn a_row_tells_what_was_measured_and_which_tcp_it_was() {
        let fate = |number, delivered| MessageFate { number, receiver: 0, room: 0, sent: at(0), delivered };
        let way = |packets| WayReport { packets, ..WayReport::default() };
        let run = Measurement {
            carried: Carried::Tcp,
            label: "tcp".to_owned(),
            model: false,
            command: String::new(),
            messages: 2,
            receivers: 1,
            fates: vec![fate(1, Some(at(50_000))), fate(2, None)],
            duplicated: 0,
            out_of_order: 0,
            link: LinkReport { up: way(7), down: way(5), ..LinkReport::default() },
            detail: serde_json::json!({"congestion": "cubic"}),
            passages: Vec::new(),
        };
        let row = row(&run);
        assert_eq!((row.name.as_str(), row.sent, row.delivered, row.lost), ("TCP (cubic)", 2, 1, 1));
        assert_eq!((row.p50, row.datagrams), (Some(Duration::from_millis(50)), (7, 5)));
    }

    #[test]
    fn bare_udp_is_not_waited_for() {
        let patience = |carried| plan(carried, &LinkConfig::default(), None).workload.patience;
        assert!(patience(Carried::Raw) < patience(Carried::Tcp));
    }
}
