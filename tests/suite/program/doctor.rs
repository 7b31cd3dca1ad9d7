//! Does `doctor` name the cause, and does `--transport auto` find a way, on a network of two machines?
//!
//! Datagrams that do not pass are made by the server's own link options: it loses them all, both ways, and its
//! streams are whole. Where the system lets nobody make networks, these say so.

use super::finding::on_a_network;

/// `look NAME ADDR …` runs `doctor` here, with the folder of that name.
const LOOK: &str = r#"
    look() {
        name=$1; shift
        echo "== $name"
        SAYAGAIN_CONFIG_DIR=$DIR/$name "$PROGRAM" doctor "$@" 2>&1
        echo "$name ended with $?"
    }
"#;

/// What was said between this heading and the next.
fn part<'a>(said: &'a str, name: &str) -> &'a str {
    let heading = format!("== {name}\n");
    let rest = said.split_once(&heading).unwrap_or_else(|| panic!("no {name} in {said}")).1;
    rest.split("== ").next().unwrap_or(rest)
}

fn assert_says(said: &str, name: &str, code: u8, words: &[&str]) {
    let part = part(said, name);
    assert!(part.contains(&format!("{name} ended with {code}")), "{name}: {part}");
    for word in words {
        assert!(part.contains(word), "{name} without `{word}`: {part}");
    }
}

#[test]
fn the_doctor_names_the_cause_of_each_failure_and_its_cure() {
    let script = r"
        serve_far lab --listen 0.0.0.0:4750
        look well 10.88.0.2:4750
        look nobody 10.88.0.2:4999
        look isolated 10.88.0.77:4750
        look nowhere 203.0.113.9
        serve_far deaf --listen 0.0.0.0:4751 --loss 100%
        look blocked 10.88.0.2:4751
        serve_far streams --listen 0.0.0.0:4752 --transport tcp
        look streams 10.88.0.2:4752
        serve_far clear --listen 0.0.0.0:4754 --insecure
        look clear 10.88.0.2:4754
        look json 10.88.0.2:4750 --json
    ";
    let Some(said) = on_a_network("what the doctor says", &format!("{LOOK}{script}")) else { return };
    assert_says(
        &said,
        "well",
        0,
        &["ok    udp", "ok    tcp", "ok    mtu", "\"lab\", new to you", "would work"],
    );
    assert_says(&said, "nobody", 1, &["fail  udp", "no server listens on port 4999", "sayagain serve"]);
    assert_says(&said, "isolated", 1, &["fail  udp", "isolation", "hotspot"]);
    assert_says(&said, "nowhere", 1, &["fail  route", "no way leads to 203.0.113.9"]);
    assert_says(
        &said,
        "blocked",
        1,
        &["fail  udp", "UDP is blocked", "--transport auto", "\"deaf\", new to you"],
    );
    assert_says(&said, "streams", 1, &["fail  udp", "speaks no UDP", "--transport tcp"]);
    assert_says(&said, "clear", 1, &["fail  key", "--insecure"]);
    let objects = part(&said, "json").lines().filter(|line| line.starts_with('{'));
    let checks: Vec<serde_json::Value> =
        objects.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(checks.len() >= 9 && checks.iter().all(|check| check["state"] != "fail"), "{checks:?}");
}

#[test]
fn the_doctor_knows_a_server_whose_key_was_changed() {
    let script = r#"
        serve_far lab --listen 0.0.0.0:4750
        chat_near ann 10.88.0.2:4750
        look ann 10.88.0.2:4750
        look ann2 10.88.0.2:4750
        mkdir "$DIR/ben"
        sed 's/ lab$/ hall/' "$DIR/ann/known_servers" >"$DIR/ben/known_servers"
        serve_far hall --listen 0.0.0.0:4751
        look ben 10.88.0.2:4751
        cp -r "$DIR/ann" "$DIR/cem"
        look cem
    "#;
    let Some(said) = on_a_network("a changed key", &format!("{LOOK}{script}")) else { return };
    assert_says(&said, "ann", 0, &["\"lab\", with the key that you know"]);
    assert_says(&said, "ann2", 0, &["\"lab\", new to you"]);
    assert_says(&said, "ben", 1, &["fail  key", "another key", "known_servers"]);
    assert_says(&said, "cem", 0, &["found on this network", "hall 10.88.0.2:4751", "warn  config"]);
}

#[test]
fn a_chat_that_may_choose_goes_over_to_tcp_where_datagrams_are_lost() {
    let script = r"
        serve_far deaf --listen 0.0.0.0:4751 --loss 100%
        chat_near ann 10.88.0.2:4751 --transport auto
        serve_far lab --listen 0.0.0.0:4750
        chat_near ben 10.88.0.2:4750 --transport auto --json
        chat_near cem 10.88.0.2:4999 --transport auto
    ";
    let Some(said) = on_a_network("a choice of transports", script) else { return };
    assert!(said.contains("trying tcp") && said.contains("over tcp as ann"), "{said}");
    assert!(said.contains("ann ended with 0") && said.contains("ben ended with 0"), "{said}");
    assert!(said.contains("\"transport\":\"udp\""), "{said}");
    assert!(said.contains("cem ended with 3") && said.contains("sayagain doctor 10.88.0.2:4999"), "{said}");
}
