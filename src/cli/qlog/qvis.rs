//! qlog as qvis reads it: draft 02, with the names of QUIC's events.
//!
//! Our packets are shown as `1RTT` ones, a piece of a message as a `stream` frame of the stream that has its
//! channel's number. A packet and what it carries is one event there and several here, all of the same
//! moment; so the events of a moment are held until it has passed:
//!
//! ```text
//!   PieceSent, AckSent, PacketSent          ─▶ transport:packet_sent     { frames: [stream, ack] }
//!   PacketReceived, PacketAcknowledged 4, 5 ─▶ transport:packet_received { frames: [ack 4–5] }
//! ```
//!
//! An `ack` frame that was sent names only the largest number; one that came names what it told that was
//! news. What QUIC has no word for keeps the name of [`sequence`].
//!
//! Source: draft-marx-qlog-main-schema-02 §3; draft-marx-qlog-event-definitions-quic-h3-02 §4, §5.

use super::{Header, sequence};
use crate::time::{Duration, Instant};
use crate::trace::{DropReason, PieceCause, SendCause, TraceEvent};
use serde_json::{Value, json};
use std::collections::HashMap;

/// So many events of one moment are held at most.
const HELD_MAX: usize = 4_096;

/// The events of the moment.
#[derive(Default)]
pub struct Qvis {
    moment: Instant,
    held: Vec<Held>,
    /// What each session's next packet carries.
    frames: HashMap<String, Vec<Value>>,
}

struct Held {
    group: String,
    record: Value,
}

/// The file's first members, and those of its trace.
pub fn header(header: &Header, format: &str) -> Value {
    json!({ "qlog_version": "draft-02", "qlog_format": format, "title": header.title })
}

/// A trace, but for its events.
pub fn trace(header: &Header) -> Value {
    json!({
        "common_fields": { "reference_time": header.unix_ms.unwrap_or(0), "time_format": "relative" },
        "vantage_point": { "type": header.vantage.name(), "name": "sayagain" },
    })
}

impl Qvis {
    /// An event of this group; `out` gets what is complete.
    pub fn event(&mut self, now: Instant, at_ms: f64, group: &str, event: &TraceEvent, out: &mut Vec<Value>) {
        if now != self.moment || self.held.len() >= HELD_MAX {
            self.moment = now;
            self.finish(out);
        }
        match event {
            TraceEvent::PieceSent { .. } | TraceEvent::AckSent { .. } => {
                let frames = self.frames.entry(group.to_owned()).or_default();
                frames.extend(frame(event));
            }
            TraceEvent::PacketAcknowledged { number } => self.acknowledge(group, *number),
            _ => {
                let frames = match event {
                    TraceEvent::PacketSent { .. } => self.frames.remove(group).unwrap_or_default(),
                    _ => Vec::new(),
                };
                let (name, data) = renamed(event, &frames);
                let record = json!({ "time": at_ms, "name": name, "data": data, "group_id": group });
                self.held.push(Held { group: group.to_owned(), record });
            }
        }
    }

    /// The moment has passed.
    pub fn finish(&mut self, out: &mut Vec<Value>) {
        out.extend(self.held.drain(..).map(|held| held.record));
        self.frames.clear();
    }

    /// The packet that this group received last acknowledges this one.
    fn acknowledge(&mut self, group: &str, number: u64) {
        let is_wanted =
            |held: &&mut Held| held.group == group && held.record["name"] == "transport:packet_received";
        let Some(held) = self.held.iter_mut().rev().find(is_wanted) else { return };
        let Some(frames) = held.record["data"]["frames"].as_array_mut() else { return };
        if frames.is_empty() {
            frames.push(json!({ "frame_type": "ack", "acked_ranges": [] }));
        }
        let Some(ranges) = frames[0]["acked_ranges"].as_array_mut() else { return };
        match ranges.last_mut().filter(|range| range[1].as_u64().is_some_and(|last| last + 1 == number)) {
            Some(range) => range[1] = number.into(),
            None => ranges.push(json!([number, number])),
        }
    }
}

fn frame(event: &TraceEvent) -> Option<Value> {
    match event {
        TraceEvent::PieceSent { channel, sequence, offset, len, cause } => Some(json!({
            "frame_type": "stream", "stream_id": channel, "offset": offset, "length": len,
            "message": sequence, "cause": piece_cause(*cause),
        })),
        TraceEvent::AckSent { largest } => {
            Some(json!({ "frame_type": "ack", "acked_ranges": [[largest, largest]] }))
        }
        _ => None,
    }
}

const fn piece_cause(cause: PieceCause) -> &'static str {
    match cause {
        PieceCause::First => "first",
        PieceCause::Copy => "copy",
        PieceCause::Retransmission => "retransmission",
    }
}

fn packet(number: u64) -> Value {
    json!({ "packet_type": "1RTT", "packet_number": number })
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

/// The name that QUIC has for it, and its members there.
fn renamed(event: &TraceEvent, frames: &[Value]) -> (String, Value) {
    let (name, data) = match event {
        TraceEvent::HandshakeSent { kind, bytes, .. } => {
            ("transport:datagrams_sent", json!({ "count": 1, "raw": [{ "length": bytes }], "kind": kind }))
        }
        TraceEvent::HandshakeReceived { kind, bytes } => (
            "transport:datagrams_received",
            json!({ "count": 1, "raw": [{ "length": bytes }], "kind": kind }),
        ),
        TraceEvent::PacketSent { number, bytes, cause } => {
            let mut data = json!({
                "header": packet(*number), "raw": { "length": bytes }, "frames": frames,
                "cause": sequence::word(cause),
            });
            if *cause == SendCause::Probe {
                data["trigger"] = "pto_probe".into();
            }
            ("transport:packet_sent", data)
        }
        TraceEvent::PacketReceived { number, bytes, .. } => {
            let data = json!({ "header": packet(*number), "raw": { "length": bytes }, "frames": [] });
            ("transport:packet_received", data)
        }
        TraceEvent::DatagramDropped { bytes, reason } => {
            ("transport:packet_dropped", json!({ "raw": { "length": bytes }, "trigger": trigger(*reason) }))
        }
        TraceEvent::PacketLost { number, by_time, .. } => {
            let trigger = if *by_time { "time_threshold" } else { "reordering_threshold" };
            ("recovery:packet_lost", json!({ "header": packet(*number), "trigger": trigger }))
        }
        TraceEvent::PacketTimedOut { number, .. } => {
            ("recovery:packet_lost", json!({ "header": packet(*number), "trigger": "pto_expired" }))
        }
        _ => return measured(event),
    };
    (name.to_owned(), data)
}

/// Those that are no packets.
fn measured(event: &TraceEvent) -> (String, Value) {
    let (name, data) = match event {
        TraceEvent::RttSampled { sample, smoothed, variation, least } => {
            let data = json!({
                "latest_rtt": ms(*sample), "smoothed_rtt": ms(*smoothed), "rtt_variance": ms(*variation),
                "min_rtt": ms(*least),
            });
            ("recovery:metrics_updated", data)
        }
        TraceEvent::WindowMoved { window, in_flight } => {
            let data = json!({ "congestion_window": window, "bytes_in_flight": in_flight });
            ("recovery:metrics_updated", data)
        }
        TraceEvent::ProbeFired { count } => {
            let data = json!({ "timer_type": "pto", "event_type": "expired", "pto_count": count });
            ("recovery:loss_timer_updated", data)
        }
        TraceEvent::Established { .. } => {
            ("connectivity:connection_state_updated", json!({ "new": "handshake_complete" }))
        }
        TraceEvent::Closed { reason } => ("connectivity:connection_closed", json!({ "reason": reason })),
        TraceEvent::Rekeyed => ("security:key_updated", json!({ "trigger": "local_update" })),
        _ => return (sequence::name(event), sequence::data(event)),
    };
    (name.to_owned(), data)
}

/// In the words of `QUICPacketDropped`.
const fn trigger(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Duplicate | DropReason::TooOld => "duplicate",
        DropReason::Forged => "payload_decrypt_error",
        DropReason::Malformed => "header_parse_error",
        DropReason::Misaddressed => "unknown_connection_id",
        DropReason::Unexpected => "unexpected_packet",
    }
}
