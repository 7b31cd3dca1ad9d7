//! As much as goes: who gets how much through, and what does it do to the others?
//!
//! The line that is to be filled is the one up to the server: a chat gives each message back to its sender, too,
//! so the way down carries everything twice and would be the narrow one.

use super::super::matrix::{LinkChoice, Part};
use super::super::quantity::Quantity;
use super::super::row::Row;
use super::{Parts, Scenario, part};
use crate::lab::bench::{Carried, Workload};
use crate::time::Duration;
use crate::transport::arq::Arq;

const UDP: Row = Row::of(Carried::Udp);
const TCP: Row = Row::of(Carried::Tcp);

/// As fast as the messages are taken; what is slow is waited for.
const fn bulk_of(messages: u64, bytes: u32) -> Workload {
    Workload {
        messages,
        interval: Duration::ZERO,
        bytes,
        receivers: 1,
        rooms: 1,
        handshakes: false,
        patience: Some(Duration::from_secs(20)),
    }
}

/// Goodput against loss.
pub const BULK: (Scenario, Parts) = (
    Scenario {
        name: "bulk",
        title: "How much gets through a line of 20 Mbit/s when packets are lost besides?",
        look: [
            "Without loss all fill the line: 2,500 kB/s less headers, once they have found its rate.",
            "TCP with CUBIC takes each loss for a full queue and slows down: at 1 % it has left most of the line, at 5 % nearly \
             all.",
            "BBR measures the line's rate instead and keeps most of it; our layer (--cc tolerant) takes single losses for the \
             link's own and stands between the two.",
        ],
    },
    bulk,
);

fn bulk() -> Vec<Part> {
    let losses = [0.0, 0.1, 1.0, 5.0];
    let rest = "delay=25ms up-rate=20mbit up-queue=50ms";
    let mut part = Part::over_loss("bulk", "A line of 20 Mbit/s with a queue of 50 ms", &losses, rest);
    part.rows = vec![UDP, TCP, Row::tcp("bbr")];
    part.seeds = 1;
    part.workload = bulk_of(1_500, 2_000);
    part.columns = &[Quantity::Goodput, Quantity::Overhead, Quantity::Dropped, Quantity::Missing];
    vec![part]
}

/// A chat behind a transfer in a deep queue.
pub const BUFFERBLOAT: (Scenario, Parts) = (
    Scenario {
        name: "bufferbloat",
        title: "A chat beside a transfer on a line whose queue holds half a second: how late is it?",
        look: [
            "Alone, a message takes the link's 50 ms; the transfer beside it, of clients of its own, fills the queue before the \
             line, and the message waits behind it.",
            "CUBIC and our layer send until the queue is full, so p50 grows by most of what the queue holds; BBR keeps the queue \
             short and gets as much through (\"beside\").",
            "Full queues also drop the chat's packets: compare p99 and max, where TCP waits for them besides and our layer \
             hardly does.",
        ],
    },
    bufferbloat,
);

fn bufferbloat() -> Vec<Part> {
    let rows =
        [UDP, UDP.beside(Carried::Udp), TCP.beside(Carried::Tcp), Row::tcp("bbr").beside(Carried::Tcp)];
    let link = ("5mbit, 500ms", "--delay 25ms --up-rate 5mbit --up-queue 500ms");
    let columns =
        &[Quantity::P50, Quantity::P90, Quantity::P99, Quantity::Max, Quantity::Missing, Quantity::Beside];
    let workload = Workload { messages: 400, ..Workload::default() };
    vec![part("bufferbloat", "5 Mbit/s behind a queue of 500 ms", link, &rows, workload, columns)]
}

/// Two transfers on one line.
pub const FAIRNESS: (Scenario, Parts) = (
    Scenario {
        name: "fairness",
        title: "Two transfers share a line: does each get its half?",
        look: [
            "The one beside begins a second earlier; the share is the newcomer's, of what both got through while it lasted.",
            "udp beside udp and tcp beside tcp show how each treats its like: a newcomer has to wring its half from who is there.",
            "udp beside tcp is the test of manners: far above what tcp gets beside tcp would starve the kernel's TCP, far below \
             is too shy.",
        ],
    },
    fairness,
);

fn fairness() -> Vec<Part> {
    let tcp = Some(Carried::Tcp);
    let rows = [
        UDP.beside(Carried::Udp),
        UDP.beside(Carried::Tcp),
        Row { control: "bbr", beside: tcp, ..UDP },
        TCP.beside(Carried::Tcp),
        Row::tcp("bbr").beside(Carried::Tcp),
    ];
    let link = ("10mbit, 100ms", "--delay 25ms --up-rate 10mbit --up-queue 100ms");
    let columns =
        &[Quantity::Goodput, Quantity::Beside, Quantity::Share, Quantity::Dropped, Quantity::Missing];
    vec![part("fairness", "10 Mbit/s behind a queue of 100 ms", link, &rows, bulk_of(2_500, 2_000), columns)]
}

/// The textbooks' schemes beside their formulas.
pub const ARQ: (Scenario, Parts) = (
    Scenario {
        name: "arq",
        title: "Stop-and-wait, go-back-N, selective repeat: does each get through what its formula says?",
        look: [
            "Stop-and-wait sends a packet each round trip, whatever the line: see how little of 5 Mbit/s that is.",
            "With a window of eight go-back-N and selective repeat are eight times as fast, until losses make go-back-N repeat \
             all that follows.",
            "\"book\" is the formula for this loss and round trip: the three come near it; tcp-like is above Padhye et al., who \
             speak of transfers so long that their beginning does not count.",
        ],
    },
    arq,
);

fn arq() -> Vec<Part> {
    let of = |id, title: &str, rows: &[Arq], messages| {
        let link = |loss: f64| {
            let words = format!("--delay 25ms --up-loss {loss}% --up-rate 5mbit --up-queue 1000pkt");
            LinkChoice::typed(format!("{loss} %"), loss, &words)
        };
        Part {
            id,
            title: title.to_owned(),
            axis: "packets lost on the way up, %",
            links: [0.0, 1.0, 10.0].into_iter().filter_map(link).collect(),
            rows: rows.iter().map(|arq| Row::repeating(*arq)).collect(),
            workload: bulk_of(messages, 1_100),
            seeds: 1,
            columns: &[Quantity::Goodput, Quantity::ByTheBook, Quantity::Overhead, Quantity::Missing],
        }
    };
    vec![
        of("arq-one", "One packet at a time", &[Arq::StopAndWait], 100),
        of("arq-window", "A window of eight packets", &[Arq::GoBackN, Arq::SelectiveRepeat], 400),
        of("arq-paced", "A congestion window", &[Arq::TcpLike, Arq::Ours], 1_200),
    ]
}
