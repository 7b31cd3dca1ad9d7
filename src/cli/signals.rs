//! What happens on Ctrl-C and SIGTERM? Whoever is at work now is asked to leave in good order.

use std::sync::{Arc, Mutex, PoisonError};

type Leave = Box<dyn Fn() + Send>;

/// The process's one signal handler, and what it calls just now.
#[derive(Clone)]
pub struct Signals(Arc<Mutex<Option<Leave>>>);

impl Signals {
    /// Installs the handler; to be called once. Until [`Self::call`] says otherwise, a signal does nothing.
    pub fn install() -> Result<Self, ctrlc::Error> {
        let signals = Self(Arc::default());
        let handler = signals.clone();
        ctrlc::set_handler(move || handler.on_signal())?;
        Ok(signals)
    }

    /// From now on a signal calls this, on a thread of its own.
    pub fn call(&self, leave: impl Fn() + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(leave));
    }

    /// While this asks somebody at the terminal, a signal ends the process at once: nothing is begun that must
    /// be ended in order.
    pub fn leaving_at_once<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.call(|| {
            eprintln!();
            std::process::exit(0)
        });
        let answer = ask();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        answer
    }

    fn on_signal(&self) {
        if let Some(leave) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            leave();
        }
    }
}
