//! The client in a real terminal, as a person has it: what it shows, and what it leaves behind.

use super::harness::{Client, Server, WATCHDOG, folder};
use super::tmux::Window;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Text, completion, scrolling, search, a paste, and the overlays.
#[test]
fn a_person_types_completes_scrolls_searches_pastes_and_reads_help() {
    let Some(window) = Window::open("a_person_types…", 100, 30) else { return };
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut bob = Client::person(server.address, "bob", &[]);
    bob.wait_joined();
    window.chat(server.address, "ann", "");
    window.wait_for("● connected");

    window.say("hello, bob");
    window.press("Enter");
    window.wait_accepted("hello, bob");
    bob.wait_text("hello, bob");

    window.say("bo");
    window.press("Tab");
    window.wait_typed("lobby> bob:");
    window.press("C-c");
    window.wait_typed("lobby> type a message");

    (1..=60).for_each(|n| bob.say(&format!("number {n}")));
    window.wait_for("bob: number 60");
    window.press("PPage");
    window.wait_for("reading older messages");
    // The wheel, towards oneself, as a terminal reports it.
    (0..20).for_each(|_| window.say("\x1b[<65;40;5M"));
    window.wait_without("reading older messages");

    window.press("C-f");
    window.say("number 7");
    window.wait_for("1 of 1;");
    window.wait_for("bob: number 7");
    window.press("Escape");
    window.wait_typed("lobby> type a message");

    window.paste("one\ntwo\nthree");
    window.wait_for("3 lines: Enter sends them as one message");
    window.press("Enter");
    bob.wait_text("one\ntwo\nthree");

    window.press("F1");
    window.wait_for("Up, Down, PgUp, PgDn turn the page");
    window.press("Escape");
    window.wait_without("turn the page");
}

/// Resizing, the ladder, rooms; and what is left behind.
#[test]
fn a_person_resizes_opens_the_ladder_turns_to_rooms_and_leaves_a_terminal_as_it_was() {
    let Some(window) = Window::open("a_person_resizes…", 100, 30) else { return };
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    window.chat(server.address, "ann", "");
    window.wait_for("● connected");
    window.say("hello");
    window.press("Enter");
    window.wait_accepted("hello");

    window.press("F2");
    window.wait_for("── ladder, live");
    let wide = window.wait_for("acknowledged:");
    assert!(wide.iter().any(|row| row.contains("ROOMS")), "beside the chat: {wide:#?}");
    window.resize(60, 15);
    let low = window.wait("the ladder alone", |rows| rows[0].starts_with("── ladder, live"));
    assert!(low.len() <= 15 && low.iter().all(|row| row.chars().count() <= 60), "{low:#?}");
    window.press("F2");
    window.wait("the rooms in one row", |rows| rows[0].starts_with(" 1 lobby"));
    window.resize(100, 30);
    let wide = window.wait_for("ROOMS");
    assert!(wide.iter().any(|row| row.contains("ann: hello")), "{wide:#?}");

    window.say("/join lab");
    window.press("Enter");
    window.wait_typed("lab>");
    for (key, prompt) in [("M-1", "lobby>"), ("M-2", "lab>"), ("M-Up", "lobby>"), ("M-Down", "lab>")] {
        window.press(key);
        window.wait_typed(prompt);
    }

    window.press("C-c");
    window.wait_for("Leave? y or Ctrl-C");
    window.say("n");
    window.wait_without("Leave?");
    assert_eq!(
        (window.property("alternate_on"), window.property("mouse_any_flag")),
        ("1".into(), "1".into())
    );
    window.press("C-d");
    let rows = window.wait_for("ended with 0");
    assert!(rows.iter().any(|row| row == "what stood here before"), "{rows:#?}");
    assert!(!rows.iter().any(|row| row.contains("ROOMS")), "{rows:#?}");
    let left = ["alternate_on", "mouse_any_flag", "cursor_flag"].map(|name| window.property(name));
    assert_eq!(left, ["0", "0", "1"]);
    window.say("stty -a | tr ' ' '\\n' | grep -x -e icanon -e echo | wc -l");
    window.press("Enter");
    window.wait("lines and echo as before", |rows| rows.iter().any(|row| row.trim() == "2"));
}

#[test]
fn a_server_killed_and_back_has_what_was_typed_meanwhile_once() {
    let Some(window) = Window::open("a_server_killed…", 80, 24) else { return };
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let address = server.address;
    let bob = Client::person(address, "bob", &[]);
    bob.wait_joined();
    window.chat(address, "ann", "");
    window.wait_for("● connected");
    window.say("before");
    window.press("Enter");
    window.wait_accepted("before");
    window.say("and mo");
    bob.wait("that ann is typing", |event| event["event"] == "typing" && event["name"] == "ann");
    window.press("C-u");
    server.kill();
    window.wait("a status that is not well", |rows| {
        rows.iter().any(|row| row.contains("◌ silent") || row.contains("○ reconnecting"))
    });
    window.say("typed meanwhile");
    window.press("Enter");
    window.wait_for("… typed meanwhile");
    let _server = Server::start(home.path(), &address.to_string(), &[]);
    window.wait_accepted("typed meanwhile");
    window.wait_for("● connected");
    bob.wait_text("typed meanwhile");
    let times = bob.events().iter().filter(|event| event["text"] == "typed meanwhile").count();
    assert_eq!(times, 1);
    window.press("C-d");
    window.wait_for("ended with 0");
}

#[test]
fn a_window_that_is_closed_ends_the_client_in_good_order() {
    // Without a session of its terminal's no signal tells it, and it has to notice by reading.
    let ways: &[&str] = if cfg!(target_os = "linux") { &["", "setsid --wait"] } else { &[""] };
    for through in ways {
        let Some(window) = Window::open("a_window_that_is_closed…", 80, 24) else { return };
        let home = folder();
        let server = Server::anywhere(home.path(), &[]);
        let bob = Client::person(server.address, "bob", &[]);
        bob.wait_joined();
        window.chat(server.address, "ann", through);
        window.wait_for("* ann joined lobby");
        bob.wait("ann to come", |event| event["event"] == "joined" && event["name"] == "ann");
        let pid = window.pid();
        assert!(is_running(&pid));
        window.close();
        let left = bob.wait("ann to leave", |event| event["event"] == "left" && event["name"] == "ann");
        assert_eq!(left["room"], "lobby", "{through:?}");
        let began = Instant::now();
        while is_running(&pid) {
            assert!(began.elapsed() < WATCHDOG, "{through:?}: process {pid} outlives its terminal");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Is there a process of this number that has not ended? What has ended and waits for its parent has.
fn is_running(pid: &str) -> bool {
    let mut ps = Command::new("ps");
    let state = ps.args(["-o", "stat=", "-p", pid]).stderr(Stdio::null()).output().expect("ps runs");
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}
