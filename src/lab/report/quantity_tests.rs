use super::super::made_up::run;
use super::super::matrix::Matrix;
use super::super::scenario::Scenario;
use super::*;

#[test]
fn each_number_is_what_its_words_say() {
    // Four messages each 20 ms: 50, 60 and 200 ms, and one that never arrived.
    let run = run("udp", &[Some(50), Some(60), None, Some(200)]);
    let wanted = Matrix::usual().wanted().swap_remove(0);
    let told = |quantity: Quantity| quantity.of(&run, &wanted);
    assert_eq!((told(Quantity::P50), told(Quantity::Max)), (Some(60.0), Some(200.0)));
    assert_eq!((told(Quantity::Missing), told(Quantity::Late)), (Some(25.0), Some(25.0)));
    // 300 bytes in 60 + 200 ms.
    assert!(told(Quantity::Goodput).is_some_and(|it| (it - 0.3 / 0.26).abs() < 1e-9));
    assert_eq!((told(Quantity::Packets), told(Quantity::Dropped)), (Some(30.0), Some(3.0)));
    assert_eq!(told(Quantity::Overhead), Some(10.0));
}

#[test]
fn of_a_run_in_which_nothing_arrived_no_latency_is_told() {
    let run = run("raw", &[None, None]);
    let wanted = Matrix::usual().wanted().swap_remove(0);
    assert_eq!(Quantity::Missing.of(&run, &wanted), Some(100.0));
    for quantity in [Quantity::P50, Quantity::Late, Quantity::Goodput, Quantity::Overhead] {
        assert_eq!(quantity.of(&run, &wanted), None, "{quantity:?}");
    }
}

/// Messages each 20 ms in two rooms in turn.
fn in_two_rooms(latencies: &[Option<u64>]) -> Measurement {
    let mut run = run("udp", latencies);
    run.fates.iter_mut().for_each(|fate| fate.room = u32::from(fate.number % 2 == 0));
    run
}

#[test]
fn who_waits_for_another_rooms_packet_is_late_elsewhere() {
    // The second is lost and comes after 200 ms; all that follow wait for it.
    let stream = [50, 200, 180, 160, 140, 120, 50].map(Some);
    assert_eq!(elsewhere(&in_two_rooms(&stream)), 2, "the third and the fifth");
    // Only its own room waits.
    let rooms = [50, 200, 50, 160, 50, 120, 50].map(Some);
    assert_eq!(elsewhere(&in_two_rooms(&rooms)), 0);
    // A loss of the other room, long after, is a wait of its own.
    let apart = [Some(50), Some(120), Some(50), Some(50), Some(50), Some(50), Some(50), Some(50), Some(130)];
    assert_eq!(elsewhere(&in_two_rooms(&apart)), 0);
}

#[test]
fn what_is_beside_the_messages_has_its_share() {
    let mut wanted = Matrix::usual().wanted().swap_remove(0);
    wanted.workload.bytes = 1_000;
    // 2,000 bytes in 60 ms + 20 ms.
    let mut run = run("udp", &[Some(50), Some(60)]);
    assert_eq!((Quantity::Beside.of(&run, &wanted), Quantity::Share.of(&run, &wanted)), (None, None));
    run.detail = serde_json::json!({ "beside": { "transport": "tcp", "bytes": 6_000, "ms": 80 } });
    assert_eq!(Quantity::Beside.of(&run, &wanted), Some(75.0));
    assert!(Quantity::Share.of(&run, &wanted).is_some_and(|share| (share - 25.0).abs() < 1e-9));
}

#[test]
fn the_book_speaks_of_bulk_over_a_line_and_of_nothing_else() {
    let arq = "arq".parse::<Scenario>().expect("it is one").matrix();
    let told = |row: &str, loss: f64| {
        let of = |run: &Wanted| run.row.word() == row && (run.config.up.loss - loss).abs() < 1e-9;
        let wanted = arq.wanted().into_iter().find(of).expect(row);
        Quantity::ByTheBook.of(&run(row, &[Some(50)]), &wanted).expect("a formula")
    };
    // A packet of 1,100 bytes each 50 ms and the time that it takes to be sent.
    assert!((20.5..21.5).contains(&told("udp:stop-and-wait", 0.0)), "{}", told("udp:stop-and-wait", 0.0));
    let ratio = told("udp:selective-repeat", 0.0) / told("udp:stop-and-wait", 0.0);
    assert!((ratio - 8.0).abs() < 0.01, "{ratio}");
    assert!(told("udp:go-back-n", 0.1) < told("udp:selective-repeat", 0.1));
    let chat = Matrix::usual().wanted().swap_remove(1);
    assert_eq!(Quantity::ByTheBook.of(&run("udp", &[Some(50)]), &chat), None);
}

#[test]
fn of_handshakes_no_goodput_is_told() {
    let mut wanted = Matrix::usual().wanted().swap_remove(0);
    wanted.workload.handshakes = true;
    let run = run("udp", &[Some(50), Some(60)]);
    for quantity in [Quantity::Goodput, Quantity::Overhead, Quantity::Elsewhere] {
        assert_eq!(quantity.of(&run, &wanted), None, "{quantity:?}");
    }
}

#[test]
fn each_has_a_head_and_a_member_of_its_own() {
    let distinct = |name: fn(Quantity) -> &'static str| {
        Quantity::ALL.map(name).into_iter().collect::<std::collections::BTreeSet<_>>().len()
    };
    let count = Quantity::ALL.len();
    assert_eq!(
        [distinct(Quantity::head), distinct(Quantity::head_with_unit), distinct(Quantity::member)],
        [count; 3]
    );
    assert!((0..).zip(Quantity::ALL).all(|(place, quantity)| quantity as usize == place));
}
