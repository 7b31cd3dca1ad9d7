//! Which bad day does a seed make?
//!
//! Swarm testing: the seed draws not only the dice but also which faults there are at all, since a run with
//! every fault at once hides what two of them do together (Groce et al., "Swarm testing", ISSTA 2012).
//!
//! ```text
//! 0 s          people start, type, say things; faults                20 s        calm
//! ├──────────────────────────────────────────────────────────────────┼───────────────────────▶
//! safety must hold all the time                                        all settles within 120 s,
//!                                                                      then everybody leaves within 30 s
//! ```
//!
//! A failure tells its seed and how to play it again.

use crate::lab::link::config::{Fade, Outage};
use crate::lab::link::{Direction, DirectionConfig, LinkConfig, Rebind};
use crate::lab::world::oracle::{Testimony, Violation, liveness, safety};
use crate::lab::world::{Cast, Deed, Script, SeatPlan, Transcript, World};
use crate::rng::Rng;
use crate::time::{Duration, Instant, at};
use crate::transport::session::Transport;
use std::fmt;

/// When the faults end.
const CALM: Instant = at(20_000_000);

/// Everything settles within this time after the faults: a silent TCP connection is noticed after 30 s, and
/// whoever then finds the server busy waits some seconds and tries again.
const SETTLED_WITHIN: Duration = Duration::from_mins(2);

/// Whoever has nothing more to say leaves within this time.
const LEFT_WITHIN: Duration = Duration::from_secs(30);

/// How often it is asked whether all has settled.
const LOOK: Duration = Duration::from_millis(500);

const NAMES: [&str; 6] = ["ann", "bob", "cem", "dora", "eve", "finn"];
const ROOMS: [&str; 3] = ["lobby", "tea", "work"];

/// Who sits where, and what happens to them.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// What all was drawn from.
    pub seed: u64,
    /// The clients' names.
    pub names: Vec<String>,
    /// The room that each client joins at its start.
    pub rooms: Vec<String>,
    /// What happens.
    pub script: Script,
}

/// A kind of fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    Loss,
    Disorder,
    Damage,
    Outages,
    Narrowness,
    Deaths,
    Moves,
    Pauses,
    Kills,
}

impl Trouble {
    const ALL: [Self; 9] = [
        Self::Loss,
        Self::Disorder,
        Self::Damage,
        Self::Outages,
        Self::Narrowness,
        Self::Deaths,
        Self::Moves,
        Self::Pauses,
        Self::Kills,
    ];

    /// Which there are this time: each on half of the days.
    fn draw(rng: &mut Rng) -> Vec<Self> {
        Self::ALL.into_iter().filter(|_| rng.chance(0.5)).collect()
    }
}

fn millis(rng: &mut Rng, from: u64, to: u64) -> Duration {
    Duration::from_millis(from + rng.below(to - from + 1))
}

/// A moment before the calm.
fn moment(rng: &mut Rng) -> Instant {
    at(rng.below(CALM.as_micros()))
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[usize::try_from(rng.below(from.len() as u64)).unwrap_or(0)]
}

impl Scenario {
    /// The scenario of a seed.
    pub fn of_seed(seed: u64) -> Self {
        let mut rng = Rng::from_seed(seed);
        let mix = &Trouble::draw(&mut rng);
        let people = usize::try_from(2 + rng.below(5)).unwrap_or(2);
        let mut scenario = Self {
            seed,
            names: NAMES[..people].iter().map(|name| (*name).to_owned()).collect(),
            rooms: (0..people).map(|_| pick(&mut rng, &ROOMS[..2]).to_owned()).collect(),
            script: Script { store_delay: millis(&mut rng, 0, 100), ..Script::default() },
        };
        for client in 0..people {
            let transport = if rng.chance(0.5) { Transport::Udp } else { Transport::Tcp };
            let link = draw_link(mix, &mut rng);
            scenario.script.seats.push(SeatPlan { transport: transport.into(), link });
            scenario.plan_lines(client, &mut rng);
            scenario.plan_client_faults(client, mix, &mut rng);
        }
        scenario.plan_server_faults(mix, &mut rng);
        scenario
    }

    fn plan(&mut self, due: Instant, deed: Deed) {
        self.script.deeds.push((due, deed));
    }

    fn plan_lines(&mut self, client: usize, rng: &mut Rng) {
        let start = at(rng.below(5_000_000));
        self.plan(start, Deed::Start { client });
        let mut due = start;
        for number in 0..3 + rng.below(12) {
            // Some lines come in a burst, some after a while.
            let pause = if rng.chance(0.4) { Duration::ZERO } else { millis(rng, 1, 2_000) };
            due = (due + pause).min(CALM);
            let line = draw_line(&format!("{} {number}", self.names[client]), &self.names, rng);
            self.plan(due, Deed::Type { client, line });
        }
    }

    fn plan_client_faults(&mut self, client: usize, mix: &[Trouble], rng: &mut Rng) {
        if mix.contains(&Trouble::Moves) {
            for _ in 0..rng.below(4) {
                let what = if rng.chance(0.5) { Rebind::Port } else { Rebind::Address };
                self.plan(moment(rng), Deed::Rebind { client, what });
            }
        }
        if mix.contains(&Trouble::Pauses) && rng.chance(0.3) {
            self.plan(moment(rng), Deed::PauseClient { client, length: millis(rng, 1, 12_000) });
        }
        if mix.contains(&Trouble::Kills) && rng.chance(0.3) {
            self.plan(moment(rng), Deed::Kill { client });
        }
    }

    fn plan_server_faults(&mut self, mix: &[Trouble], rng: &mut Rng) {
        if mix.contains(&Trouble::Deaths) {
            for _ in 0..=rng.below(3) {
                let death = moment(rng);
                self.plan(death, Deed::KillServer);
                self.plan(death + millis(rng, 0, 8_000), Deed::StartServer);
            }
        }
        if mix.contains(&Trouble::Pauses) && rng.chance(0.5) {
            self.plan(moment(rng), Deed::PauseServer { length: millis(rng, 1, 8_000) });
        }
        self.plan(CALM, Deed::StartServer);
    }

    /// Plays it with these nodes. The failure holds all that is needed to see why.
    pub fn play<C: Cast>(&self, cast: C) -> Result<Transcript, Box<Failure>> {
        let mut world = World::new(cast, &self.script, self.seed);
        let outcome = self.play_in(&mut world);
        let transcript = world.transcript().clone();
        match outcome {
            Ok(()) => Ok(transcript),
            Err(violations) => Err(Box::new(Failure { scenario: self.clone(), violations, transcript })),
        }
    }

    fn play_in<C: Cast>(&self, world: &mut World<C>) -> Result<(), Vec<Violation>> {
        run(world, CALM)?;
        for client in 0..self.names.len() {
            world.replace_link(client, calm_link(&self.script.seats[client].link));
        }
        self.let_settle(world)?;
        for client in 0..self.names.len() {
            world.plan(world.now(), Deed::EndInput { client });
        }
        run(world, world.now() + LEFT_WITHIN)?;
        let testimonies = self.testimonies(world);
        none_of(safety::violations(&testimonies, &self.names))?;
        none_of(liveness::bad_endings(&testimonies, &self.names))
    }

    fn let_settle<C: Cast>(&self, world: &mut World<C>) -> Result<(), Vec<Violation>> {
        loop {
            run(world, world.now() + LOOK)?;
            let testimonies = self.testimonies(world);
            none_of(safety::violations(&testimonies, &self.names))?;
            let mut open = liveness::unsettled_business(&testimonies, &self.names);
            open.extend(liveness::vanished(&testimonies, &self.names));
            if open.is_empty() || world.now() >= CALM + SETTLED_WITHIN {
                return none_of(open);
            }
        }
    }

    fn testimonies<C: Cast>(&self, world: &World<C>) -> Vec<Testimony> {
        Testimony::all(world.transcript(), self.names.len())
    }
}

fn run<C: Cast>(world: &mut World<C>, end: Instant) -> Result<(), Vec<Violation>> {
    world.run_until(end).map_err(|spin| vec![Violation(spin.to_string())])
}

fn none_of(violations: Vec<Violation>) -> Result<(), Vec<Violation>> {
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// One line that a person may type. The text is typed only once in a run.
fn draw_line(text: &str, names: &[String], rng: &mut Rng) -> String {
    let name = &names[usize::try_from(rng.below(names.len() as u64)).unwrap_or(0)];
    match rng.below(100) {
        0..65 => text.to_owned(),
        // Several datagrams long.
        65..70 => {
            format!("{text} {}", "and so on ".repeat(usize::try_from(rng.below(350)).unwrap_or(0)).trim_end())
        }
        70..75 => format!("/me {text}"),
        75..85 => format!("/msg {name} {text}"),
        85..92 => format!("/join {}", pick(rng, &ROOMS)),
        92..94 => "/part".to_owned(),
        94..96 => "/who".to_owned(),
        96..97 => format!("/whois {name}"),
        97..98 => "/rooms".to_owned(),
        98..99 => "/away for tea".to_owned(),
        _ => "/no-such-command".to_owned(),
    }
}

fn draw_link(mix: &[Trouble], rng: &mut Rng) -> LinkConfig {
    let (up, down) = (draw_way(mix, rng), draw_way(mix, rng));
    let mut link = LinkConfig { up, down, seed: rng.next_u64(), ..LinkConfig::default() };
    if mix.contains(&Trouble::Outages) {
        for _ in 0..rng.below(3) {
            let outage = Outage { from: moment(rng) - Instant::ZERO, length: millis(rng, 100, 8_000) };
            // Both ways, or one: what the one side sends may arrive while it hears nothing.
            let ways = [Direction::Up, Direction::Down];
            let hit = if rng.chance(0.5) { &ways[..] } else { &ways[usize::from(rng.chance(0.5))..][..1] };
            for way in hit {
                link.way_mut(*way).outages.push(outage);
            }
        }
    }
    link
}

fn draw_way(mix: &[Trouble], rng: &mut Rng) -> DirectionConfig {
    let mut way = DirectionConfig {
        delay: millis(rng, 0, 150),
        jitter: millis(rng, 0, 40),
        ..DirectionConfig::default()
    };
    if mix.contains(&Trouble::Loss) {
        way.loss = 0.3 * rng.unit();
        way.burst = rng.chance(0.3).then(|| 1.0 + 4.0 * rng.unit());
    }
    if mix.contains(&Trouble::Disorder) {
        way.reorder = 0.3 * rng.unit();
        way.reorder_by = millis(rng, 1, 80);
        way.duplicate = 0.2 * rng.unit();
    }
    if mix.contains(&Trouble::Damage) {
        way.corrupt = 0.05 * rng.unit();
    }
    if mix.contains(&Trouble::Outages) {
        let (mean, share) = (millis(rng, 20, 400), 0.01 + 0.1 * rng.unit());
        way.fade = rng.chance(0.5).then_some(Fade { mean, share });
    }
    if mix.contains(&Trouble::Narrowness) {
        way.rate = Some(128_000 + rng.below(4_000_000));
    }
    way
}

/// The same distance, and nothing else.
fn calm_link(stormy: &LinkConfig) -> LinkConfig {
    let calm = |way: &DirectionConfig| DirectionConfig { delay: way.delay, ..DirectionConfig::default() };
    LinkConfig { up: calm(&stormy.up), down: calm(&stormy.down), seed: stormy.seed, ..LinkConfig::default() }
}

/// A run in which a promise was broken.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// What was played.
    pub scenario: Scenario,
    /// What was broken.
    pub violations: Vec<Violation>,
    /// Everything that happened.
    pub transcript: Transcript,
}

impl Failure {
    /// How to play it again.
    pub fn replay(&self) -> String {
        format!("SAYAGAIN_SEED={} cargo test --lib one_seed -- --nocapture", self.scenario.seed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} breaks {} promises:", self.scenario.seed, self.violations.len())?;
        for violation in self.violations.iter().take(10) {
            writeln!(f, "  {violation}")?;
        }
        for (name, seat) in self.scenario.names.iter().zip(&self.scenario.script.seats) {
            writeln!(f, "  {name} over {}: {:?} | {:?}", seat.transport, seat.link.up, seat.link.down)?;
        }
        write!(f, "play it again: {}", self.replay())
    }
}

#[cfg(test)]
mod tests;
