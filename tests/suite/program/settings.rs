//! What is set in the file and in the environment, and a folder that comes from elsewhere: real processes.

use super::harness::{Server, folder, program, run};
use std::path::Path;
use std::process::Command;

fn set(home: &Path, text: &str) {
    std::fs::create_dir_all(home.join("config")).expect("made");
    std::fs::write(home.join("config/config.toml"), text).expect("written");
}

fn asked(home: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    run(with(home, words))
}

fn with(home: &Path, words: &[&str]) -> Command {
    let mut command = program(home);
    command.args(words);
    command
}

/// The line of this setting.
fn line<'a>(shown: &'a str, setting: &str) -> Vec<&'a str> {
    let line = shown.lines().find(|line| line.starts_with(&format!("{setting} ")));
    line.unwrap_or_else(|| panic!("no {setting} in {shown}"))
        .split("  ")
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect()
}

#[test]
fn a_chat_finds_all_that_it_needs_in_its_file_and_flags_come_before() {
    let (home, server_home) = (folder(), folder());
    let server = Server::anywhere(server_home.path(), &["--ephemeral"]);
    let text =
        format!("[chat]\nserver = '{}'\nname = 'ann'\nroom = 'lab'\ntransport = 'tcp'\n", server.address);
    set(home.path(), &text);
    let (code, output, errors) = asked(home.path(), &["chat", "--plain"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(output.contains("over tcp as ann") && output.contains("talking in lab"), "{output}");
    let mut command = with(home.path(), &["chat", "--plain", "--transport", "udp"]);
    command.env("SAYAGAIN_NAME", "bob").env("SAYAGAIN_ROOM", "");
    let (code, output, errors) = run(command);
    assert_eq!(code, Some(0), "{errors}");
    assert!(output.contains("over udp as bob") && output.contains("talking in lab"), "{output}");
}

#[test]
fn a_server_listens_where_its_file_says() {
    let home = folder();
    set(home.path(), "[serve]\nlisten = '127.0.0.1:0'\ntransport = 'tcp'\nserver-name = 'hall 3'\n");
    let server = Server::of(with(home.path(), &["serve", "--ephemeral"]));
    assert!(server.output.all()[0].starts_with("listening tcp 127.0.0.1:"), "{:?}", server.output.all());
    server.log.wait_for("serves as \"hall 3\"");
}

#[test]
fn a_wrong_file_stops_a_chat_with_file_and_line_and_nothing_that_measures() {
    let home = folder();
    set(home.path(), "[chat]\ntranpsort = 'tcp'\n\n[serve]\nquota = 'much'\n");
    let file = home.path().join("config/config.toml");
    for command in ["chat", "serve", "config"] {
        let (code, _, errors) = asked(home.path(), &[command]);
        assert_eq!(code, Some(2), "{command}: {errors}");
        let (first, second) = (format!("{}:2: ", file.display()), format!("{}:5: ", file.display()));
        assert!(errors.contains(&first) && errors.contains("did you mean transport?"), "{errors}");
        assert!(errors.contains(&second) && errors.contains("`much`"), "{errors}");
    }
    for words in [&["chat", "--help"][..], &["sim", "--messages", "1"], &["config", "path"], &["key"]] {
        assert_eq!(asked(home.path(), words).0, Some(0), "{words:?}");
    }
}

#[test]
fn a_wrong_variable_is_named_with_what_is_allowed() {
    let home = folder();
    let mut command = with(home.path(), &["chat", "127.0.0.1:9"]);
    command.env("SAYAGAIN_TRANSPORT", "quic");
    let (code, _, errors) = run(command);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("SAYAGAIN_TRANSPORT") && errors.contains("udp, tcp"), "{errors}");
}

#[test]
fn what_is_set_is_shown_with_where_it_comes_from() {
    let home = folder();
    set(home.path(), "[chat]\nroom = 'lab'\nhistory = 7\n");
    let mut command = with(home.path(), &["config"]);
    command.env("SAYAGAIN_HISTORY", "9");
    let (code, shown, errors) = run(command);
    assert_eq!(code, Some(0), "{errors}");
    let file = format!("{}:2", home.path().join("config/config.toml").display());
    assert_eq!(line(&shown, "chat.room"), ["chat.room", "lab", file.as_str()]);
    assert_eq!(line(&shown, "chat.history")[1..], ["9", "the variable SAYAGAIN_HISTORY"]);
    assert_eq!(line(&shown, "chat.transport")[1..], ["udp", "built in"]);
    assert_eq!(line(&shown, "chat.name")[1], "(asked at the first start)");
}

#[test]
fn a_first_file_is_written_once_and_never_over_one() {
    let home = folder();
    let (code, output, errors) = asked(home.path(), &["config", "init"]);
    assert_eq!(code, Some(0), "{errors}");
    let path = asked(home.path(), &["config", "path"]).1;
    assert!(output.contains(&path) && path.ends_with("config.toml"), "{output}");
    let first = std::fs::read(&path).expect("it is there");
    let (code, _, errors) = asked(home.path(), &["config", "init"]);
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("stays as it is"), "{errors}");
    assert_eq!(std::fs::read(&path).expect("still there"), first);
    assert_eq!(asked(home.path(), &["config"]).0, Some(0));
}

fn public(home: &Path) -> String {
    asked(home, &["key"]).1.lines().next().expect("a key").to_owned()
}

#[test]
fn a_key_that_came_with_a_copied_folder_is_told_of_once_and_has_a_cure() {
    let (image, laptop, server_home) = (folder(), folder(), folder());
    let server = Server::anywhere(server_home.path(), &["--ephemeral"]);
    let address = server.address.to_string();
    let chat = |home: &Path| {
        let (code, _, errors) = asked(home, &["chat", &address, "--plain", "--name", "ann"]);
        assert_eq!(code, Some(0), "{errors}");
        errors
    };
    assert!(!chat(image.path()).contains("warning"));
    std::fs::create_dir(laptop.path().join("config")).expect("made");
    for file in ["identity.key", "used-on"] {
        let [from, to] = [&image, &laptop].map(|home| home.path().join("config").join(file));
        std::fs::copy(from, to).expect("copied");
    }
    let told = chat(laptop.path());
    assert!(
        told.contains("warning: the key here was made in ") && told.contains("`sayagain key new`"),
        "{told}"
    );
    assert!(!chat(laptop.path()).contains("warning"), "once is enough");
    assert_eq!(public(laptop.path()), public(image.path()));
    let (code, output, errors) = asked(laptop.path(), &["key", "new"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(output.contains("identity.key.old-1"), "{output}");
    assert_ne!(public(laptop.path()), public(image.path()));
}

#[test]
fn a_server_with_a_copied_key_says_so_in_its_log() {
    let home = folder();
    set(home.path(), "");
    let made = "00000000000000000000000000000000  /image/config\n";
    std::fs::write(home.path().join("config/used-on"), made).expect("written");
    let server = Server::anywhere(home.path(), &["--ephemeral"]);
    server.log.wait_for("the server's key here was made in /image/config");
}
