//! Which bad link does a seed make, and does the transport keep its promises on it?
//!
//! Swarm testing: the seed draws also which faults there are at all, since a run with every fault at once
//! hides what two of them do together (Groce et al., "Swarm testing", ISSTA 2012).
//!
//! ```text
//! 0 s                         10 s                              50 s              + 10 s
//! ├─ messages, faults ─────────┼─ the link heals: all arrives ───┼─ timers are quiet ─┤
//!   safety, after every step ──────────────────────────────────────────────────────▶
//! ```
//!
//! **Safety.** Each ordered channel has delivered exactly what was handed in first, once each; an unordered
//! one nothing twice; one of which only the latest counts only what was newer than all before; nobody is
//! told anything after the end; nothing leaves that the rules do not allow, and nothing is acknowledged that
//! was not sent ([`oracle`](super::oracle)); what is remembered keeps its bounds
//! ([`footprint`](crate::transport::connection::footprint)); no session ends that nobody closed.
//! **Liveness.** Once the link heals, everything arrives and is acknowledged, and a session that was closed
//! is over at both ends, within [`SETTLED_WITHIN`]; then nothing leaves but heartbeats and their answers.

use super::plan::{Bulk, Medium, Meeting, Paced, Plan, SIZE_MIN, SessionPlan, Workload};
use super::report::Report;
use super::testbed::{Ears, Testbed};
use crate::lab::link::config::{Fade, Outage, QueueLimit};
use crate::lab::link::{Direction, DirectionConfig, Link, LinkConfig, Rebind, RebindPlan};
use crate::rng::Rng;
use crate::time::{Duration, Instant, at};
use crate::transport::arq::Arq;
use crate::transport::channel::delivery::Delivery;
use crate::transport::config::{Choices, TransportConfig};
use crate::transport::congestion::Congestion;
use crate::transport::session::CloseCode;
use std::fmt;

/// When the link heals.
const CALM: Instant = at(10_000_000);

/// All arrives within this time after the link has healed. A session of which only one end knows that it is
/// over dies of silence, after 30 s.
pub const SETTLED_WITHIN: Duration = Duration::from_secs(40);

/// How long it is watched afterwards.
const QUIET: Duration = Duration::from_secs(10);

/// Datagrams a second that a quiet session sends in both directions together, at most: a heartbeat each
/// way and their answers make four.
///
/// Ours: half as many again, because what was under way when the watch began is still answered.
const QUIET_MAX: u64 = 6;

/// One seed of so many is played in teaching modes.
///
/// Ours: by the seed's number and with dice of their own, so that what else a seed draws does not depend on
/// them.
const MODES_EACH: u64 = 5;

/// What is played with a seed.
#[derive(Clone, PartialEq, Debug)]
pub struct BadLink {
    /// What all was drawn from.
    pub seed: u64,
    /// Link and sessions.
    pub plan: Plan,
    /// When the first client closes its session, on some links.
    pub close: Option<Instant>,
}

/// A promise was broken.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// With what.
    pub link: BadLink,
    /// When.
    pub at: Instant,
    /// Which.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadLink { seed, plan, close } = &self.link;
        writeln!(f, "seed {seed} breaks a promise at {:?}: {}", self.at, self.what)?;
        writeln!(f, "  {:?}, links: {:?}, closed: {close:?}", plan.meeting, plan.medium)?;
        writeln!(f, "  up {:?}\n  down {:?}\n  moves {:?}", plan.link.up, plan.link.down, plan.link.rebind)?;
        writeln!(f, "  server {}, {}", plan.server.arq, plan.server.congestion)?;
        for session in &plan.sessions {
            writeln!(f, "  session {}, {}", session.config.arq, session.config.congestion)?;
            writeln!(f, "  session up {:?}\n          down {:?}", session.up, session.down)?;
        }
        write!(f, "play it again: sayagain sim --sweep 1 --seed {seed}")
    }
}

/// Plays these seeds; how many datagrams were sent, or the first that breaks a promise.
pub fn sweep(seeds: impl IntoIterator<Item = u64>) -> Result<u64, Box<Failure>> {
    let mut datagrams = 0;
    for seed in seeds {
        datagrams += sent(&BadLink::of_seed(seed).play(Ears::default())?);
    }
    Ok(datagrams)
}

/// Datagrams that left so far.
fn sent(report: &Report) -> u64 {
    let wires = report.sessions.iter().flat_map(|session| session.wires.iter().flatten());
    wires.map(|wire| wire.all().datagrams).sum()
}

impl BadLink {
    /// The link, the sessions and the end of this seed.
    pub fn of_seed(seed: u64) -> Self {
        let mut rng = Rng::from_seed(seed).fork();
        let mut plan = Plan::of(draw_link(&mut rng));
        plan.meeting = [Meeting::Stranger, Meeting::Known, Meeting::Clear][below(&mut rng, 3)];
        plan.medium = if rng.chance(0.5) { Medium::Shared } else { Medium::Each };
        plan.sessions = (0..=rng.below(3)).map(|_| draw_session(&mut rng)).collect();
        if plan.meeting != Meeting::Stranger {
            // Who moves while it says hello with its first messages may say them to two sessions: only the
            // chat's counters tell them apart (RFC 8446 §8).
            plan.link.rebind = None;
        }
        if seed % MODES_EACH == MODES_EACH - 2 {
            draw_modes(&mut Rng::from_seed(!seed).fork(), &mut plan);
        }
        let start = plan.sessions[0].start;
        let close = rng.chance(0.2).then(|| at(0) + start + millis(&mut rng, 1, 8_000));
        Self { seed, plan, close }
    }

    /// Plays it. `ears` hear everything.
    pub fn play(&self, ears: Ears) -> Result<Report, Box<Failure>> {
        let mut testbed = Testbed::new(&self.plan, self.seed, ears);
        let outcome = self.play_in(&mut testbed);
        let failure = |what| Box::new(Failure { link: self.clone(), at: testbed.now(), what });
        outcome.map_err(failure)?;
        Ok(testbed.report())
    }

    fn play_in(&self, testbed: &mut Testbed) -> Result<(), String> {
        if let Some(moment) = self.close {
            self.watch(testbed, moment, |_| false)?;
            testbed.close_first();
        }
        self.watch(testbed, CALM, |_| false)?;
        testbed.heal();
        let is_over = |testbed: &Testbed| testbed.is_over(self.close.is_some());
        self.watch(testbed, CALM + SETTLED_WITHIN, is_over)?;
        if !is_over(testbed) {
            return Err(testbed.unsettled());
        }
        testbed.let_rest(SETTLED_WITHIN).map_err(|stuck| stuck.to_string())?;
        let before = sent(&testbed.report());
        self.watch(testbed, testbed.now() + QUIET, |_| false)?;
        let after = sent(&testbed.report()) - before;
        let most = QUIET_MAX * QUIET.as_secs() * self.plan.sessions.len() as u64;
        if after > most {
            return Err(format!("{after} datagrams in {QUIET:?} of silence, {most} at most"));
        }
        Ok(())
    }

    /// Runs on while all is well, until this moment or until `enough`.
    fn watch(
        &self,
        testbed: &mut Testbed,
        until: Instant,
        enough: impl Fn(&Testbed) -> bool,
    ) -> Result<(), String> {
        while !enough(testbed) {
            if !testbed.step(until).map_err(|stuck| stuck.to_string())? {
                // Nothing is due before: only time passes.
                return testbed.run_until(until).map_err(|stuck| stuck.to_string());
            }
            testbed.broken(self.close.is_some()).map_or(Ok(()), Err)?;
        }
        Ok(())
    }
}

impl Testbed {
    /// The first client closes its session.
    fn close_first(&mut self) {
        if let Some(connection) = self.seats.first_mut().and_then(|seat| seat.connection.as_mut()) {
            connection.close(self.now, CloseCode::GOODBYE, "");
        }
        self.touch(0);
    }

    /// From now on the links have their delay and no faults; nobody moves any more.
    fn heal(&mut self) {
        for link in &mut self.links {
            let calm =
                |way: &DirectionConfig| DirectionConfig { delay: way.delay, ..DirectionConfig::default() };
            let LinkConfig { up, down, seed, .. } = link.config();
            let config = LinkConfig { up: calm(up), down: calm(down), seed: *seed, ..LinkConfig::default() };
            *link = Link::new(config, self.now);
        }
        self.seats.iter_mut().for_each(|seat| seat.rebinds = None);
    }

    /// Has everything arrived? A session that was closed owes nothing but that both ends know it.
    fn is_over(&self, closed: bool) -> bool {
        self.seats.iter().enumerate().all(|(index, seat)| match &seat.closed {
            [client, server] if closed && index == 0 => {
                client.is_some() && (server.is_some() || seat.id.is_none())
            }
            _ => seat.is_settled(),
        })
    }

    /// The first promise of safety that does not hold. `closing`: the first session is closed on purpose.
    fn broken(&self, closing: bool) -> Option<String> {
        self.seats.iter().zip(&self.plan.sessions).enumerate().find_map(|(index, (seat, plan))| {
            let broken = seat.tallies.iter().find_map(super::tally::Tally::broken);
            let ended = seat.closed.iter().flatten().next();
            let ended = ended.filter(|_| !closing || index > 0).map(|reason| format!("over: {reason}"));
            let late = seat.spoke_after_end.then(|| "a message after the end".to_owned());
            let rule = seat.oracles.iter().find_map(|oracle| oracle.broken().cloned());
            let mut memory = self.footprints(index).into_iter().zip([&plan.config, &self.plan.server]);
            let full = memory.find_map(|(footprint, config)| footprint?.exceeds(&config.limits));
            let what = broken.or(late).or(ended).or(rule).or(full);
            what.map(|what| format!("session {index}: {what}"))
        })
    }

    fn unsettled(&self) -> String {
        let told = |(index, seat): (usize, &super::seat::Seat)| {
            let [up, down] = seat.tallies.each_ref().map(super::tally::Tally::missing);
            let handed_in = seat.sources.iter().all(super::source::Source::is_finished);
            format!(
                "session {index}: {up} up and {down} down are missing, all handed in: {handed_in}, {:?}",
                seat.closed
            )
        };
        let sessions: Vec<String> = self.seats.iter().enumerate().map(told).collect();
        format!("not all is well {SETTLED_WITHIN:?} after the link healed: {}", sessions.join("; "))
    }
}

fn below(rng: &mut Rng, bound: u64) -> usize {
    usize::try_from(rng.below(bound)).unwrap_or(0)
}

fn millis(rng: &mut Rng, from: u64, to: u64) -> Duration {
    Duration::from_millis(from + rng.below(to - from + 1))
}

fn draw_session(rng: &mut Rng) -> SessionPlan {
    let ways = 1 + rng.below(3);
    let mut session = SessionPlan { start: millis(rng, 0, 2_000), ..SessionPlan::default() };
    if ways & 1 > 0 {
        session.up = draw_workload(rng);
    }
    if ways & 2 > 0 {
        session.down = draw_workload(rng);
    }
    session
}

/// Each end has a mode of its own. Little is sent: with one packet a round trip much would take too long.
fn draw_modes(rng: &mut Rng, plan: &mut Plan) {
    plan.server = draw_mode(rng);
    for session in &mut plan.sessions {
        session.config = draw_mode(rng);
        for way in [&mut session.up, &mut session.down] {
            way.paced.messages = way.paced.messages.min(30);
            way.paced.size = way.paced.size.min(1_500);
            way.bulk.bytes = 0;
        }
    }
}

fn draw_mode(rng: &mut Rng) -> TransportConfig {
    let window = u32::try_from(1 + rng.below(16)).unwrap_or(1);
    let arq = [&[Arq::Ours][..], &Arq::TEACHING].concat()[below(rng, 5)];
    let congestion = match arq {
        Arq::Ours | Arq::TcpLike => [Congestion::NewReno, Congestion::Cubic][below(rng, 2)],
        _ => Congestion::Fixed(window),
    };
    TransportConfig::chosen(Choices { arq, congestion, ..Choices::default() })
}

fn draw_workload(rng: &mut Rng) -> Workload {
    let interval = [0, 1, 20, 100][below(rng, 4)];
    let size = if rng.chance(0.8) { 200 } else { 8_000 };
    let delivery =
        [Delivery::Ordered, Delivery::Ordered, Delivery::Unordered, Delivery::Latest][below(rng, 4)];
    let has_deadline = delivery.may_abandon() && rng.chance(0.3);
    let paced = Paced {
        messages: rng.below(80),
        interval: Duration::from_millis(interval),
        size: SIZE_MIN + below(rng, size),
        rooms: 1 + rng.below(4),
        start: millis(rng, 0, 1_000),
        delivery,
        deadline: has_deadline.then(|| millis(rng, 0, 400)),
    };
    let bytes = if rng.chance(0.2) { rng.below(300_000) } else { 0 };
    Workload { paced, bulk: Bulk { bytes, ..Bulk::default() }, answers: false }
}

fn draw_link(rng: &mut Rng) -> LinkConfig {
    let faults: [bool; 6] = std::array::from_fn(|_| rng.chance(0.5));
    let up = draw_way(faults, rng);
    let down = if rng.chance(0.5) { up.clone() } else { draw_way(faults, rng) };
    let mut link = LinkConfig { up, down, ..LinkConfig::default() };
    for _ in 0..rng.below(3) {
        let outage = Outage { from: millis(rng, 0, 9_000), length: millis(rng, 100, 4_000) };
        // Both ways, or one: what the one side sends may arrive while it hears nothing.
        let ways = [&Direction::BOTH[..], &Direction::BOTH[..1], &Direction::BOTH[1..]][below(rng, 3)];
        ways.iter().filter(|_| faults[3]).for_each(|way| link.way_mut(*way).outages.push(outage));
    }
    if rng.chance(0.3) {
        let what = if rng.chance(0.5) { Rebind::Port } else { Rebind::Address };
        let every = rng.chance(0.5).then(|| millis(rng, 500, 4_000));
        link.rebind = Some(RebindPlan { what, first: millis(rng, 0, 9_000), every });
    }
    link
}

fn draw_way(faults: [bool; 6], rng: &mut Rng) -> DirectionConfig {
    let [loss, disorder, damage, outages, narrow, mtu] = faults;
    let mut way = DirectionConfig {
        delay: millis(rng, 0, 120),
        jitter: millis(rng, 0, 30),
        ..DirectionConfig::default()
    };
    if loss {
        way.loss = 0.3 * rng.unit();
        way.burst = rng.chance(0.3).then(|| 1.0 + 4.0 * rng.unit());
    }
    if disorder {
        way.reorder = 0.3 * rng.unit();
        way.reorder_by = millis(rng, 1, 80);
        way.duplicate = 0.5 * rng.unit();
    }
    if damage {
        way.corrupt = 0.05 * rng.unit();
    }
    if outages && rng.chance(0.5) {
        way.fade = Some(Fade { mean: millis(rng, 20, 300), share: 0.01 + 0.2 * rng.unit() });
    }
    if narrow {
        way.rate = Some(200_000 + rng.below(5_000_000));
        way.queue = rng.chance(0.5).then(|| QueueLimit::Packets(1 + rng.below(60)));
        way.ecn = rng.chance(0.5);
    }
    // The least that IPv6 promises, and with it every datagram of ours.
    way.mtu = (mtu && rng.chance(0.5)).then(|| 1_280 + u32::try_from(rng.below(220)).unwrap_or(0));
    way
}

#[cfg(test)]
mod tests;
