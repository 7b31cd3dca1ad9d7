use super::*;
use crate::chat::message::Role;
use crate::chat::message::{Failure, MessageId};

const SESSION: Session<'static> = Session { transport: "udp", server: "127.0.0.1:4747" };
const LINE: LineNumber = LineNumber(3);

fn of(event: &UserEvent) -> Value {
    object(event, SESSION, 17)
}

#[test]
fn connected_tells_the_transport_and_the_server() {
    assert_eq!(
        of(&UserEvent::Connected { name: "ann".into() }),
        json!({ "event": "connected", "at_us": 17, "name": "ann", "transport": "udp", "server": "127.0.0.1:4747" })
    );
}

#[test]
fn a_message_has_the_members_of_the_table() {
    let event = UserEvent::Message {
        room: "lobby".into(),
        from: "bob".into(),
        kind: PostKind::Action,
        text: "waves \"\u{1b}\n".into(),
        id: MessageId(12),
        at_ms: 99,
        history: true,
        own: false,
    };
    assert_eq!(
        of(&event),
        json!({
            "event": "message", "at_us": 17, "room": "lobby", "from": "bob", "kind": "action",
            "text": "waves \"\u{1b}\n", "id": 12, "sent_ms": 99, "history": true, "own": false,
        })
    );
    assert!(!of(&event).to_string().contains(char::is_control), "one object is one line, and harmless");
}

#[test]
fn private_and_accepted_have_the_members_of_the_table() {
    let private = UserEvent::Private {
        from: "bob".into(),
        to: "ann".into(),
        text: "hi".into(),
        id: MessageId(4),
        at_ms: 99,
        own: true,
    };
    assert_eq!(
        of(&private),
        json!({
            "event": "private", "at_us": 17, "from": "bob", "to": "ann", "text": "hi",
            "id": 4, "sent_ms": 99, "own": true,
        })
    );
    assert_eq!(
        of(&UserEvent::Accepted { line: LINE, id: MessageId(12) }),
        json!({ "event": "accepted", "at_us": 17, "line": 3, "id": 12 })
    );
}

#[test]
fn coming_and_going_name_the_line_only_where_one_asked() {
    let joined = |line| UserEvent::Joined { room: "lobby".into(), name: "ann".into(), own: true, line };
    assert_eq!(
        of(&joined(Some(LINE))),
        json!({ "event": "joined", "at_us": 17, "room": "lobby", "name": "ann", "own": true, "line": 3 })
    );
    assert_eq!(of(&joined(None)).get("line"), None);
    let left = UserEvent::Left { room: "lobby".into(), name: "bob".into(), own: false, line: None };
    assert_eq!(
        of(&left),
        json!({ "event": "left", "at_us": 17, "room": "lobby", "name": "bob", "own": false })
    );
}

#[test]
fn presence_uses_the_four_words() {
    let words = [
        (PresenceState::Online, "online"),
        (PresenceState::Away, "away"),
        (PresenceState::Lost, "lost"),
        (PresenceState::Offline, "offline"),
    ];
    for (state, word) in words {
        let event = UserEvent::Presence { name: "bob".into(), state, line: None };
        assert_eq!(of(&event), json!({ "event": "presence", "at_us": 17, "name": "bob", "state": word }));
    }
}

#[test]
fn the_connections_fate_is_told_with_its_reason() {
    assert_eq!(
        of(&UserEvent::Reconnecting { reason: "silent".into() }),
        json!({ "event": "reconnecting", "at_us": 17, "reason": "silent" })
    );
    assert_eq!(
        of(&UserEvent::Disconnected { reason: "bye".into() }),
        json!({ "event": "disconnected", "at_us": 17, "reason": "bye" })
    );
}

#[test]
fn an_error_has_a_code_a_text_and_its_line() {
    let error = |line| UserEvent::Error { failure: Failure::new("no-such-room", "no such room"), line };
    assert_eq!(
        of(&error(Some(LINE))),
        json!({ "event": "error", "at_us": 17, "code": "no-such-room", "text": "no such room", "line": 3 })
    );
    assert_eq!(of(&error(None)).get("line"), None);
}

#[test]
fn answers_to_questions_carry_their_line() {
    let ann = PersonEntry { name: "ann".into(), state: PresenceState::Away };
    let who = UserEvent::Who { line: LINE, room: None, people: vec![ann], total: 5 };
    assert_eq!(
        of(&who),
        json!({
            "event": "who", "at_us": 17, "line": 3, "room": null, "total": 5,
            "people": [{ "name": "ann", "state": "away" }],
        })
    );
    let rooms = vec![RoomEntry { name: "lobby".into(), people: 2 }];
    assert_eq!(
        of(&UserEvent::Rooms { line: LINE, rooms }),
        json!({ "event": "rooms", "at_us": 17, "line": 3, "rooms": [{ "name": "lobby", "people": 2 }] })
    );
    assert_eq!(
        of(&UserEvent::Help { line: LINE, text: "/join ROOM".into() }),
        json!({ "event": "help", "at_us": 17, "line": 3, "text": "/join ROOM" })
    );
    assert_eq!(
        of(&UserEvent::StatsAsked { line: LINE }),
        json!({ "event": "stats-asked", "at_us": 17, "line": 3 })
    );
    let whose = |word: &str| Fingerprint { words: word.into(), key: "0c".into() };
    assert_eq!(
        of(&UserEvent::Fingerprints { line: LINE, server: Some(whose("theirs")), own: whose("mine") }),
        json!({
            "event": "fingerprint", "at_us": 17, "line": 3,
            "server": { "words": "theirs", "key": "0c" }, "own": { "words": "mine", "key": "0c" },
        })
    );
    assert_eq!(of(&UserEvent::QuitAsked { line: LINE }), json!({ "event": "quit", "at_us": 17, "line": 3 }));
}

#[test]
fn whois_tells_each_session() {
    let sessions = vec![SessionEntry { transport: "tcp".into(), rtt_us: Some(1_500), address: None }];
    let entry = WhoisEntry {
        name: "bob".into(),
        state: PresenceState::Online,
        away: None,
        since_ms: 5,
        sessions,
        rooms: vec!["lobby".into()],
        role: Role::Member,
    };
    assert_eq!(
        of(&UserEvent::Whois { line: LINE, entry }),
        json!({
            "event": "whois", "at_us": 17, "line": 3, "name": "bob", "state": "online", "away": null,
            "since_ms": 5, "rooms": ["lobby"], "role": "member",
            "sessions": [{ "transport": "tcp", "rtt_ms": 1.5, "address": null }],
        })
    );
}

#[test]
fn the_rest_have_a_form_of_their_own() {
    let members = UserEvent::Members { room: "lobby".into(), names: vec!["ann".into()], total: 9 };
    assert_eq!(
        of(&members),
        json!({ "event": "members", "at_us": 17, "room": "lobby", "names": ["ann"], "total": 9 })
    );
    assert_eq!(
        of(&UserEvent::CurrentRoom { room: None }),
        json!({ "event": "current-room", "at_us": 17, "room": null })
    );
    let renamed = UserEvent::Renamed { old: "a".into(), new: "b".into(), own: true, line: Some(LINE) };
    assert_eq!(
        of(&renamed),
        json!({ "event": "renamed", "at_us": 17, "old": "a", "new": "b", "own": true, "line": 3 })
    );
    assert_eq!(
        of(&UserEvent::Notice { text: "hello".into() }),
        json!({ "event": "notice", "at_us": 17, "text": "hello" })
    );
}

#[test]
fn what_a_transport_cannot_know_is_null() {
    let measured = SessionStats {
        rtt: Some(Duration::from_micros(12_500)),
        loss: Some(0.25),
        sent: 7,
        bytes_out: 100,
        bytes_in: 200,
        ..SessionStats::default()
    };
    assert_eq!(
        stats(&measured, None, 17),
        json!({
            "event": "stats", "at_us": 17, "rtt_ms": 12.5, "rttvar_ms": null, "rtt_min_ms": null,
            "loss": 0.25, "loss_in": null, "sent": 7, "retransmitted": null, "spurious": null, "marks": null,
            "probes": null,
            "duplicates": null, "reordered": null,
            "bytes_out": 100, "bytes_in": 200, "in_flight": null, "cwnd": null,
            "bytes_first": null, "bytes_bundle": null, "bytes_copy": null, "bytes_retransmission": null,
            "bytes_acknowledgement": null, "bytes_control": null, "bytes_overhead": null,
        })
    );
    assert_eq!(stats(&measured, Some(LINE), 17)["line"], 3);
}

#[test]
fn what_happens_on_a_server_has_a_form_too() {
    let address: std::net::SocketAddr = ([127, 0, 0, 1], 5_000).into();
    let of = |event: &ServerEvent| server_object(event, 17);
    let connected = ServerEvent::Connected {
        name: "ann".into(),
        transport: crate::transport::session::Transport::Tcp,
        address,
        agent: "sayagain 0.1.0".into(),
        sessions: 3,
    };
    assert_eq!(
        of(&connected),
        json!({
            "event": "connected", "at_us": 17, "name": "ann", "transport": "tcp",
            "address": "127.0.0.1:5000", "agent": "sayagain 0.1.0", "sessions": 3,
        })
    );
    let disconnected =
        ServerEvent::Disconnected { name: "ann".into(), address, reason: "bye".into(), sessions: 2 };
    assert_eq!(of(&disconnected)["reason"], "bye");
    let others = [
        (ServerEvent::Liveness { name: "ann".into(), address, state: "lost" }, "liveness"),
        (ServerEvent::Roamed { from: address, to: address }, "roamed"),
        (ServerEvent::WrongProof { name: "ann".into(), address, what: "a token".into() }, "wrong-proof"),
        (ServerEvent::TurnedAway { address, reason: "full".into() }, "turned-away"),
        (ServerEvent::Renamed { old: "a".into(), new: "b".into() }, "renamed"),
        (ServerEvent::StoreFailed { reason: "full".into() }, "store-failed"),
    ];
    for (event, name) in others {
        assert_eq!(of(&event)["event"], name);
    }
}
