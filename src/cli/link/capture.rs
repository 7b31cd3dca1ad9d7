//! `--pcap`: the packets of both ends as a file for Wireshark.
//!
//! What enters is written at its own end, with a comment if it is dropped; what leaves at the other. A disk
//! that is full ends the capture, with a word, and not the programs.

use crate::lab::bench::{Fate, Passage};
use crate::lab::link::Direction;
use crate::lab::relay::pcapng::{Captured, put_head, put_packet};
use crate::lab::relay::{Outgoing, Tap};
use crate::shell::clock;
use crate::time::Instant;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

const INTERFACES: [&str; 2] = ["client's end (10.77.0.1)", "server's end (10.77.0.2)"];

/// The file while it is written.
pub struct Capture {
    path: PathBuf,
    /// `None`: it could not be written any more.
    file: Option<BufWriter<File>>,
    unix_us_at_zero: u64,
    block: Vec<u8>,
}

impl Capture {
    /// Begins the file; one of that name is replaced.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        let mut block = Vec::new();
        put_head(&mut block, &INTERFACES);
        file.write_all(&block)?;
        let unix_us_at_zero = clock::unix_ms_at_zero().saturating_mul(1_000);
        Ok(Self { path: path.to_owned(), file: Some(file), unix_us_at_zero, block })
    }

    fn put(&mut self, interface: u32, moment: Instant, bytes: &[u8], comment: &str) {
        let Some(file) = &mut self.file else { return };
        let unix_us = self.unix_us_at_zero.saturating_add(moment.as_micros());
        self.block.clear();
        put_packet(&mut self.block, &Captured { interface, unix_us, bytes, comment });
        if let Err(error) = file.write_all(&self.block) {
            eprintln!("{}: the capture ends here: {error}", self.path.display());
            self.file = None;
        }
    }
}

/// The interface of the end from which a packet of this direction comes; the other is the other's.
const fn sender(direction: Direction) -> u32 {
    match direction {
        Direction::Up => 0,
        Direction::Down => 1,
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.file.as_mut().map(Write::flush) {
            eprintln!("{}: the capture is not whole: {error}", self.path.display());
        }
    }
}

impl Tap for Capture {
    fn on_entered(&mut self, passage: &Passage, bytes: &[u8]) {
        let comment = match passage.fate {
            Fate::Delivered(_) => String::new(),
            Fate::Dropped(cause) => format!("dropped by the link: {cause}"),
        };
        self.put(sender(passage.direction), passage.entered, bytes, &comment);
    }

    fn on_left(&mut self, now: Instant, outgoing: &Outgoing) {
        let said = [
            (outgoing.copy, "a second copy"),
            (outgoing.damaged, "a bit was flipped by the link"),
            (outgoing.marked, "marked by the link: congestion experienced"),
        ];
        let said: Vec<_> = said.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
        self.put(1 - sender(outgoing.direction), now, &outgoing.bytes, &said.join("; "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::bench::Protocol;
    use crate::lab::link::DropCause;
    use crate::time::at;

    #[test]
    fn a_dropped_packet_is_there_with_the_cause() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.pcapng");
        let mut capture = Capture::create(&path).expect("a file");
        let passage = Passage {
            entered: at(1),
            direction: Direction::Up,
            number: 1,
            ip_bytes: 4,
            client_port: 0,
            protocol: Protocol::Other,
            fate: Fate::Dropped(DropCause::Loss),
        };
        capture.on_entered(&passage, b"\x45678");
        drop(capture);
        let file = std::fs::read(&path).expect("it was written");
        assert!(file.windows(25).any(|window| window == b"dropped by the link: loss"));
    }
}
