//! Which lines does a person see?
//!
//! ```text
//!  [lobby] bob: hi                                  said in a room
//!  [lobby] * bob waves                              done in a room
//!  [bob -> you] hi                                  said in private
//!  * connected to 10.0.0.5:4747 over udp as ann     happened
//!  * bob joined lobby
//!  ! no such room: lbby                             went wrong
//! ```
//!
//! One's own lines are not echoed. Whatever others wrote goes through [`printable`] and stays on one line.

use super::display::printable;
use super::event::{Fingerprint, UserEvent};
use crate::chat::message::{
    AuditEntry, Measure, MeasureEntry, PersonEntry, PostKind, PresenceState, Role, RoomEntry, SessionEntry,
    WhoisEntry,
};

/// What the lines need to know beside the event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlainContext<'a> {
    /// The server's address.
    pub server: &'a str,
    /// `udp` or `tcp`.
    pub transport: &'a str,
    /// One's own name.
    pub name: &'a str,
}

/// The lines of an event, without line ends; none for what a person need not see.
pub fn plain_lines(event: &UserEvent, context: &PlainContext<'_>) -> Vec<String> {
    match event {
        UserEvent::Help { text, .. } => text.lines().map(|line| format!("* {}", printable(line))).collect(),
        UserEvent::Whois { entry, .. } => whois_lines(entry),
        UserEvent::Measures { measures, .. } => measure_lines(measures),
        UserEvent::Audit { entries, .. } => audit_lines(entries),
        UserEvent::Fingerprints { server, own, .. } => fingerprint_lines(server.as_ref(), own),
        _ => plain_line(event, context).into_iter().collect(),
    }
}

fn plain_line(event: &UserEvent, context: &PlainContext<'_>) -> Option<String> {
    Some(match event {
        UserEvent::Connected { name } => {
            let PlainContext { server, transport, .. } = context;
            format!("* connected to {server} over {transport} as {}", printable(name))
        }
        UserEvent::Message { own: false, room, from, kind, text, .. } => said(room, from, *kind, text),
        UserEvent::Private { own: false, from, to, text, .. } => said_in_private(from, to, text, context),
        UserEvent::Joined { room, name, .. } => {
            format!("* {} joined {}", printable(name), printable(room))
        }
        UserEvent::Left { room, name, .. } => format!("* {} left {}", printable(name), printable(room)),
        UserEvent::Members { room, names, total } => {
            let names = names.iter().map(|name| printable(name).into_owned()).collect();
            format!("* in {} ({total}): {}", printable(room), listed(names, *total))
        }
        UserEvent::SinceLeft { room, missed, .. } => {
            let noun = if *missed == 1 { "message" } else { "messages" };
            format!("* {missed} {noun} in {} since you left", printable(room))
        }
        UserEvent::CurrentRoom { room: Some(room) } => format!("* talking in {}", printable(room)),
        UserEvent::CurrentRoom { room: None } => "* talking in no room: /join one".to_owned(),
        UserEvent::Presence { name, state, .. } => format!("* {} is {}", printable(name), state_word(*state)),
        UserEvent::Renamed { old, new, .. } => {
            format!("* {} is now called {}", printable(old), printable(new))
        }
        UserEvent::Who { room, people, total, .. } => who(room.as_deref(), people, *total),
        UserEvent::Topic { room, topic, .. } if topic.is_empty() => {
            format!("* {} has no topic", printable(room))
        }
        UserEvent::Topic { room, topic, by, .. } => {
            format!("* {} is about: {} (set by {})", printable(room), printable(topic), printable(by))
        }
        UserEvent::Role { role } => format!("* you are a {} here", role.word()),
        UserEvent::Rooms { rooms, .. } => format!("* rooms: {}", rooms_listed(rooms)),
        UserEvent::Notice { text } => format!("* {}", printable(text)),
        UserEvent::Warning { text } => format!("! ATTENTION: {}", printable(text)),
        UserEvent::Reconnecting { reason } => format!("* reconnecting: {}", printable(reason)),
        UserEvent::Disconnected { reason } => format!("* disconnected: {}", printable(reason)),
        UserEvent::Error { failure, .. } => format!("! {}", printable(&failure.text)),
        UserEvent::Message { own: true, .. }
        | UserEvent::Private { own: true, .. }
        | UserEvent::SeenByAll { .. }
        | UserEvent::SeenBy { .. }
        | UserEvent::Typing { .. }
        | UserEvent::Accepted { .. }
        | UserEvent::Help { .. }
        | UserEvent::Obeyed { .. }
        | UserEvent::Measures { .. }
        | UserEvent::Audit { .. }
        | UserEvent::Earlier { .. }
        | UserEvent::Whois { .. }
        | UserEvent::StatsAsked { .. }
        | UserEvent::FileAsked { .. }
        | UserEvent::FingerprintsAsked { .. }
        | UserEvent::Fingerprints { .. }
        | UserEvent::QuitAsked { .. } => return None,
    })
}

fn fingerprint_lines(server: Option<&Fingerprint>, own: &Fingerprint) -> Vec<String> {
    let told = |whose: &str, it: &Fingerprint| {
        [format!("* {whose} words: {}", it.words), format!("* {whose} key: {}", it.key)]
    };
    let mut lines = match server {
        Some(server) => told("the server's", server).to_vec(),
        None => vec!["* no server has proved its key".to_owned()],
    };
    lines.extend(told("your", own));
    lines
}

pub(super) fn said(room: &str, from: &str, kind: PostKind, text: &str) -> String {
    let (room, from, text) = (printable(room), printable(from), printable(text));
    match kind {
        PostKind::Text => format!("[{room}] {from}: {text}"),
        PostKind::Action => format!("[{room}] * {from} {text}"),
    }
}

fn said_in_private(from: &str, to: &str, text: &str, context: &PlainContext<'_>) -> String {
    let text = printable(text);
    if from == context.name && to != context.name {
        // Typed at another terminal of ours.
        return format!("[you -> {}] {text}", printable(to));
    }
    format!("[{} -> you] {text}", printable(from))
}

/// How a state is called: the word that `--json` uses, too.
pub const fn state_word(state: PresenceState) -> &'static str {
    match state {
        PresenceState::Online => "online",
        PresenceState::Away => "away",
        PresenceState::Lost => "lost",
        PresenceState::Offline => "offline",
    }
}

fn who(room: Option<&str>, people: &[PersonEntry], total: u64) -> String {
    let whereabouts = room.map_or("on the server".to_owned(), |room| format!("in {}", printable(room)));
    let people = people.iter().map(|person| match person.state {
        PresenceState::Online => printable(&person.name).into_owned(),
        state => format!("{} ({})", printable(&person.name), state_word(state)),
    });
    format!("* {whereabouts} ({total}): {}", listed(people.collect(), total))
}

fn rooms_listed(rooms: &[RoomEntry]) -> String {
    if rooms.is_empty() {
        return "none yet".to_owned();
    }
    let rooms: Vec<String> =
        rooms.iter().map(|room| format!("{} ({})", printable(&room.name), room.people)).collect();
    rooms.join(", ")
}

fn listed(mut names: Vec<String>, total: u64) -> String {
    let more = total.saturating_sub(names.len() as u64);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

fn whois_lines(entry: &WhoisEntry) -> Vec<String> {
    let name = printable(&entry.name);
    let away = entry.away.as_deref().filter(|word| !word.is_empty());
    let word = away.map(|word| format!(": {}", printable(word))).unwrap_or_default();
    let role = if entry.role == Role::Member { String::new() } else { format!(" ({})", entry.role.word()) };
    let mut lines = vec![format!("* {name}{role} is {}{word}", state_word(entry.state))];
    if !entry.sessions.is_empty() {
        let how: Vec<String> = entry.sessions.iter().map(session).collect();
        lines.push(format!("* {name} connected {}; {}", utc(entry.since_ms), how.join("; ")));
    }
    if !entry.rooms.is_empty() {
        let rooms: Vec<_> = entry.rooms.iter().map(|room| printable(room)).collect();
        lines.push(format!("* {name} is in {}", rooms.join(", ")));
    }
    lines
}

fn measure_lines(measures: &[MeasureEntry]) -> Vec<String> {
    let line = |entry: &MeasureEntry| {
        let what = match entry.measure {
            Measure::Ban => "banned",
            Measure::BanAddress => "banned (address)",
            Measure::Mute => "muted",
        };
        let until = match entry.until_ms {
            0 => "for good".to_owned(),
            until => format!("until {}", utc(until)),
        };
        let (whom, by) = (printable(&entry.whom), printable(&entry.by));
        let reason = match printable(&entry.reason) {
            none if none.is_empty() => String::new(),
            reason => format!(": {reason}"),
        };
        format!("* {whom} is {what} {until}, by {by}{reason}")
    };
    if measures.is_empty() {
        return vec!["* nobody is banned or muted".to_owned()];
    }
    measures.iter().map(line).collect()
}

fn audit_lines(entries: &[AuditEntry]) -> Vec<String> {
    if entries.is_empty() {
        return vec!["* no moderator has done anything yet".to_owned()];
    }
    let line = |entry: &AuditEntry| {
        format!("* {} {} {}", utc(entry.at_ms), printable(&entry.by), printable(&entry.deed))
    };
    entries.iter().map(line).collect()
}

fn session(entry: &SessionEntry) -> String {
    let rtt = entry.rtt_us.map(|us| format!(", round trip {}.{} ms", us / 1_000, us / 100 % 10));
    let address = entry.address.as_ref().map(|address| format!(", from {}", printable(address)));
    let transport = printable(&entry.transport);
    format!("over {transport}{}{}", rtt.unwrap_or_default(), address.unwrap_or_default())
}

/// A moment of the server's clock, as `2026-11-20 11:27 UTC`.
fn utc(unix_ms: u64) -> String {
    let minutes = unix_ms / 60_000;
    let (year, month, day) = civil(minutes / 1_440);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

/// The Gregorian date of a day since 1970: counted from 1 March of year 0, so that the leap day ends a year
/// and a cycle of 400 years has 146,097 days (ISO 8601; Richards, Explanatory Supplement to the
/// Astronomical Almanac, 3rd ed., §15.11).
fn civil(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year_of_cycle = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (cycle * 400 + year_of_cycle + u64::from(month <= 2), month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::client::event::LineNumber;
    use crate::chat::message::{Failure, MessageId};

    fn shown(event: &UserEvent) -> Vec<String> {
        plain_lines(event, &PlainContext { server: "10.0.0.5:4747", transport: "udp", name: "ann" })
    }

    fn message(kind: PostKind, text: &str, own: bool) -> UserEvent {
        UserEvent::Message {
            room: "lobby".into(),
            from: "bob".into(),
            kind,
            text: text.into(),
            id: MessageId(1),
            at_ms: 0,
            history: false,
            own,
        }
    }

    fn private(from: &str, to: &str, own: bool) -> UserEvent {
        let (from, to, text) = (from.into(), to.into(), "hi".into());
        UserEvent::Private { from, to, text, id: MessageId(1), at_ms: 0, own }
    }

    #[test]
    fn the_forms_are_those_that_scripts_rely_on() {
        let (room, name, own, line) = (|| "lobby".to_owned(), || "bob".to_owned(), false, None);
        let failure = Failure::new("no-such-room", "no such room: lbby");
        let away = PresenceState::Away;
        let cases = [
            (message(PostKind::Text, "hi", false), "[lobby] bob: hi"),
            (message(PostKind::Action, "waves", false), "[lobby] * bob waves"),
            (private("bob", "ann", false), "[bob -> you] hi"),
            (private("ann", "bob", false), "[you -> bob] hi"),
            (UserEvent::Connected { name: "ann".into() }, "* connected to 10.0.0.5:4747 over udp as ann"),
            (UserEvent::Joined { room: room(), name: name(), own, line }, "* bob joined lobby"),
            (UserEvent::Left { room: room(), name: name(), own, line }, "* bob left lobby"),
            (UserEvent::Error { failure, line }, "! no such room: lbby"),
            (UserEvent::Presence { name: name(), state: away, line }, "* bob is away"),
            (UserEvent::Reconnecting { reason: "silent".into() }, "* reconnecting: silent"),
            (UserEvent::CurrentRoom { room: Some(room()) }, "* talking in lobby"),
        ];
        for (event, line) in cases {
            assert_eq!(shown(&event), [line], "{event:?}");
        }
    }

    #[test]
    fn ones_own_lines_are_not_echoed() {
        let line = LineNumber(1);
        for event in [
            message(PostKind::Text, "hi", true),
            private("ann", "bob", true),
            UserEvent::Accepted { line, id: MessageId(1) },
            UserEvent::QuitAsked { line },
        ] {
            assert!(shown(&event).is_empty(), "{event:?}");
        }
    }

    #[test]
    fn a_message_stays_on_its_line_and_does_nothing_to_the_terminal() {
        let lines = shown(&message(PostKind::Text, "one\n[lobby] ann: \u{1b}[2Jtwo", false));
        assert_eq!(lines, ["[lobby] bob: one ⏎ [lobby] ann: ␛[2Jtwo"]);
    }

    #[test]
    fn lists_say_how_many_more_there_are() {
        let people = vec![
            PersonEntry { name: "ann".into(), state: PresenceState::Online },
            PersonEntry { name: "bob".into(), state: PresenceState::Lost },
        ];
        let who = UserEvent::Who { line: LineNumber(1), room: None, people, total: 12 };
        assert_eq!(shown(&who), ["* on the server (12): ann, bob (lost), and 10 more"]);
        let rooms = vec![RoomEntry { name: "lobby".into(), people: 3 }];
        assert_eq!(shown(&UserEvent::Rooms { line: LineNumber(1), rooms }), ["* rooms: lobby (3)"]);
    }

    #[test]
    fn whois_tells_since_when_and_how_somebody_is_connected() {
        let entry = WhoisEntry {
            name: "bob".into(),
            state: PresenceState::Away,
            away: Some("lunch".into()),
            since_ms: 1_709_208_000_000,
            sessions: vec![SessionEntry { transport: "udp".into(), rtt_us: Some(25_340), address: None }],
            rooms: vec!["lobby".into()],
            role: Role::Member,
        };
        let lines = shown(&UserEvent::Whois { line: LineNumber(1), entry });
        assert_eq!(
            lines,
            [
                "* bob is away: lunch",
                "* bob connected 2024-02-29 12:00 UTC; over udp, round trip 25.3 ms",
                "* bob is in lobby",
            ]
        );
    }

    #[test]
    fn dates_are_right_at_the_turns_of_years_and_leap_years() {
        let days = [
            (0, (1970, 1, 1)),
            (11_015, (2000, 2, 28)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (19_722, (2023, 12, 31)),
            (19_723, (2024, 1, 1)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ];
        for (day, date) in days {
            assert_eq!(civil(day), date);
        }
    }
}
