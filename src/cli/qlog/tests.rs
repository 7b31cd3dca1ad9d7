//! Does a file hold what happened, in the form that its readers expect?

use super::sequence;
use super::*;
use crate::time::{Duration, Instant, at};
use crate::trace::{DropReason, PieceCause, SendCause, TraceEvent};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// A writer that keeps everything.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("UTF-8")
    }

    fn records(&self) -> Vec<Value> {
        let text = self.text();
        text.lines().map(|line| serde_json::from_str(line.trim_start_matches('\u{1e}')).unwrap()).collect()
    }
}

const SESSION: u64 = 0xff;

fn header(vantage: Vantage) -> Header {
    Header { title: "test", vantage, unix_ms: Some(1_000) }
}

fn file(kept: &Kept, profile: Profile, vantage: Vantage) -> QlogFile {
    let writer = Box::new(kept.clone());
    QlogFile::new(writer, profile, &header(vantage), at(1_000), Box::new(|error| panic!("{error}")))
        .expect("memory does not fail")
}

fn written(profile: Profile, vantage: Vantage, events: &[(u64, TraceEvent)]) -> Kept {
    let kept = Kept::default();
    let file = file(&kept, profile, vantage);
    let sink = file.sink("");
    events.iter().for_each(|(at_us, event)| sink.event(at(*at_us), SESSION, event));
    assert!(file.finish());
    kept
}

/// One of each kind, in an order in which they may come.
fn one_of_each() -> Vec<(u64, TraceEvent)> {
    let span = Duration::from_millis(3);
    let events = [
        TraceEvent::HandshakeSent { kind: "HELLO", bytes: 1_200, attempt: 1 },
        TraceEvent::HandshakeReceived { kind: "WELCOME", bytes: 300 },
        TraceEvent::Established { early_accepted: true },
        TraceEvent::PieceSent { channel: 8, sequence: 0, offset: 0, len: 5, cause: PieceCause::First },
        TraceEvent::AckSent { largest: 4 },
        TraceEvent::PacketSent { number: 0, bytes: 60, cause: SendCause::First },
        TraceEvent::PacketReceived { number: 5, bytes: 60, late: false },
        TraceEvent::PacketAcknowledged { number: 0 },
        TraceEvent::DatagramDropped { bytes: 9, reason: DropReason::Forged },
        TraceEvent::PacketLost { number: 1, by_time: true, age: span, size_probe: false },
        TraceEvent::LossSpurious { number: 1, after: span },
        TraceEvent::ProbeFired { count: 1 },
        TraceEvent::CopiesRest { span },
        TraceEvent::RttSampled { sample: span, smoothed: span, variation: span, least: span },
        TraceEvent::WindowMoved { window: 12_000, in_flight: 60 },
        TraceEvent::DatagramSize { bytes: 1_400 },
        TraceEvent::PieceDuplicate { channel: 8, sequence: 0 },
        TraceEvent::MessageDelivered { channel: 8, bytes: 5 },
        TraceEvent::Liveness { state: "alive" },
        TraceEvent::Roamed,
        TraceEvent::Rekeyed,
        TraceEvent::Closed { reason: "Local".into() },
    ];
    (0..).map(|n| 1_000 + n / 4 * 500).zip(events).collect()
}

#[test]
fn a_sequence_is_a_header_and_an_event_a_record() {
    let events = one_of_each();
    let kept = written(Profile::Sequence, Vantage::Client, &events);
    assert!(kept.text().lines().all(|line| line.starts_with('\u{1e}')) && kept.text().ends_with('\n'));
    let records = kept.records();
    assert_eq!(records.len(), 1 + events.len());
    assert_eq!(records[0]["trace"]["vantage_point"]["type"], "client");
    assert_eq!(records[0]["trace"]["common_fields"]["reference_time"]["epoch"], "unknown");
    for (record, (at_us, event)) in records[1..].iter().zip(&events) {
        assert_eq!(record["time"], json!((at(*at_us) - at(1_000)).as_secs_f64() * 1_000.0));
        assert_eq!(
            (&record["name"], &record["group_id"]),
            (&json!(sequence::name(event)), &json!("00000000000000ff"))
        );
        assert!(record["data"].is_object(), "{record}");
    }
    assert_eq!(records[6]["name"], "sayagain:packet_sent");
    assert_eq!(records[6]["data"], json!({ "number": 0, "bytes": 60, "cause": "first" }));
}

#[test]
fn for_qvis_a_packet_and_what_it_carries_are_one_event() {
    let kept = written(Profile::Qvis, Vantage::Server, &one_of_each());
    let records = kept.records();
    assert_eq!(
        (&records[0]["qlog_version"], &records[0]["qlog_format"]),
        (&json!("draft-02"), &json!("NDJSON"))
    );
    assert_eq!(records[0]["trace"]["vantage_point"]["type"], "server");
    assert_eq!(records[0]["trace"]["common_fields"]["reference_time"], 1_000);
    let names: Vec<&str> = records[1..].iter().filter_map(|record| record["name"].as_str()).collect();
    // Three of them are frames of others.
    assert_eq!(names.len(), one_of_each().len() - 3);
    let of =
        |name: &str| records.iter().find(|record| record["name"] == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(
        of("recovery:packet_lost")["data"]["header"],
        json!({ "packet_type": "1RTT", "packet_number": 1 })
    );
    assert_eq!(of("recovery:metrics_updated")["data"]["smoothed_rtt"], 3.0);
    assert_eq!(of("transport:packet_dropped")["data"]["trigger"], "payload_decrypt_error");
    assert_eq!(of("connectivity:connection_closed")["data"]["reason"], "Local");
    assert_eq!(of("sayagain:loss_spurious")["data"]["number"], 1);
}

#[test]
fn for_qvis_acknowledgements_are_ranges_of_the_packet_that_brought_them() {
    let piece = TraceEvent::PieceSent { channel: 8, sequence: 3, offset: 0, len: 5, cause: PieceCause::Copy };
    let acknowledged = |number| (1_000, TraceEvent::PacketAcknowledged { number });
    let kept = written(
        Profile::Qvis,
        Vantage::Client,
        &[
            (1_000, TraceEvent::PacketReceived { number: 1, bytes: 50, late: false }),
            (1_000, TraceEvent::PacketReceived { number: 2, bytes: 50, late: false }),
            acknowledged(7),
            acknowledged(8),
            acknowledged(3),
            (1_000, piece),
            (1_000, TraceEvent::AckSent { largest: 2 }),
            (1_000, TraceEvent::PacketSent { number: 9, bytes: 70, cause: SendCause::ExtraCopy }),
        ],
    );
    let records = kept.records();
    assert_eq!(records[1]["data"]["frames"], json!([]));
    let ack = json!([{ "frame_type": "ack", "acked_ranges": [[7, 8], [3, 3]] }]);
    assert_eq!((&records[2]["data"]["frames"], &records[2]["time"]), (&ack, &json!(0.0)));
    let sent = &records[3]["data"];
    assert_eq!((&sent["raw"]["length"], &sent["cause"]), (&json!(70), &json!("extra-copy")));
    assert_eq!(sent["frames"][0]["stream_id"], 8);
    assert_eq!(sent["frames"][1]["acked_ranges"], json!([[2, 2]]));
}

#[test]
fn what_is_held_of_one_moment_has_a_bound() {
    let kept = Kept::default();
    let file = file(&kept, Profile::Qvis, Vantage::Client);
    let sink = file.sink("");
    (0..20_000).for_each(|_| sink.event(at(1_000), 1, &TraceEvent::Roamed));
    assert!(kept.text().lines().count() > 10_000, "most has left the buffer by now");
}

#[test]
fn both_ends_are_two_traces_of_one_object() {
    let kept = Kept::default();
    let file = file(&kept, Profile::Qvis, Vantage::Both);
    for (vantage, prefix) in [(Vantage::Client, "client-"), (Vantage::Server, "server-")] {
        file.begin_trace(&header(vantage));
        let sink = file.sink(prefix);
        (0..3).for_each(|n| sink.event(at(1_000 + n), 1, &TraceEvent::Roamed));
    }
    assert!(file.finish());
    let whole: Value =
        serde_json::from_str(&kept.text()).unwrap_or_else(|error| panic!("{error}: {}", kept.text()));
    let traces = whole["traces"].as_array().expect("traces");
    assert_eq!(
        traces.iter().map(|trace| &trace["vantage_point"]["type"]).collect::<Vec<_>>(),
        ["client", "server"]
    );
    assert!(traces.iter().all(|trace| trace["events"].as_array().is_some_and(|events| events.len() == 3)));
    assert_eq!(traces[1]["events"][2]["group_id"], "server-0000000000000001");
}

#[test]
fn a_full_disk_is_told_once_and_ends_the_file_alone() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // The header still fits.
            if bytes.len() < 1_000 { Ok(bytes.len()) } else { Err(io::ErrorKind::StorageFull.into()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    static TOLD: AtomicU32 = AtomicU32::new(0);
    let on_broken = Box::new(|error: &io::Error| {
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        TOLD.fetch_add(1, Ordering::Relaxed);
    });
    let header = header(Vantage::Client);
    let file =
        QlogFile::new(Box::new(Full), Profile::Sequence, &header, Instant::ZERO, on_broken).expect("room");
    let sink = file.sink("");
    (0..9_000).for_each(|n| sink.event(at(n), 1, &TraceEvent::Roamed));
    assert!(!file.finish());
    assert_eq!(TOLD.load(Ordering::Relaxed), 1);
}

#[test]
fn a_path_that_cannot_be_written_is_named() {
    let path = Path::new("/nowhere/at/all.qlog");
    let header = header(Vantage::Client);
    let stop = QlogFile::create((path, Profile::Qvis), &header, Instant::ZERO, Box::new(|_| {})).err();
    assert!(stop.is_some_and(|stop| stop.text.contains("/nowhere/at/all.qlog")));
}

#[test]
fn the_name_of_the_file_says_which_profile_unless_it_is_named() {
    let wanted = |name: &str, qlog_profile| {
        let options = QlogOptions { qlog: Some(name.into()), qlog_profile };
        options.wanted().map(|(_, profile)| profile)
    };
    assert_eq!(wanted("a.qlog", None), Some(Profile::Qvis));
    assert_eq!(wanted("a.sqlog", None), Some(Profile::Sequence));
    assert_eq!(wanted("a", None), Some(Profile::Sequence));
    assert_eq!(wanted("a.qlog", Some(Profile::Sequence)), Some(Profile::Sequence));
    assert_eq!(QlogOptions::default().wanted().map(|(_, profile)| profile), None);
}
