//! Is this the server that I met before? Its key says so, and this file remembers keys.
//!
//! ```text
//!  # a comment
//!  0c5e…91fa 192.168.0.17:4747,server.example Room 12
//!  └ key ──┘ └ last addresses, or - ─────────┘ └ the server's own name, to the end of the line
//! ```
//!
//! The name and the key are what counts; addresses are hints (which key to expect there, so that the
//! handshake is short), since addresses of classrooms change. Comments, empty lines, and lines that begin
//! with `@` (kept for later versions) stay as they are. Any other line that cannot be read is an error, and
//! never skipped: a key that is overlooked protects nobody.

use super::HomeError;
use super::folder::{FILE_MAX, Folder};
use super::keys::{hex, unhex};
use crate::crypto::PublicKey;
use std::fmt;
use std::path::{Path, PathBuf};

const FILE: &str = "known_servers";
/// Addresses remembered for each server: the last 8.
const ADDRESSES: usize = 8;
/// The longest name and the longest address that is kept: 255 bytes.
const TEXT_MAX: usize = 255;

/// One server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownServer {
    /// The server's own name.
    pub name: String,
    /// Its key.
    pub key: PublicKey,
    /// Where it was last reached, the latest last.
    pub addresses: Vec<String>,
}

/// The servers met so far.
#[derive(Clone, Debug)]
pub struct KnownServers {
    folder: Folder,
    lines: Vec<Line>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Line {
    Kept(String),
    Server(KnownServer),
}

impl KnownServers {
    /// Reads the file in this configuration folder; no file means that none was met yet.
    pub fn load(config: &Path) -> Result<Self, HomeError> {
        let folder = Folder::new(config.to_owned());
        let lines = read(&folder)?;
        Ok(Self { folder, lines })
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// Names and keys, in the order of the file.
    pub fn pins(&self) -> Vec<(String, PublicKey)> {
        self.servers().map(|server| (server.name.clone(), server.key)).collect()
    }

    /// All that is known, in the order of the file.
    pub fn servers(&self) -> impl Iterator<Item = &KnownServer> {
        self.lines.iter().filter_map(|line| match line {
            Line::Server(server) => Some(server),
            Line::Kept(_) => None,
        })
    }

    /// The key of the server that was last reached at this address.
    pub fn key_for_address(&self, address: &str) -> Option<PublicKey> {
        self.at_address(address).map(|server| server.key)
    }

    /// The server that was last reached at this address.
    pub fn at_address(&self, address: &str) -> Option<&KnownServer> {
        self.servers().find(|server| server.addresses.iter().any(|known| known == address))
    }

    /// In which line of the file (from 1) a server of this name first stands: for whoever must edit it.
    pub fn line_of(&self, name: &str) -> Option<usize> {
        let is_it = |line: &Line| matches!(line, Line::Server(server) if server.name == name);
        self.lines.iter().position(is_it).map(|index| index + 1)
    }

    /// Remembers that the server of this name proved this key, at this address. What other processes
    /// wrote meanwhile is kept.
    pub fn remember(&mut self, name: &str, key: PublicKey, address: &str) -> Result<(), HomeError> {
        check_name(name)?;
        let lines = self.folder.locked(|folder| {
            let before = read(folder)?;
            let after = remembered(before.clone(), name, key, address);
            if after != before {
                write(folder, &after)?;
            }
            Ok(after)
        })?;
        self.lines = lines;
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), HomeError> {
    if name.is_empty() || name.len() > TEXT_MAX || name != name.trim() || name.chars().any(char::is_control) {
        return Err(HomeError::Unfit(format!(
            "the server calls itself {name:?}, which cannot be remembered; its owner must change its name"
        )));
    }
    Ok(())
}

fn remembered(mut lines: Vec<Line>, name: &str, key: PublicKey, address: &str) -> Vec<Line> {
    let mut found = false;
    for line in &mut lines {
        let Line::Server(server) = line else { continue };
        let is_it = server.name == name && server.key == key;
        found |= is_it;
        if is_it && server.addresses.last().is_some_and(|last| last == address) {
            continue;
        }
        // An address has moved if another server answers there now.
        server.addresses.retain(|known| known != address);
        if is_it {
            add_address(server, address);
        }
    }
    if !found {
        let mut server = KnownServer { name: name.to_owned(), key, addresses: Vec::new() };
        add_address(&mut server, address);
        lines.push(Line::Server(server));
    }
    lines
}

/// An address that would break the line is no hint worth keeping.
fn add_address(server: &mut KnownServer, address: &str) {
    let breaks = |c: char| c.is_whitespace() || c.is_control() || c == ',';
    if address.is_empty() || address == "-" || address.len() > TEXT_MAX || address.contains(breaks) {
        return;
    }
    server.addresses.push(address.to_owned());
    let surplus = server.addresses.len().saturating_sub(ADDRESSES);
    server.addresses.drain(..surplus);
}

fn read(folder: &Folder) -> Result<Vec<Line>, HomeError> {
    let Some(bytes) = folder.read(FILE)? else { return Ok(Vec::new()) };
    let damaged = |index: usize| HomeError::Damaged {
        path: folder.path().join(FILE),
        line: Some(index + 1),
        text:
            "it should be a key (64 hexadecimal digits), addresses (or -), and a server's name. Correct or \
               delete that line; a server whose line is gone is met as a new one"
                .to_owned(),
    };
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let parsed = lines.map(|(index, line)| parse(line).ok_or_else(|| damaged(index)));
    let mut lines = parsed.collect::<Result<Vec<_>, _>>()?;
    // What follows the last line's end is no line.
    lines.pop_if(|last| *last == Line::Kept(String::new()));
    Ok(lines)
}

fn parse(line: &[u8]) -> Option<Line> {
    let line = str::from_utf8(line).ok()?.trim();
    if line.is_empty() || line.starts_with(['#', '@']) {
        return Some(Line::Kept(line.to_owned()));
    }
    let (key, rest) = line.split_once(char::is_whitespace)?;
    let (addresses, name) = rest.trim_start().split_once(char::is_whitespace)?;
    let addresses = match addresses {
        "-" => Vec::new(),
        list => list.split(',').map(str::to_owned).collect(),
    };
    Some(Line::Server(KnownServer {
        name: name.trim_start().to_owned(),
        key: PublicKey(unhex(key)?),
        addresses,
    }))
}

fn write(folder: &Folder, lines: &[Line]) -> Result<(), HomeError> {
    let lines: Vec<String> = lines.iter().map(Line::to_string).collect();
    let text = lines.join("\n") + "\n";
    if text.len() > FILE_MAX {
        let path = folder.path().join(FILE);
        return Err(HomeError::Unfit(format!(
            "{} is full; delete lines that are out of date",
            path.display()
        )));
    }
    folder.write(FILE, text.as_bytes())
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(line) => f.write_str(line),
            Self::Server(KnownServer { name, key, addresses }) if addresses.is_empty() => {
                write!(f, "{} - {name}", hex(&key.0))
            }
            Self::Server(KnownServer { name, key, addresses }) => {
                write!(f, "{} {} {name}", hex(&key.0), addresses.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const KEY: PublicKey = PublicKey([0xab; 32]);
    const OTHER: PublicKey = PublicKey([0xcd; 32]);

    fn folder() -> TempDir {
        TempDir::new().expect("a folder to test in")
    }

    fn load(folder: &TempDir) -> KnownServers {
        KnownServers::load(folder.path()).expect("readable")
    }

    fn written(folder: &TempDir) -> String {
        std::fs::read_to_string(folder.path().join(FILE)).expect("written")
    }

    #[test]
    fn a_server_is_remembered_by_name_and_key_over_a_restart() {
        let folder = folder();
        let mut known = load(&folder);
        assert!(known.pins().is_empty(), "no file means that none was met yet");
        known.remember("Room 12", KEY, "10.0.0.5:4747").expect("remembered");
        known.remember("Room 13", OTHER, "[::1]:4747").expect("remembered");
        let again = load(&folder);
        assert_eq!(again.pins(), [("Room 12".to_owned(), KEY), ("Room 13".to_owned(), OTHER)]);
        assert_eq!(again.pins(), known.pins());
        assert_eq!(again.key_for_address("[::1]:4747"), Some(OTHER));
        assert_eq!(again.key_for_address("elsewhere"), None);
        assert_eq!(again.line_of("Room 13"), Some(2));
    }

    #[test]
    fn an_address_belongs_to_the_server_that_answered_there_last() {
        let folder = folder();
        let mut known = load(&folder);
        known.remember("old", KEY, "10.0.0.5").expect("remembered");
        known.remember("new", OTHER, "10.0.0.5").expect("remembered");
        assert_eq!(known.key_for_address("10.0.0.5"), Some(OTHER));
        assert_eq!(known.pins().len(), 2, "the pin itself outlives its address");
    }

    #[test]
    fn the_last_eight_addresses_are_kept() {
        let folder = folder();
        let mut known = load(&folder);
        for last in [1, 2, 3, 4, 5, 6, 7, 8, 1, 9] {
            known.remember("server", KEY, &format!("10.0.0.{last}")).expect("remembered");
        }
        let addresses: Vec<_> = known.servers().flat_map(|server| &server.addresses).collect();
        assert_eq!(addresses, [3, 4, 5, 6, 7, 8, 1, 9].map(|last| format!("10.0.0.{last}")).each_ref());
    }

    #[test]
    fn lines_that_are_not_ours_stay_where_they_are() {
        let folder = folder();
        let line = format!("{} - quiet  one", hex(&KEY.0));
        let before = format!("# mine\n\n@later {line}\n{line}\n");
        std::fs::write(folder.path().join(FILE), &before).expect("written");
        load(&folder).remember("new", OTHER, "there").expect("remembered");
        assert_eq!(written(&folder), format!("{before}{} there new\n", hex(&OTHER.0)));
        assert_eq!(load(&folder).pins()[0].0, "quiet  one");
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_with_the_cure_and_nothing_is_overwritten() {
        let folder = folder();
        let mut known = load(&folder);
        for bad in ["nonsense", &format!("{} -", hex(&KEY.0)), "ab - short key", "\u{0} - x"] {
            let content = format!("# first\n{bad}\n");
            std::fs::write(folder.path().join(FILE), &content).expect("written");
            let error = KnownServers::load(folder.path()).expect_err("a bad line").to_string();
            assert!(error.contains("line 2") && error.contains(FILE) && error.contains("delete"), "{error}");
            known
                .remember("server", KEY, "there")
                .expect_err("nothing is written over what is not understood");
            assert_eq!(written(&folder), content);
        }
    }

    #[test]
    fn many_clients_at_once_forget_no_server() {
        let folder = folder();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let mut known = load(&folder);
                let name = format!("server {number}");
                scope.spawn(move || known.remember(&name, PublicKey([number; 32]), "here").expect("kept"));
            }
        });
        assert_eq!(load(&folder).pins().len(), 8);
    }

    #[test]
    fn a_file_that_would_grow_too_long_to_be_read_is_not_written() {
        let folder = folder();
        let comment = format!("#{}\n", "x".repeat(FILE_MAX - 2));
        std::fs::write(folder.path().join(FILE), &comment).expect("written");
        let refused = load(&folder).remember("server", KEY, "there");
        assert!(matches!(refused, Err(HomeError::Unfit(_))), "{refused:?}");
        assert_eq!(written(&folder).len(), FILE_MAX);
    }

    #[test]
    fn a_name_that_would_break_the_file_is_refused_and_such_an_address_is_not_kept() {
        let folder = folder();
        let mut known = load(&folder);
        for name in ["", " x", "a\nb", "\u{1b}[2J", &"n".repeat(256)] {
            assert!(matches!(known.remember(name, KEY, "there"), Err(HomeError::Unfit(_))), "{name:?}");
        }
        known.remember("server", KEY, "a b,c\n").expect("remembered");
        assert_eq!(written(&folder), format!("{} - server\n", hex(&KEY.0)));
    }
}
