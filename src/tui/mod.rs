//! The terminal's face of the chat: how does a person see it and type into it?
//!
//! ```text
//!  keyboard ─ terminal ─▶ Key ─▶ state ─▶ Wish (send, leave)
//!                                 ▲  │
//!  chat ─ UserEvent ─▶ hearing ───┘  └─▶ view ─▶ cells ─▶ screen ─▶ terminal
//! ```
//!
//! All is pure but [`screen`] and [`terminal`], of which only the latter touches the real one.
//!
//! | file | answers |
//! | --- | --- |
//! | [`state`] | what does a key change? with [`hearing`] (what the chat says) and [`outgoing`] (what is typed) |
//! | [`buffers`], [`buffer`] | which rooms and conversations are there, and what was said in each? |
//! | [`sending`] | which of our lines have no answer yet? |
//! | [`typing`], [`input`], [`recall`], [`completion`] | what is being typed? |
//! | [`status`], [`attention`], [`local`], [`moment`] | how is the link, what rings, which settings, when? |
//! | [`courtesy`] | who has seen it, who is typing, where did one stop reading? |
//! | [`past`] | what stands further up than all that has come? |
//! | [`search`], [`help`], [`ladder`], [`scroll`] | what was found, what can one do, what passes, where does one read? |
//! | [`view`] | what does it look like? with a file for each part, [`wrap`], [`agreed`] (widths) and [`theme`] |

pub mod agreed;
pub mod attention;
pub mod buffer;
pub mod buffers;
pub mod completion;
pub mod courtesy;
pub mod hearing;
pub mod help;
pub mod input;
pub mod key;
pub mod ladder;
pub mod local;
pub mod moment;
pub mod outgoing;
pub mod past;
pub mod recall;
pub mod screen;
pub mod scroll;
pub mod search;
pub mod sending;
pub mod state;
pub mod status;
pub mod terminal;
pub mod theme;
pub mod typing;
pub mod view;
pub mod wrap;
