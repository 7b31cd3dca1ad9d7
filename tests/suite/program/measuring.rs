//! `bench`: runs from end to end, on plain loopback everywhere, and over the emulated link where the system lets
//! one be set up; and what the command refuses.

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
    rooms: 1,
    handshakes: false,
    patience: Some(Duration::from_mins(1)),
};

fn plan(carried: Carried) -> Plan {
    // What is not said again and has not come after so long never comes.
    let patience = if carried == Carried::Raw { Some(Duration::from_secs(5)) } else { WORKLOAD.patience };
    let workload = Workload { patience, ..WORKLOAD };
    Plan {
        // What every system has, whatever its usual choice is.
        tcp: TcpTuning::default(),
        ..Plan::new(carried, workload, LinkConfig::default())
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

#[test]
fn messages_go_round_the_rooms_and_each_room_has_its_order() {
    for carried in [Carried::Udp, Carried::Tcp] {
        let workload = Workload { rooms: 3, ..plan(carried).workload };
        let run = taken(&Plan { workload, ..plan(carried) });
        assert_eq!((run.delivered(), run.duplicated, run.out_of_order), (80, 0, 0));
        let rooms: Vec<u32> =
            run.fates.iter().filter(|fate| fate.receiver == 1).map(|fate| fate.room).collect();
        assert_eq!((rooms.len(), &rooms[..4]), (40, [0, 1, 2, 0].as_slice()));
    }
}

#[test]
fn clients_that_only_connect_are_measured_one_by_one() {
    for carried in [Carried::Udp, Carried::Tcp] {
        let workload = Workload { messages: 12, receivers: 1, handshakes: true, ..plan(carried).workload };
        let run = take(&Plan { workload, ..plan(carried) }).unwrap_or_else(|stop| panic!("{stop:?}"));
        assert_eq!((run.messages, run.delivered(), run.lost(), run.out_of_order), (12, 12, 0, 0));
        assert!(run.fates.iter().all(|fate| fate.delivered > Some(fate.sent)));
    }
}

#[test]
fn a_transfer_beside_the_messages_is_told_and_costs_them_nothing_but_time() {
    for (carried, beside) in [(Carried::Udp, Carried::Tcp), (Carried::Tcp, Carried::Udp)] {
        // Ours: half a second of messages, in which any machine carries some of the transfer.
        let workload = Workload { interval: Duration::from_millis(12), ..plan(carried).workload };
        let run = taken(&Plan { workload, beside: Some(beside), ..plan(carried) });
        assert_eq!((run.delivered(), run.duplicated, run.out_of_order), (80, 0, 0));
        let told = &run.detail["beside"];
        assert_eq!(told["transport"], beside.word());
        assert!(told["bytes"].as_u64().is_some_and(|bytes| bytes >= 2_000), "{told}");
        assert!(told["ms"].is_u64(), "{told}");
        assert_eq!(told["tcp"].is_object(), beside == Carried::Tcp, "which TCP it was: {told}");
    }
}

#[test]
fn more_than_a_session_can_queue_is_said_and_delivered_all_the_same() {
    let workload =
        Workload { messages: 900, receivers: 1, bytes: 4_000, interval: Duration::ZERO, ..WORKLOAD };
    for carried in [Carried::Udp, Carried::Tcp] {
        let run = take(&Plan { workload, ..plan(carried) }).unwrap_or_else(|stop| panic!("{stop:?}"));
        assert_eq!((run.delivered(), run.duplicated, run.out_of_order), (900, 0, 0));
    }
}

/// Loopback itself loses nothing at this pace; what it did lose would be told as lost.
#[test]
fn a_run_over_udp_alone_tells_each_message_once() {
    let run = taken(&plan(Carried::Raw));
    assert_eq!(run.delivered() + run.lost(), 80);
    assert!(run.delivered() > 0 && run.duplicated == 0, "{run:?}");
}

#[test]
fn a_run_that_is_interrupted_says_so() {
    let (interrupt, program) = (Interrupt::default(), PathBuf::from(env!("CARGO_BIN_EXE_sayagain")));
    let workload = Workload { messages: 100_000, receivers: 1, interval: Duration::from_mins(1), ..WORKLOAD };
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

#[cfg(target_os = "linux")]
mod over_the_link {
    use super::super::harness::{WATCHDOG, terminate, wait};
    use super::*;
    use sayagain::lab::bench::{Fate, MessageFate, Passage};
    use sayagain::lab::link::{Direction, DirectionConfig};
    use serde_json::Value;
    use std::fs;
    use std::path::Path;
    use std::process::Child;
    use std::time::Instant;

    /// Can the link be set up here? If not, the test says aloud that it was skipped.
    fn has_link() -> bool {
        let home = folder();
        let mut command = program(home.path());
        command.args("link --delay 0 -- true :: true".split(' '));
        let (code, _, errors) = run(command);
        if code != Some(0) {
            eprintln!("skipped: no emulated link here: {errors}");
        }
        code == Some(0)
    }

    fn over_link(carried: Carried, way: DirectionConfig) -> Measurement {
        let link = LinkConfig::symmetric(way, 7);
        let plan = Plan { link, want_packets: true, ..plan(carried) };
        let program = PathBuf::from(env!("CARGO_BIN_EXE_sayagain"));
        let run = Launcher::over_link(program, Interrupt::default()).take(&plan);
        run.unwrap_or_else(|stop| panic!("{stop:?}"))
    }

    fn lossy() -> DirectionConfig {
        DirectionConfig { delay: Duration::from_millis(5), loss: 0.1, ..DirectionConfig::default() }
    }

    #[test]
    fn without_our_layer_the_receivers_miss_exactly_what_the_link_dropped() {
        if !has_link() {
            return;
        }
        let run = over_link(Carried::Raw, lossy());
        // RFC 791 §3.1, RFC 768: 20 and 8 bytes of header before the text of a message.
        let is_message = |passage: &&Passage| passage.ip_bytes == WORKLOAD.bytes + 28;
        let dropped = |direction| {
            let way = run.passages.iter().filter(is_message).filter(|it| it.direction == direction);
            way.filter(|it| matches!(it.fate, Fate::Dropped(_))).count() as u64
        };
        assert!(run.lost() > 0, "{run:?}");
        let told = 2 * dropped(Direction::Up) + dropped(Direction::Down);
        // What the emulator itself could not hold is told apart.
        let overload = 2 * (run.link.up.overload + run.link.down.overload);
        assert!((told..=told + overload).contains(&run.lost()), "{told} + {overload}: {run:?}");
        assert!(run.fates.iter().filter_map(MessageFate::latency).min() >= Some(Duration::from_millis(10)));
    }

    #[test]
    fn over_our_layer_and_over_tcp_nothing_is_missing_and_the_link_tells_what_it_saw() {
        if !has_link() {
            return;
        }
        for carried in [Carried::Udp, Carried::Tcp] {
            let run = over_link(carried, lossy());
            assert_eq!((run.delivered(), run.duplicated, run.out_of_order), (80, 0, 0));
            assert_eq!(run.link.options, "--delay 5ms --loss 10% --seed 7");
            let packets =
                |direction| run.passages.iter().filter(|it| it.direction == direction).count() as u64;
            let told = Direction::BOTH.map(|direction| run.link.way(direction).packets);
            assert_eq!(told, Direction::BOTH.map(packets));
            let dropped = run.passages.iter().filter(|it| matches!(it.fate, Fate::Dropped(_))).count() as u64;
            let overload = run.link.up.overload + run.link.down.overload;
            let told = run.link.up.dropped_in_all() + run.link.down.dropped_in_all();
            assert!((told..=told + overload).contains(&dropped), "{told} {overload} {dropped}");
        }
    }

    #[test]
    fn json_has_an_object_for_each_row_and_csv_a_line() {
        if !has_link() {
            return;
        }
        let home = folder();
        let line =
            "bench --messages 5 --interval 1ms --delay 1ms --seed 3 --transport all --tcp-cc reno,nonsense";
        let mut json = program(home.path());
        json.args(line.split(' ')).arg("--json");
        let (code, output, errors) = run(json);
        assert_eq!(code, Some(0), "{errors}");
        let objects = output.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let objects: Vec<Value> = objects.collect();
        let labels: Vec<_> = objects.iter().map(|object| object["label"].as_str().unwrap_or("")).collect();
        assert_eq!(labels, ["raw", "udp", "tcp (reno)"]);
        assert!(objects.iter().all(|object| object["delivered"] == 5 && object["link"]["seed"] == 3));
        assert_eq!(objects[2]["tcp"]["congestion"], "reno");
        assert!(errors.contains("skipped: tcp (nonsense)"), "{errors}");
        let mut csv = program(home.path());
        csv.args(line.split(' ')).arg("--csv");
        assert_eq!(run(csv).1.lines().count(), 4);
    }

    /// Processes whose environment names this folder.
    fn living_in(folder: &Path) -> usize {
        let folder = folder.display().to_string();
        let processes = fs::read_dir("/proc").expect("Linux").flatten();
        let environments = processes.filter_map(|process| fs::read(process.path().join("environ")).ok());
        environments.filter(|bytes| String::from_utf8_lossy(bytes).contains(&folder)).count()
    }

    fn wait_until(what: &str, wanted: impl Fn() -> bool) {
        let began = Instant::now();
        while !wanted() {
            assert!(began.elapsed() < WATCHDOG, "waited in vain until {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn running_bench(home: &Path, temporary: &Path) -> Child {
        let mut command = program(home);
        command.env("TMPDIR", temporary).args("bench --transport udp --interval 1min --delay 1ms".split(' '));
        let bench = command.spawn().expect("it starts");
        // The bench itself, the link and its relay, the server, the clients.
        wait_until("all programs run", || living_in(temporary) >= 5);
        bench
    }

    #[test]
    fn a_bench_that_is_ended_leaves_neither_programs_nor_files() {
        if !has_link() {
            return;
        }
        let (home, temporary) = (folder(), folder());
        let mut bench = running_bench(home.path(), temporary.path());
        terminate(&bench);
        assert_eq!(wait(&mut bench).code(), Some(1));
        wait_until("all programs are gone", || living_in(temporary.path()) == 0);
        let left: Vec<_> = fs::read_dir(temporary.path()).expect("it is there").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn a_bench_that_is_killed_leaves_no_programs() {
        if !has_link() {
            return;
        }
        let (home, temporary) = (folder(), folder());
        let mut bench = running_bench(home.path(), temporary.path());
        bench.kill().expect("it runs");
        wait(&mut bench);
        wait_until("all programs are gone", || living_in(temporary.path()) == 0);
    }
}
