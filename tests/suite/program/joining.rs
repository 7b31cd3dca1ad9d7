//! How people come to a server by its join code, and what keeps them from another one.

use super::harness::{Client, Server, folder, program, run};
use std::path::Path;

fn chat_once(home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = program(home);
    command.arg("chat").args(arguments);
    run(command)
}

/// The code in what the server says to whoever runs it.
fn code_of(server: &Server) -> String {
    let line = server.log.wait_for("join with: sayagain chat ");
    let mut words = line.split_whitespace();
    words.rfind(|word| word.starts_with("sa-")).expect("a code in the line").to_owned()
}

fn words_of(server: &Server) -> String {
    let line = server.log.wait_for("its key in words: ");
    line.rsplit(": ").next().expect("words").to_owned()
}

#[test]
fn a_code_leads_to_its_server_over_both_transports_and_is_trusted_without_asking() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let code = code_of(&server);
    for transport in ["udp", "tcp"] {
        let laptop = folder();
        // The second time the key is known, and the handshake is another one.
        for (typed, first) in [(code.clone(), true), (code.to_lowercase().replace('-', " "), false)] {
            let typed = typed.replacen("sa ", "sa-", 1);
            let arguments = [&typed, "--transport", transport, "--name", transport];
            let (status, output, errors) = chat_once(laptop.path(), &arguments);
            assert_eq!(status, Some(0), "{transport}: {errors}");
            assert!(output.contains(&format!("connected to {}", server.address)), "{output}");
            assert_eq!(errors.contains("the join code vouches for it"), first, "{errors}");
        }
    }
}

#[test]
fn a_code_with_another_key_behind_its_address_ends_with_4_before_anything_is_told() {
    for transport in ["udp", "tcp"] {
        let (first, second, laptop) = (folder(), folder(), folder());
        let server = Server::anywhere(first.path(), &[]);
        let (address, code) = (server.address.to_string(), code_of(&server));
        server.kill();
        let impostor = Server::start(second.path(), &address, &["--server-name", "another"]);
        assert_ne!(code_of(&impostor), code);
        let (status, output, errors) =
            chat_once(laptop.path(), &[&code, "--transport", transport, "--json", "--name", "ann"]);
        assert_eq!(status, Some(4), "{transport}: {errors}");
        assert!(errors.contains("this code belongs to another key"), "{errors}");
        assert!(output.contains("\"code\":\"join-code-mismatch\""), "{output}");
        let log = impostor.log.all();
        assert!(!log.iter().any(|line| line.contains("connected over")), "{log:?}");
        assert!(!laptop.path().join("config").join("known_servers").exists(), "it is not remembered");
    }
}

#[test]
fn a_mistyped_code_ends_with_2_and_says_where_to_look() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut code: Vec<char> = code_of(&server).chars().collect();
    // The third group's first character.
    code[13] = if code[13] == '7' { '8' } else { '7' };
    let mistyped: String = code.into_iter().collect();
    for (typed, told) in [(mistyped.as_str(), "3"), ("sa-1234", "28 characters"), ("sa-u", "group 1")] {
        let (status, _, errors) = chat_once(home.path(), &[typed]);
        assert_eq!(status, Some(2), "{typed}: {errors}");
        assert!(errors.contains(told) && errors.contains("join code"), "{errors}");
    }
}

#[test]
fn standard_output_has_nothing_but_where_it_listens_and_with_json_the_codes() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let code = code_of(&server);
    let lines = server.output.all();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.starts_with("listening ")), "{lines:?}");
    drop(server);
    let server = Server::anywhere(home.path(), &["--json"]);
    let line = server.output.wait_for("join-code");
    let object: serde_json::Value = serde_json::from_str(&line).expect("an object");
    assert_eq!(object["event"], "join-code");
    assert_eq!(object["address"], server.address.to_string());
    assert_eq!(object["words"], words_of(&server));
    assert!(object["at_us"].is_u64());
    let (new, old) = (object["code"].as_str().expect("a code"), code.as_str());
    assert_eq!(new[16..], code_of(&server)[16..]);
    assert_eq!(new[19..32], old[19..32], "the same key, at whatever port");
}

#[test]
fn without_a_proof_of_keys_there_is_no_code() {
    let home = folder();
    let server = Server::anywhere(home.path(), &["--insecure"]);
    server.log.wait_for("no join code: ");
}

#[test]
fn a_new_server_at_a_known_address_is_a_warning_and_no_refusal() {
    let (first, second, laptop) = (folder(), folder(), folder());
    let server = Server::anywhere(first.path(), &["--server-name", "lab"]);
    let address = server.address.to_string();
    assert_eq!(chat_once(laptop.path(), &[&address, "--name", "ann"]).0, Some(0));
    server.kill();
    let _other = Server::start(second.path(), &address, &["--server-name", "hall"]);
    let (status, output, errors) = chat_once(laptop.path(), &[&address, "--name", "ann"]);
    assert_eq!(status, Some(0), "{errors}");
    assert!(output.contains("! ATTENTION: ") && output.contains("\"lab\" before"), "{output}");
    let (_, again, _) = chat_once(laptop.path(), &[&address, "--name", "ann"]);
    assert!(!again.contains("ATTENTION"), "once is enough: {again}");
}

#[test]
fn the_server_and_its_guests_see_the_same_words() {
    let (home, laptop) = (folder(), folder());
    let server = Server::anywhere(home.path(), &[]);
    let words = words_of(&server);
    assert_eq!(words.split([' ', ',']).filter(|word| !word.is_empty()).count(), 12);
    let mut ann = Client::person(server.address, "ann", &[]);
    ann.wait_joined();
    ann.say("/fingerprint");
    let event = ann.wait_event("fingerprint");
    assert_eq!((&event["server"]["words"], &event["line"]), (&words.as_str().into(), &1.into()));
    assert_ne!(event["own"]["words"], event["server"]["words"]);
    let address = server.address.to_string();
    let mut plain = program(laptop.path());
    plain.args(["chat", &address, "--name", "bob"]).stdin(typed("/fingerprint\n"));
    let (_, output, _) = run(plain);
    assert!(output.contains(&format!("* the server's words: {words}\n")), "{output}");
    assert!(output.contains("* your words: ") && output.contains("* your key: "), "{output}");
}

/// Standard input with this text.
fn typed(text: &str) -> std::fs::File {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("it takes the text");
    file
}
