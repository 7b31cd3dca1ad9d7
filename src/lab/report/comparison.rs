//! What was taken, and what does each link say of each row?

use super::matrix::{Matrix, Part, Wanted};
use super::quantity::Quantity;
use super::row::Row;
use super::spread::Spread;
use crate::lab::bench::{Carried, Measurement};

/// Where, when and by which command; handed in, since nothing here can know it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct About {
    /// The command, as it was typed.
    pub command: String,
    /// Name and version of the program.
    pub program: String,
    /// The system: `Linux 6.12.1`.
    pub system: String,
    /// The machine: processor and cores.
    pub machine: String,
    /// The day, as `2026-11-21`.
    pub date: String,
    /// Why the simulator stood in for the link; `None`: it did not.
    pub why_model: Option<String>,
}

/// Why there is no run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoRun {
    /// This system cannot have it: the row is left out aloud.
    Skipped(String),
    /// It should have been taken, and something went wrong.
    Failed(String),
}

impl NoRun {
    /// `skipped` or `failed`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "failed",
        }
    }

    /// The reason.
    pub fn why(&self) -> &str {
        match self {
            Self::Skipped(why) | Self::Failed(why) => why,
        }
    }
}

/// One run of the matrix.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// What was asked for.
    pub wanted: Wanted,
    /// What it said, or why there is none.
    pub outcome: Result<Measurement, NoRun>,
}

/// Everything.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// Where, when and how.
    pub about: About,
    /// What was to be run.
    pub matrix: Matrix,
    /// What was, in that order.
    pub runs: Vec<Run>,
}

/// What one link says of one row: all seeds together.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Which part of the matrix.
    pub part: usize,
    /// Which of its links.
    pub link: usize,
    /// Which row.
    pub row: Row,
    /// What it is called, `model` included.
    pub label: String,
    /// The simulator computed it.
    pub model: bool,
    /// Of how many runs.
    pub runs: usize,
    /// In so many of them the emulator itself was too late or overloaded.
    pub unfit: usize,
    /// Why one of them is not there.
    pub missing: Option<NoRun>,
    /// Deliveries behind a later message, in all runs.
    pub out_of_order: u64,
    /// Deliveries beyond the first, in all runs.
    pub duplicated: u64,
    values: Vec<Option<Spread>>,
    /// The command that takes the first of its runs.
    pub command: String,
}

impl Line {
    /// This number's median over seeds; `None`: there is none.
    pub fn spread(&self, quantity: Quantity) -> Option<Spread> {
        self.values.get(quantity as usize).copied().flatten()
    }
}

/// What a run is called.
pub fn shown_label(run: &Measurement) -> String {
    match (run.model, run.carried) {
        (false, _) => run.label.clone(),
        // Nobody shall take it for the kernel's.
        (true, Carried::Tcp) => format!("{}-like (model)", run.label),
        (true, _) => format!("{} (model)", run.label),
    }
}

impl Comparison {
    /// The part of this index.
    pub fn part(&self, part: usize) -> Option<&Part> {
        self.matrix.parts.get(part)
    }

    /// Which congestion controls the kernel's TCP had, as read back from its sockets; empty where none ran.
    pub fn tcp_in_force(&self) -> Vec<&str> {
        let good = self.runs.iter().filter_map(|run| run.outcome.as_ref().ok());
        let mut names: Vec<&str> = good.filter_map(|run| run.detail["congestion"].as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The runs of one link and row.
    pub fn taken(&self, part: usize, link: usize, row: Row) -> impl Iterator<Item = &Run> {
        let of =
            move |run: &&Run| run.wanted.part == part && run.wanted.link == link && run.wanted.row == row;
        self.runs.iter().filter(of)
    }

    /// One line for each link and row of a part, links outside.
    pub fn lines(&self, part: usize) -> Vec<Line> {
        let Some(of) = self.part(part) else { return Vec::new() };
        let pairs = (0..of.links.len()).flat_map(|link| of.rows.iter().map(move |row| (link, *row)));
        pairs.filter_map(|(link, row)| self.line(part, link, row)).collect()
    }

    fn line(&self, part: usize, link: usize, row: Row) -> Option<Line> {
        let runs: Vec<&Run> = self.taken(part, link, row).collect();
        let first = *runs.first()?;
        let good = || runs.iter().filter_map(|run| run.outcome.as_ref().ok());
        let label = good().next().map_or_else(|| row.label(), shown_label);
        let values = Quantity::ALL.map(|quantity| quantity.spread(good(), &first.wanted));
        Some(Line {
            part,
            link,
            row,
            label,
            model: good().any(|run| run.model),
            runs: good().count(),
            unfit: good().filter(|run| !run.model && !run.link.is_fit()).count(),
            missing: runs.iter().find_map(|run| run.outcome.as_ref().err().cloned()),
            out_of_order: good().map(|run| run.out_of_order).sum(),
            duplicated: good().map(|run| run.duplicated).sum(),
            values: values.to_vec(),
            command: first.wanted.command(),
        })
    }

    /// Did the simulator compute any of it?
    pub fn has_model(&self) -> bool {
        self.runs.iter().any(|run| run.outcome.as_ref().is_ok_and(|run| run.model))
    }

    /// The part whose single runs are drawn: the first, if messages can be told apart in it.
    pub fn shown_part(&self) -> Option<&Part> {
        self.part(0).filter(|part| !part.workload.is_bulk() && !part.workload.handshakes)
    }

    /// The runs that are drawn one by one: of the first part's shown link, with the first seed, a run for each
    /// row.
    pub fn shown_runs(&self) -> Vec<(&Wanted, &Measurement)> {
        let Some(part) = self.shown_part() else { return Vec::new() };
        let first = |row: &Row| {
            self.taken(0, part.shown(), *row).find_map(|run| Some((&run.wanted, run.outcome.as_ref().ok()?)))
        };
        part.rows.iter().filter_map(first).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn a_line_takes_the_seeds_together_and_says_what_is_wrong_with_them() {
        let matrix = Matrix::usual();
        let mut slow = 100;
        let runs = matrix.wanted().into_iter().map(|wanted| {
            slow += 1;
            let mut taken = made_up::run(&wanted.row.label(), &[Some(50), Some(slow)]);
            taken.link.up.overload = u64::from(wanted.seed == 2);
            let outcome = if wanted.row.carried == Carried::Tcp {
                Err(NoRun::Skipped("no tcp".to_owned()))
            } else {
                Ok(taken)
            };
            Run { wanted, outcome }
        });
        let runs = runs.collect();
        let comparison = Comparison { about: About::default(), matrix, runs };
        let lines = comparison.lines(0);
        assert_eq!(lines.len(), 15);
        assert_eq!((lines[0].runs, lines[0].unfit, lines[3].runs, lines[3].unfit), (1, 0, 3, 1));
        let p99 = lines[3].spread(Quantity::P99).expect("three runs");
        assert_eq!((p99.least, p99.median, p99.most), (104.0, 107.0, 110.0));
        assert_eq!(lines[5].missing, Some(NoRun::Skipped("no tcp".to_owned())));
        assert_eq!((lines[5].runs, lines[5].spread(Quantity::P50)), (0, None));
        assert_eq!(comparison.shown_runs().len(), 2);
    }

    #[test]
    fn what_the_simulator_computed_is_called_a_model() {
        let mut run = made_up::run("tcp", &[Some(50)]);
        run.model = true;
        assert_eq!(shown_label(&run), "tcp-like (model)");
        let mut run = made_up::run("udp", &[Some(50)]);
        assert_eq!(shown_label(&run), "udp");
        run.model = true;
        assert_eq!(shown_label(&run), "udp (model)");
    }
}
