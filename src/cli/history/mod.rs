//! `history`: how does what was said on a server leave it?
//!
//! ```text
//!  sayagain.db ──Archive──▶ pages of 500 ──since──▶ line ──▶ standard output
//! ```
//!
//! Works while the server runs, and keeps nothing from it. Whoever stops reading (`| head`) ends it quietly.
//!
//! - [`since`]: from when on; [`mod@line`]: how a message is written

pub mod line;
pub mod since;

use super::exit::{Exit, Outcome, Stop};
use super::members::{DataOption, now_ms};
use crate::chat::command::distance;
use crate::chat::message::{MessageId, PersonId};
use crate::chat::room_name::RoomName;
use crate::shell::home::Home;
use crate::shell::local_time::local_seconds;
use crate::store::RoomId;
use crate::store::sqlite::{Archive, OpenError};
use clap::{Args, Subcommand};
use line::Format;
use since::Since;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

/// Rooms that a refusal names, at most.
const NEAREST: usize = 3;

/// `history`.
#[derive(Args, Debug)]
pub struct History {
    /// What is to be done.
    #[command(subcommand)]
    pub act: HistoryAct,
}

/// What is to be done with what was said.
#[derive(Subcommand, Debug)]
pub enum HistoryAct {
    /// Write what was said to standard output, a line a message, room by room and oldest first; also while the
    /// server runs
    Export(Export),
}

/// `history export`.
#[derive(Args, Debug)]
pub struct Export {
    /// Which server's.
    #[command(flatten)]
    pub data: DataOption,
    /// Only this room; may be given several times
    #[arg(long = "room", value_name = "ROOM")]
    pub rooms: Vec<String>,
    /// Only what was said since then: 2026-11-21, 2026-11-21T14:30, or so long ago, 90m, 12h, 30d
    #[arg(long, value_name = "DATE|DURATION", allow_hyphen_values = true)]
    pub since: Option<Since>,
    /// Private messages too, behind the rooms
    #[arg(long)]
    pub privates: bool,
    /// As JSON objects, or as lines to read
    #[arg(long, value_enum, default_value_t = Format::Json)]
    pub format: Format,
}

/// Does it.
pub fn run(history: &History) -> Outcome {
    match &history.act {
        HistoryAct::Export(export) => run_export(export),
    }
}

fn run_export(export: &Export) -> Outcome {
    let since_ms = export.since.map_or(0, |since| since.from_ms(now_ms(), local_seconds));
    let home = Home::find().map_err(Stop::failed)?;
    let path = home.store_place(export.data.data.as_deref());
    let archive = open(&path)?;
    let rooms = chosen(archive.rooms().map_err(unreadable)?, &export.rooms)?;
    let output = BufWriter::new(io::stdout().lock());
    let mut writer = Writer { archive: &archive, format: export.format, since_ms, output };
    match writer.write(&rooms, export.privates) {
        Ok(()) => Ok(Exit::Done),
        Err(Broken::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(Broken::Output(error)) => Err(Stop::failed(format!("standard output takes no more: {error}"))),
        Err(Broken::Store(error)) => Err(unreadable(error)),
    }
}

fn open(path: &Path) -> Result<Archive, Stop> {
    let folder = path.parent().unwrap_or(path);
    let missing = |what: &Path, text| {
        Stop::failed(format!(
            "{text} {}. Name the folder of a server's store with --data, or run this as whoever runs the server",
            what.display()
        ))
    };
    if !folder.is_dir() {
        return Err(missing(folder, "there is no folder"));
    }
    if !path.exists() {
        return Err(missing(folder, "no server has kept anything in"));
    }
    Archive::open(path).map_err(unreadable)
}

/// As [`OpenError`], with the cure for somebody who only reads.
fn unreadable(error: OpenError) -> Stop {
    Stop::failed(match error {
        OpenError::Damaged { path, detail } => format!(
            "the store {} is damaged ({detail}); it is left as it is. What was written before this is sound; \
             export from a copy that was made earlier, or see what `sqlite3 FILE .recover` saves",
            path.display()
        ),
        OpenError::Foreign { path } => {
            format!(
                "{} is a database of another program. Name the folder of a server's store with --data",
                path.display()
            )
        }
        OpenError::Newer { path, version, known } => format!(
            "the store {} was written by a later version of sayagain (its tables are version {version}; this \
             program knows {known}). Export with that version",
            path.display()
        ),
        OpenError::InUse { path } => format!(
            "the store {} is locked by a program that lets nobody read meanwhile: an earlier version of the \
             server, or one that repairs it. Stop that one, or wait for its end",
            path.display()
        ),
        OpenError::NoAccess { path } | OpenError::ReadOnly { path } => format!(
            "the store {} cannot be read by this user, or SQLite may not make its files beside it. Run this as \
             whoever runs the server, or copy the store to a folder of your own",
            path.display()
        ),
        OpenError::Full { path } => {
            format!("the disk of the store {} is full. Make room first", path.display())
        }
        OpenError::Unusable { path, detail } => {
            format!("the store {} cannot be read: {detail}", path.display())
        }
    })
}

type Room = (RoomId, String);

/// Those that were asked for, in that order; all if none was.
fn chosen(rooms: Vec<Room>, asked: &[String]) -> Result<Vec<Room>, Stop> {
    if asked.is_empty() {
        return Ok(rooms);
    }
    let find = |typed: &String| {
        let name = RoomName::parse(typed).map_err(|failure| Stop::usage(failure.text))?;
        let found = rooms.iter().find(|(_, known)| known == name.as_str()).cloned();
        found.ok_or_else(|| Stop::failed(no_room(&name, &rooms)))
    };
    let mut found: Vec<Room> = asked.iter().map(find).collect::<Result<_, _>>()?;
    let mut before = Vec::new();
    found.retain(|(room, _)| {
        !before.contains(room) && {
            before.push(*room);
            true
        }
    });
    Ok(found)
}

fn no_room(name: &RoomName, rooms: &[Room]) -> String {
    let mut names: Vec<&str> = rooms.iter().map(|(_, known)| known.as_str()).collect();
    if names.is_empty() {
        return format!("there is no room {}: no room was ever founded", name.as_str());
    }
    names.sort_by_key(|known| distance(name.as_str(), known));
    names.truncate(NEAREST);
    let noun = if names.len() == 1 { "the nearest is" } else { "the nearest are" };
    format!("there is no room {}; {noun} {}", name.as_str(), names.join(", "))
}

/// What ended an export.
enum Broken {
    Output(io::Error),
    Store(OpenError),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<OpenError> for Broken {
    fn from(error: OpenError) -> Self {
        Self::Store(error)
    }
}

struct Writer<'a, W: Write> {
    archive: &'a Archive,
    format: Format,
    since_ms: u64,
    output: W,
}

impl<W: Write> Writer<'_, W> {
    fn write(&mut self, rooms: &[Room], privates: bool) -> Result<(), Broken> {
        for (room, name) in rooms {
            self.write_room(*room, name)?;
        }
        if privates {
            self.write_privates()?;
        }
        Ok(self.output.flush()?)
    }

    fn write_room(&mut self, room: RoomId, name: &str) -> Result<(), Broken> {
        let mut after = MessageId(0);
        loop {
            let page = self.archive.messages(room, after)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for message in page.iter().filter(|message| message.at_ms >= self.since_ms) {
                writeln!(self.output, "{}", line::of_room(self.format, name, message, local_seconds))?;
            }
        }
    }

    fn write_privates(&mut self) -> Result<(), Broken> {
        let mut after = (PersonId(0), MessageId(0));
        loop {
            let page = self.archive.privates(after)?;
            let Some((person, last)) = page.last() else { return Ok(()) };
            after = (*person, last.id);
            for (_, message) in page.iter().filter(|(_, message)| message.at_ms >= self.since_ms) {
                writeln!(self.output, "{}", line::of_private(self.format, message, local_seconds))?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms() -> Vec<Room> {
        let names = ["lobby", "lab", "physics", "chess"];
        (1..).map(RoomId).zip(names.map(str::to_owned)).collect()
    }

    fn asked(names: &[&str]) -> Result<Vec<u64>, Stop> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        chosen(rooms(), &names).map(|rooms| rooms.iter().map(|(room, _)| room.0).collect())
    }

    #[test]
    fn rooms_are_taken_as_they_were_asked_for_and_each_once() {
        assert_eq!(asked(&[]), Ok(vec![1, 2, 3, 4]));
        assert_eq!(asked(&["#Physics", "lab", "physics"]), Ok(vec![3, 2]));
    }

    #[test]
    fn a_room_that_is_not_there_is_answered_with_the_nearest() {
        let stop = asked(&["loby"]).expect_err("no such room");
        assert_eq!(stop.exit, Exit::Failed);
        assert!(stop.text.contains("lobby, lab,"), "{}", stop.text);
        assert_eq!(asked(&["a b"]).expect_err("no name").exit, Exit::Usage);
    }
}
