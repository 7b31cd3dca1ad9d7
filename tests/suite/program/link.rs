//! The emulated link below IP, with real programs at its ends. Where the system lets nobody make one, these
//! say so.

use super::harness::{folder, program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// `sayagain link` with these options, and a shell's command at each end; `$PROGRAM` is the program.
fn command(home: &Path, options: &str, server: &str, client: &str) -> Command {
    let mut command = program(home);
    command.env("PROGRAM", env!("CARGO_BIN_EXE_sayagain")).arg("link").args(options.split_whitespace());
    command.args(["--", "sh", "-c", server, "::", "sh", "-c", client]);
    command
}

fn run(home: &Path, options: &str, server: &str, client: &str) -> Output {
    command(home, options, server, client).output().expect("it starts")
}

/// Can a link be set up here? If not, this says that the test is skipped.
fn can_link(test: &str) -> bool {
    let folder = folder();
    let output = run(folder.path(), "", "sleep 9", "true");
    let refused = output.status.code() != Some(0);
    if refused {
        eprintln!("skipped: {test}: {}", String::from_utf8_lossy(&output.stderr));
    }
    !refused
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn lines_of(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

const SERVE: &str = "exec $PROGRAM serve --ephemeral -q";

/// Ann says 30 things, 20 ms apart.
fn talk(transport: &str, host: &str) -> String {
    long_talk(30, transport, host)
}

fn long_talk(lines: u32, transport: &str, host: &str) -> String {
    let lines = format!("for i in $(seq {lines}); do echo hello $i; sleep 0.02; done");
    format!("({lines}) | $PROGRAM chat {host} --name ann --transport {transport} --json")
}

#[test]
fn the_exit_code_is_the_clients_or_that_of_a_server_that_failed_first() {
    if !can_link("exit codes") {
        return;
    }
    let folder = folder();
    let code = |server, client| run(folder.path(), "", server, client).status.code();
    assert_eq!(code("sleep 60", "exit 7"), Some(7));
    assert_eq!(code("exit 5", "sleep 60"), Some(5));
    assert_eq!(code("exit 0", "sleep 0.5; exit 3"), Some(3));
    assert_eq!(code("sleep 60", "kill -9 $$"), Some(137));
}

#[test]
fn output_and_input_are_passed_on() {
    if !can_link("output") {
        return;
    }
    let folder = folder();
    let client = "read word; echo client heard $word; echo aside >&2";
    let mut child = command(folder.path(), "", "echo server here; sleep 60", client)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("an input"), b"hello\n").expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    let said = text(&output.stdout);
    assert!(said.contains("server here") && said.contains("client heard hello"), "{said}");
    assert!(text(&output.stderr).contains("aside") && text(&output.stderr).contains("link up"));
}

#[test]
fn a_command_that_cannot_be_started_is_named() {
    if !can_link("errors") {
        return;
    }
    let folder = folder();
    let output = program(folder.path())
        .args(["link", "--", "no-such-program", "::", "true"])
        .output()
        .expect("it starts");
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("cannot start no-such-program"), "{}", text(&output.stderr));
}

/// A process that nobody else starts: a sleep of a length of its own.
fn sleeper(mark: u32) -> String {
    format!("sleep 86{mark}.{}", std::process::id())
}

fn is_alive(sleeper: &str) -> bool {
    let wanted: Vec<u8> = sleeper.replace(' ', "\0").into_bytes();
    let processes = fs::read_dir("/proc").expect("Linux lists its processes").flatten();
    processes
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .any(|line| line.strip_suffix(b"\0").unwrap_or(&line) == wanted)
}

fn wait_until(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < super::harness::WATCHDOG, "waited in vain until {what}");
        sleep(Duration::from_millis(10));
    }
}

fn running_pair(home: &Path, server: &str, client: &str) -> Child {
    let (server_line, client_line) = (format!("exec {server}"), format!("exec {client}"));
    let child = command(home, "", &server_line, &client_line).spawn().expect("it starts");
    wait_until("both run", || is_alive(server) && is_alive(client));
    child
}

#[test]
fn a_killed_link_leaves_nothing_behind() {
    if !can_link("a killed link") {
        return;
    }
    let folder = folder();
    for (mark, signal) in [(10, "KILL"), (20, "TERM"), (30, "INT")] {
        let (server, client) = (sleeper(mark), sleeper(mark + 1));
        let mut link = running_pair(folder.path(), &server, &client);
        Command::new("kill").args(["-s", signal, &link.id().to_string()]).status().expect("kill");
        link.wait().expect("it ends");
        wait_until(&format!("nothing is left after {signal}"), || !is_alive(&server) && !is_alive(&client));
    }
}

#[test]
fn a_killed_child_and_a_grandchild_that_ran_away_leave_nothing_behind() {
    if !can_link("a daemon") {
        return;
    }
    let folder = folder();
    let (server, runaway) = (sleeper(40), sleeper(41));
    let client = format!("setsid {runaway} >/dev/null 2>&1 </dev/null & sleep 0.2; kill -9 $$");
    let output =
        run(folder.path(), "", &format!("setsid {server} >/dev/null 2>&1 </dev/null & sleep 60"), &client);
    assert_eq!(output.status.code(), Some(137));
    wait_until("nothing is left", || !is_alive(&server) && !is_alive(&runaway));
}

#[test]
fn an_ordinary_user_needs_no_root() {
    if !can_link("an ordinary user") {
        return;
    }
    let folder = folder();
    let copy = folder.path().join("sayagain");
    fs::copy(env!("CARGO_BIN_EXE_sayagain"), &copy).expect("a copy");
    for path in [folder.path(), &copy] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("readable by all");
    }
    // Nobody is 65534 on every Linux; only root may become it, and anybody else is ordinary already.
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = Command::new(&copy);
    command.args(["link", "--delay", "1ms", "--", "sleep", "60", "::", "sh", "-c", "id -u"]);
    if is_root {
        command.uid(65_534).gid(65_534).current_dir("/");
    }
    let output = command.output().expect("it starts");
    if is_root && text(&output.stderr).contains("user namespace") {
        eprintln!("skipped: an ordinary user: {}", text(&output.stderr));
        return;
    }
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!is_root || text(&output.stdout).contains("65534"), "the program runs as the user");
}

#[test]
fn a_chat_over_the_lossy_link_is_whole_over_both_transports_and_both_versions_of_ip() {
    if !can_link("a chat") {
        return;
    }
    let folder = folder();
    for (transport, host) in
        [("udp", "10.77.0.2"), ("tcp", "10.77.0.2"), ("udp", "[fd77::2]:4747"), ("tcp", "[fd77::2]:4747")]
    {
        let output = run(folder.path(), "--delay 5ms --loss 10% --seed 4", SERVE, &talk(transport, host));
        let said = text(&output.stdout);
        let accepted = said.lines().filter(|line| line.contains(r#""event":"accepted""#)).count();
        assert_eq!((output.status.code(), accepted), (Some(0), 30), "{transport} {host}: {said}");
        assert!(text(&output.stderr).contains("loss"), "the link lost something");
    }
}

type Fates = BTreeMap<(String, u64), Option<String>>;

/// (way, number) → dropped by what.
fn fates(packets: &[Value]) -> Fates {
    let fate = |line: &Value| {
        let key =
            (line["way"].as_str().expect("a way").to_owned(), line["number"].as_u64().expect("a number"));
        (key, line["dropped"].as_str().map(str::to_owned))
    };
    packets.iter().map(fate).collect()
}

fn packets_of(home: &Path, options: &str, transport: &str) -> (Vec<Value>, Value) {
    packets_of_talk(home, options, &talk(transport, "10.77.0.2"))
}

fn packets_of_talk(home: &Path, options: &str, talk: &str) -> (Vec<Value>, Value) {
    let (packets, report) = (home.join("packets"), home.join("report"));
    let options = format!("{options} --packets {} --report {}", packets.display(), report.display());
    let output = run(home, &options, SERVE, talk);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    (lines_of(&packets), lines_of(&report).remove(0))
}

#[test]
fn the_kth_packet_of_a_direction_meets_the_same_fate_over_udp_and_over_tcp() {
    if !can_link("fates") {
        return;
    }
    let folder = folder();
    let options = "--delay 5ms --loss 20% --burst 3 --seed 11";
    let [udp, tcp] = ["udp", "tcp"].map(|transport| fates(&packets_of(folder.path(), options, transport).0));
    let both: Vec<_> = udp.keys().filter(|key| tcp.contains_key(*key)).collect();
    let dropped = both.iter().filter(|key| udp[**key].is_some()).count();
    assert!(both.len() > 60 && dropped > 5, "{} packets, {dropped} dropped", both.len());
    assert!(both.into_iter().all(|key| udp[key] == tcp[key]));
}

#[test]
fn outages_fall_at_the_same_instants_whatever_the_transport() {
    if !can_link("outages") {
        return;
    }
    let folder = folder();
    for transport in ["udp", "tcp"] {
        // Five seconds of talk meet the outage even if she starts three seconds late.
        let talk = long_talk(250, transport, "10.77.0.2");
        let (packets, report) = packets_of_talk(folder.path(), "--delay 5ms --outage 1s+3s", &talk);
        let start = report["start_us"].as_u64().expect("when the link started");
        let in_outage =
            |line: &&Value| (1_000_000..4_000_000).contains(&(line["at_us"].as_u64().unwrap() - start));
        let (inside, outside): (Vec<_>, Vec<_>) = packets.iter().partition(in_outage);
        assert!(!inside.is_empty() && inside.iter().all(|line| line["dropped"] == "outage"), "{transport}");
        assert!(outside.iter().all(|line| line.get("dropped").is_none()), "{transport}");
    }
}

#[test]
fn the_report_and_the_list_of_packets_agree() {
    if !can_link("the report") {
        return;
    }
    let folder = folder();
    let capture = folder.path().join("run.pcapng");
    let options = format!("--delay 5ms --loss 10% --seed 5 --pcap {}", capture.display());
    let (packets, report) = packets_of(folder.path(), &options, "udp");
    for way in ["up", "down"] {
        let of_way = || packets.iter().filter(|line| line["way"] == way);
        let bytes: u64 = of_way().filter_map(|line| line["bytes"].as_u64()).sum();
        let dropped = of_way().filter(|line| line["dropped"] == "loss").count();
        assert_eq!(report[way]["packets"], of_way().count(), "{way}");
        assert_eq!(
            (&report[way]["bytes"], &report[way]["dropped"]["loss"]),
            (&bytes.into(), &dropped.into())
        );
        assert!(report[way]["lateness_us"]["p99"].is_u64());
    }
    assert!(text(&run(folder.path(), "--pcap /dev/full", "sleep 60", "true").stderr).contains("not whole"));
    assert_eq!(report["options"], "--delay 5ms --loss 10% --seed 5");
    let capture = fs::read(capture).expect("it was written");
    assert_eq!(capture[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
    assert!(capture.windows(25).any(|window| window == b"dropped by the link: loss"));
}

#[test]
fn after_a_change_of_address_udp_goes_on_and_tcp_has_to_begin_anew() {
    if !can_link("a change of address") {
        return;
    }
    let folder = folder();
    let connections = |transport| {
        // Whenever she gets in, at least one change comes after it.
        let talk = long_talk(200, transport, "10.77.0.2");
        let output = run(folder.path(), "--delay 5ms --rebind addr@1s/2s", SERVE, &talk);
        let said = text(&output.stdout);
        let accepted = said.lines().filter(|line| line.contains(r#""event":"accepted""#)).count();
        assert_eq!((output.status.code(), accepted), (Some(0), 200), "{said}{}", text(&output.stderr));
        said.lines().filter(|line| line.contains(r#""event":"connected""#)).count()
    };
    assert_eq!(connections("udp"), 1);
    assert!(connections("tcp") > 1);
}

#[test]
fn segments_and_datagrams_in_the_clear_are_dropped_by_name() {
    if !can_link("drops by name") {
        return;
    }
    let folder = folder();
    let (packets, _) = packets_of(folder.path(), "--delay 5ms --drop client:syn#1", "tcp");
    let dropped: Vec<_> = packets.iter().filter(|line| line.get("dropped").is_some()).collect();
    assert!(
        dropped.len() == 1 && dropped[0]["number"] == 1 && dropped[0]["dropped"] == "named",
        "{dropped:?}"
    );
    let list = folder.path().join("clear");
    let options = format!("--delay 5ms --drop server:ack#2 --packets {}", list.display());
    let talk = talk("udp", "10.77.0.2").replace("--json", "--json --insecure");
    let output = run(folder.path(), &options, &format!("{SERVE} --insecure"), &talk);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let dropped = lines_of(&list).iter().filter(|line| line["dropped"] == "named").count();
    assert_eq!(dropped, 1);
}
