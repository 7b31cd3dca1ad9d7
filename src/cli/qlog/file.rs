//! Who writes the records down, and what if the disk is full?
//!
//! A sink with a buffer. Once a second what has gathered is handed to the system, so that a file can be read
//! while its program runs, and lacks a second at most if the program is killed. The first error is told
//! once, and nothing is written after it: a log that has ended must not end the chat.

use super::qvis::{self, Qvis};
use super::{Header, Profile, Vantage, sequence};
use crate::cli::exit::Stop;
use crate::time::{Duration, Instant};
use crate::trace::{Sink, TraceEvent};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long a record waits in the buffer, at most, while others come.
const FLUSH_EACH: Duration = Duration::from_secs(1);

const BUFFER_BYTES: usize = 64 << 10;

/// Told of the first error.
pub type OnBroken = Box<dyn Fn(&io::Error) + Send>;

/// A file of qlog.
#[derive(Clone)]
pub struct QlogFile(Arc<Mutex<Out>>);

struct Out {
    writer: BufWriter<Box<dyn Write + Send>>,
    rendering: Rendering,
    /// Times are counted from here.
    zero: Instant,
    flushed: Instant,
    /// Complete, and not yet in the buffer.
    records: Vec<Value>,
    /// In one object: has its trace an event already?
    follows: bool,
    on_broken: OnBroken,
    is_broken: bool,
}

enum Rendering {
    /// Records behind RS.
    Sequence,
    /// A line each.
    Lines(Qvis),
    /// All in one object; how many traces have begun?
    Whole(Qvis, usize),
}

/// One end's way to the file.
struct End {
    file: QlogFile,
    /// Before the session's id in the group's name.
    prefix: &'static str,
}

impl QlogFile {
    /// A new file, in place of the one there was; an error says which file and why not.
    pub fn create(
        (path, profile): (&Path, Profile),
        header: &Header,
        zero: Instant,
        on_broken: OnBroken,
    ) -> Result<Self, Stop> {
        let failed = |error| Stop::failed(format!("--qlog: cannot write {}: {error}", path.display()));
        let file = File::create(path).map_err(failed)?;
        Self::new(Box::new(file), profile, header, zero, on_broken).map_err(failed)
    }

    /// To this writer. The header leaves at once, so that what cannot be written is known at once.
    pub fn new(
        writer: Box<dyn Write + Send>,
        profile: Profile,
        header: &Header,
        zero: Instant,
        on_broken: OnBroken,
    ) -> io::Result<Self> {
        let mut writer = BufWriter::with_capacity(BUFFER_BYTES, writer);
        let rendering = match (profile, header.vantage) {
            (Profile::Sequence, _) => {
                writeln!(writer, "\u{1e}{}", sequence::header(header))?;
                Rendering::Sequence
            }
            (Profile::Qvis, Vantage::Both) => {
                let members = qvis::header(header, "JSON").to_string();
                // The object goes on: its traces follow one by one.
                write!(writer, "{},\"traces\":[", members.trim_end_matches('}'))?;
                Rendering::Whole(Qvis::default(), 0)
            }
            (Profile::Qvis, _) => {
                let mut members = qvis::header(header, "NDJSON");
                members["trace"] = qvis::trace(header);
                writeln!(writer, "{members}")?;
                Rendering::Lines(Qvis::default())
            }
        };
        writer.flush()?;
        let (flushed, records) = (zero, Vec::new());
        let out =
            Out { writer, rendering, zero, flushed, records, follows: false, on_broken, is_broken: false };
        Ok(Self(Arc::new(Mutex::new(out))))
    }

    /// Where an end's events go. `prefix` stands before the session's id in the name of its group.
    pub fn sink(&self, prefix: &'static str) -> Arc<dyn Sink> {
        Arc::new(End { file: self.clone(), prefix })
    }

    /// Where each end has a trace of its own: the next one begins.
    pub fn begin_trace(&self, header: &Header) {
        let mut out = self.lock();
        out.attempt(|out| out.begin_trace(header));
    }

    /// Does each end have a trace of its own, one after the other?
    pub fn has_traces(&self) -> bool {
        matches!(self.lock().rendering, Rendering::Whole(..))
    }

    /// Writes what is left. False if it is not whole: an error was told.
    pub fn finish(&self) -> bool {
        let mut out = self.lock();
        out.attempt(Out::finish);
        !out.is_broken
    }

    fn lock(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for End {
    fn event(&self, now: Instant, session: u64, event: &TraceEvent) {
        let group = format!("{}{session:016x}", self.prefix);
        self.file.lock().attempt(|out| out.event(now, &group, event));
    }
}

impl Out {
    /// Does this unless it is broken; tells the first error.
    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) {
        if self.is_broken {
            return;
        }
        if let Err(error) = work(self) {
            self.is_broken = true;
            (self.on_broken)(&error);
        }
    }

    fn event(&mut self, now: Instant, group: &str, event: &TraceEvent) -> io::Result<()> {
        let at_ms = (now - self.zero).as_secs_f64() * 1_000.0;
        match &mut self.rendering {
            Rendering::Sequence => self.records.push(sequence::event(at_ms, group, event)),
            Rendering::Lines(qvis) | Rendering::Whole(qvis, _) => {
                qvis.event(now, at_ms, group, event, &mut self.records);
            }
        }
        self.write_records()?;
        if now - self.flushed >= FLUSH_EACH {
            self.flushed = now;
            self.writer.flush()?;
        }
        Ok(())
    }

    fn write_records(&mut self) -> io::Result<()> {
        for record in self.records.drain(..) {
            match self.rendering {
                Rendering::Sequence => writeln!(self.writer, "\u{1e}{record}")?,
                Rendering::Lines(_) => writeln!(self.writer, "{record}")?,
                Rendering::Whole(..) => {
                    let comma = if std::mem::replace(&mut self.follows, true) { ",\n" } else { "\n" };
                    write!(self.writer, "{comma}{record}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_trace(&mut self, header: &Header) -> io::Result<()> {
        self.end_moment()?;
        if let Rendering::Whole(_, traces) = &mut self.rendering {
            let before = if *traces > 0 { "\n]},\n" } else { "\n" };
            *traces += 1;
            let members = qvis::trace(header).to_string();
            let members = members.strip_suffix('}').unwrap_or(&members);
            write!(self.writer, "{before}{members},\"events\":[")?;
            self.follows = false;
        }
        Ok(())
    }

    fn end_moment(&mut self) -> io::Result<()> {
        if let Rendering::Lines(qvis) | Rendering::Whole(qvis, _) = &mut self.rendering {
            qvis.finish(&mut self.records);
        }
        self.write_records()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end_moment()?;
        if let Rendering::Whole(_, traces) = self.rendering {
            writeln!(self.writer, "{}", if traces > 0 { "\n]}]}" } else { "]}" })?;
        }
        self.writer.flush()
    }
}
