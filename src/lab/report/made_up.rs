//! Measurements that nobody took, for tests of what is made of them.

use crate::lab::bench::{Carried, Departures, LinkReport, Measurement, MessageFate, WayReport};
use crate::time::{Duration, at};

/// A run whose messages, one each 20 ms from 1 s on, took so many milliseconds; `None`: never arrived. The link
/// saw 10 packets of 100 bytes a message's share: 20 up and 10 down, 3,000 bytes, 3 dropped.
pub fn run(label: &str, latencies: &[Option<u64>]) -> Measurement {
    let carried = match label.split(' ').next() {
        Some("tcp") => Carried::Tcp,
        Some("raw") => Carried::Raw,
        _ => Carried::Udp,
    };
    let fate = |(index, latency): (usize, &Option<u64>)| {
        let sent = at(1_000_000 + 20_000 * index as u64);
        let delivered = latency.map(|ms| sent + Duration::from_millis(ms));
        MessageFate { number: index as u64 + 1, receiver: 0, room: 0, sent, delivered }
    };
    let way = |packets: u64, dropped: u64| WayReport {
        packets,
        bytes: packets * 100,
        dropped: vec![("loss".to_owned(), dropped)],
        ..WayReport::default()
    };
    Measurement {
        carried,
        label: label.to_owned(),
        model: false,
        command: format!("sayagain bench --transport {label}"),
        messages: latencies.len() as u64,
        receivers: 1,
        fates: latencies.iter().enumerate().map(fate).collect(),
        duplicated: 0,
        out_of_order: 0,
        link: LinkReport {
            options: "--loss 5%".to_owned(),
            seed: 1,
            start: Some(at(0)),
            up: way(20, 2),
            down: way(10, 1),
        },
        detail: serde_json::Value::Null,
        passages: Vec::new(),
        departures: Departures::default(),
    }
}
