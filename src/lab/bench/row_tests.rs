use super::*;
use crate::lab::bench::MessageFate;
use crate::time::at;

fn way(packets: u64, lateness_us: u64) -> WayReport {
    WayReport {
        packets,
        bytes: packets * 100,
        dropped: vec![("loss".to_owned(), 3), ("queue".to_owned(), 1)],
        overload: 0,
        lateness_p50: Duration::from_micros(7),
        lateness_p99: Duration::from_micros(lateness_us),
    }
}

/// Ten messages to two receivers, latencies 1 ms to 10 ms; the second misses the last one.
fn run(carried: Carried) -> Measurement {
    let fate = |number: u64, receiver: u32| MessageFate {
        number,
        receiver,
        room: 0,
        sent: at(1_000),
        delivered: (number < 10 || receiver == 0).then(|| at(1_000 + 1_000 * number)),
    };
    Measurement {
        carried,
        label: "udp --arq go-back-n, \"8\"".to_owned(),
        model: false,
        command: "sayagain bench".to_owned(),
        messages: 10,
        receivers: 2,
        fates: (1..=10).flat_map(|number| [fate(number, 0), fate(number, 1)]).collect(),
        duplicated: 4,
        out_of_order: 5,
        link: LinkReport {
            options: "--delay 25ms".to_owned(),
            seed: 7,
            start: None,
            up: way(30, 60),
            down: way(40, 900),
        },
        detail: json!({ "congestion": "cubic" }),
        passages: Vec::new(),
        departures: crate::lab::bench::Departures::default(),
    }
}

#[test]
fn the_object_has_the_members_that_scripts_rely_on() {
    let object = object(&run(Carried::Tcp));
    assert_eq!(object["transport"], "tcp");
    let counts = ["messages", "delivered", "lost", "duplicated", "out_of_order"];
    assert_eq!(counts.map(|name| object[name].as_u64()), [10, 19, 1, 4, 5].map(Some));
    assert_eq!(
        object["latency_ms"],
        json!({ "min": 1.0, "p50": 5.0, "p90": 9.0, "p99": 10.0, "p999": 10.0, "max": 10.0 })
    );
    assert_eq!(object["wire"]["datagrams"], json!({ "up": 30, "down": 40 }));
    assert_eq!(object["wire"]["bytes"], json!({ "up": 3_000, "down": 4_000 }));
    assert_eq!(object["wire"]["dropped"], json!({ "up": 4, "down": 4 }));
    assert_eq!(object["wire"]["dropped_by"]["up"], json!({ "loss": 3, "queue": 1 }));
    assert_eq!(object["link"]["options"], "--delay 25ms");
    assert_eq!(object["link"]["seed"], 7);
    assert_eq!(object["link"]["lateness_ms"]["down"], json!({ "p50": 0.007, "p99": 0.9 }));
    assert_eq!((&object["fit"], &object["tcp"]), (&json!(true), &json!({ "congestion": "cubic" })));
}

#[test]
fn a_span_has_no_more_digits_than_were_measured() {
    for micros in [100_629, 45, 173, 140_459, 1, 70] {
        let text = millis(Duration::from_micros(micros)).to_string();
        assert!(text.split('.').next_back().is_some_and(|digits| digits.len() <= 3), "{text}");
    }
}

#[test]
fn the_counters_stand_under_the_name_of_their_transport() {
    let udp = object(&run(Carried::Udp));
    assert!(udp["udp"].is_object() && udp.get("tcp").is_none());
    let raw = object(&run(Carried::Raw));
    assert!(raw.get("udp").is_none() && raw.get("tcp").is_none() && raw.get("raw").is_none());
}

#[test]
fn of_what_never_arrived_there_is_no_latency() {
    let none = Measurement { fates: Vec::new(), ..run(Carried::Raw) };
    assert_eq!(object(&none)["latency_ms"]["p50"], Value::Null);
    assert!(csv(&[none]).lines().nth(1).is_some_and(|line| line.contains(",,,,,,")));
}

#[test]
fn a_late_emulator_spoils_the_run_and_its_row_says_so() {
    let mut late = run(Carried::Udp);
    late.link.down.lateness_p99 = Duration::from_micros(1_001);
    assert_eq!(object(&late)["fit"], json!(false));
    assert!(csv(&[late]).contains(",1.001,false,7,"));
}

#[test]
fn a_line_of_csv_has_a_cell_under_every_name_and_quotes_what_needs_it() {
    let text = csv(&[run(Carried::Udp)]);
    let (names, line) = text.split_once('\n').expect("two lines");
    assert_eq!(names.split(',').count(), COLUMNS.len());
    let rest = line.strip_prefix("udp,\"udp --arq go-back-n, \"\"8\"\"\",").expect(line);
    assert_eq!(rest.trim_end().split(',').count(), COLUMNS.len() - 2);
    assert!(
        line.contains(
            "10,2,19,1,4,5,1.000,5.000,9.000,10.000,10.000,10.000,30,40,3000,4000,4,4,0.900,true,7,"
        )
    );
}
