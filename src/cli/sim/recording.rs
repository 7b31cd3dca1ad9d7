//! How does a simulated run become a file of qlog?
//!
//! It is played for the file alone: what a seed plays once it plays again, so what is printed and what is
//! written are the same run. Where each end has a trace of its own in the file it is played once for each,
//! and nothing has to be kept in memory.

use super::played;
use crate::cli::exit::Stop;
use crate::cli::qlog::{Header, Profile, QlogFile, Vantage};
use crate::lab::flow::{Ears, Plan};
use crate::time::Instant;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const ENDS: [(Vantage, &str); 2] = [(Vantage::Client, "client-"), (Vantage::Server, "server-")];

/// Writes this run to this file.
pub fn record(plan: &Plan, seed: u64, wanted: (&Path, Profile)) -> Result<(), Stop> {
    let broken = Arc::new(Mutex::new(None));
    let told = Arc::clone(&broken);
    let on_broken = move |error: &std::io::Error| {
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
    };
    let file = QlogFile::create(wanted, &header(Vantage::Both), Instant::ZERO, Box::new(on_broken))?;
    write(plan, seed, &file).map_err(Stop::failed)?;
    let broken = broken.lock().unwrap_or_else(PoisonError::into_inner).take();
    match broken {
        Some(error) => Err(Stop::failed(format!("--qlog: {}: {error}", wanted.0.display()))),
        None => Ok(()),
    }
}

fn header(vantage: Vantage) -> Header {
    Header { title: "sayagain sim", vantage, unix_ms: None }
}

/// Both ends' events, whichever way the file wants them.
pub fn write(plan: &Plan, seed: u64, file: &QlogFile) -> Result<(), crate::lab::flow::Stuck> {
    let ear = |prefix| Some(file.sink(prefix));
    if file.has_traces() {
        for (vantage, prefix) in ENDS {
            file.begin_trace(&header(vantage));
            let ears = match vantage {
                Vantage::Client => Ears { clients: ear(prefix), server: None },
                _ => Ears { clients: None, server: ear(prefix) },
            };
            played(plan, seed, ears)?;
        }
    } else {
        played(plan, seed, Ears { clients: ear(ENDS[0].1), server: ear(ENDS[1].1) })?;
    }
    file.finish();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::events::JsonLines;
    use super::*;
    use crate::lab::link::{DirectionConfig, LinkConfig};
    use serde_json::Value;
    use std::collections::BTreeMap;
    use std::io::Write;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Kept {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).expect("UTF-8")
        }
    }

    fn plan() -> Plan {
        let delay = std::time::Duration::from_millis(25);
        let way = DirectionConfig { delay, loss: 0.2, duplicate: 0.05, ..DirectionConfig::default() };
        let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
        plan.sessions[0].up.paced.messages = 200;
        plan.sessions[0].down.bulk.bytes = 100_000;
        plan
    }

    fn recorded(profile: Profile) -> String {
        let kept = Kept::default();
        let broken = Box::new(|error: &std::io::Error| panic!("{error}"));
        let header = header(Vantage::Both);
        let file = QlogFile::new(Box::new(kept.clone()), profile, &header, Instant::ZERO, broken).unwrap();
        write(&plan(), 3, &file).expect("time goes on");
        kept.text()
    }

    /// How often each name comes, in `member` of the records.
    fn counts<'a>(records: impl IntoIterator<Item = &'a Value>, member: &str) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for record in records {
            let name = record[member].as_str().expect("a name");
            *counts.entry(name.to_owned()).or_default() += 1;
        }
        counts
    }

    fn lines(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line.trim_start_matches('\u{1e}')).unwrap()).collect()
    }

    fn told() -> BTreeMap<String, u64> {
        let kept = Kept::default();
        let events = JsonLines::new(kept.clone());
        played(&plan(), 3, events.ears()).expect("time goes on");
        events.finish().expect("memory does not fail");
        counts(&lines(&kept.text()), "event")
    }

    #[test]
    fn a_sequence_has_the_events_of_json_and_as_many() {
        let records = lines(&recorded(Profile::Sequence));
        let written = counts(&records[1..], "name");
        let told: BTreeMap<String, u64> = told()
            .into_iter()
            .map(|(name, count)| (format!("sayagain:{}", name.replace('-', "_")), count))
            .collect();
        assert_eq!(written, told);
        assert!(written["sayagain:packet_lost"] > 10 && written["sayagain:rtt_sampled"] > 10, "{written:?}");
        let times: Vec<f64> = records[1..].iter().filter_map(|record| record["time"].as_f64()).collect();
        assert!(times.is_sorted() && times.len() == records.len() - 1);
    }

    #[test]
    fn for_qvis_packets_losses_and_metrics_are_as_many_as_json_has() {
        let file: Value = serde_json::from_str(&recorded(Profile::Qvis)).expect("one object");
        let traces = file["traces"].as_array().expect("traces");
        assert_eq!(traces.len(), 2);
        let events = traces.iter().flat_map(|trace| trace["events"].as_array().expect("events"));
        let (written, told) = (counts(events, "name"), told());
        assert_eq!(written["transport:packet_sent"], told["packet-sent"]);
        assert_eq!(written["transport:packet_received"], told["packet-received"]);
        assert_eq!(written["transport:packet_dropped"], told["datagram-dropped"]);
        assert_eq!(written["recovery:packet_lost"], told["packet-lost"]);
        assert_eq!(written["recovery:metrics_updated"], told["rtt-sampled"] + told["window-moved"]);
        assert_eq!(written["recovery:loss_timer_updated"], told["probe-fired"]);
    }
}
