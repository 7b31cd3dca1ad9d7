//! One conversation in trouble: what does a lost packet, a gap or a move do to it?

use super::super::matrix::Part;
use super::super::quantity::Quantity;
use super::super::row::Row;
use super::{Parts, Scenario, part};
use crate::lab::bench::{Carried, Workload};
use crate::time::Duration;

const UDP: Row = Row::of(Carried::Udp);
const TCP: Row = Row::of(Carried::Tcp);

/// Two rooms, and packets that are lost by name.
pub const HEAD_OF_LINE: (Scenario, Parts) = (
    Scenario {
        name: "head-of-line",
        title: "Two rooms share a link, and a packet of one is lost: who waits?",
        look: [
            "The link loses twelve packets of every row on the way down, by their number, and nothing else.",
            "Over TCP all that follows a lost byte waits for it, whatever room it is of: count them in \"late \
             elsewhere\".",
            "Over our layer only the room that lost waits (udp no-copies), and with copies of small messages hardly \
             that one (udp).",
        ],
    },
    head_of_line,
);

fn head_of_line() -> Vec<Part> {
    // Ours: an odd distance, because every other packet on the way down answers the sender.
    let drops = (0..12_u32).map(|index| format!("--drop server:packet#{}", 150 + 37 * index));
    let link = format!("--delay 50ms {}", drops.collect::<Vec<_>>().join(" "));
    let workload =
        Workload { messages: 400, interval: Duration::from_millis(10), rooms: 2, ..Workload::default() };
    let plain = Row { copies: false, ..UDP };
    let columns = &[Quantity::P50, Quantity::P99, Quantity::Max, Quantity::Late, Quantity::Elsewhere];
    vec![part(
        "head-of-line",
        "Twelve packets on the way down are lost",
        ("50 ms, 12 drops", &link),
        &[UDP, plain, TCP],
        workload,
        columns,
    )]
}

/// Few small messages, far apart.
pub const THIN_STREAM: (Scenario, Parts) = (
    Scenario {
        name: "thin-stream",
        title: "Somebody types: few small messages, far apart. What does loss do to them?",
        look: [
            "Behind a lost packet hardly another follows, so no three duplicate acknowledgements tell TCP of the loss: the next \
             message's acknowledgement does (RACK), a probe, or its timer, which doubles with each loss in a row.",
            "What is said meanwhile waits as well: see when TCP's p90, and at last its p50, leave the link's 50 ms.",
            "Our layer sends copies of small messages along, so its p99 hardly grows: what that costs is in wire/byte.",
        ],
    },
    thin_stream,
);

fn thin_stream() -> Vec<Part> {
    let losses = [1.0, 5.0, 10.0, 20.0];
    let mut part = Part::over_loss("thin-stream", "A message each 100 ms", &losses, "delay=25ms");
    part.rows = vec![UDP, TCP];
    part.seeds = 1;
    part.workload =
        Workload { messages: 60, interval: Duration::from_millis(100), receivers: 4, ..Workload::default() };
    part.columns =
        &[Quantity::P50, Quantity::P90, Quantity::P99, Quantity::Max, Quantity::Late, Quantity::Overhead];
    vec![part]
}

/// Nothing but getting in.
pub const HANDSHAKE: (Scenario, Parts) = (
    Scenario {
        name: "handshake",
        title: "How long does it take to get in when the link loses packets?",
        look: [
            "TCP shakes hands first and only then may our handshake and the chat's welcome begin: one round trip more before \
             anything is lost.",
            "A lost SYN is said again after a second (RFC 6298 §2.1), then after three: look at p90 and p99.",
            "Our hello is said again after 150 ms, because nobody yet has measured a round trip to be patient by.",
        ],
    },
    handshake,
);

fn handshake() -> Vec<Part> {
    let mut part = Part::over_loss("handshake", "Clients connect", &[0.0, 10.0, 30.0], "delay=25ms");
    part.rows = vec![UDP, TCP];
    part.seeds = 1;
    part.workload = Workload {
        messages: 100,
        interval: Duration::from_millis(50),
        handshakes: true,
        patience: Some(Duration::from_secs(20)),
        ..Workload::default()
    };
    part.columns =
        &[Quantity::P50, Quantity::P90, Quantity::P99, Quantity::Max, Quantity::Missing, Quantity::Packets];
    vec![part]
}

/// Nothing passes for two seconds.
pub const OUTAGE: (Scenario, Parts) = (
    Scenario {
        name: "outage",
        title: "Nothing passes for two seconds. How long until the chat is as before?",
        look: [
            "All that is said in those two seconds can only come afterwards; bare UDP never brings it.",
            "TCP doubles its timer with each attempt, so it may sleep on when the link is back: see \"all there\" and \
             \"back after\".",
            "Our layer asks often enough to notice the link soon after it is back.",
        ],
    },
    outage,
);

fn outage() -> Vec<Part> {
    let workload = Workload { messages: 400, ..Workload::default() };
    let columns = &[
        Quantity::P50,
        Quantity::Max,
        Quantity::CaughtUp,
        Quantity::BackAfter,
        Quantity::Silence,
        Quantity::Missing,
    ];
    let rows = [Row::of(Carried::Raw), UDP, TCP];
    vec![part(
        "outage",
        "No packet passes from 3 s to 5 s",
        ("3s+2s", "--delay 25ms --outage 3s+2s"),
        &rows,
        workload,
        columns,
    )]
}

/// Another address in the middle of it.
pub const ROAMING: (Scenario, Parts) = (
    Scenario {
        name: "roaming",
        title: "The client's address changes in the middle of the chat. Who goes on?",
        look: [
            "A TCP connection is its two addresses: it breaks, the client has to notice, to connect and to ask for what \
             it missed (\"silence\").",
            "A session of our layer has a number of its own, and goes on from the new address after a word to and fro.",
            "The chat numbers its messages itself, so even over TCP none is missing in the end.",
        ],
    },
    roaming,
);

fn roaming() -> Vec<Part> {
    let workload = Workload {
        messages: 60,
        interval: Duration::from_millis(100),
        patience: Some(Duration::from_secs(40)),
        ..Workload::default()
    };
    let columns = &[Quantity::P50, Quantity::Max, Quantity::Silence, Quantity::BackAfter, Quantity::Missing];
    let link = ("addr@3s", "--delay 25ms --rebind addr@3s");
    vec![part("roaming", "Another address at 3 s", link, &[UDP, TCP], workload, columns)]
}
