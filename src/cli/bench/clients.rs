//! `bench-clients`: what do the clients of a run do, and what do they tell?
//!
//! One sender and N receivers in one process, so that one clock times both ends of a message. They join, the
//! sender says its numbered messages at an even pace, and when all have them (or patience is over) an
//! [`Account`] goes to standard output as one line of JSON.

use super::arguments::BenchClients;
use super::board::Board;
use super::{chatters, handshakes, raw};
use crate::cli::exit::{Exit, Outcome, Stop};
use crate::lab::bench::{Account, Carried};
use crate::time::Duration;
use std::io::{self, Write};

/// How long all may take to get in, on a link that is very bad.
pub const JOIN_WITHIN: Duration = Duration::from_mins(1);

/// Plays, and prints what happened.
pub fn run(clients: &BenchClients) -> Outcome {
    let workload = clients.workload.workload().map_err(Stop::usage)?;
    let board = Board::new(workload.receivers);
    if clients.progress {
        board.tell_progress(workload.messages);
    }
    let account: Account = match clients.transport {
        Carried::Udp | Carried::Tcp if workload.handshakes => handshakes::play(clients, &workload, &board)?,
        Carried::Udp | Carried::Tcp => chatters::play(clients, &workload, &board)?,
        Carried::Raw => raw::play(clients.server, &workload, &board)?,
    };
    let mut output = io::stdout().lock();
    writeln!(output, "{}", account.to_json()).and_then(|()| output.flush()).map_err(Stop::failed)?;
    Ok(Exit::Done)
}
