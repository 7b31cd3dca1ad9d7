//! `bench`: a run from end to end on plain loopback, without a link, and what the command refuses.

use super::harness::{folder, program, run};
use sayagain::cli::bench::interrupt::Interrupt;
use sayagain::cli::bench::{Launcher, Plan};
use sayagain::cli::exit::{Exit, Stop};
use sayagain::lab::bench::{Carried, Measurement, Workload};
use sayagain::lab::link::LinkConfig;
use sayagain::shell::tcp_tuning::TcpTuning;
use std::path::PathBuf;
use std::time::Duration;

const WORKLOAD: Workload = Workload {
    messages: 40,
    interval: Duration::from_millis(2),
    bytes: 100,
    receivers: 2,
    patience: Duration::from_secs(60),
};

fn plan(carried: Carried) -> Plan {
    Plan {
        // What every system has, whatever its usual choice is.
        tcp: TcpTuning::default(),
        ..Plan::new(carried, WORKLOAD, LinkConfig::default())
    }
}

fn take(plan: &Plan) -> Result<Measurement, Stop> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sayagain"));
    Launcher::on_loopback(program, Interrupt::default()).take(plan)
}

fn taken(plan: &Plan) -> Measurement {
    let run = take(plan).unwrap_or_else(|stop| panic!("{stop:?}"));
    assert_eq!((run.messages, run.receivers, run.fates.len()), (40, 2, 80));
    assert!(run.fates.iter().all(|fate| fate.delivered.is_none_or(|delivered| delivered >= fate.sent)));
    run
}

#[test]
fn a_run_over_our_layer_delivers_everything_once_and_in_order_to_every_receiver() {
    let run = taken(&plan(Carried::Udp));
    assert_eq!((run.delivered(), run.duplicated, run.out_of_order), (80, 0, 0));
    assert!(run.detail["sent"].as_u64().is_some_and(|sent| sent >= 40), "{}", run.detail);
    assert!(run.detail.get("event").is_none(), "{}", run.detail);
}

#[test]
fn a_run_over_tcp_delivers_everything_and_tells_what_is_in_force() {
    for nagle in [false, true] {
        let tcp = TcpTuning { congestion: None, nagle };
        let run = taken(&Plan { tcp, insecure: nagle, ..plan(Carried::Tcp) });
        assert_eq!((run.delivered(), run.duplicated, run.out_of_order), (80, 0, 0));
        assert_eq!(run.detail["nagle"], nagle);
        assert_eq!(run.detail["congestion"].is_string(), cfg!(target_os = "linux"));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_congestion_control_that_was_asked_for_is_the_one_in_force() {
    let tcp = TcpTuning { congestion: Some("reno".to_owned()), nagle: false };
    assert_eq!(taken(&Plan { tcp, ..plan(Carried::Tcp) }).detail["congestion"], "reno");
}

#[test]
fn a_congestion_control_that_the_kernel_lacks_is_no_failure_but_a_row_left_out() {
    let tcp = TcpTuning { congestion: Some("nonsense".to_owned()), nagle: false };
    let stop = take(&Plan { tcp, ..plan(Carried::Tcp) }).expect_err("no kernel has it");
    assert_eq!(stop.exit, Exit::Unavailable, "{stop:?}");
}

/// Loopback itself loses nothing at this pace; what it did lose would be told as lost.
#[test]
fn a_run_over_udp_alone_tells_each_message_once() {
    let run = taken(&plan(Carried::Raw));
    assert_eq!(run.delivered() + run.lost(), 80);
    assert!(run.delivered() > 0 && run.duplicated == 0, "{run:?}");
}

#[test]
fn a_run_that_is_interrupted_ends_with_all_that_it_started() {
    let (interrupt, program) = (Interrupt::default(), PathBuf::from(env!("CARGO_BIN_EXE_sayagain")));
    let workload =
        Workload { messages: 100_000, receivers: 1, interval: Duration::from_secs(60), ..WORKLOAD };
    let long = Plan { workload, ..plan(Carried::Udp) };
    let launcher = Launcher::on_loopback(program, interrupt.clone());
    let run = std::thread::spawn(move || launcher.take(&long));
    std::thread::sleep(Duration::from_millis(300));
    interrupt.set();
    let stop = run.join().expect("no panic").expect_err("nobody waits for two months");
    assert_eq!(stop, Stop::failed("interrupted"));
}

#[test]
fn a_wish_that_no_row_would_hear_ends_with_2_and_what_to_do() {
    let home = folder();
    for (line, hint) in [
        ("--transport udp --nagle", "--transport tcp"),
        ("--transport tcp --cc cubic", "--transport udp"),
        ("--messages 1000000 --receivers 2", "deliveries"),
    ] {
        let mut command = program(home.path());
        command.arg("bench").args(line.split(' '));
        let (code, output, errors) = run(command);
        assert_eq!(code, Some(2), "{line}: {errors}");
        assert!(output.is_empty() && errors.contains(hint), "{line}: {errors}");
    }
}
