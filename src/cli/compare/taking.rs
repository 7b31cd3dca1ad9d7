//! Who takes the runs, and what is told meanwhile?
//!
//! [`take_all`] asks a function for each run that the matrix wants, so that it does not matter to it whether
//! the real link or the simulator answers.

use crate::lab::bench::Measurement;
use crate::lab::report::{Matrix, Run, Wanted, model};
use std::io::Write;

/// Takes one run; the error says why there is none.
type Take = Box<dyn FnMut(&Wanted) -> Result<Measurement, String>>;

/// Who takes the runs.
pub struct Taker {
    take: Take,
    /// Why the simulator does.
    why_model: Option<String>,
}

impl Taker {
    /// The simulator if it is asked for, or where there is no link below IP.
    pub fn of(asked_for_model: bool) -> Self {
        if asked_for_model {
            return Self::model("The simulator was asked for (--model).".to_owned());
        }
        match real() {
            Ok(take) => Self { take, why_model: None },
            Err(why) => Self::model(why),
        }
    }

    fn model(why: String) -> Self {
        Self { take: Box::new(model::take), why_model: Some(why) }
    }

    /// Why the simulator takes them, if it does.
    pub fn why_model(&self) -> Option<String> {
        self.why_model.clone()
    }

    /// One run.
    pub fn take(&mut self, wanted: &Wanted) -> Result<Measurement, String> {
        (self.take)(wanted)
    }
}

/// The real link; the error says why there is none here.
fn real() -> Result<Take, String> {
    Err("This program has no link below IP on this system, so the kernel's TCP cannot be compared."
        .to_owned())
}

/// Takes every run of the matrix in its order. Progress is a line each on `progress`; what cannot be written
/// there is of no account.
pub fn take_all(
    matrix: &Matrix,
    mut take: impl FnMut(&Wanted) -> Result<Measurement, String>,
    progress: &mut impl Write,
) -> Vec<Run> {
    let wanted = matrix.wanted();
    let all = wanted.len();
    let take_one = |(index, wanted): (usize, Wanted)| {
        let link = &matrix.parts[wanted.part].links[wanted.link].name;
        let outcome = take(&wanted);
        let told = match &outcome {
            Ok(run) => format!("{} of {} delivered", run.delivered(), run.fates.len()),
            Err(why) => format!("skipped: {why}"),
        };
        let (label, seed) = (wanted.row.label(), wanted.seed);
        let _ = writeln!(progress, "{}/{all} {link}, {label}, seed {seed}: {told}", index + 1);
        Run { wanted, outcome }
    };
    wanted.into_iter().enumerate().map(take_one).collect()
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
            if wanted.seed == 2 { Err("no such seed".to_owned()) } else { model::take(wanted) }
        };
        let runs = take_all(&matrix, take, &mut told);
        assert_eq!(asked, matrix.wanted());
        assert_eq!(runs.iter().map(|run| &run.wanted).collect::<Vec<_>>(), asked.iter().collect::<Vec<_>>());
        let text = String::from_utf8(told).expect("text");
        assert_eq!(text.lines().count(), 39);
        assert!(text.starts_with("1/39 0 %, raw, seed 1: 75 of 75 delivered\n"), "{text}");
        assert!(text.contains("skipped: no such seed"), "{text}");
    }

    #[test]
    fn who_asks_for_the_model_gets_it_and_is_told() {
        let mut taker = Taker::of(true);
        assert!(taker.why_model().is_some_and(|why| why.contains("--model")));
        assert!(taker.take(&Matrix::usual().wanted()[0]).is_ok_and(|run| run.model));
    }
}
