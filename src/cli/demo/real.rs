//! What do bare UDP, our layer and the kernel's TCP each do on the very same link? Measured below IP, where
//! the system lets a program make such a link.
//!
//! Three runs of `bench` at once, each with a server and two clients of its own, over links with the same
//! seed: the k-th packet of a direction meets the same fate in all three.

use super::tally::Row;
use crate::cli::bench::interrupt::Interrupt;
use crate::cli::bench::{Launcher, Plan};
use crate::cli::exit::Stop;
use crate::lab::bench::{Carried, Measurement, Workload};
use crate::lab::link::{Direction, LinkConfig};
use crate::time::Duration;
use std::env;
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
/// On a link so bad that a row is not ready after this, there is no row.
const ALL_WITHIN: Duration = Duration::from_secs(14);

/// What became of the races.
pub struct Races {
    /// Of those that were ready in time.
    pub rows: Vec<Row>,
    /// What is to be said of them, a line each.
    pub remarks: Vec<String>,
}

/// All races, or why there are none here.
pub fn races(link: &LinkConfig, trace: Option<&Path>) -> Result<Races, Stop> {
    let program = env::current_exe().map_err(Stop::failed)?;
    let time_is_up = Interrupt::default();
    let launcher = Launcher::over_link(program, time_is_up.clone());
    launcher.try_link().map_err(Stop::unavailable)?;
    let race = |carried| {
        let (launcher, plan) = (launcher.clone(), plan(carried, link, trace));
        (carried, thread::spawn(move || launcher.take_as_allowed(&plan)))
    };
    let running = [Carried::Raw, Carried::Udp, Carried::Tcp].map(race);
    let alarm = time_is_up.clone();
    thread::spawn(move || {
        thread::sleep(ALL_WITHIN);
        alarm.set();
    });
    let mut races = Races { rows: Vec::new(), remarks: Vec::new() };
    for (carried, race) in running {
        match race.join().unwrap_or_else(|_| Err(Stop::failed("a race panicked"))) {
            Ok(run) => races.on_taken(&run),
            Err(stop) => {
                let why = if time_is_up.check().is_err() {
                    "not ready in time, on a link as bad as this."
                } else {
                    &stop.text
                };
                races.remarks.push(format!("{}: {why}", name(carried)));
            }
        }
    }
    Ok(races)
}

impl Races {
    fn on_taken(&mut self, run: &Measurement) {
        let row = row(run);
        if !run.link.is_fit() {
            self.remarks.push(format!(
                "{}: the machine was too busy to keep the link's times to a millisecond.",
                row.name
            ));
        }
        self.rows.push(row);
    }
}

const fn name(carried: Carried) -> &'static str {
    match carried {
        Carried::Raw => "bare UDP",
        Carried::Udp => "UDP + our layer",
        Carried::Tcp => "TCP",
    }
}

fn plan(carried: Carried, link: &LinkConfig, trace: Option<&Path>) -> Plan {
    let patience = Some(if carried == Carried::Raw { BARE_PATIENCE } else { PATIENCE });
    let trace = trace.map(Path::to_owned);
    Plan { trace, ..Plan::new(carried, Workload { patience, ..workload() }, link.clone()) }
}

fn row(run: &Measurement) -> Row {
    let name = match (name(run.carried), run.detail["congestion"].as_str()) {
        (name, Some(congestion)) => format!("{name} ({congestion})"),
        (name, None) => name.to_owned(),
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
    use crate::lab::bench::{Departures, LinkReport, MessageFate, WayReport};
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
            departures: Departures::default(),
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
