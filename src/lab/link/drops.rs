//! Which packets are dropped by name?
//!
//! `client:packet#3` is the third packet that the client sends; `server:ack#1` the first that the caller
//! labels `ack` on its way from the server; `client:packet#2-7` a run of them. The link knows a packet's
//! labels only from whoever hands it over: in the clear one can say `data` or `ack`, for TCP `syn` or
//! `fin`, for a sealed datagram nothing but `packet`.

use super::config::Direction;
use std::fmt;
use std::str::FromStr;

/// The label that every packet has.
pub const ANY: &str = "packet";

/// One name of packets to drop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedDrop {
    /// The way that the packet goes: `client:` is up.
    pub direction: Direction,
    /// The label: [`ANY`] or one that the caller gives.
    pub kind: String,
    /// The first to be dropped, counted from 1 among those of this direction and label.
    pub first: u64,
    /// The last to be dropped, at least `first`.
    pub last: u64,
}

impl FromStr for NamedDrop {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!("`{text}` names no packet; write client:packet#3, server:ack#1 or client:packet#2-7")
        })
    }
}

fn parse(text: &str) -> Option<NamedDrop> {
    let (side, rest) = text.split_once(':')?;
    let (kind, numbers) = rest.split_once('#')?;
    let direction = match side {
        "client" => Direction::Up,
        "server" => Direction::Down,
        _ => return None,
    };
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    let plain = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase());
    (plain && first >= 1 && first <= last).then(|| NamedDrop {
        direction,
        kind: kind.to_owned(),
        first,
        last,
    })
}

impl fmt::Display for NamedDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.direction == Direction::Up { "client" } else { "server" };
        write!(f, "{side}:{}#{}", self.kind, self.first)?;
        if self.last > self.first { write!(f, "-{}", self.last) } else { Ok(()) }
    }
}

/// A name with the packets counted that it fits.
#[derive(Debug)]
pub struct Watch {
    name: NamedDrop,
    seen: u64,
}

impl Watch {
    /// Watches for packets of this name.
    pub const fn new(name: NamedDrop) -> Self {
        Self { name, seen: 0 }
    }

    /// A packet comes with these labels: is it the one?
    pub fn hits(&mut self, direction: Direction, kinds: &[&str]) -> bool {
        let fits = direction == self.name.direction
            && (self.name.kind == ANY || kinds.contains(&self.name.kind.as_str()));
        self.seen += u64::from(fits);
        fits && (self.name.first..=self.name.last).contains(&self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for text in ["client:packet#3", "server:ack#1", "client:data#12", "client:packet#2-7"] {
            assert_eq!(text.parse::<NamedDrop>().map(|name| name.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_names_no_packet_is_refused_with_an_example() {
        for text in ["", "client", "client:packet", "packet#3", "me:packet#1", "client:packet#0", "client:#1"]
        {
            let error = text.parse::<NamedDrop>().expect_err(text);
            assert!(error.contains("client:packet#3"), "{error}");
        }
        for text in ["client:packet#x", "client:packet#3-2", "client:packet#-1", "client:PACKET#1"] {
            assert!(text.parse::<NamedDrop>().is_err(), "{text}");
        }
    }

    #[test]
    fn packets_are_counted_among_their_own_kind_and_direction() {
        let mut watch = Watch::new("client:ack#2".parse().expect("a good name"));
        let packets: [(Direction, &[&str]); 5] = [
            (Direction::Up, &["ack"]),
            (Direction::Down, &["ack"]),
            (Direction::Up, &["data"]),
            (Direction::Up, &["data", "ack"]),
            (Direction::Up, &["ack"]),
        ];
        let hits = packets.map(|(direction, kinds)| watch.hits(direction, kinds));
        assert_eq!(hits, [false, false, false, true, false]);
    }
}
