//! What does `sim --json` print for an event?
//!
//! One object a line: `at_us` (virtual microseconds since the start), `side` (`client`, `server`), `session`
//! (that end's own connection id in hexadecimal, 0 where none is known yet), `event` (a stable name) and
//! what belongs to it.

use crate::lab::flow::Ears;
use crate::lab::ladder::Side;
use crate::time::{Duration, Instant};
use crate::trace::{Sink, TraceEvent};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Writes events as lines; after the first error it stays silent.
pub struct JsonLines<W: Write>(Arc<Mutex<Out<W>>>);

struct Out<W: Write> {
    writer: BufWriter<W>,
    outcome: io::Result<()>,
}

/// The sink of one side.
struct OneSide<W: Write>(Side, Arc<Mutex<Out<W>>>);

fn locked<W: Write>(out: &Mutex<Out<W>>) -> MutexGuard<'_, Out<W>> {
    out.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: Write + Send + 'static> JsonLines<W> {
    /// Lines to this writer.
    pub fn new(writer: W) -> Self {
        Self(Arc::new(Mutex::new(Out { writer: BufWriter::new(writer), outcome: Ok(()) })))
    }

    /// What both sides tell.
    pub fn ears(&self) -> Ears {
        let [clients, server] =
            [Side::Client, Side::Server].map(|side| Some(Arc::new(self.of(side)) as Arc<dyn Sink>));
        Ears { clients, server }
    }

    fn of(&self, side: Side) -> impl Sink + use<W> {
        OneSide(side, Arc::clone(&self.0))
    }

    /// Writes what is left; the first error there was.
    pub fn finish(&self) -> io::Result<()> {
        let mut out = locked(&self.0);
        std::mem::replace(&mut out.outcome, Ok(()))?;
        out.writer.flush()
    }
}

impl<W: Write + Send> Sink for OneSide<W> {
    fn event(&self, now: Instant, session: u64, event: &TraceEvent) {
        let mut out = locked(&self.1);
        if out.outcome.is_ok() {
            out.outcome = writeln!(out.writer, "{}", object(now, self.0, session, event));
        }
    }
}

/// The object of an event.
fn object(now: Instant, side: Side, session: u64, event: &TraceEvent) -> Value {
    let mut object = json!({
        "at_us": now.as_micros(),
        "side": if side == Side::Client { "client" } else { "server" },
        "session": format!("{session:x}"),
        "event": name(event),
    });
    if let (Value::Object(object), Value::Object(members)) = (&mut object, members(event)) {
        object.extend(members);
    }
    object
}

/// The variant's own name, in small letters with dashes: `packet-sent`.
pub fn name(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let word = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

/// What belongs to it.
pub fn members(event: &TraceEvent) -> Value {
    match event {
        TraceEvent::HandshakeSent { kind, bytes, attempt } => {
            json!({ "kind": kind, "bytes": bytes, "attempt": attempt })
        }
        TraceEvent::HandshakeReceived { kind, bytes } => json!({ "kind": kind, "bytes": bytes }),
        TraceEvent::Established { early_accepted } => json!({ "early_accepted": early_accepted }),
        TraceEvent::PieceSent { channel, sequence, offset, len, cause } => json!({
            "channel": channel, "sequence": sequence, "offset": offset, "len": len, "cause": name(cause),
        }),
        TraceEvent::AckSent { largest } => json!({ "largest": largest }),
        TraceEvent::PacketSent { number, bytes, cause } => {
            json!({ "number": number, "bytes": bytes, "cause": name(cause) })
        }
        TraceEvent::FrameSent { number, kind, bytes } | TraceEvent::FrameReceived { number, kind, bytes } => {
            json!({ "number": number, "kind": kind, "bytes": bytes })
        }
        TraceEvent::PacketReceived { number, bytes, late } => {
            json!({ "number": number, "bytes": bytes, "late": late })
        }
        TraceEvent::DatagramDropped { bytes, reason } => {
            json!({ "bytes": bytes, "reason": name(reason) })
        }
        TraceEvent::PacketAcknowledged { number } => json!({ "number": number }),
        TraceEvent::PacketLost { number, by_time, age, size_probe } => json!({
            "number": number, "rule": if *by_time { "time" } else { "packets" }, "age_ms": ms(*age),
            "size_probe": size_probe,
        }),
        TraceEvent::PacketTimedOut { number, age, behind } => {
            json!({ "number": number, "age_ms": ms(*age), "behind": behind })
        }
        TraceEvent::PacketOutOfOrder { number, channel, sequence } => {
            json!({ "number": number, "channel": channel, "sequence": sequence })
        }
        TraceEvent::LossSpurious { number, after } => json!({ "number": number, "after_ms": ms(*after) }),
        TraceEvent::CopiesRest { span } => json!({ "span_ms": ms(*span) }),
        TraceEvent::ProbeFired { count } => json!({ "count": count }),
        TraceEvent::CongestionMarked { count } | TraceEvent::MessagesExpired { count } => {
            json!({ "count": count })
        }
        TraceEvent::EcnTested { works } => json!({ "works": works }),
        TraceEvent::RttSampled { sample, smoothed, variation, least } => json!({
            "sample_ms": ms(*sample), "srtt_ms": ms(*smoothed), "rttvar_ms": ms(*variation),
            "rtt_min_ms": ms(*least),
        }),
        TraceEvent::WindowMoved { window, in_flight } => json!({ "window": window, "in_flight": in_flight }),
        TraceEvent::DatagramSize { bytes } => json!({ "bytes": bytes }),
        TraceEvent::PieceDuplicate { channel, sequence }
        | TraceEvent::PieceOutdated { channel, sequence }
        | TraceEvent::MessageAbandoned { channel, sequence } => {
            json!({ "channel": channel, "sequence": sequence })
        }
        TraceEvent::MessageDelivered { channel, bytes } => json!({ "channel": channel, "bytes": bytes }),
        TraceEvent::Liveness { state } => json!({ "state": state }),
        TraceEvent::Closed { reason } => json!({ "reason": reason }),
        // Those without members of their own.
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;
    use crate::trace::SendCause;

    #[test]
    fn an_event_is_one_object_with_a_stable_name() {
        let lost = TraceEvent::PacketLost {
            number: 7,
            by_time: true,
            age: Duration::from_millis(57),
            size_probe: false,
        };
        let expected = json!({
            "at_us": 99, "side": "server", "session": "ff", "event": "packet-lost",
            "number": 7, "rule": "time", "age_ms": 57.0, "size_probe": false,
        });
        assert_eq!(object(at(99), Side::Server, 255, &lost), expected);
        let late = TraceEvent::LossSpurious { number: 7, after: Duration::from_millis(3) };
        let late = object(at(0), Side::Client, 0, &late);
        assert_eq!((&late["event"], &late["after_ms"]), (&json!("loss-spurious"), &json!(3.0)));
        assert_eq!(object(at(0), Side::Client, 0, &TraceEvent::Rekeyed)["event"], "rekeyed");
        let sent = TraceEvent::PacketSent { number: 0, bytes: 9, cause: SendCause::Retransmission };
        assert_eq!(object(at(0), Side::Client, 0, &sent)["cause"], "retransmission");
    }

    #[test]
    fn lines_of_both_sides_go_to_one_writer_until_it_fails() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = JsonLines::new(Full);
        let sides = [lines.of(Side::Client), lines.of(Side::Server)];
        for _ in 0..1_000 {
            sides.iter().for_each(|side| side.event(at(0), 1, &TraceEvent::Roamed));
        }
        assert_eq!(lines.finish().map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
    }
}
