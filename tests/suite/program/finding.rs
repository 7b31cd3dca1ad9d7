//! Servers that are found on a network of two machines: two network namespaces and a cable between them, so
//! that nothing is ever said on a real interface. Where the system lets nobody make them, these say so.

use super::harness::{folder, run};
use std::process::{Command, Stdio};

/// Two ends of a cable: `near` is here, `far` in the namespace of a process that sleeps.
///
/// `serve_far NAME …` serves there and waits until it is announced. `chat_near NAME …` chats here, with the
/// folder of that name, and again while nobody (or, with `WANT`, not yet that exit code) is found: a busy
/// machine may take longer than a search does.
const NETWORK: &str = r#"
    pids=
    trap 'kill $pids 2>/dev/null' EXIT
    unshare --net sleep 600 & far=$!; pids=$far
    here=$(readlink /proc/self/ns/net)
    while [ "$(readlink /proc/$far/ns/net)" = "$here" ]; do sleep 0.02; done
    at_far() { nsenter -t $far -n "$@"; }
    set_up='
        [ -e /proc/sys/net/ipv6 ] && echo 0 >/proc/sys/net/ipv6/conf/$0/accept_dad
        ip addr add 10.88.0.$1/24 dev $0 && ip link set $0 up && ip link set lo up'
    ip link add near type veth peer name far netns $far && sh -c "$set_up" near 1 &&
        at_far sh -c "$set_up" far 2 || exit 99
    echo the network is up
    serve_far() {
        name=$1; shift
        SAYAGAIN_CONFIG_DIR=$DIR/$name nsenter -t $far -n "$PROGRAM" serve --ephemeral --server-name $name "$@" \
            >"$DIR/$name.out" 2>"$DIR/$name.log" & pids="$pids $!"
        until grep -sq 'announced' "$DIR/$name.log"; do sleep 0.05; done
    }
    chat_near() {
        name=$1; shift
        for try in 1 2 3 4 5; do
            echo "hello from $name" | SAYAGAIN_CONFIG_DIR=$DIR/$name "$PROGRAM" chat --name $name "$@" \
                >"$DIR/said" 2>&1
            code=$?
            if [ -n "$WANT" ]; then [ $code = "$WANT" ] && break; elif [ $code != 3 ]; then break; fi
        done
        cat "$DIR/said"
        echo "$name ended with $code"
    }
"#;

/// Runs this script on that network and gives what it wrote; `None`, with a word, where there can be none.
pub(super) fn on_a_network(test: &str, script: &str) -> Option<String> {
    let folder = folder();
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--net", "sh", "-c", &format!("{NETWORK}{script}")])
        .env("PROGRAM", env!("CARGO_BIN_EXE_sayagain"))
        .env("DIR", folder.path())
        .env("SAYAGAIN_DATA_DIR", folder.path().join("data"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if Command::new("unshare").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: {test}: there is no unshare");
        return None;
    }
    let (code, output, errors) = run(command);
    if !output.contains("the network is up") {
        eprintln!("skipped: {test}: {code:?} {errors}");
        return None;
    }
    Some(format!("{output}\n{errors}"))
}

#[test]
fn a_server_on_the_network_is_found_by_mdns_and_by_probe_and_joined() {
    let script = r#"
        serve_far lab --listen "[::]:4750"
        for by in mdns probe both both; do chat_near $by --find-by $by; done
        cat "$DIR/lab.log"
    "#;
    let Some(said) = on_a_network("found by mDNS and by probe", script) else { return };
    for by in ["mdns", "probe", "both"] {
        assert!(said.contains(&format!("{by} ended with 0")), "{by}: {said}");
        assert!(said.contains(&format!("{by} connected over udp")), "{by}: {said}");
    }
    assert_eq!(said.matches("joining \"lab\" at 10.88.0.2:4750").count(), 4, "{said}");
    assert!(said.contains("10.88.0.2:4750: open, new to you"), "mDNS tells of no people: {said}");
    assert!(said.contains("10.88.0.2:4750: open, 0 people, new to you"), "{said}");
    assert!(said.contains("people, known"), "the second time: {said}");
}

#[test]
fn with_several_servers_a_script_is_told_which_there_are_and_how_to_name_one() {
    let script = r#"
        serve_far lab --listen 0.0.0.0:4750 --transport udp
        serve_far hall --listen 10.88.0.2:4751 --transport tcp
        serve_far attic --listen 0.0.0.0:4752 --unannounced
        chat_near ann --transport tcp
        serve_far cellar --listen "[::]:4753"
        for by in mdns probe; do WANT=2 chat_near $by --transport tcp --json --find-by $by; done
    "#;
    let Some(said) = on_a_network("several servers", script) else { return };
    assert!(
        said.contains("joining \"hall\" at 10.88.0.2:4751") && said.contains("ann ended with 0"),
        "{said}"
    );
    for by in ["mdns", "probe"] {
        assert!(said.contains(&format!("{by} ended with 2")), "{by}: {said}");
    }
    for part in ["  cellar  10.88.0.2:4753", "  lab  10.88.0.2:4750", "only with --transport udp", "name one"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("attic"), "it is not announced: {said}");
}

#[test]
fn where_there_is_no_server_it_is_said_what_to_do() {
    let script = "chat_near ann; serve_far attic --unannounced; chat_near ben";
    let Some(said) = on_a_network("no server", script) else { return };
    assert!(said.contains("ann ended with 3") && said.contains("ben ended with 3"), "{said}");
    assert!(said.contains("join code") && !said.contains("joining"), "{said}");
}
