use super::*;
use proptest::prelude::*;

/// Five messages a millisecond apart; the first receiver gets 1, 3, 2, 3 again, the second all in order.
fn account() -> Account {
    let mut account = Account::new(2);
    (0..5).for_each(|n| account.on_sent(at(1_000 * n)));
    for (moment, number) in [(1_500, 1), (3_000, 3), (4_000, 2), (4_500, 3), (9_000, 77), (9_001, 0)] {
        account.on_delivered(0, number, at(moment));
    }
    (1..=5).for_each(|n| account.on_delivered(1, n, at(1_000 * n)));
    account.detail = json!({ "congestion": "cubic" });
    account
}

#[test]
fn each_fate_is_told_once_for_each_receiver() {
    let account = account();
    let fates = account.fates(&Workload::default());
    let told: Vec<_> = fates.iter().map(|fate| (fate.number, fate.receiver)).collect();
    assert_eq!(told[..3], [(1, 0), (1, 1), (2, 0)]);
    let latencies = |receiver| -> Vec<_> {
        let own = fates.iter().filter(|fate| fate.receiver == receiver);
        own.map(|fate| fate.latency().map(|span| span.as_micros())).collect()
    };
    assert_eq!(latencies(0), [Some(1_500), Some(3_000), Some(1_000), None, None]);
    assert_eq!(latencies(1), [Some(1_000); 5]);
    assert_eq!((account.duplicated(), account.out_of_order(&Workload::default())), (1, 1));
    assert_eq!((account.messages(), account.receivers()), (5, 2));
}

#[test]
fn an_account_survives_its_journey() {
    assert_eq!(Account::read(&account().to_json().to_string()), Ok(account()));
}

#[test]
fn a_copy_that_comes_late_is_a_copy_and_not_out_of_order() {
    let mut account = Account::new(1);
    (0..2).for_each(|n| account.on_sent(at(n)));
    for number in [1, 2, 1] {
        account.on_delivered(0, number, at(9));
    }
    assert_eq!((account.duplicated(), account.out_of_order(&Workload::default())), (1, 0));
}

#[test]
fn rooms_and_handshakes_have_no_order_among_each_other() {
    // Rooms one and two in turn: 1 and 3, 2 and 4.
    let mut account = Account::new(1);
    (0..4).for_each(|n| account.on_sent(at(n)));
    for number in [2, 4, 3, 1] {
        account.on_delivered(0, number, at(9));
    }
    let out_of_order =
        |rooms, handshakes| account.out_of_order(&Workload { rooms, handshakes, ..Workload::default() });
    assert_eq!([out_of_order(1, false), out_of_order(2, false), out_of_order(1, true)], [2, 1, 0]);
    let rooms = account.fates(&Workload { rooms: 2, ..Workload::default() }).into_iter().map(|it| it.room);
    assert_eq!(rooms.collect::<Vec<_>>(), [0, 1, 0, 1]);
}

#[test]
fn what_is_no_account_is_refused() {
    for (text, hint) in [
        ("{}", "`sent_us` is missing"),
        (r#"{"sent_us":[1],"receivers":[]}"#, "`detail`"),
        (r#"{"sent_us":["x"],"receivers":[],"detail":null}"#, "`sent_us`"),
        (r#"{"sent_us":[1],"receivers":[5],"detail":null}"#, "each is a list"),
        (r#"{"sent_us":[1],"receivers":[[[1]]],"detail":null}"#, "two whole numbers"),
        (r#"{"sent_us":[1],"receivers":[[[1,-2]]],"detail":null}"#, "two whole numbers"),
    ] {
        let error = Account::read(text).expect_err(text);
        assert!(error.contains(hint), "{text}: {error}");
    }
}

#[test]
fn messages_receivers_and_copies_have_a_bound() {
    let mut account = Account::new(u32::MAX);
    (0..=Workload::MESSAGES_MAX).for_each(|n| account.on_sent(at(n)));
    assert_eq!((account.messages(), account.receivers()), (Workload::MESSAGES_MAX, Workload::RECEIVERS_MAX));
    let many = |count: usize| {
        let lists = vec!["[]"; count].join(",");
        Account::read(&format!(r#"{{"sent_us":[],"receivers":[{lists}],"detail":null}}"#))
    };
    let most = Workload::RECEIVERS_MAX as usize;
    assert!(many(most).is_ok() && many(most + 1).is_err_and(|error| error.contains("receivers")));
    let mut account = Account::new(1);
    account.on_sent(at(0));
    (0..10).for_each(|n| account.on_delivered(0, 1, at(n)));
    assert_eq!(account.duplicated(), COPIES_MAX as u64 - 1);
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "\\PC*", from in 0..200_usize, length in 0..30_usize) {
        let _ = Account::read(&text);
        let mut broken = account().to_json().to_string();
        let end = (from + length).min(broken.len());
        broken.replace_range(from.min(end)..end, "");
        let _ = Account::read(&broken);
    }
}
