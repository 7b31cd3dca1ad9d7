//! What would this run have been, if the simulator is right?
//!
//! For systems on which the link below IP cannot be set up, and for tests: the same link, the same messages,
//! the same seed, on virtual time.
//!
//! | row | is played by |
//! | --- | --- |
//! | `raw` | the link alone (`bare.rs`) |
//! | `udp` | the real connections and the real endpoint of [`lab::flow`](crate::lab::flow) (`layered.rs`) |
//! | `tcp` | the same in their `tcp-like` mode: a model of TCP, and called so everywhere |
//!
//! As over the real link the sender's messages go up to the server and down again to each receiver, all
//! clients behind one link. What a chat adds to each message (its number, the name of its author) is left
//! out, so its packets are a few bytes smaller than real ones.

mod bare;
mod layered;

use super::matrix::Wanted;
use crate::lab::bench::{Carried, Departures, LinkReport, Measurement, WayReport};
use crate::lab::link::{Counters, Direction, DropCause, LinkConfig};
use crate::time::Instant;
use crate::transport::arq::Arq;

/// Plays it. The error says what no model can say, or that time stood still.
pub fn take(wanted: &Wanted) -> Result<Measurement, String> {
    let row = wanted.row;
    if let Some(why) = beyond(wanted) {
        return Err(why.to_owned());
    }
    match row.carried {
        Carried::Raw if wanted.workload.is_bulk() => {
            Err("bare UDP has no rate of its own: as fast as it is taken is as fast as it is lost".into())
        }
        Carried::Raw => Ok(bare::take(wanted)),
        Carried::Udp => layered::take(wanted, row.arq),
        Carried::Tcp if row.nagle => Err("the simulator has no model of Nagle's algorithm".into()),
        Carried::Tcp if row.control != super::row::TCP_CONTROLS[0] => {
            Err(format!("the simulator has no model of the kernel's {}", row.control))
        }
        Carried::Tcp => layered::take(wanted, Arq::TcpLike),
    }
}

/// What the simulator cannot play of this run, if there is something.
fn beyond(wanted: &Wanted) -> Option<&'static str> {
    let Wanted { row, workload, config, .. } = wanted;
    // Its server hands on what comes as the next message: right as long as they come in the order of saying.
    let up = &config.up;
    let straight = up.loss <= 0.0 && up.reorder <= 0.0 && up.fade.is_none() && up.corrupt <= 0.0;
    let named = config.drops.iter().any(|it| it.direction == Direction::Up);
    if workload.handshakes {
        Some("the simulator plays no handshakes by themselves")
    } else if row.beside.is_some() {
        Some("the simulator plays no transfer beside the messages")
    } else if workload.rooms > 1 && (!straight || named) {
        Some("the simulator plays several rooms only over a link that keeps all the way up")
    } else if config.rebind.is_some() && row.carried != Carried::Udp {
        Some("the simulator has no addresses but those of our layer")
    } else {
        None
    }
}

/// A measurement of which the messages are still missing.
fn begun(wanted: &Wanted, counters: [&Counters; 2]) -> Measurement {
    let [up, down] = counters.map(way);
    Measurement {
        carried: wanted.row.carried,
        label: wanted.row.label(),
        model: true,
        command: wanted.command(),
        messages: wanted.workload.messages,
        receivers: wanted.workload.receivers,
        fates: Vec::new(),
        duplicated: 0,
        out_of_order: 0,
        link: LinkReport {
            options: wanted.options.clone(),
            seed: wanted.seed,
            start: Some(Instant::ZERO),
            up,
            down,
        },
        detail: serde_json::Value::Null,
        passages: Vec::new(),
        departures: Departures::default(),
    }
}

/// The model's link is never late.
fn way(counters: &Counters) -> WayReport {
    let causes = DropCause::ALL.into_iter().filter(|cause| *cause != DropCause::Overload);
    let dropped = causes.map(|cause| (cause.word().to_owned(), counters.dropped(cause)));
    WayReport {
        packets: counters.entered,
        bytes: counters.entered_bytes,
        dropped: dropped.filter(|(_, count)| *count > 0).collect(),
        overload: counters.dropped(DropCause::Overload),
        ..WayReport::default()
    }
}

/// The link with the run's seed.
fn link(wanted: &Wanted) -> LinkConfig {
    LinkConfig { seed: wanted.seed, ..wanted.config.clone() }
}

/// Both counters of a link.
fn both<P: Clone>(link: &crate::lab::link::Link<P>) -> [&Counters; 2] {
    Direction::BOTH.map(|way| link.counters(way))
}

#[cfg(test)]
mod tests;
