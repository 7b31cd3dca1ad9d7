//! What `docs/bots.md` shows does what it says.

use super::harness::{Client, Lines, Server, folder, program};
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../../docs/bots.md");

/// The code between these fences.
fn listing(language: &str) -> &'static str {
    let begun = PAGE.split_once(&format!("```{language}\n")).expect("there is one").1;
    begun.split_once("```").expect("it ends").0
}

#[test]
fn the_bot_of_the_page_answers() {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: the bot of docs/bots.md needs python3");
        return;
    }
    let (home, bots_home) = (folder(), folder());
    let server = Server::anywhere(home.path(), &[]);
    let folder_of_program = std::path::Path::new(env!("CARGO_BIN_EXE_sayagain")).parent().expect("a folder");
    let code = bots_home.path().join("echo.py");
    fs::write(&code, listing("python")).expect("it is written");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut bot = Command::new("python3")
        .arg(&code)
        .arg(server.address.to_string())
        .env("PATH", format!("{}:{path}", folder_of_program.display()))
        .env("SAYAGAIN_CONFIG_DIR", bots_home.path().join("config"))
        .env("SAYAGAIN_DATA_DIR", bots_home.path().join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("python runs");
    let mut ann = Client::person(server.address, "ann", &[]);
    ann.wait("the bot in the lobby", |event| {
        let is_there = |names: &serde_json::Value| {
            names.as_array().is_some_and(|names| names.iter().any(|it| it == "echo"))
        };
        (event["event"] == "joined" && event["name"] == "echo")
            || (event["event"] == "members" && is_there(&event["names"]))
    });
    ann.say("!echo hello");
    ann.wait("its answer", |event| event["from"] == "echo" && event["text"] == "hello");
    ann.say("!echo /quit");
    ann.wait("its answer, and no leave", |event| event["from"] == "echo" && event["text"] == "/quit");
    drop(server);
    drop(bot.kill());
    drop(bot.wait());
}

#[test]
fn a_log_that_is_piped_survives_the_server_s_death_line_by_line() {
    let (home, pipes_home) = (folder(), folder());
    let server = Server::anywhere(home.path(), &[]);
    let listen = server.address.to_string();
    let arguments = ["chat", &listen, "--room", "logs", "--name", "build", "--text", "--linger", "0"];
    let mut pipe =
        program(pipes_home.path()).args(arguments).stdin(Stdio::piped()).spawn().expect("it starts");
    let mut log = pipe.stdin.take().expect("a pipe");
    let shown = Lines::of(pipe.stdout.take().expect("a pipe"));
    shown.wait_for("in logs");
    let write = |log: &mut std::process::ChildStdin, lines: Range<u32>| {
        lines.for_each(|number| writeln!(log, "/var/log line {number}\n").expect("it reads"));
    };
    write(&mut log, 0..20);
    server.kill();
    write(&mut log, 20..40);
    let server = Server::start(home.path(), &listen, &[]);
    write(&mut log, 40..60);
    drop(log);
    let status = super::harness::wait(&mut pipe);
    assert!(status.success(), "{status}: {:?}", shown.all());
    let reader = Client::person(server.address, "ann", &["--room", "logs", "--history", "1000"]);
    reader.wait("the last line", |event| event["text"] == "/var/log line 59");
    let texts: Vec<_> = reader.events().into_iter().filter(|event| event["event"] == "message").collect();
    let expected: Vec<String> = (0..60).map(|number| format!("/var/log line {number}")).collect();
    assert_eq!(texts.iter().map(|event| event["text"].as_str().unwrap()).collect::<Vec<_>>(), expected);
}
