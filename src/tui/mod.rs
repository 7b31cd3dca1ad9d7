//! The terminal's face of the chat: how does a person see it and type into it?
//!
//! ```text
//!  keyboard ─ terminal ─▶ Key ─▶ state ─▶ Wish (send, leave)
//!                                 ▲  │
//!  chat ─ UserEvent ──────────────┘  └─▶ draw ─▶ rows ─▶ screen ─▶ terminal
//! ```
//!
//! [`state`] and [`draw`] are pure, with their leaves [`input`], [`recall`], [`completion`], [`wrap`] and
//! [`theme`]; [`screen`] works on any ratatui backend, so that tests read what a person would see; only
//! [`terminal`] touches the real one.

pub mod completion;
pub mod draw;
pub mod input;
pub mod recall;
pub mod screen;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod wrap;
