//! qlog as the draft has it now: a header and then an event a record, in a schema of our own.
//!
//! The events are those of [`TraceEvent`] under their own names (`sayagain:packet_sent`), with the members
//! that `sim --json` gives them; so nothing has to be made to look like QUIC that is not like it.
//!
//! Source: draft-ietf-quic-qlog-main-schema-14, §5 (`QlogFileSeq`), §7 (events), §8 (schemas), §11.2.

use super::{Header, Vantage};
use crate::cli::sim::events;
use crate::trace::TraceEvent;
use serde_json::{Value, json};
use std::fmt::Debug;

/// Names our events. §8.2 keeps the names below `urn:ietf:params:qlog:events` for RFCs.
pub const SCHEMA: &str = "urn:x-sayagain:qlog:events:sayagain";

/// The first record.
pub fn header(header: &Header) -> Value {
    let Header { title, vantage, unix_ms } = *header;
    // §7.1: a monotonic clock has no known epoch; times are milliseconds since the file began.
    let mut reference = json!({ "clock_type": "monotonic", "epoch": "unknown" });
    if let (Some(unix_ms), Value::Object(members)) = (unix_ms, &mut reference) {
        members.insert("wall_clock_time".into(), rfc_3339(unix_ms).into());
    }
    let mut vantage_point = json!({ "type": vantage.name(), "name": "sayagain" });
    if vantage == Vantage::Both {
        vantage_point = json!({ "type": vantage.name(), "name": "both ends: see group_id" });
    }
    json!({
        "file_schema": "urn:ietf:params:qlog:file:sequential",
        "serialization_format": "application/qlog+json-seq",
        "title": title,
        "trace": {
            "common_fields": { "reference_time": reference, "time_format": "relative_to_epoch" },
            "event_schemas": [SCHEMA],
            "vantage_point": vantage_point,
        },
    })
}

/// An event.
pub fn event(at_ms: f64, group: &str, event: &TraceEvent) -> Value {
    json!({ "time": at_ms, "group_id": group, "name": name(event), "data": data(event) })
}

/// What belongs to it.
pub fn data(event: &TraceEvent) -> Value {
    events::members(event)
}

/// A variant's name: `extra-copy`.
pub fn word(value: &impl Debug) -> String {
    events::name(value)
}

/// `sayagain:packet_sent`.
pub fn name(event: &TraceEvent) -> String {
    format!("sayagain:{}", events::name(event).replace('-', "_"))
}

/// `1970-01-01T00:00:00.000Z` (RFC 3339 §5.6). The Gregorian calendar has 146,097 days in 400 years; counted
/// from 1 March, so that a leap day is the last of its year.
fn rfc_3339(unix_ms: u64) -> String {
    let (days, ms) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{date:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_rfc_3339_has_it() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc_3339(unix_ms), text);
        }
    }

    #[test]
    fn what_identifies_the_file_stands_in_its_first_256_bytes() {
        let header = header(&Header { title: "t", vantage: Vantage::Client, unix_ms: Some(0) });
        let text = header.to_string();
        for member in ["urn:ietf:params:qlog:file:sequential", "application/qlog+json-seq"] {
            assert!(text.find(member).is_some_and(|at| at + member.len() < 256), "{text}");
        }
        assert_eq!(header["trace"]["event_schemas"], json!([SCHEMA]));
    }
}
