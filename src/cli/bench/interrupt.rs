//! Did somebody ask for the end of it all (Ctrl-C, SIGTERM) while runs are taken?

use crate::cli::exit::Stop;
use crate::cli::signals::Signals;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Set once and for all by the first signal; clones see the same.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// The process's own, which signals set from the first call on. Whoever has a handler for signals of
    /// their own keeps it.
    pub fn of_this_process() -> Self {
        static OF_THIS_PROCESS: OnceLock<Interrupt> = OnceLock::new();
        let watched = || {
            let interrupt = Self::default();
            let set = interrupt.clone();
            if let Ok(signals) = Signals::install() {
                signals.call(move || set.set());
            }
            interrupt
        };
        OF_THIS_PROCESS.get_or_init(watched).clone()
    }

    /// From now on everything ends.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// An error if the end was asked for.
    pub fn check(&self) -> Result<(), Stop> {
        if self.0.load(Ordering::Relaxed) { Err(Stop::failed("interrupted")) } else { Ok(()) }
    }
}
