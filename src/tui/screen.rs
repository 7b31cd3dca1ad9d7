//! How do the drawn cells reach a terminal?
//!
//! Any backend of ratatui will do, so that tests read what a person would see. Only cells that have changed
//! are written; after a resize, or on demand, all are.

use super::state::State;
use super::view;
use ratatui::Terminal;
use ratatui::backend::Backend;

/// A window full of cells.
#[derive(Debug)]
pub struct Screen<B: Backend> {
    terminal: Terminal<B>,
}

impl<B: Backend> Screen<B> {
    /// On this backend.
    pub fn new(backend: B) -> Result<Self, B::Error> {
        Ok(Self { terminal: Terminal::new(backend)? })
    }

    /// Shows the state.
    pub fn show(&mut self, state: &mut State) -> Result<(), B::Error> {
        self.terminal.autoresize()?;
        state.on_size(self.terminal.size()?);
        self.terminal.draw(|frame| view::draw(state, frame)).map(drop)
    }

    /// Nobody knows what stands in the window: all cells are written anew next time.
    pub fn forget(&mut self) -> Result<(), B::Error> {
        self.terminal.clear()
    }

    /// What it is shown on.
    pub fn backend_mut(&mut self) -> &mut B {
        self.terminal.backend_mut()
    }
}
