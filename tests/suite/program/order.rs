//! How order is kept among people who run the real program.

use super::harness::{Client, Server, folder, program, run};
use serde_json::Value;

fn done(client: &mut Client, line: u64, typed: &str) {
    client.say(typed);
    let outcome = client.wait(typed, |event| event["line"] == line);
    assert_eq!(outcome["event"], "done", "{typed}: {outcome}");
}

#[test]
fn whoever_runs_the_server_names_a_moderator_who_mutes_and_bans_over_a_restart() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let address = server.address;
    let mut boss = Client::at(home.path(), address, &["--name", "boss"]);
    assert_eq!(boss.wait_event("role")["role"], "owner");
    let mut ann = Client::person(address, "ann", &[]);
    let bob_home = folder();
    let mut bob = Client::at(bob_home.path(), address, &["--name", "bob"]);
    ann.wait_joined();
    bob.wait_joined();
    ann.say("/mute bob");
    assert_eq!(ann.wait("a refusal", |event| event["line"] == 1)["code"], "not-allowed");
    done(&mut boss, 1, "/op ann");
    assert_eq!(ann.wait_event("role")["role"], "moderator");
    done(&mut ann, 2, "/mute bob 10m too loud");
    bob.wait_text("ann muted bob for 10 min: too loud");
    bob.say("hello?");
    let refused = bob.wait("a refusal", |event| event["line"] == 1);
    assert_eq!((&refused["event"], &refused["code"]), (&Value::from("error"), &Value::from("muted")));
    done(&mut ann, 3, "/topic exams");
    assert_eq!(bob.wait_event("topic")["topic"], "exams");
    done(&mut ann, 4, "/ban bob");
    assert_eq!(bob.exit_code(), Some(4));
    assert_eq!(bob.wait("the reason", |event| event["code"] == "banned")["event"], "error");
    boss.wait_text("ann banned bob");
    server.kill();

    let server = Server::start(home.path(), &address.to_string(), &[]);
    let mut command = program(bob_home.path());
    command.args(["chat", &address.to_string(), "--name", "somebody"]);
    let (code, _, errors) = run(command);
    assert_eq!(code, Some(4), "{errors}");
    assert!(errors.contains("you are banned by ann"), "{errors}");
    ann.wait("a second session", |event| event["event"] == "reconnecting");
    done(&mut ann, 5, "/unban bob");
    ann.say("/audit");
    let log = ann.wait_event("audit");
    let deeds: Vec<&str> =
        log["entries"].as_array().expect("a list").iter().filter_map(|it| it["deed"].as_str()).collect();
    let expected = [
        "made ann a moderator",
        "muted bob for 10 min: too loud",
        "set the topic of lobby: exams",
        "banned bob",
        "lifted the ban of bob",
    ];
    assert_eq!(deeds, expected);
    let bob = Client::at(bob_home.path(), address, &["--name", "bob"]);
    bob.wait_joined();
    drop(server);
}

#[test]
fn a_pipe_at_a_server_that_lets_little_through_takes_longer_and_loses_nothing() {
    let home = folder();
    let server = Server::anywhere(home.path(), &["--quota", "50", "--ephemeral"]);
    let listener = Client::person(server.address, "ann", &[]);
    listener.wait_joined();
    let mut pipe = Client::person(server.address, "pipe", &[]);
    for number in 1..=700 {
        pipe.say(&format!("line {number}"));
    }
    pipe.end_input();
    assert_eq!(pipe.exit_code(), Some(0), "{:?}", pipe.errors.all());
    listener.wait_text("line 700");
    let said = listener.events().iter().filter(|event| event["event"] == "message").count();
    assert_eq!(said, 700);
}
