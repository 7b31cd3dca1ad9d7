//! How do several ways of sending fare over the same link? A row for each, measured live.

use super::bare::Bare;
use super::race::{self, Workload};
use super::real::{self, Races};
use super::tally::Row;
use super::{layered, println, table};
use crate::lab::link::LinkConfig;
use crate::shell::entropy;
use crate::time::Duration;
use std::io;
use std::path::Path;
use std::thread;

/// What each row of the table carried. Stragglers of a very bad link are waited for.
const WORKLOAD: Workload =
    Workload { messages: 200, beat: Duration::from_millis(20), bytes: 100, patience: Duration::from_secs(9) };
/// What bare UDP has lost never comes: the longest way is enough.
const BARE_PATIENCE: Duration = Duration::from_secs(2);

/// The same link with nothing on top of UDP, with our layer, and with the kernel's TCP where the system lets
/// a link be made below it.
pub fn compare(link: &LinkConfig, trace: Option<&Path>) -> io::Result<()> {
    println("\nNow the same link for each way to send; a moment …")?;
    match real::races(link, trace) {
        Ok(races) => tell_three(link, &races),
        Err(stop) => {
            compare_two(link)?;
            let why = stop.text.lines().next().unwrap_or_default();
            println(&format!("\nThe kernel's TCP is not in the table: {why}"))
        }
    }
}

fn tell_three(link: &LinkConfig, races: &Races) -> io::Result<()> {
    let Races { rows, remarks } = races;
    let workload = real::workload();
    println(&format!(
        "\n{} messages of {} bytes, one each {} ms, through a server to somebody else (seed {}),\n\
         measured live, latencies in ms from sending to delivery:\n",
        workload.messages,
        workload.bytes,
        workload.interval.as_millis(),
        link.seed
    ))?;
    println(&table::table(rows))?;
    println(
        "Bare UDP sends a message once and forgets it: what the link drops is gone. TCP says it\n\
         again, and everything behind a lost packet waits for it (p50, p99). Our layer says it\n\
         again too, and sends small messages along with the next ones before they are missed:\n\
         more packets, less waiting. More of it: sayagain compare --html page.html",
    )?;
    tell_late(rows)?;
    remarks.iter().try_for_each(|remark| println(remark))
}

/// The same link once with nothing on top of UDP and once with our layer, side by side.
fn compare_two(link: &LinkConfig) -> io::Result<()> {
    let Workload { messages, beat, bytes, .. } = WORKLOAD;
    println(&format!(
        "\n{messages} messages of {bytes} bytes, one each {} ms, one way over the link (seed {}),\n\
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
    tell_late(&rows)
}

/// Of what loses nothing, what had not arrived is late.
fn tell_late(rows: &[Row]) -> io::Result<()> {
    let late = rows.iter().filter(|row| row.lost > 0 && row.name != "bare UDP");
    late.map(|Row { name, lost, .. }| {
        format!("{name} loses nothing, but {lost} of its messages were still on their way at the end.")
    })
    .try_for_each(|told| println(&told))
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
