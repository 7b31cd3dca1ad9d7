//! Say Again: a chat over UDP datagrams with a hand-built reliability layer.
//!
//! # The map of the house
//!
//! ```text
//!  socket ─shell/udp.rs─▶ datagram ─wire/datagram.rs─▶ packet ─crypto/open.rs─▶ frames
//!                                                                                 │ connection/input.rs
//!  chat/client, chat/server ◀─chat/codec─ message of a channel ◀─channel/incoming.rs─ pieces
//!           │
//!       chat/codec
//!           ▼
//!  message of a channel ─channel/outgoing.rs─▶ pieces ─connection/output.rs─▶ frames
//!                                                                               │ crypto/seal.rs
//!  socket ◀─shell/udp.rs─ datagram ◀───────────wire/datagram.rs───────────── packet
//! ```
//!
//! Beside the lower way `transport/reliability/` remembers what every packet carried, until it is
//! acknowledged or lost; what is lost goes back to `channel/outgoing.rs`. `service/` is where transport and
//! chat meet.
//!
//! Over TCP the bytes go through `transport/stream/` instead and enter at *message of a channel*: the same
//! handshake, the same seal, then exactly the same chat. So a comparison of the two compares only what
//! carries the messages.
//!
//! A core without sockets, threads, clocks and chance of its own does everything; it is handed bytes, `now`
//! and a seeded generator. Whatever has a life has the same five verbs: `handle_…`, commands, `poll_…` until
//! it says `None`, `poll_timeout`, `handle_timeout`. Mutate once, drain all, sleep.
//!
//! # The order to read in
//!
//! From the ground up; each may use what stands above it (`docs/architecture.md` has the table, and a test
//! holds the sources to it).
//!
//! 1. [`time`], [`rng`], [`trace`]: the caller's clock, the caller's dice, what happened.
//! 2. [`wire`]: bytes ⇄ values. [`wire::datagram`], [`wire::frame`].
//! 3. [`crypto`]: who speaks, and who may listen.
//! 4. [`transport`]: the reliability layer. [`handshake`](transport::handshake), then
//!    [`sent`](transport::reliability::sent), [`received`](transport::reliability::received),
//!    [`rtt`](transport::reliability::rtt), [`loss`](transport::reliability::loss),
//!    [`probe`](transport::reliability::probe), [`congestion`](transport::congestion),
//!    [`redundancy`](transport::redundancy), [`channel`](transport::channel); where they meet, [`connection`](transport::connection) and
//!    [`endpoint`](transport::endpoint); beside them [`stream`](transport::stream), the session over TCP, and
//!    [`arq`](transport::arq), the textbooks' ways as settings.
//! 5. [`chat`]: rooms, names and receipts; it does not know that a transport exists. [`store`]: what a server
//!    remembers.
//! 6. [`service`]: transport × chat, a whole server and a whole client.
//! 7. [`lab`]: a link that loses on purpose, a virtual world, the [transport alone](lab::flow), and
//!    [ladders](lab::ladder) of what happened.
//! 8. [`shell`]: the only place with sockets, threads, the system's clock and entropy. [`tui`] draws, [`cli`] has
//!    one file a command.
//!
//! `docs/reading.md` leads through the same in small stops, each with a test to break on purpose;
//! `docs/glossary.md` has the words.
#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::cast_lossless,
        reason = "tests make bytes and ports of small numbers"
    )
)]

pub mod chat;
pub mod cli;
pub mod crypto;
pub mod files;
pub mod lab;
pub mod rng;
pub mod service;
pub mod shell;
pub mod store;
pub mod time;
pub mod trace;
pub mod transport;
pub mod tui;
pub mod wire;
