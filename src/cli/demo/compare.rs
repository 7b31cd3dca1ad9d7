//! How do several ways of sending fare over the same link? A row for each, measured live.

use super::bare::Bare;
use super::race::{self, Workload};
use super::tally::Row;
use super::{layered, println, table};
use crate::lab::link::LinkConfig;
use crate::shell::entropy;
use crate::time::Duration;
use std::io;
use std::thread;

/// What each row of the table carried. Stragglers of a very bad link are waited for.
const WORKLOAD: Workload =
    Workload { messages: 200, beat: Duration::from_millis(20), bytes: 100, patience: Duration::from_secs(9) };
/// What bare UDP has lost never comes: the longest way is enough.
const BARE_PATIENCE: Duration = Duration::from_secs(2);

/// The same link once with nothing on top of UDP and once with our layer, side by side.
pub fn compare(link: &LinkConfig) -> io::Result<()> {
    let Workload { messages, beat, bytes, .. } = WORKLOAD;
    println(&format!(
        "\nNow {messages} messages of {bytes} bytes, one each {} ms, over the same link (seed {}),\n\
         measured live, latencies in ms from sending to delivery:\n",
        beat.as_millis(),
        link.seed
    ))?;
    let rows = rows(link)?;
    println(&table::table(&rows))?;
    println(
        "Bare UDP sends a message once and forgets it: what the link drops is gone. Our\n\
         layer hears what arrived, says the rest again, and delivers in order; that costs\n\
         waiting for what was lost (p99, max) and packets (there + back).",
    )?;
    match rows.last().map(|row| row.lost) {
        Some(late) if late > 0 => println(&format!(
            "On a link as bad as this it has to go slowly, so as not to choke it: {late} of its\n\
             messages were still on their way when the measurement ended."
        )),
        _ => Ok(()),
    }
}

/// One row for each way of sending; all at the same time, each over a link of its own with the same seed.
fn rows(link: &LinkConfig) -> io::Result<Vec<Row>> {
    let (one, other) = (link.clone(), link.clone());
    let bare = thread::spawn(move || {
        let workload = Workload { patience: BARE_PATIENCE, ..WORKLOAD };
        race::run("bare UDP", workload, one, |_, _| Ok((Bare::default(), Bare::default())))
    });
    let layered = thread::spawn(move || {
        race::run("UDP + our layer", WORKLOAD, other, |now, server| {
            Ok(layered::ends(now, server, &mut entropy::rng()))
        })
    });
    [bare, layered]
        .into_iter()
        .map(|race| race.join().unwrap_or_else(|_| Err(io::Error::other("a race panicked"))))
        .collect()
}
