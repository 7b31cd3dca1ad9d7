//! What does a server tell about itself to everybody on its network?
//!
//! ```text
//!  room12._sayagain._udp.local  SRV  → host, port
//!                               TXT  txtvers=1  protocol=1  version=0.1.0  name=room12
//!                                    key=3fd0…(32)  door=open  carriers=udp,tcp  [seal=none]
//! ```
//!
//! No more than any stranger who says HELLO is told, and of the key only a thumbprint. The name stands in the
//! TXT record besides, because mDNS gives an instance another name where two want the same (RFC 6762 §9).
//!
//! Source: RFC 6763 §6 (TXT records: `key=value`, unknown keys are passed over, `txtvers` first).

use crate::crypto::Thumbprint;
use crate::wire::bytes::Malformed;

/// The type of service, as DNS-SD names it (RFC 6763 §7: all that is not TCP alone is `_udp`).
pub const SERVICE_TYPE: &str = "_sayagain._udp.local.";
/// The longest name of a server, in bytes.
pub const NAME_MAX: usize = 64;
/// The longest version of a program, in bytes.
pub const VERSION_MAX: usize = 32;

/// Who may come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// Everybody.
    Open,
    /// Whoever knows the class secret, and members.
    Secret,
    /// Members.
    Members,
}

impl Door {
    /// As a word of the TXT record.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Secret => "secret",
            Self::Members => "members",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Secret, Self::Members].into_iter().find(|door| door.word() == word)
    }
}

/// What carries the sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spoken {
    /// Datagrams.
    pub udp: bool,
    /// Streams.
    pub tcp: bool,
}

/// What a server tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announcement {
    /// Its name: 1 to [`NAME_MAX`] bytes, in whatever characters; show it through `printable`.
    pub name: String,
    /// The version of its program, at most [`VERSION_MAX`] bytes.
    pub version: String,
    /// The version of the protocol on datagrams and streams.
    pub protocol: u32,
    /// Where it listens.
    pub port: u16,
    /// What stands for its key.
    pub thumbprint: Thumbprint,
    /// Who may come in.
    pub door: Door,
    /// What carries the sessions.
    pub spoken: Spoken,
    /// Does it speak without the seal (`--insecure`)?
    pub is_clear: bool,
    /// Sessions now, if it tells; never by mDNS, where it would be out of date.
    pub people: Option<u32>,
}

impl Announcement {
    /// The TXT record, in its order.
    pub fn txt(&self) -> Vec<(&'static str, String)> {
        let carriers = match (self.spoken.udp, self.spoken.tcp) {
            (true, true) => "udp,tcp",
            (true, false) => "udp",
            (false, true) => "tcp",
            (false, false) => "",
        };
        let mut pairs = vec![
            ("txtvers", "1".to_owned()),
            ("protocol", self.protocol.to_string()),
            ("version", self.version.clone()),
            ("name", self.name.clone()),
            ("key", self.thumbprint.to_string()),
            ("door", self.door.word().to_owned()),
            ("carriers", carriers.to_owned()),
        ];
        if self.is_clear {
            pairs.push(("seal", "none".to_owned()));
        }
        pairs
    }

    /// Reads a TXT record; `value` gives the value of a key. What is missing, too long or unknown to us is
    /// malformed, keys that we do not know are passed over.
    pub fn from_txt<'a>(port: u16, value: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Malformed> {
        let bounded = |key, max, what| match value(key) {
            Some(text) if text.len() <= max => Ok(text),
            _ => Err(Malformed(what)),
        };
        let carriers = bounded("carriers", 64, "carriers")?;
        let speaks = |word| carriers.split(',').any(|carrier| carrier == word);
        let announcement = Self {
            name: bounded("name", NAME_MAX, "name")?.to_owned(),
            version: bounded("version", VERSION_MAX, "version")?.to_owned(),
            protocol: bounded("protocol", 10, "protocol")?.parse().map_err(|_| Malformed("protocol"))?,
            port,
            thumbprint: value("key").and_then(Thumbprint::parse).ok_or(Malformed("key"))?,
            door: value("door").and_then(Door::parse).ok_or(Malformed("door"))?,
            spoken: Spoken { udp: speaks("udp"), tcp: speaks("tcp") },
            is_clear: value("seal") == Some("none"),
            people: None,
        };
        announcement.checked()
    }

    /// What every server has.
    pub(super) fn checked(self) -> Result<Self, Malformed> {
        if self.name.trim().is_empty() || self.name.len() > NAME_MAX {
            return Err(Malformed("name"));
        }
        if self.port == 0 {
            return Err(Malformed("port"));
        }
        Ok(self)
    }

    /// The name of the instance for DNS-SD: of the server's name as much as fits (RFC 6763 §4.1.1: 63 bytes).
    pub fn instance_name(&self) -> &str {
        let end = (0..=self.name.len().min(63)).rev().find(|end| self.name.is_char_boundary(*end));
        &self.name[..end.unwrap_or(0)]
    }

    /// The name of the host for mDNS. Ours: not the machine's own, because another responder on it answers for
    /// that, and because it need not be told.
    pub fn host_name(&self) -> String {
        format!("sayagain-{}-{}.local.", &self.thumbprint.to_string()[..8], self.port)
    }
}
