//! The server's half of the chat: who is here, what they say, and what is kept of it.
//!
//! [`ChatServer`] is a router over leaves. It decides nothing that a leaf can decide, and no leaf knows
//! another; whoever runs it carries out its [`Effect`]s in order.
//!
//! ```text
//!   handle_connected ─▶ knock ──▶ door  wrong_proofs                   who may come in
//!                        ▼
//!                       greet ──▶ accounts  instances  people          whose name, which start, who is here
//!   handle_message ───▶ control                                        /nick /who /whois /rooms /away
//!                   ├─▶ past                                         what was said further back
//!                   ├─▶ moderate ─▶ measures  slow_mode                /kick /ban /mute /slow /topic /op
//!                   ├─▶ enter ──▶ rooms  replay                        join, part, catching up
//!                   └─▶ post ───▶ speech  batch                        may it be said; text, private messages
//!   handle_stored ────▶ settle ─▶ ids                                  receipts, broadcasts
//!   (after each) ─────▶ tell ───▶ comings  presence_news               gathered notices
//!                  ├─▶ sweeps                                        what is out of date
//!                  └─▶ seen ───▶ marks                                who has read how far, who is typing
//!                                        │
//!                                        ▼
//!                             poll_effect: send, close, store, log
//! ```
//!
//! To read in this order: [`effect`], [`config`]; the leaves [`door`], [`wrong_proofs`], [`accounts`],
//! [`instances`], [`ids`], [`batch`], [`measures`], [`slow_mode`], [`people`], [`sessions`], [`rooms`],
//! [`comings`], [`presence_news`], [`marks`], [`replay`], `lookups`, `list`; then the router: `chat_server`, `knock`,
//! `greet`, `control`, `moderate`, `impose`, `manners`, `record`, [`sweeps`], `enter`, `speech`, `post`, [`past`], `settle`, `tell`, `seen`; and
//! `company`, what whoever carries files may ask.
//!
//! *Exactly once* is two rules. A message is taken only if [`instances`] says that its counter is new. And
//! its receipt is stored in the same transaction, before anybody hears of it.

pub mod accounts;
pub mod batch;
mod chat_server;
pub mod comings;
mod company;
pub mod config;
mod control;
pub mod door;
pub mod effect;
mod enter;
mod greet;
pub mod ids;
mod impose;
pub mod instances;
mod knock;
mod list;
mod lookups;
mod manners;
pub mod marks;
pub mod measures;
mod moderate;
pub mod past;
pub mod people;
mod post;
pub mod presence_news;
mod record;
pub mod replay;
pub mod rooms;
mod seen;
pub mod sessions;
mod settle;
pub mod slow_mode;
mod speech;
pub mod sweeps;
mod tell;
#[cfg(test)]
mod tests;
pub mod wrong_proofs;

pub use chat_server::ChatServer;
pub use config::{ChatConfig, ChatLimits};
pub use door::{DoorConfig, Rule};
pub use effect::{ChatHappening, Effect, Peer, SessionKey, close_code};
