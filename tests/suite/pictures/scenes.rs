//! What the pictures show: people in a chat, and the datagrams of a session that the simulator played.

use super::super::reading::Scene;
use sayagain::chat::client::event::{LineNumber, UserEvent};
use sayagain::chat::command::COMMANDS;
use sayagain::chat::message::{MessageId, PostKind, PresenceState};
use sayagain::lab::ladder::Side;
use sayagain::time::Duration;
use sayagain::transport::session::{SessionStats, Transport};
use sayagain::tui::key::Key;
use sayagain::tui::moment::Moment;
use sayagain::tui::state::{Link, State, Status};

/// A quarter past ten on 23 November 2026.
const MORNING: Moment = Moment(20_780 * 86_400 + 10 * 3_600 + 15 * 60);

/// Ann's client; each thing that happens takes some seconds.
struct Stage {
    state: State,
    seconds: i64,
    id: u64,
    line: u64,
}

impl Stage {
    fn open() -> Self {
        let status = Status {
            server: "192.168.1.20:4747".into(),
            transport: Transport::Udp,
            insecure: false,
            name: "ann".into(),
            room: Some("lobby".into()),
            link: Link::Connecting,
            rtt: None,
            loss: None,
        };
        let state = State::new(status, COMMANDS.iter().map(|command| format!("/{}", command.name)));
        Self { state, seconds: 0, id: 0, line: 0 }
    }

    fn hear(&mut self, event: &UserEvent) {
        self.seconds += 13;
        let now = Moment(MORNING.0 + self.seconds);
        self.state.on_time(now);
        self.state.on_event(event, now);
    }

    fn enter(&mut self, room: &str, topic: &str, names: &[&str]) {
        let (name, line) = ("ann".to_owned(), None);
        self.hear(&UserEvent::Joined { room: room.into(), name, own: true, line });
        let (topic, by) = (topic.to_owned(), "tutor".to_owned());
        self.hear(&UserEvent::Topic { room: room.into(), topic, by, line: None });
        let total = names.len() as u64 + 1;
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.hear(&UserEvent::Members { room: room.into(), names, total });
    }

    fn say(&mut self, room: &str, from: &str, text: &str) {
        self.id += 1;
        self.hear(&UserEvent::Message {
            room: room.into(),
            from: from.into(),
            kind: PostKind::Text,
            text: text.into(),
            id: MessageId(self.id),
            at_ms: 0,
            history: false,
            own: from == "ann",
        });
    }

    fn tell(&mut self, from: &str, text: &str) {
        let (from, to, text) = (from.to_owned(), "ann".to_owned(), text.to_owned());
        self.id += 1;
        self.hear(&UserEvent::Private { from, to, text, id: MessageId(self.id), at_ms: 0, own: false });
    }

    fn press(&mut self, text: &str) {
        text.chars().for_each(|character| drop(self.state.handle_key(&Key::Char(character))));
    }

    /// Ann says this; the server has it, or not yet.
    fn type_line(&mut self, text: &str, accepted: bool) {
        self.press(text);
        self.state.handle_key(&Key::Enter);
        self.line += 1;
        if accepted {
            let (line, id) = (LineNumber(self.line), MessageId(self.id + 1));
            self.state.on_event(&UserEvent::Accepted { line, id }, MORNING);
            self.say("lobby", "ann", text);
        }
    }

    /// A second each of round trips in milliseconds, and of so many of 20 datagrams lost.
    fn measure(&mut self, seconds: &[(u64, u32)]) {
        let (mut sent, mut lost) = (0_u32, 0_u32);
        for (rtt_ms, lost_of_20) in seconds {
            sent += 20;
            lost += lost_of_20;
            let stats = SessionStats {
                rtt: Some(Duration::from_millis(*rtt_ms)),
                sent: u64::from(sent),
                loss: Some(f64::from(lost) / f64::from(sent)),
                bytes_in: u64::from(sent),
                ..SessionStats::default()
            };
            self.state.on_stats(&stats, None);
        }
    }
}

fn talk() -> Stage {
    let mut stage = Stage::open();
    stage.hear(&UserEvent::Connected { name: "ann".into() });
    stage.enter("lobby", "everybody begins here", &["bob", "carol", "tutor"]);
    stage.enter("lab", "exercise 4: what does a lost packet cost?", &["bob", "dilek"]);
    stage.state.handle_key(&Key::Place(1));
    stage.say("lobby", "tutor", "Good morning! Join the room lab when you have a partner.");
    stage.say("lobby", "bob", "done 👍 — the server on my laptop loses every tenth datagram now");
    stage.type_line("and nobody notices?", true);
    stage.say("lobby", "bob", "Nobody. Look at F2, it says why each one goes again.");
    let away = PresenceState::Away;
    stage.hear(&UserEvent::Presence { name: "carol".to_owned(), state: away, line: None });
    stage.state.on_focus(false);
    stage.say("lab", "dilek", "ann, are you coming?");
    stage.say("lab", "bob", "we need one more");
    stage.tell("李明", "你好! do you have the sheet?");
    stage.say("lobby", "tutor", "ann, bob: please try it over TCP as well, with the same loss:\nsayagain bench --loss 10% --transport both");
    stage.state.on_focus(true);
    stage.measure(&[
        (24, 0),
        (25, 2),
        (27, 1),
        (31, 3),
        (28, 2),
        (26, 1),
        (44, 4),
        (38, 2),
        (31, 1),
        (27, 2),
    ]);
    stage
}

/// A room with something of everything.
pub fn chat() -> State {
    let mut stage = talk();
    stage.type_line("we are on it", false);
    stage.press("who takes notes");
    stage.state
}

/// The same with the ladder open: a packet and a tail are lost.
pub fn ladder() -> State {
    let mut scene = Scene::connected();
    scene.lose_next(Side::Client);
    scene.say();
    for ms in [1_510, 1_520, 1_530] {
        scene.run_until(ms);
        scene.say();
    }
    scene.run_until(1_900);
    scene.lose_next(Side::Client);
    scene.say();
    scene.run_until(2_150);
    let mut stage = talk();
    let facts = scene.facts(0).into_iter().filter(|fact| fact.side == Side::Client).collect();
    stage.state.on_traced(facts);
    stage.state.handle_key(&Key::Ladder);
    stage.state
}

/// The first page of the help.
pub fn help() -> State {
    let mut stage = talk();
    stage.state.handle_key(&Key::Help);
    stage.state
}
