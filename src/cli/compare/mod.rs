//! `compare`: what does a lossy link do to a chat over TCP, over bare UDP, over UDP with our layer?
//!
//! ```text
//!  options.rs: the matrix ─▶ taking.rs: run by run ─▶ lab/report: table, JSON, page
//!                              │
//!                              └─ over the link below IP, or by the simulator (`model`)
//! ```
//!
//! The table goes to standard output, progress to standard error. What is made of the runs is in
//! [`lab::report`](crate::lab::report), purely; here are only the files, the clock and the machine.

mod options;
mod taking;

pub use options::{Compare, ScenarioChoice};

use super::bench::plan::quoted;
use super::exit::{Exit, Outcome, Stop};
use super::link;
use crate::lab::report::{About, Comparison, NoRun, json, markdown, page, scenario, table};
use crate::shell::machine;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Takes the matrix, and tells it in every form that was asked for.
pub fn run(asked: &Compare) -> Outcome {
    if link::printed_profiles(&asked.link)? {
        return Ok(Exit::Done);
    }
    if asked.scenario == Some(ScenarioChoice::List) {
        print(&scenario::list())?;
        return Ok(Exit::Done);
    }
    let matrix = asked.matrix(|path| fs::read_to_string(path)).map_err(Stop::usage)?;
    // A page that cannot be written is told before two minutes have gone by.
    for file in
        [&asked.html, &asked.json, &asked.markdown].into_iter().flatten().filter(|path| !is_output(path))
    {
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .map_err(|error| unwritable(file, &error))?;
    }
    let mut taker = taking::Taker::of(asked.model, asked.link.trace().map(Path::to_owned));
    let about = about(taker.why_model());
    let runs = taking::take_all(&matrix, |wanted| taker.take(wanted), &mut io::stderr().lock());
    let comparison = Comparison { about, matrix, runs };
    tell(asked, &comparison)?;
    if comparison.runs.iter().any(|run| matches!(run.outcome, Err(NoRun::Failed(_)))) {
        return Err(Stop::failed("not every run that was wanted could be taken: the lines above say why"));
    }
    if comparison.runs.iter().any(|run| run.outcome.is_ok()) {
        Ok(Exit::Done)
    } else {
        Err(Stop::failed("no run could be taken: the lines above say why"))
    }
}

fn tell(asked: &Compare, comparison: &Comparison) -> Result<(), Stop> {
    if let Some(file) = &asked.html {
        fs::write(file, page::page(comparison)).map_err(|error| unwritable(file, &error))?;
    }
    if let Some(file) = &asked.markdown {
        let (taken, wanted) = (comparison.runs.len(), comparison.matrix.wanted().len());
        if taken < wanted {
            let why = format!("{} stays as it is: {taken} of {wanted} runs were taken", file.display());
            return Err(Stop::failed(why));
        }
        let document = fs::read_to_string(file).map_err(|error| unwritable(file, &error))?;
        fs::write(file, markdown::put_into(&document, comparison))
            .map_err(|error| unwritable(file, &error))?;
    }
    let as_json = || format!("{:#}\n", json::document(comparison));
    match &asked.json {
        Some(path) if is_output(path) => return print(&as_json()),
        Some(file) => fs::write(file, as_json()).map_err(|error| unwritable(file, &error))?,
        None => {}
    }
    print(&table::table(comparison))
}

/// `-` is standard output.
fn is_output(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn unwritable(file: &Path, error: &io::Error) -> Stop {
    Stop::failed(format!("cannot write {}: {error}", file.display()))
}

fn print(text: &str) -> Result<(), Stop> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::failed(error)),
        _ => Ok(()),
    }
}

fn about(why_model: Option<String>) -> About {
    let machine = machine::describe();
    let words: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    About {
        command: format!("sayagain {}", words.join(" ")),
        program: concat!("sayagain ", env!("CARGO_PKG_VERSION")).to_owned(),
        system: machine.system,
        machine: machine.hardware,
        date: machine.date,
        why_model,
    }
}
