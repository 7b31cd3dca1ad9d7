//! How are the session's statistics told to people?
//!
//! In one line each second, if they are wanted so, and as a small table for `/stats`. What the transport
//! cannot know is left out.

use crate::transport::session::{BytesByCause, SessionStats};
use std::time::Duration;

/// So wide is the first column of the table.
const NAME_WIDTH: usize = 13;

/// In one line.
pub fn in_words(stats: &SessionStats) -> String {
    let parts = [
        Some(format!("sent {} ({} bytes), received {} bytes", stats.sent, stats.bytes_out, stats.bytes_in)),
        stats.rtt.map(|rtt| format!("rtt {} ms", millis(rtt))),
        stats.loss.map(|loss| format!("lost {}", percent(loss))),
        stats.arrived.and_then(|arrived| arrived.loss).map(|loss| format!("theirs lost {}", percent(loss))),
        stats.retransmitted.map(|count| format!("sent again {count}")),
        stats.in_flight.map(|bytes| format!("in flight {bytes} bytes")),
    ];
    joined(parts)
}

/// As a table, a line each.
pub fn table(stats: &SessionStats) -> Vec<String> {
    let rows = [
        ("round trip", round_trip(stats)),
        ("sent", sent(stats)),
        ("received", received(stats)),
        ("lost", lost(stats)),
        ("window", window(stats)),
        ("bytes", stats.spent.as_ref().map(bytes).unwrap_or_default()),
    ];
    let told = rows.into_iter().filter(|(_, text)| !text.is_empty());
    told.map(|(name, text)| format!("{name:<NAME_WIDTH$}{text}")).collect()
}

fn round_trip(stats: &SessionStats) -> String {
    joined([
        stats.rtt.map(|rtt| format!("{} ms", millis(rtt))),
        stats.rttvar.map(|rttvar| format!("varying by {}", millis(rttvar))),
        stats.rtt_min.map(|least| format!("at least {}", millis(least))),
    ])
}

fn sent(stats: &SessionStats) -> String {
    let what = if stats.retransmitted.is_some() { "datagrams" } else { "frames" };
    joined([
        Some(format!("{} {what}, {} bytes", stats.sent, stats.bytes_out)),
        stats.retransmitted.map(|count| format!("{count} with something again")),
        stats.probes.map(|count| format!("{count} probe timeouts")),
    ])
}

fn received(stats: &SessionStats) -> String {
    joined([
        Some(format!("{} bytes", stats.bytes_in)),
        stats.arrived.map(|arrived| format!("{} came twice", arrived.duplicates)),
        stats.arrived.map(|arrived| format!("{} came late", arrived.reordered)),
    ])
}

fn lost(stats: &SessionStats) -> String {
    joined([
        stats.loss.map(|loss| format!("{} of ours", percent(loss))),
        stats.arrived.and_then(|arrived| arrived.loss).map(|loss| format!("{} of theirs", percent(loss))),
        stats.spurious.map(|count| format!("{count} only late")),
        stats.marks.map(|count| format!("{count} marked instead")),
    ])
}

fn window(stats: &SessionStats) -> String {
    joined([
        stats.cwnd.map(|bytes| format!("{bytes} bytes")),
        stats.in_flight.map(|bytes| format!("{bytes} in flight")),
    ])
}

/// What the bytes sent were for, in one line.
pub fn bytes(spent: &BytesByCause) -> String {
    let BytesByCause { first, bundle, copy, retransmission, acknowledgement, control, overhead } = *spent;
    format!(
        "{first} first, {bundle} bundled, {copy} extra copies, {retransmission} again, \
         {acknowledgement} acknowledging, {control} control, {overhead} around messages"
    )
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn millis(span: Duration) -> String {
    format!("{:.1}", span.as_secs_f64() * 1_000.0)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::session::Arrived;

    fn over_tcp() -> SessionStats {
        let rtt = Some(Duration::from_micros(12_340));
        SessionStats { sent: 3, bytes_out: 90, bytes_in: 70, rtt, ..SessionStats::default() }
    }

    #[test]
    fn what_the_transport_cannot_know_is_not_said() {
        assert_eq!(in_words(&over_tcp()), "sent 3 (90 bytes), received 70 bytes, rtt 12.3 ms");
        let lines = ["round trip   12.3 ms", "sent         3 frames, 90 bytes", "received     70 bytes"];
        assert_eq!(table(&over_tcp()), lines);
    }

    #[test]
    fn what_is_known_is_a_row_each() {
        let stats = SessionStats {
            loss: Some(0.2),
            retransmitted: Some(4),
            spurious: Some(1),
            marks: Some(7),
            probes: Some(2),
            spent: Some(BytesByCause { first: 100, bundle: 60, ..BytesByCause::default() }),
            arrived: Some(Arrived { duplicates: 5, reordered: 6, loss: Some(0.125) }),
            in_flight: Some(11),
            cwnd: Some(12_000),
            ..over_tcp()
        };
        let table = table(&stats).join("\n");
        for part in [
            "4 with something again, 2 probe timeouts",
            "5 came twice, 6 came late",
            "20.0 % of ours, 12.5 % of theirs, 1 only late, 7 marked instead",
            "12000 bytes, 11 in flight",
            "100 first, 60 bundled, 0 extra copies",
        ] {
            assert!(table.contains(part), "{part}: {table}");
        }
    }
}
