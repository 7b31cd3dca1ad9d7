//! The clients of a run that only connect: how long does it take to get in?
//!
//! ```text
//!  client 1 ──▶ hello … welcome ─▶ leaves
//!  client 2     ──▶ hello … welcome ─▶ leaves        one begins each interval, whatever became of
//!  client 3         ──▶ hello … ✗ … … welcome        those before; a hello that is lost costs its own
//! ```
//!
//! A connect is measured from the moment when a client is started until its user is told `connected`: over
//! UDP the handshake and the chat's welcome, over TCP the kernel's three segments first, then the same.

use super::arguments::BenchClients;
use super::board::Board;
use super::chatters::{Client, Part, choices, leave};
use crate::cli::exit::Stop;
use crate::lab::bench::{Account, Workload};
use crate::trace::Tracer;
use serde_json::json;

/// Lets one client after the other connect.
pub fn play(options: &BenchClients, workload: &Workload, board: &Board) -> Result<Account, Stop> {
    let choices = choices(options)?;
    let (mut clients, mut refused) = (Vec::new(), None);
    board.perform(workload, |number, _| {
        match Client::start(Part::Newcomer(number), options, choices, 1, Tracer::default(), board) {
            Ok(client) => clients.push(client),
            Err(error) => refused = Some(error),
        }
        refused.is_none()
    });
    let account = board.finish(json!({}));
    leave(clients);
    refused.map_or(Ok(account), |error| Err(Stop::failed(error)))
}
