//! Who takes the runs, and what is told meanwhile?
//!
//! [`take_all`] asks a function for each run that the matrix wants, so that it does not matter to it whether
//! the real link or the simulator answers.

use crate::cli::bench::{Launcher, Plan};
use crate::cli::exit::{Exit, Stop};
use crate::lab::bench::{Carried, Measurement};
use crate::lab::report::{Matrix, NoRun, Run, Wanted, model};
use crate::shell::tcp_tuning::TcpTuning;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Takes one run, of which an error says why there is none; or says that the rest is not wanted any more.
type Take = Box<dyn FnMut(&Wanted) -> Taken>;
type Taken = ControlFlow<(), Result<Measurement, NoRun>>;

/// Who takes the runs.
pub struct Taker {
    take: Take,
    /// Why the simulator does.
    why_model: Option<String>,
}

impl Taker {
    /// The simulator if it is asked for, or where there is no link below IP.
    pub fn of(asked_for_model: bool, trace: Option<PathBuf>) -> Self {
        if asked_for_model {
            return Self::model("The simulator was asked for (--model).".to_owned());
        }
        match real(trace) {
            Ok(take) => Self { take, why_model: None },
            Err(why) => Self::model(why),
        }
    }

    fn model(why: String) -> Self {
        Self {
            take: Box::new(|wanted| ControlFlow::Continue(model::take(wanted).map_err(NoRun::Skipped))),
            why_model: Some(why),
        }
    }

    /// Why the simulator takes them, if it does.
    pub fn why_model(&self) -> Option<String> {
        self.why_model.clone()
    }

    /// One run.
    pub fn take(&mut self, wanted: &Wanted) -> Taken {
        (self.take)(wanted)
    }
}

/// The real link; the error says why there is none here.
fn real(trace: Option<PathBuf>) -> Result<Take, String> {
    let launcher = Launcher::of_this_program().map_err(|stop| stop.text)?;
    launcher.try_link()?;
    Ok(Box::new(move |wanted| {
        let plan = Plan { trace: trace.clone(), ..plan(wanted) };
        let usual = wanted.row.has_usual_control();
        let outcome = if usual { launcher.take_as_allowed(&plan) } else { launcher.take(&plan) };
        // Who wants to leave gets what was taken until then.
        match launcher.check_interrupt() {
            Ok(()) => ControlFlow::Continue(outcome.map_err(no_run)),
            Err(_) => ControlFlow::Break(()),
        }
    }))
}

/// What this system cannot have is skipped; all else should have been taken.
fn no_run(stop: Stop) -> NoRun {
    if stop.exit == Exit::Unavailable { NoRun::Skipped(stop.text) } else { NoRun::Failed(stop.text) }
}

/// What `bench` takes for this run.
fn plan(wanted: &Wanted) -> Plan {
    let Wanted { config, row, workload, .. } = wanted;
    let plan = Plan::new(row.carried, *workload, config.clone());
    let plan = Plan { beside: row.beside, ..plan };
    let congestion = plan.has(Carried::Tcp).then(|| row.control.to_owned());
    Plan {
        label: row.label(),
        choices: row.choices(),
        tcp: TcpTuning { congestion, nagle: row.nagle },
        want_packets: wanted.packets,
        ..plan
    }
}

/// Takes every run of the matrix in its order. Progress is a line each on `progress`; what cannot be written
/// there is of no account.
pub fn take_all(
    matrix: &Matrix,
    mut take: impl FnMut(&Wanted) -> Taken,
    progress: &mut impl Write,
) -> Vec<Run> {
    let wanted = matrix.wanted();
    let all = wanted.len();
    let take_one = |(index, wanted): (usize, Wanted)| {
        let link = &matrix.parts[wanted.part].links[wanted.link].name;
        let ControlFlow::Continue(outcome) = take(&wanted) else { return None };
        let told = match &outcome {
            Ok(run) => format!("{} of {} delivered", run.delivered(), run.fates.len()),
            Err(missing) => format!("{}: {}", missing.word(), missing.why()),
        };
        let (label, seed) = (wanted.row.label(), wanted.seed);
        let _ = writeln!(progress, "{}/{all} {link}, {label}, seed {seed}: {told}", index + 1);
        Some(Run { wanted, outcome })
    };
    wanted.into_iter().enumerate().map_while(take_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wanted_run_is_taken_once_in_order_and_told() {
        let matrix = Matrix::usual();
        let (mut asked, mut told) = (Vec::new(), Vec::new());
        let take = |wanted: &Wanted| {
            asked.push(wanted.clone());
            ControlFlow::Continue(if wanted.seed == 2 {
                Err(NoRun::Skipped("no such seed".to_owned()))
            } else {
                model::take(wanted).map_err(NoRun::Skipped)
            })
        };
        let runs = take_all(&matrix, take, &mut told);
        assert_eq!(asked, matrix.wanted());
        assert_eq!(runs.iter().map(|run| &run.wanted).collect::<Vec<_>>(), asked.iter().collect::<Vec<_>>());
        let text = String::from_utf8(told).expect("text");
        assert_eq!(text.lines().count(), 39);
        assert!(text.starts_with("1/39 0 %, raw, seed 1: 100 of 100 delivered\n"), "{text}");
        assert!(text.contains("skipped: no such seed"), "{text}");
    }

    #[test]
    fn who_asks_for_the_model_gets_it_and_is_told() {
        let mut taker = Taker::of(true, None);
        assert!(taker.why_model().is_some_and(|why| why.contains("--model")));
        let outcome = taker.take(&Matrix::usual().wanted()[0]);
        assert!(matches!(outcome, ControlFlow::Continue(Ok(run)) if run.model));
    }

    #[test]
    fn who_wants_to_leave_keeps_what_was_taken() {
        let mut left = 2;
        let take = |wanted: &Wanted| {
            left -= 1;
            if left < 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(model::take(wanted).map_err(NoRun::Skipped))
            }
        };
        assert_eq!(take_all(&Matrix::usual(), take, &mut Vec::new()).len(), 2);
    }
}
