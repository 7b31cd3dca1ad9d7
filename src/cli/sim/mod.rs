//! What does the transport do with this workload on this link, and why?
//!
//! [`lab::flow`](crate::lab::flow) for people: the link and the workload come from the command line, and a
//! run is told as a ladder, as a table (`table.rs`) or as JSON lines (`events.rs`), written down as qlog
//! (`recording.rs`), or measured beside the textbooks' formulas (`goodput.rs`). All is virtual: a minute takes
//! no time, no socket is opened, and a seed says the same on every machine.

pub mod events;
mod goodput;
mod recording;
mod table;

use super::arguments::{Sim, SimDelivery, Speaker};
use super::exit::{Exit, Outcome, Stop};
use super::link;
use crate::lab::flow::sweep::{BadLink, sweep};
use crate::lab::flow::{Bulk, Ears, Medium, Meeting, Paced, Plan, Stuck, Testbed, Workload};
use crate::lab::ladder::{Ladder, Recorded, Recorder, Side, drawing};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::time::{Duration, Instant};
use crate::trace::Sink;
use crate::transport::arq::Arq;
use crate::transport::config::{Choices, TransportConfig};
use events::JsonLines;
use std::fs;
use std::io::{self, Write};
use std::sync::Arc;

/// The seed unless another is given.
///
/// Ours: always the same, because what the documentation shows is then what everybody gets.
const SEED: u64 = 1;

/// How long the ladder goes on after the last message, until everything is acknowledged, at most.
const REST: Duration = Duration::from_secs(5);

/// Runs the simulation and prints what was asked for.
pub fn run(sim: &Sim) -> Outcome {
    if link::printed_profiles(&sim.link)? {
        return Ok(Exit::Done);
    }
    let seed = sim.link.seed().unwrap_or(SEED);
    if let Some(count) = sim.sweep {
        if sim.qlog.wanted().is_some() {
            return Err(Stop::usage("--qlog: of a sweep there is no file; play one seed with --seed"));
        }
        return sweep_from(seed, count, sim.json);
    }
    if sim.deadline.is_some() && sim.delivery == SimDelivery::Ordered {
        return Err(Stop::usage(
            "--deadline needs --delivery unordered or latest: in order every message waits for the one before",
        ));
    }
    let link = sim.link.config(seed, |path| fs::read_to_string(path)).map_err(Stop::usage)?;
    let choices = sim.sending.choices().map_err(Stop::usage)?;
    if sim.goodput {
        return goodput::print(sim, link.as_ref(), seed);
    }
    let plan = plan(sim, choices, link.unwrap_or_else(usual_link));
    if let Some(wanted) = sim.qlog.wanted() {
        recording::record(&plan, seed, wanted)?;
    }
    let printed = if sim.json {
        print_events(&plan, seed)
    } else if sim.stats {
        print(|| Ok(way_to_repeat(&plan) + &table::table(&played(&plan, seed, Ears::default())?.report())))
    } else {
        print(|| ladder(sim, &plan, seed))
    };
    printed.map(|()| Exit::Done)
}

/// 10 % loss and 25 ms, each way.
fn usual_link() -> LinkConfig {
    let way = DirectionConfig { loss: 0.1, delay: Duration::from_millis(25), ..DirectionConfig::default() };
    LinkConfig::symmetric(way, 0)
}

fn plan(sim: &Sim, choices: Choices, link: LinkConfig) -> Plan {
    let mut plan = Plan::of(link);
    plan.medium = if sim.shared { Medium::Shared } else { Medium::Each };
    plan.meeting = if sim.insecure { Meeting::Clear } else { Meeting::Stranger };
    let paced = Paced {
        messages: sim.messages,
        interval: sim.interval.0,
        size: usize::try_from(sim.size).unwrap_or(usize::MAX),
        rooms: sim.rooms,
        start: Duration::ZERO,
        delivery: sim.delivery.into(),
        deadline: sim.deadline.map(|span| span.0),
    };
    let bulk = Bulk { bytes: sim.bulk.unwrap_or(0), ..Bulk::default() };
    let workload = Workload { paced, bulk, answers: false };
    let speaks = |silent: Speaker| if sim.from == silent { Workload::default() } else { workload };
    plan.sessions[0].up = speaks(Speaker::Server);
    plan.sessions[0].down = speaks(Speaker::Client);
    let config = TransportConfig::chosen(choices);
    plan.server = config;
    plan.sessions[0].config = config;
    plan.sessions = vec![plan.sessions[0].clone(); usize::try_from(sim.clients).unwrap_or(1)];
    plan
}

fn played(plan: &Plan, seed: u64, ears: Ears) -> Result<Testbed, Stuck> {
    let mut testbed = Testbed::new(plan, seed, ears);
    testbed.finish()?;
    testbed.let_rest(REST)?;
    Ok(testbed)
}

/// Both ends' mode, where it is one for teaching.
fn way_to_repeat(plan: &Plan) -> String {
    match plan.server.settled() {
        TransportConfig { arq: Arq::Ours, .. } => String::new(),
        TransportConfig { arq, congestion, .. } => format!("both ends: {arq}, window {congestion}\n"),
    }
}

/// The first client's ladder, and what became of all.
fn ladder(sim: &Sim, plan: &Plan, seed: u64) -> Result<String, Stuck> {
    let recorders = [Side::Client, Side::Server].map(|side| Arc::new(Recorder::new(side)));
    let [clients, server] = recorders.each_ref().map(|it| Some(Arc::clone(it) as Arc<dyn Sink>));
    let testbed = played(plan, seed, Ears { clients, server })?;
    let [client_id, server_id] = testbed.ids(0);
    let is_ours = |fact: &Recorded| match fact.side {
        Side::Client => Some(fact.session) == client_id,
        Side::Server => fact.session == 0 || Some(fact.session) == server_id,
    };
    let facts = recorders.iter().flat_map(|recorder| recorder.recorded());
    let facts: Vec<Recorded> = facts.filter(is_ours).collect();
    let ladder = Ladder::of(&facts);
    let steps = ladder.steps();
    let first = steps.partition_point(|step| step.at < Instant::ZERO + sim.since.0);
    let wanted = if sim.steps == 0 { steps.len() } else { sim.steps };
    let last = steps.len().min(first + wanted);
    let mut text = drawing::draw(&steps[first..last]);
    if let Some(next) = steps.get(last) {
        let (more, all, since) = (steps.len() - last, steps.len(), next.at.as_micros() / 1_000);
        let told =
            format!("… {more} more steps: --steps {all} draws them, --since {since}ms goes on from here");
        text.push_str(&told);
        text.push('\n');
    }
    Ok(text + "\n" + &way_to_repeat(plan) + &table::summary(&testbed.report()))
}

/// The seeds from this one on; with `json` what happens in the first of them.
fn sweep_from(seed: u64, count: u64, json: bool) -> Outcome {
    if json {
        let lines = JsonLines::new(io::stdout());
        let broken = BadLink::of_seed(seed).play(lines.ears()).err();
        lines.finish().map_err(Stop::failed)?;
        return broken.map_or(Ok(Exit::Done), |failure| Err(Stop::failed(failure)));
    }
    let datagrams = sweep(seed..seed.saturating_add(count)).map_err(Stop::failed)?;
    print(|| Ok(format!("{count} seeds from {seed} on, {datagrams} datagrams: every promise was kept\n")))?;
    Ok(Exit::Done)
}

fn print(make: impl FnOnce() -> Result<String, Stuck>) -> Result<(), Stop> {
    let text = make().map_err(Stop::failed)?;
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::failed(error)),
        _ => Ok(()),
    }
}

fn print_events(plan: &Plan, seed: u64) -> Result<(), Stop> {
    let lines = JsonLines::new(io::stdout());
    played(plan, seed, lines.ears()).map_err(Stop::failed)?;
    match lines.finish() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::failed(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{Arguments, Command};
    use super::*;
    use clap::Parser;

    fn drawn(command: &str) -> String {
        let words = std::iter::once("sayagain").chain(command.split_whitespace());
        let Ok(Arguments { command: Command::Sim(sim), .. }) = Arguments::try_parse_from(words) else {
            panic!("{command}")
        };
        let link = sim.link.config(1, |path| fs::read_to_string(path)).expect("good options");
        let choices = sim.sending.choices().expect("no contradiction");
        let plan = plan(&sim, choices, link.unwrap_or_else(usual_link));
        ladder(&sim, &plan, 1).expect("time goes on")
    }

    #[test]
    fn a_ladder_cites_the_rule_of_every_decision() {
        let text = drawn("sim --loss 20% --delay 25ms --messages 100 --steps 0 --redundancy off");
        for rule in ["§6.1.1", "§6.1.2", "§6.2.1", "§6.2.4", "§13.3", "§2.2"] {
            assert!(text.contains(rule), "{rule}: {text}");
        }
        assert!(text.contains("100 of 100"), "{text}");
        assert!(drawn("sim --duplicate 50% --messages 9").contains("§12.3"));
        let bulk = drawn("sim --loss 0 --delay 25ms --rate 20mbit --messages 0 --bulk 100kB --steps 0");
        for timer in ["acknowledgement timer: held back", "pacing timer: "] {
            assert!(bulk.contains(timer), "{timer}: {bulk}");
        }
    }

    #[test]
    fn each_teaching_mode_draws_its_ladder_with_its_rule() {
        for (arq, rule) in [
            ("stop-and-wait", "Kurose & Ross §3.4"),
            ("go-back-n", "go-back-N"),
            ("selective-repeat", "RFC 6298 §5"),
            ("tcp-like", "RFC 6298 §5"),
        ] {
            let text = drawn(&format!(
                "sim --arq {arq} --loss 20% --delay 25ms --interval 5ms --messages 60 --steps 0"
            ));
            assert!(text.contains(rule) && text.contains("60 of 60"), "{arq}: {text}");
            let name = if arq == "tcp-like" { "tcp-like (model)" } else { arq };
            assert!(text.contains(&format!("both ends: {name}, window")), "{arq}: {text}");
            assert_eq!(text.contains("before its turn"), arq == "go-back-n", "{arq}: {text}");
        }
    }

    #[test]
    fn a_long_ladder_is_cut_and_says_how_to_see_more() {
        let text = drawn("sim --messages 500 --steps 10 --since 1s");
        assert!(text.lines().count() < 60 && text.contains("more steps: --steps"), "{text}");
        let first = text.lines().nth(1).and_then(|line| line.split_whitespace().next());
        assert!(first.and_then(|time| time.parse().ok()).is_some_and(|time: f64| time >= 1_000.0), "{text}");
    }

    #[test]
    fn of_many_clients_the_first_is_drawn() {
        let text = drawn("sim --clients 5 --shared --loss 0 --messages 2 --from both");
        assert_eq!(text.matches("├─ HELLO").count(), 1, "{text}");
        assert!(!text.contains("─x") && text.contains("10 of 10"), "{text}");
    }
}
