//! `--departures`: what an end of a run tells of its own datagrams, for the story of a late message. It stands
//! in the place of `--qlog`: a node has one tracer.

use crate::cli::exit::Stop;
use crate::lab::bench::departure::{self, Observer};
use crate::time::Instant;
use crate::trace::{Sink, TraceEvent, Tracer};
use clap::Args;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A hidden option of both programs of a run.
#[derive(Args, Clone, Default, Debug)]
pub struct DeparturesOption {
    /// Write which datagram carries what, and why it leaves
    #[arg(long, value_name = "FILE", hide = true)]
    departures: Option<PathBuf>,
}

impl DeparturesOption {
    /// A tracer that writes the file, if one was named; an error names it.
    pub fn open(&self) -> Result<Option<Tracer>, Stop> {
        let create = |path: &PathBuf| {
            let file = File::create(path)
                .map_err(|error| Stop::failed(format!("cannot write {}: {error}", path.display())))?;
            let state = (Observer::default(), BufWriter::new(file));
            Ok(Tracer::new(Arc::new(Writer(Mutex::new(state)))))
        };
        self.departures.as_ref().map(create).transpose()
    }
}

struct Writer(Mutex<(Observer, BufWriter<File>)>);

impl Sink for Writer {
    fn event(&self, now: Instant, session: u64, event: &TraceEvent) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (observer, file) = &mut *state;
        if let Some(departure) = observer.on_event(now, session, event) {
            // A disk that is full takes the meaning off the packets, and nothing from the run.
            let _ = writeln!(file, "{}", departure::line(&departure));
        }
        if matches!(event, TraceEvent::Closed { .. }) {
            let _ = file.flush();
        }
    }
}
