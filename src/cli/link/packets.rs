//! `--packets`: what became of each packet, as JSON lines.
//!
//! ```text
//! {"at_us":…,"way":"up","number":12,"bytes":140,"client_port":40000,"protocol":"udp","due_us":…}
//! {"at_us":…,"way":"down","number":7,"bytes":52,"client_port":40000,"protocol":"tcp","tcp":{…},"dropped":"loss"}
//! ```
//!
//! Moments are those of the machine's monotonic clock.

use crate::lab::bench::{Fate, Passage, Protocol};
use crate::lab::link::Direction;
use crate::lab::relay::{Outgoing, Tap};
use crate::time::Instant;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The file while it is written.
pub struct Packets {
    path: PathBuf,
    /// `None`: it could not be written any more.
    file: Option<BufWriter<File>>,
}

impl Packets {
    /// Begins the file; one of that name is replaced.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: Some(BufWriter::new(File::create(path)?)) })
    }
}

impl Drop for Packets {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.file.as_mut().map(Write::flush) {
            eprintln!("{}: the list of packets is not whole: {error}", self.path.display());
        }
    }
}

impl Tap for Packets {
    fn on_entered(&mut self, passage: &Passage, _: &[u8]) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = writeln!(file, "{}", line(passage)) {
            eprintln!("{}: the list of packets ends here: {error}", self.path.display());
            self.file = None;
        }
    }

    fn on_left(&mut self, _: Instant, _: &Outgoing) {}
}

fn line(passage: &Passage) -> Value {
    let mut line = json!({
        "at_us": passage.entered.as_micros(),
        "way": if passage.direction == Direction::Up { "up" } else { "down" },
        "number": passage.number,
        "bytes": passage.ip_bytes,
        "client_port": passage.client_port,
    });
    match passage.protocol {
        Protocol::Udp => line["protocol"] = "udp".into(),
        Protocol::Other => line["protocol"] = "other".into(),
        Protocol::Tcp(part) => {
            line["protocol"] = "tcp".into();
            line["tcp"] = json!({
                "flags": part.flags,
                "sequence": part.sequence,
                "acknowledgement": part.acknowledgement,
                "bytes": part.bytes,
            });
        }
    }
    match passage.fate {
        Fate::Delivered(due) => line["due_us"] = due.as_micros().into(),
        Fate::Dropped(cause) => line["dropped"] = cause.word().into(),
    }
    line
}
