//! `bench`: which runs are taken, and how are they told?

use super::arguments::Bench;
use super::launcher::Launcher;
use super::plan::Plan;
use super::{rows, table};
use crate::cli::exit::{Exit, Outcome, Stop};
use crate::cli::link;
use crate::lab::bench::{Measurement, row};
use crate::lab::link::{DirectionConfig, LinkConfig, in_force};
use crate::shell::entropy;
use crate::time::Duration;
use std::io::{self, Write};

/// Takes all rows, and prints them. A reader who has gone ends it, in peace.
pub fn run(bench: &Bench) -> Outcome {
    match take_all(bench) {
        Err(Stop { exit: Exit::Done, .. }) => Ok(Exit::Done),
        outcome => outcome,
    }
}

fn take_all(bench: &Bench) -> Outcome {
    if link::printed_profiles(&bench.link)? {
        return Ok(Exit::Done);
    }
    let link = match link::config(&bench.link)? {
        Some(link) => link,
        None => usual_link(bench.link.seed()),
    };
    let plans = rows::plans(bench, &link).map_err(Stop::usage)?;
    refuse_elsewhere()?;
    let launcher = Launcher::of_this_program()?;
    launcher.try_link().map_err(Stop::unavailable)?;
    let form = Form::of(bench);
    form.begin(&link)?;
    let mut rows =
        Rows { launcher, form, names_congestion: !bench.tcp_cc.is_empty(), taken: vec![], stops: vec![] };
    for plan in plans {
        rows.take(&plan)?;
    }
    rows.finish()
}

/// Between Linux's namespaces alone can one lose packets below TCP.
fn refuse_elsewhere() -> Result<(), Stop> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    Err(Stop::unavailable(
        "the kernel's own TCP can only be compared on Linux, where packets can be lost below it (WSL2 will do). \
         What works here: `sayagain sim`, which plays our layer and a model of TCP on virtual time, and \
         `sayagain compare`, which does so for a whole matrix of links",
    ))
}

/// 5 % loss and 25 ms, each way.
pub fn usual_link(seed: Option<u64>) -> LinkConfig {
    let way = DirectionConfig { loss: 0.05, delay: Duration::from_millis(25), ..DirectionConfig::default() };
    // Ours: a seed that is short enough to be typed again.
    LinkConfig::symmetric(way, seed.unwrap_or_else(|| entropy::rng().below(1_000_000)))
}

/// The form of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Table,
    Json,
    Csv,
}

impl Form {
    const fn of(bench: &Bench) -> Self {
        match (bench.json, bench.csv) {
            (true, _) => Self::Json,
            (false, true) => Self::Csv,
            (false, false) => Self::Table,
        }
    }

    /// What is said before the first run: the link and its seed.
    fn begin(self, link: &LinkConfig) -> Result<(), Stop> {
        match self {
            Self::Table => print(&format!("link: {}\n\n", in_force::words(link).join(" "))),
            Self::Json | Self::Csv => Ok(()),
        }
    }

    /// What is said of one run at once.
    fn tell(self, run: &Measurement) -> Result<(), Stop> {
        match self {
            Self::Json => print(&format!("{}\n", row::object(run))),
            Self::Table | Self::Csv => Ok(()),
        }
    }

    /// What is said at the end.
    fn end(self, runs: &[Measurement]) -> Result<(), Stop> {
        match self {
            Self::Table => print(&format!("{}\n{}", table::table(runs), table::LEGEND)),
            Self::Csv => print(&row::csv(runs)),
            Self::Json => Ok(()),
        }
    }
}

/// Rows as they are taken.
struct Rows {
    launcher: Launcher,
    form: Form,
    /// Congestion controls were asked for by name.
    names_congestion: bool,
    taken: Vec<Measurement>,
    /// What kept rows from being taken.
    stops: Vec<Stop>,
}

impl Rows {
    /// Takes one row. What this system lacks is left out aloud; what went wrong is said, and the others are
    /// taken nevertheless. An error ends it all.
    fn take(&mut self, plan: &Plan) -> Result<(), Stop> {
        match self.launcher.take(plan) {
            Ok(run) => {
                self.form.tell(&run)?;
                self.taken.push(run);
                Ok(())
            }
            Err(stop) if stop.exit == Exit::Unavailable => {
                eprintln!("skipped: {}: {}", plan.label, stop.text);
                self.stops.push(stop);
                let instead = rows::with_what_there_is(plan).filter(|_| !self.names_congestion);
                instead.map_or(Ok(()), |plan| self.take(&plan))
            }
            Err(stop) => {
                self.launcher.check_interrupt()?;
                if !self.stops.contains(&stop) {
                    eprintln!("error: {}: {}", plan.label, stop.text);
                }
                self.stops.push(stop);
                Ok(())
            }
        }
    }

    fn finish(self) -> Outcome {
        if !self.taken.is_empty() {
            self.form.end(&self.taken)?;
        }
        match self.stops.into_iter().find(|stop| stop.exit != Exit::Unavailable) {
            Some(stop) => Ok(stop.exit),
            None if self.taken.is_empty() => Ok(Exit::Unavailable),
            None => Ok(Exit::Done),
        }
    }
}

fn print(text: &str) -> Result<(), Stop> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Failed };
        Stop { exit, text: format!("standard output: {error}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_link_is_the_one_in_the_manual() {
        let words = in_force::words(&usual_link(Some(3))).join(" ");
        assert_eq!(words, "--delay 25ms --loss 5% --seed 3");
    }

    #[test]
    fn elsewhere_than_on_linux_it_says_what_works() {
        let refused = refuse_elsewhere().err();
        assert_eq!(refused.is_none(), cfg!(target_os = "linux"));
        assert!(refused.is_none_or(|stop| stop.text.contains("WSL2") && stop.text.contains("sayagain sim")));
    }
}
