//! What of a chat or a server goes to files, if it was asked for?

use super::exit::Stop;
use super::keylog::KeylogOption;
use super::qlog::{Header, QlogFile, QlogOptions, Vantage};
use crate::shell::clock;
use crate::time::Instant;
use crate::trace::Tracer;
use clap::Args;
use log::warn;
use std::io;

/// `--qlog` and `--keylog`.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Tracing")]
pub struct Tracing {
    /// What happens.
    #[command(flatten)]
    qlog: QlogOptions,
    /// The keys.
    #[command(flatten)]
    keylog: KeylogOption,
}

/// The files, open.
pub struct Traces {
    /// What is to be handed to a node.
    pub tracer: Tracer,
    qlog: Option<QlogFile>,
}

impl Tracing {
    /// Opens what was asked for; an error names the file. `insecure`: there are no keys.
    pub fn open(&self, title: &'static str, vantage: Vantage, insecure: bool) -> Result<Traces, Stop> {
        let keys = self.keylog.open(insecure)?;
        let now = clock::now();
        let since_zero = u64::try_from((now - Instant::ZERO).as_millis()).unwrap_or(0);
        let unix_ms = Some(clock::unix_ms_at_zero().saturating_add(since_zero));
        let header = Header { title, vantage, unix_ms };
        let create = |wanted| QlogFile::create(wanted, &header, now, Box::new(warn_of));
        let qlog = self.qlog.wanted().map(create).transpose()?;
        let tracer = qlog.as_ref().map(|qlog| Tracer::new(qlog.sink(""))).unwrap_or_default();
        let tracer = keys.into_iter().fold(tracer, Tracer::with_keys);
        Ok(Traces { tracer, qlog })
    }
}

impl Traces {
    /// Writes what is left. False if something is missing, of which the log has told.
    pub fn finish(&self) -> bool {
        self.qlog.as_ref().is_none_or(QlogFile::finish)
    }
}

fn warn_of(error: &io::Error) {
    warn!("--qlog: {error}; the file ends here, all else goes on");
}
