//! Which runs does a command line ask for, and which wishes fit none of them?

use super::arguments::Bench;
use super::plan::Plan;
use crate::cli::sending::Sending;
use crate::lab::bench::Carried;
use crate::lab::link::LinkConfig;
use crate::shell::tcp_tuning::TcpTuning;
use std::path::{Path, PathBuf};

/// A plan for each row, in the order of the table. An error says which wish nobody would hear, or what
/// cannot be had together.
pub fn plans(bench: &Bench, link: &LinkConfig) -> Result<Vec<Plan>, String> {
    refuse_what_nobody_hears(bench)?;
    let choices = bench.sending.choices()?;
    let mut plans = Vec::new();
    let workload = bench.workload.workload()?;
    for carried in bench.transport.carried() {
        let plan = Plan {
            insecure: bench.insecure,
            beside: bench.workload.beside,
            trace: bench.link.trace().map(Path::to_owned),
            pcap: bench.pcap.clone(),
            ..Plan::new(*carried, workload, link.clone())
        };
        let plan = if plan.has(Carried::Udp) { Plan { choices, ..plan } } else { plan };
        if plan.has(Carried::Tcp) {
            plans.extend(tcp_rows(bench, &plan));
        } else {
            plans.push(Plan { label: label(&plan, None), ..plan });
        }
    }
    if let ([_, _, ..], Some(file)) = (plans.as_slice(), &bench.pcap) {
        for plan in &mut plans {
            plan.pcap = Some(of_row(file, &plan.label));
        }
    }
    Ok(plans)
}

/// A row for each congestion control that was named, each once; the usual one if none was.
fn tcp_rows(bench: &Bench, plan: &Plan) -> Vec<Plan> {
    if bench.tcp_cc.is_empty() {
        return vec![with_congestion(plan, Some(Plan::USUAL_CONGESTION.to_owned()), bench.nagle, None)];
    }
    let mut names: Vec<&String> = Vec::new();
    for name in &bench.tcp_cc {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let row = |name: &String| with_congestion(plan, Some(name.clone()), bench.nagle, Some(name));
    names.into_iter().map(row).collect()
}

fn with_congestion(plan: &Plan, congestion: Option<String>, nagle: bool, said: Option<&str>) -> Plan {
    let plan = Plan { tcp: TcpTuning { congestion, nagle }, ..plan.clone() };
    Plan { label: label(&plan, said), ..plan }
}

/// What a row is called; `said`: the congestion control of TCP that was asked for.
fn label(plan: &Plan, said: Option<&str>) -> String {
    let of = |carried: Carried| match carried {
        Carried::Raw => vec![carried.word().to_owned()],
        Carried::Udp => [vec![carried.word().to_owned()], Sending::words(plan.choices)].concat(),
        Carried::Tcp => vec![tcp_label(said, plan.tcp.nagle)],
    };
    let beside = plan.beside.map(|beside| [vec!["beside".to_owned()], of(beside)].concat());
    [of(plan.carried), beside.unwrap_or_default()].concat().join(" ")
}

/// `tcp`, `tcp (bbr)`, `tcp (bbr, nagle)`.
pub fn tcp_label(congestion: Option<&str>, nagle: bool) -> String {
    let parts: Vec<&str> = congestion.into_iter().chain(nagle.then_some("nagle")).collect();
    if parts.is_empty() { "tcp".to_owned() } else { format!("tcp ({})", parts.join(", ")) }
}

/// Where the congestion control of a TCP row cannot be had, the row with the system's own choice; `None` for
/// a row that has no other.
pub fn with_what_there_is(plan: &Plan) -> Option<Plan> {
    let chosen = plan.has(Carried::Tcp) && plan.tcp.congestion.is_some();
    chosen.then(|| with_congestion(plan, None, plan.tcp.nagle, Some("the system's")))
}

fn refuse_what_nobody_hears(bench: &Bench) -> Result<(), String> {
    let transport = bench.transport;
    let beside = |carried| bench.workload.beside == Some(carried);
    if transport.has(Carried::Raw) && (bench.workload.beside.is_some() || bench.workload.handshakes.is_some())
    {
        return Err(
            "--handshakes and --beside need a server to connect to: --transport udp, tcp or both".into()
        );
    }
    if !transport.has(Carried::Tcp) && !beside(Carried::Tcp) && (!bench.tcp_cc.is_empty() || bench.nagle) {
        return Err(
            "--tcp-cc and --nagle need --transport tcp (or both, or all): no other row has TCP".into()
        );
    }
    if !transport.has(Carried::Udp) && !beside(Carried::Udp) && !bench.sending.is_empty() {
        if transport.has(Carried::Raw) {
            return Err(
                "--redundancy, --cc, --arq and --window need --transport udp: raw is UDP without our \
                        layer, which says nothing again"
                    .into(),
            );
        }
        bench.sending.refuse_over_tcp()?;
    }
    if bench.insecure && transport.carried() == [Carried::Raw] {
        return Err("--insecure needs --transport udp or tcp: raw has no seal to leave away".into());
    }
    Ok(())
}

/// `run.pcapng` for the row `tcp (bbr)` is `run-tcp-bbr.pcapng`.
fn of_row(file: &Path, label: &str) -> PathBuf {
    let words = label.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let row = words.collect::<Vec<_>>().join("-");
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{row}"));
    if let Some(extension) = file.extension() {
        name.push(".");
        name.push(extension);
    }
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::transport::arq::Arq;
    use clap::Parser;

    fn rows(line: &str) -> Result<Vec<Plan>, String> {
        let words = ["sayagain", "bench"].into_iter().chain(line.split_whitespace());
        match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
            Ok(Command::Bench(bench)) => plans(&bench, &LinkConfig::default()),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn labels(line: &str) -> Vec<String> {
        let rows = rows(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        rows.into_iter().map(|plan| plan.label).collect()
    }

    #[test]
    fn every_transport_has_a_row_and_so_has_every_congestion_control() {
        assert_eq!(labels(""), ["udp", "tcp"]);
        assert_eq!(labels("--transport all"), ["raw", "udp", "tcp"]);
        assert_eq!(
            labels("--transport tcp --tcp-cc cubic,bbr,cubic --nagle"),
            ["tcp (cubic, nagle)", "tcp (bbr, nagle)"]
        );
        assert_eq!(labels("--transport udp --arq go-back-n --window 4"), ["udp --arq go-back-n --window 4"]);
    }

    #[test]
    fn a_congestion_control_that_cannot_be_had_is_replaced_by_the_systems_own_once() {
        let rows = rows("--nagle").expect("two rows");
        let [udp, tcp] = rows.as_slice() else { panic!("{rows:?}") };
        let instead = with_what_there_is(tcp).expect("TCP has another");
        assert_eq!(instead.label, "tcp (the system's, nagle)");
        assert_eq!(instead.tcp, TcpTuning { congestion: None, nagle: true });
        assert_eq!((with_what_there_is(udp), with_what_there_is(&instead)), (None, None));
    }

    #[test]
    fn what_is_beside_a_row_stands_in_its_name_and_hears_the_wishes_of_its_kind() {
        assert_eq!(labels("--beside tcp"), ["udp beside tcp", "tcp beside tcp"]);
        assert_eq!(labels("--transport udp --beside tcp --tcp-cc bbr"), ["udp beside tcp (bbr)"]);
        assert_eq!(labels("--transport tcp --beside udp --cc cubic"), ["tcp beside udp --cc cubic"]);
        let rows = rows("--transport udp --beside tcp").expect("good");
        let congestion = |plan: &Plan| plan.tcp.congestion.clone();
        assert_eq!(congestion(&rows[0]).as_deref(), Some("cubic"));
        let instead = with_what_there_is(&rows[0]).expect("TCP has another");
        assert_eq!((instead.label.as_str(), congestion(&instead)), ("udp beside tcp (the system's)", None));
    }

    #[test]
    fn each_row_hears_only_what_is_for_it() {
        let rows = rows("--transport all --arq stop-and-wait --tcp-cc reno").expect("each has a row");
        let told: Vec<_> =
            rows.iter().map(|plan| (plan.choices.arq, plan.tcp.congestion.as_deref())).collect();
        assert_eq!(told, [(Arq::Ours, None), (Arq::StopAndWait, None), (Arq::Ours, Some("reno"))]);
    }

    #[test]
    fn a_wish_that_no_row_would_hear_is_refused() {
        for (line, hint) in [
            ("--transport udp --nagle", "--transport tcp"),
            ("--transport raw --tcp-cc bbr", "--transport tcp"),
            ("--transport tcp --arq go-back-n", "--transport udp"),
            ("--transport raw --cc cubic", "without our layer"),
            ("--transport raw --insecure", "no seal"),
            ("--transport all --handshakes 5", "a server to connect to"),
            ("--transport raw --beside tcp", "a server to connect to"),
            ("--arq go-back-n --cc cubic", "--window N"),
            ("--messages 1000000 --receivers 2", "deliveries"),
        ] {
            let error = rows(line).expect_err(line);
            assert!(error.contains(hint), "{line}: {error}");
        }
    }

    #[test]
    fn one_recording_keeps_its_name_and_several_have_a_name_each() {
        let files = |line: &str| -> Vec<_> {
            let rows = rows(line).expect("good");
            rows.into_iter().filter_map(|plan| Some(plan.pcap?.display().to_string())).collect()
        };
        assert_eq!(files("--transport udp --pcap out/run.pcapng"), ["out/run.pcapng"]);
        assert_eq!(
            files("--tcp-cc bbr --pcap out/run.pcapng"),
            ["out/run-udp.pcapng", "out/run-tcp-bbr.pcapng"]
        );
        assert_eq!(files("--pcap run"), ["run-udp", "run-tcp"]);
    }
}
