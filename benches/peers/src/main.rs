//! How does our layer compare with what else carries messages in order, on the same link?
//!
//! ```text
//!  link (delay, loss, one seed)   ┌ client: sends, each message with its number and its moment
//!                                 └ server: notes when each is handed out, in order, and prints it
//! ```
//!
//! Each row is a run of its own over `sayagain link`: the same packets' fates for all. One-way latency is
//! from the send call at the client to the hand-out at the server, by the machine's one monotonic clock.
//!
//! | file | who |
//! | --- | --- |
//! | `ours.rs` | our reliability layer, sealed, as the chat uses it |
//! | `tcp.rs` | the kernel's TCP, Nagle off, in the clear |
//! | `quic.rs` | QUIC (quinn), one stream, sealed; as it comes, and with prompt acknowledgements |
//! | `enet.rs` | ENet 1.3.18 (`rusty_enet`), reliable packets on one channel, in the clear |
//! | `turbo.rs` | KCP (`kcp`), in its "turbo" mode, in the clear |
//! | `inbox.rs` | what a thread reads for TCP and QUIC |
//! | `workload.rs` | what is sent, and what became of it |
//! | `rounds.rs` | the rows, the links, the table |

mod enet;
mod inbox;
mod ours;
mod peer;
mod quic;
mod rounds;
mod tcp;
mod turbo;
mod workload;

use clap::{Parser, Subcommand};
use peer::Kind;
use std::error::Error;
use workload::Workload;

/// The same workload over our layer, kernel TCP, QUIC, ENet and KCP, on the same emulated link
#[derive(Parser)]
#[command(after_help = "Example:\n  cargo run --release --manifest-path benches/peers/Cargo.toml -- thin")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Small messages, one now and then, at several losses: one-way latency in order
    Thin(rounds::Thin),
    /// One large transfer: how much gets through
    Bulk(rounds::Bulk),
    /// One end of a run; started by the others
    #[command(hide = true)]
    Server { kind: Kind, workload: String },
    /// The other end
    #[command(hide = true)]
    Client { kind: Kind, workload: String },
}

fn main() -> Result<(), Box<dyn Error>> {
    match Arguments::parse().command {
        Command::Thin(thin) => rounds::thin(&thin),
        Command::Bulk(bulk) => rounds::bulk(&bulk),
        Command::Server { kind, workload } => peer::serve(kind, workload.parse::<Workload>()?),
        Command::Client { kind, workload } => peer::send(kind, workload.parse::<Workload>()?),
    }
}
