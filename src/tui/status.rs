//! How is the connection, and how was it in the last seconds?
//!
//! The session is measured once a second; heartbeats come each second too. Where not a byte came in for
//! some of these seconds the server is silent, and that is no accident.

use crate::transport::session::{SessionStats, Transport};
use std::collections::VecDeque;
use std::time::Duration;

/// Seconds that the graphs reach back.
pub const GRAPH_SECONDS: usize = 30;
/// Seconds of silence that are told.
const SILENCE_TOLD: u64 = 3;

/// How the connection is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// Not yet connected for the first time.
    Connecting,
    /// All is well.
    Connected,
    /// Connected, but the server has been silent for so long.
    Silent(Duration),
    /// Gone for the moment.
    Reconnecting,
    /// Over for good.
    Over,
}

/// What the status line tells.
#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    /// The server as the person named it.
    pub server: String,
    /// What carries the session.
    pub transport: Transport,
    /// Sent in the clear?
    pub insecure: bool,
    /// One's own name.
    pub name: String,
    /// The room that the client wants to be in first.
    pub room: Option<String>,
    /// How the connection is.
    pub link: Link,
    /// Smoothed round-trip time.
    pub rtt: Option<Duration>,
    /// Share of the datagrams lost, 0 to 1.
    pub loss: Option<f64>,
}

/// The last seconds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Meter {
    /// Round-trip times in milliseconds, oldest first, at most [`GRAPH_SECONDS`].
    pub rtts: VecDeque<f64>,
    /// Of the datagrams of each second, the share lost, 0 to 1.
    pub losses: VecDeque<f64>,
    bytes_in: u64,
    silent_seconds: u64,
    sent: u64,
    lost: f64,
}

impl Meter {
    /// A second has passed, and this is what was measured since the session began.
    pub fn on_second(&mut self, measured: &SessionStats, status: &mut Status) {
        if !matches!(status.link, Link::Connected | Link::Silent(_)) {
            return;
        }
        let heard = measured.bytes_in != std::mem::replace(&mut self.bytes_in, measured.bytes_in);
        self.silent_seconds = if heard { 0 } else { self.silent_seconds + 1 };
        status.link = match self.silent_seconds {
            ..SILENCE_TOLD => Link::Connected,
            seconds => Link::Silent(Duration::from_secs(seconds)),
        };
        if let Some(rtt) = measured.rtt {
            push(&mut self.rtts, rtt.as_secs_f64() * 1e3);
        }
        if let Some(share) = measured.loss {
            let loss = self.loss_of_second(measured.sent, share);
            push(&mut self.losses, loss);
        }
    }

    /// The share of the whole session becomes that of its last second.
    fn loss_of_second(&mut self, sent: u64, share: f64) -> f64 {
        let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let lost = share * count(sent);
        let (sent_before, lost_before) =
            (std::mem::replace(&mut self.sent, sent), std::mem::replace(&mut self.lost, lost));
        match sent.checked_sub(sent_before) {
            Some(0) => 0.0,
            Some(more) => ((lost - lost_before) / count(more)).clamp(0.0, 1.0),
            // Another session, which counts anew.
            None => share.clamp(0.0, 1.0),
        }
    }
}

fn push(values: &mut VecDeque<f64>, value: f64) {
    if values.len() == GRAPH_SECONDS {
        values.pop_front();
    }
    values.push_back(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        Status {
            server: "localhost:4747".into(),
            transport: Transport::Udp,
            insecure: false,
            name: "ann".into(),
            room: None,
            link: Link::Connected,
            rtt: None,
            loss: None,
        }
    }

    fn second(sent: u64, loss: f64) -> SessionStats {
        SessionStats { sent, loss: Some(loss), bytes_in: sent, ..SessionStats::default() }
    }

    #[test]
    fn the_graph_shows_the_loss_of_each_second_by_itself() {
        let (mut meter, mut status) = (Meter::default(), status());
        for measured in [second(10, 0.0), second(20, 0.25), second(40, 0.125), second(10, 0.5)] {
            meter.on_second(&measured, &mut status);
        }
        assert_eq!(meter.losses, [0.0, 0.5, 0.0, 0.5]);
    }

    #[test]
    fn the_graph_reaches_back_so_far_and_no_further() {
        let (mut meter, mut status) = (Meter::default(), status());
        for n in 0..100 {
            let rtt = Some(Duration::from_millis(n));
            let second = SessionStats { rtt, bytes_in: n + 1, ..SessionStats::default() };
            meter.on_second(&second, &mut status);
        }
        assert_eq!((meter.rtts.len(), meter.rtts[0], meter.rtts[29]), (GRAPH_SECONDS, 70.0, 99.0));
    }
}
