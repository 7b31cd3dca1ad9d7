//! What does a line that somebody typed mean?
//!
//! ```text
//!  hello there       text for the current room
//!  /join physics     a command: whatever begins with a slash, also behind white space
//!  //etc is full     the text "/etc is full"
//!  /jion physics     an error that names /join: a mistyped command is never said aloud
//! ```
//!
//! One table, [`COMMANDS`], drives reading, `/help` and completion.

use crate::chat::file_wish::FileWish;
use crate::chat::message::{Act, Failure, Measure, Role};
use crate::chat::name::Name;
use crate::chat::room_name::RoomName;
use crate::chat::{codec::field::NOTE_MAX, text};

/// What a line asks for.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Say this in the current room.
    Say { text: String },
    /// `/me`: do this in the current room.
    Act { text: String },
    /// Enter a room, or go back to it.
    Join { room: RoomName },
    /// Leave a room, or the current one.
    Part { room: Option<RoomName> },
    /// Which rooms are there?
    Rooms,
    /// Say this to one person.
    Private { to: String, text: String },
    /// Say this to whoever last wrote in private.
    Reply { text: String },
    /// Who is in this room, or on the server?
    Who { room: Option<RoomName> },
    /// Who is this?
    Whois { name: String },
    /// Change one's name.
    Nick { name: String },
    /// Away, perhaps with a word.
    Away { text: Option<String> },
    /// Not away any more.
    Back,
    /// Do this as a moderator.
    Moderate { act: Act },
    /// Make the current room slow by so many seconds (0: not).
    Slow { seconds: u64 },
    /// What is the current room about, or (with a text, empty for nothing) set it.
    Topic { text: Option<String> },
    /// Which bans and mutes hold?
    Measures,
    /// What did moderators do last?
    Audit { count: u64 },
    /// Show so many messages before the oldest that is shown of the current room.
    History { count: u64 },
    /// `/send`: this file, to this person or (`None`) into the current room.
    Send { path: String, to: Option<String> },
    /// What is to be done with a file that was offered; or which are there?
    File { wish: FileWish },
    /// How is this command (a name of [`COMMANDS`]) used, or which are there?
    Help { about: Option<&'static str> },
    /// How does the session fare?
    Stats,
    /// Which keys do the server and oneself have?
    Fingerprint,
    /// Leave.
    Quit,
}

/// One command as people type it.
#[derive(Debug)]
pub struct CommandEntry {
    /// Its name, without the slash.
    pub name: &'static str,
    /// Another name for it.
    pub alias: Option<&'static str>,
    /// Its arguments: in capitals, those that may be left out in brackets.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    read: fn(&str) -> Result<Command, Refusal>,
}

/// Why a command's arguments were not taken.
enum Refusal {
    /// Too few or too many: the answer is the usage line.
    Usage,
    /// `/help` about something that is no command.
    Unknown,
    /// An argument breaks a rule of its own.
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

const fn entry(
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    read: fn(&str) -> Result<Command, Refusal>,
) -> CommandEntry {
    CommandEntry { name, alias: None, arguments, help, read }
}

impl CommandEntry {
    const fn or(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    /// The command with its arguments: `/msg NAME TEXT`.
    pub fn usage(&self) -> String {
        format!("/{} {}", self.name, self.arguments).trim_end().to_owned()
    }

    fn has_name(&self, name: &str) -> bool {
        self.name == name || self.alias == Some(name)
    }

    fn describe(&self) -> String {
        let also = self.alias.map(|alias| format!(" (also /{alias})")).unwrap_or_default();
        format!("{}  {}{also}", self.usage(), self.help)
    }
}

/// All commands, in the order in which `/help` lists them.
pub const COMMANDS: &[CommandEntry] = &[
    entry("join", "ROOM", "enter a room, or go back to one you are in", |arguments| {
        Ok(Command::Join { room: RoomName::parse(only(arguments)?)? })
    }),
    entry("part", "[ROOM]", "leave a room; without ROOM the current one", |arguments| {
        Ok(Command::Part { room: only_room_if_any(arguments)? })
    }),
    entry("rooms", "", "list the rooms", |arguments| none(arguments, Command::Rooms)),
    entry("msg", "NAME TEXT", "say something to one person in private", |arguments| {
        let (to, text) = first_and_rest(arguments)?;
        Ok(Command::Private { to: person(to)?, text: sayable(text)? })
    }),
    entry("reply", "TEXT", "answer whoever last wrote to you in private", |arguments| {
        Ok(Command::Reply { text: sayable(some(arguments)?)? })
    }),
    entry("me", "TEXT", "say what you do: /me waves", |arguments| {
        Ok(Command::Act { text: sayable(some(arguments)?)? })
    }),
    entry("who", "[ROOM]", "list the people in a room; without ROOM on the whole server", |arguments| {
        Ok(Command::Who { room: only_room_if_any(arguments)? })
    })
    .or("names"),
    entry("whois", "NAME", "how long and how somebody is connected", |arguments| {
        Ok(Command::Whois { name: person(only(arguments)?)? })
    }),
    entry("nick", "NAME", "change your name", |arguments| {
        Ok(Command::Nick { name: person(only(arguments)?)? })
    }),
    entry("away", "[TEXT]", "tell the others that you are away, and why", |arguments| {
        Ok(Command::Away { text: note(arguments)? })
    }),
    entry("back", "", "tell the others that you are back", |arguments| none(arguments, Command::Back)),
    entry("topic", "[TEXT]", "what the room is about; with TEXT set it (`-` for nothing)", |arguments| {
        Ok(Command::Topic {
            text: note(arguments)?.map(|text| if text == "-" { String::new() } else { text }),
        })
    }),
    entry("kick", "NAME [REASON]", "moderators: end somebody's sessions", |arguments| {
        let (name, reason) = person_and_note(arguments)?;
        Ok(moderate(Act::Kick { name, reason }))
    }),
    entry(
        "ban",
        "NAME [TIME] [REASON]",
        "moderators: keep somebody's key out (TIME: 30s, 10m, 2h, 7d)",
        |arguments| impose(Measure::Ban, arguments),
    ),
    entry(
        "ban-address",
        "NAME [TIME] [REASON]",
        "moderators: keep out whoever comes from their address",
        |arguments| impose(Measure::BanAddress, arguments),
    ),
    entry("unban", "NAME", "moderators: let somebody come back", |arguments| lift(Measure::Ban, arguments)),
    entry("unban-address", "NAME|ADDRESS", "moderators: let an address come back", |arguments| {
        lift(Measure::BanAddress, arguments)
    }),
    entry("mute", "NAME [TIME] [REASON]", "moderators: let somebody only listen", |arguments| {
        impose(Measure::Mute, arguments)
    }),
    entry("unmute", "NAME", "moderators: let somebody speak again", |arguments| {
        lift(Measure::Mute, arguments)
    }),
    entry("bans", "", "moderators: which bans and mutes hold", |arguments| {
        none(arguments, Command::Measures)
    }),
    entry(
        "slow",
        "SECONDS",
        "moderators: one message in so many seconds from each in this room; 0 ends it",
        |arguments| {
            let seconds = only(arguments)?.parse().map_err(|_| Refusal::Usage)?;
            Ok(Command::Slow { seconds })
        },
    ),
    entry("op", "NAME", "the owner: make somebody a moderator", |arguments| {
        appoint(Role::Moderator, arguments)
    }),
    entry("deop", "NAME", "the owner: make somebody a member again", |arguments| {
        appoint(Role::Member, arguments)
    }),
    entry("audit", "[COUNT]", "moderators: what moderators did last", |arguments| {
        let count = only_if_any(arguments)?.map_or(Ok(20), str::parse).map_err(|_| Refusal::Usage)?;
        Ok(Command::Audit { count })
    }),
    entry(
        "history",
        "[COUNT]",
        "what was said here before: so many messages more, 50 or up to 100",
        |arguments| {
            let count = only_if_any(arguments)?.map_or(Ok(50), str::parse).map_err(|_| Refusal::Usage)?;
            if (1..=100).contains(&count) { Ok(Command::History { count }) } else { Err(Refusal::Usage) }
        },
    ),
    entry(
        "send",
        "FILE [NAME]",
        "send a file to one person; without NAME to the current room",
        |arguments| {
            let (path, name) = path_and_rest(arguments)?;
            let to = only_if_any(name)?.map(person).transpose()?;
            Ok(Command::Send { path, to })
        },
    ),
    entry(
        "accept",
        "ID [PATH]",
        "fetch a file that was offered, into the folder or the file PATH",
        |arguments| {
            let (id, path) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
            let id = number(id)?;
            let path = if path.is_empty() { None } else { Some(path_alone(path.trim())?) };
            Ok(Command::File { wish: FileWish::Accept { id, path } })
        },
    ),
    entry("decline", "ID", "do not take a file that was offered", |arguments| {
        Ok(Command::File { wish: FileWish::Decline { id: number(only(arguments)?)? } })
    }),
    entry("files", "", "list the files that are offered or on their way", |arguments| {
        none(arguments, Command::File { wish: FileWish::List })
    }),
    entry("help", "[COMMAND]", "explain a command, or list them all", |arguments| {
        let asked = only_if_any(arguments)?;
        let about = asked.map(|name| find(name).ok_or(Refusal::Unknown)).transpose()?;
        Ok(Command::Help { about: about.map(|entry| entry.name) })
    }),
    entry("stats", "", "show how the connection fares", |arguments| none(arguments, Command::Stats)),
    entry("fingerprint", "", "show the server's key and yours, in words to compare by voice", |arguments| {
        none(arguments, Command::Fingerprint)
    }),
    entry("quit", "", "leave", |arguments| none(arguments, Command::Quit)).or("exit"),
];

/// Reads a line as it was typed.
///
/// A [`Failure`] `empty-line`, `unknown-command`, `usage`, or what a name, a room's name or a text breaks.
pub fn parse(line: &str) -> Result<Command, Failure> {
    let line = line.trim_end_matches(['\r', '\n']);
    let begun = line.trim_start_matches(is_blank);
    if begun.is_empty() {
        return Err(Failure::new("empty-line", "there is nothing on this line"));
    }
    match begun.strip_prefix('/') {
        None => text::check(line).map(|()| Command::Say { text: line.to_owned() }),
        Some(literal) if literal.starts_with('/') => {
            text::check(literal).map(|()| Command::Say { text: literal.to_owned() })
        }
        Some(command) => parse_command(command),
    }
}

/// White space, and the byte order mark that some editors put in front of a file.
pub fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

fn parse_command(command: &str) -> Result<Command, Failure> {
    let (name, arguments) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let arguments = arguments.trim();
    let entry = find(name).ok_or_else(|| unknown(name))?;
    (entry.read)(arguments).map_err(|refusal| match refusal {
        Refusal::Usage => Failure::new("usage", format!("use it so: {}", entry.describe())),
        Refusal::Unknown => unknown(arguments),
        Refusal::Failure(failure) => failure,
    })
}

/// The command of this name (with or without a slash, in any case).
pub fn find(name: &str) -> Option<&'static CommandEntry> {
    let name = name.strip_prefix('/').unwrap_or(name).to_lowercase();
    COMMANDS.iter().find(|entry| entry.has_name(&name))
}

/// The names of the commands that begin with these letters, as a completion offers them.
pub fn complete(begun: &str) -> impl Iterator<Item = &'static str> {
    COMMANDS
        .iter()
        .flat_map(|entry| [Some(entry.name), entry.alias])
        .flatten()
        .filter(move |name| name.starts_with(begun))
}

/// What `/help` answers: about one command, or a line for each.
pub fn help_text(about: Option<&str>) -> String {
    if let Some(entry) = about.and_then(find) {
        return entry.describe();
    }
    let lines: Vec<String> = COMMANDS.iter().map(CommandEntry::describe).collect();
    format!("{}\n//TEXT  say a text that begins with a slash", lines.join("\n"))
}

fn unknown(name: &str) -> Failure {
    let name: String = name.strip_prefix('/').unwrap_or(name).chars().take(32).collect();
    let nearest = nearest(&name.to_lowercase());
    Failure::new(
        "unknown-command",
        format!(
            "there is no command /{name}; the nearest is /{nearest}. /help lists them all, and //… says a text that begins with a slash"
        ),
    )
}

fn none(arguments: &str, command: Command) -> Result<Command, Refusal> {
    if arguments.is_empty() { Ok(command) } else { Err(Refusal::Usage) }
}

fn some(arguments: &str) -> Result<&str, Refusal> {
    if arguments.is_empty() { Err(Refusal::Usage) } else { Ok(arguments) }
}

fn only(arguments: &str) -> Result<&str, Refusal> {
    if arguments.contains(char::is_whitespace) { Err(Refusal::Usage) } else { some(arguments) }
}

fn only_if_any(arguments: &str) -> Result<Option<&str>, Refusal> {
    if arguments.is_empty() { Ok(None) } else { only(arguments).map(Some) }
}

fn only_room_if_any(arguments: &str) -> Result<Option<RoomName>, Refusal> {
    let room = only_if_any(arguments)?;
    Ok(room.map(RoomName::parse).transpose()?)
}

fn first_and_rest(arguments: &str) -> Result<(&str, &str), Refusal> {
    let (first, rest) = arguments.split_once(char::is_whitespace).ok_or(Refusal::Usage)?;
    Ok((first, rest.trim_start()))
}

/// A path, in quotation marks if it has blanks, and what follows it.
fn path_and_rest(arguments: &str) -> Result<(String, &str), Refusal> {
    let (path, rest) = match arguments.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(Refusal::Usage)?,
        None => arguments.split_once(char::is_whitespace).unwrap_or((arguments, "")),
    };
    Ok((some(path)?.to_owned(), rest.trim()))
}

/// A path to the end of the line, with quotation marks or without.
fn path_alone(arguments: &str) -> Result<String, Refusal> {
    let path = arguments.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(arguments);
    Ok(some(path)?.to_owned())
}

fn number(typed: &str) -> Result<u64, Refusal> {
    typed.strip_prefix('#').unwrap_or(typed).parse().map_err(|_| Refusal::Usage)
}

fn person(typed: &str) -> Result<String, Refusal> {
    Ok(Name::parse(typed)?.as_str().to_owned())
}

const fn moderate(act: Act) -> Command {
    Command::Moderate { act }
}

fn appoint(role: Role, arguments: &str) -> Result<Command, Refusal> {
    Ok(moderate(Act::Appoint { name: person(only(arguments)?)?, role }))
}

fn lift(measure: Measure, arguments: &str) -> Result<Command, Refusal> {
    Ok(moderate(Act::Lift { measure, name: only(arguments)?.to_owned() }))
}

fn impose(measure: Measure, arguments: &str) -> Result<Command, Refusal> {
    let (name, rest) = person_and_note(arguments)?;
    let (first, others) = rest.split_once(char::is_whitespace).unwrap_or((&rest, ""));
    let (seconds, reason) = match seconds(first) {
        Some(seconds) => (seconds, others.trim_start().to_owned()),
        None => (0, rest),
    };
    Ok(moderate(Act::Impose { measure, name, seconds, reason }))
}

fn person_and_note(arguments: &str) -> Result<(String, String), Refusal> {
    let (name, rest) = arguments.split_once(char::is_whitespace).unwrap_or((some(arguments)?, ""));
    Ok((person(name)?, note(rest.trim_start())?.unwrap_or_default()))
}

/// A span such as `30s`, `10m`, `2h` or `7d`; at least a second.
fn seconds(typed: &str) -> Option<u64> {
    let unit = match typed.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = typed[..typed.len() - 1].parse().ok()?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0)
}

fn sayable(said: &str) -> Result<String, Refusal> {
    text::check(said)?;
    Ok(said.to_owned())
}

fn note(typed: &str) -> Result<Option<String>, Refusal> {
    if typed.len() > NOTE_MAX {
        let text = format!("this has at most {NOTE_MAX} bytes; what you typed has {}", typed.len());
        return Err(Failure::new("message-too-long", text).into());
    }
    Ok((!typed.is_empty()).then(|| typed.to_owned()))
}

fn nearest(name: &str) -> &'static str {
    COMMANDS.iter().map(|entry| entry.name).min_by_key(|known| distance(name, known)).unwrap_or("help")
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour to make one word of
/// the other: the optimal string alignment distance (Damerau 1964; Levenshtein 1965).
pub fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=one.len() {
        let mut next = vec![i];
        for j in 1..=other.len() {
            let replaced = row[j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = replaced.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(above[j - 2] + 1);
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn room(name: &str) -> RoomName {
        RoomName::parse(name).unwrap()
    }

    fn said(text: &str) -> Command {
        Command::Say { text: text.to_owned() }
    }

    fn banned(seconds: u64, reason: &str) -> Command {
        let (name, reason) = ("bob".to_owned(), reason.to_owned());
        moderate(Act::Impose { measure: Measure::Ban, name, seconds, reason })
    }

    fn code(line: &str) -> String {
        parse(line).unwrap_err().code
    }

    #[test]
    fn what_begins_with_no_slash_is_said_as_it_stands() {
        assert_eq!(parse("hello there"), Ok(said("hello there")));
        assert_eq!(parse("    indented code\r"), Ok(said("    indented code")));
        assert_eq!(parse("either/or"), Ok(said("either/or")));
    }

    #[test]
    fn two_slashes_say_one() {
        assert_eq!(parse("//etc is full"), Ok(said("/etc is full")));
        assert_eq!(parse("  //"), Ok(said("/")));
    }

    #[test]
    fn every_command_is_read() {
        let text = || "hi there".to_owned();
        let cases = [
            ("/join #Physics", Command::Join { room: room("physics") }),
            ("/part", Command::Part { room: None }),
            ("/part lobby", Command::Part { room: Some(room("lobby")) }),
            ("/rooms", Command::Rooms),
            ("/msg bob hi there", Command::Private { to: "bob".into(), text: text() }),
            ("/msg\tbob   hi there", Command::Private { to: "bob".into(), text: text() }),
            ("/reply hi there", Command::Reply { text: text() }),
            ("/me hi there", Command::Act { text: text() }),
            ("/who", Command::Who { room: None }),
            ("/names lobby", Command::Who { room: Some(room("lobby")) }),
            ("/whois bob", Command::Whois { name: "bob".into() }),
            ("/nick Zoë", Command::Nick { name: "Zoë".into() }),
            ("/away", Command::Away { text: None }),
            ("/away hi there", Command::Away { text: Some(text()) }),
            ("/back", Command::Back),
            ("/help", Command::Help { about: None }),
            ("/help /names", Command::Help { about: Some("who") }),
            ("/topic", Command::Topic { text: None }),
            ("/topic hi there", Command::Topic { text: Some(text()) }),
            ("/topic -", Command::Topic { text: Some(String::new()) }),
            ("/kick bob", moderate(Act::Kick { name: "bob".into(), reason: String::new() })),
            ("/kick bob hi there", moderate(Act::Kick { name: "bob".into(), reason: text() })),
            ("/ban bob", banned(0, "")),
            ("/ban bob 10m", banned(600, "")),
            ("/ban bob 2h hi there", banned(7_200, "hi there")),
            ("/ban bob hi there", banned(0, "hi there")),
            ("/ban bob 0s", banned(0, "0s")),
            ("/ban bob 99999999999999999999d", banned(0, "99999999999999999999d")),
            ("/ban bob 1é", banned(0, "1é")),
            ("/unmute bob", moderate(Act::Lift { measure: Measure::Mute, name: "bob".into() })),
            ("/slow 10", Command::Slow { seconds: 10 }),
            ("/op bob", moderate(Act::Appoint { name: "bob".into(), role: Role::Moderator })),
            ("/deop bob", moderate(Act::Appoint { name: "bob".into(), role: Role::Member })),
            ("/bans", Command::Measures),
            ("/audit", Command::Audit { count: 20 }),
            ("/audit 5", Command::Audit { count: 5 }),
            ("/history", Command::History { count: 50 }),
            ("/history 100", Command::History { count: 100 }),
            ("/stats", Command::Stats),
            ("/fingerprint", Command::Fingerprint),
            ("/quit", Command::Quit),
            ("/exit", Command::Quit),
        ];
        for (line, command) in cases {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn white_space_or_a_byte_order_mark_before_the_slash_does_not_make_it_text() {
        for line in ["  /quit", "\t/quit", "\u{feff}/quit", "/QUIT", "\u{a0}/quit "] {
            assert_eq!(parse(line), Ok(Command::Quit), "{line:?}");
        }
    }

    #[test]
    fn an_unknown_command_is_an_error_that_names_the_nearest() {
        for (line, nearest) in [("/jion lobby", "/join"), ("/qiut", "/quit"), ("/massage bob hi", "/msg")] {
            let failure = parse(line).unwrap_err();
            assert_eq!(failure.code, "unknown-command");
            assert!(failure.text.contains(nearest), "{}", failure.text);
        }
        for line in ["/", "/ quit", "/etc/passwd", "/help nothing"] {
            assert_eq!(code(line), "unknown-command", "{line}");
        }
    }

    #[test]
    fn a_missing_or_extra_argument_is_answered_with_the_usage() {
        for line in [
            "/join",
            "/join a b",
            "/msg",
            "/msg bob",
            "/me",
            "/reply ",
            "/rooms now",
            "/nick a b",
            "/slow",
            "/slow soon",
            "/op",
            "/ban",
            "/audit x",
            "/history 0",
            "/history 101",
        ] {
            assert_eq!(code(line), "usage", "{line}");
        }
        assert!(parse("/msg bob").unwrap_err().text.contains("/msg NAME TEXT"));
    }

    #[test]
    fn an_argument_that_breaks_a_rule_is_refused_before_it_is_sent() {
        assert_eq!(code("/join a/b"), "room-invalid");
        assert_eq!(code(&format!("/nick {}", "x".repeat(33))), "name-invalid");
        assert_eq!(code(&"x".repeat(4_001)), "message-too-long");
        assert_eq!(code(&format!("/me {}", "x".repeat(4_001))), "message-too-long");
        assert_eq!(code(&format!("/away {}", "x".repeat(NOTE_MAX + 1))), "message-too-long");
    }

    #[test]
    fn an_empty_line_is_an_error() {
        for line in ["", "   ", "\r", "\u{feff}\t"] {
            assert_eq!(code(line), "empty-line", "{line:?}");
        }
    }

    #[test]
    fn help_tells_of_every_command_and_completion_finds_it() {
        let all = help_text(None);
        for entry in COMMANDS {
            assert!(all.contains(&entry.usage()), "{}", entry.name);
            assert!(help_text(Some(entry.name)).contains(entry.help));
            assert!(complete(&entry.name[..2]).any(|name| name == entry.name));
        }
        assert_eq!(complete("wh").collect::<Vec<_>>(), ["who", "whois"]);
    }

    proptest! {
        #[test]
        fn nothing_that_begins_with_one_slash_is_ever_said(
            blank in "[ \t\u{feff}]{0,3}",
            rest in "[^/].{0,40}",
        ) {
            let leaked = matches!(parse(&format!("{blank}/{rest}")), Ok(Command::Say { .. }));
            prop_assert!(!leaked);
        }
    }
}
