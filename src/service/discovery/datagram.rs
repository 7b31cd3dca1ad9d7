//! How does a client ask "who is here?" where mDNS is blocked, and how does a server answer?
//!
//! ```text
//!  probe, 160 bytes              0      4        5           13
//!                               │"SAY?" │ 01     │ cookie (8) │ zeros …
//!
//!  answer, at most 139 bytes     0      4        5           13             17        19
//!                               │"SAY!" │ 01     │ cookie (8) │ protocol (4)│ port (2)│ thumbprint (16) …
//!                                35          36
//!                               │ flags (1) │ people + 1, or 0 │ version: string │ name: string
//!
//!  flags    0x01 UDP   0x02 TCP   0x04 in the clear   0x18 door: 0 open, 1 secret, 2 members
//! ```
//!
//! They go to and come from a port of their own, [`PORT`], so that a server of any port and of TCP alone is
//! found, and no session's socket hears them. A probe is padded, so that its answer is never longer than it.
//! What follows the name is left for later; reading is total.

use super::announcement::{Announcement, Door, NAME_MAX, Spoken, VERSION_MAX};
use crate::crypto::Thumbprint;
use crate::wire::bytes::{Malformed, Reader, Writer};

/// The UDP port that probes go to.
pub const PORT: u16 = 24_747;
/// The length of a probe. A longer one is read too, a shorter one is malformed.
pub const PROBE_LEN: usize = 160;
/// The longest answer.
pub const ANSWER_MAX: usize = 139;

const PROBE: [u8; 4] = *b"SAY?";
const ANSWER: [u8; 4] = *b"SAY!";
/// The form of what follows; another one is not read.
const FORM: u8 = 1;

const UDP: u8 = 0x01;
const TCP: u8 = 0x02;
const CLEAR: u8 = 0x04;

/// Who is here?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probe {
    /// Random bytes that an answer repeats, so that nobody answers who has not heard the question.
    pub cookie: [u8; 8],
}

/// I am.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// That of the probe.
    pub cookie: [u8; 8],
    /// What the server tells.
    pub announcement: Announcement,
}

impl Probe {
    /// The datagram.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PROBE_LEN);
        Writer::new(&mut bytes).put(&PROBE).put_u8(FORM).put(&self.cookie);
        bytes.resize(PROBE_LEN, 0);
        bytes
    }

    /// Reads a datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, Malformed> {
        if datagram.len() < PROBE_LEN {
            return Err(Malformed("length of a probe"));
        }
        let mut reader = begin(datagram, PROBE)?;
        Ok(Self { cookie: reader.take_array("cookie")? })
    }
}

impl Answer {
    /// The datagram: at most [`ANSWER_MAX`] bytes.
    pub fn encode(&self) -> Vec<u8> {
        let Announcement { protocol, port, thumbprint, .. } = self.announcement;
        let mut bytes = Vec::with_capacity(ANSWER_MAX);
        let mut writer = Writer::new(&mut bytes);
        writer.put(&ANSWER).put_u8(FORM).put(&self.cookie);
        writer.put_u32(protocol).put_u16(port).put(&thumbprint.0).put_u8(flags(&self.announcement));
        writer.put_varint(self.announcement.people.map_or(0, |people| u64::from(people) + 1));
        writer.put_run(cut(&self.announcement.version, VERSION_MAX).as_bytes());
        writer.put_run(cut(&self.announcement.name, NAME_MAX).as_bytes());
        bytes
    }

    /// Reads a datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, Malformed> {
        let mut reader = begin(datagram, ANSWER)?;
        let cookie = reader.take_array("cookie")?;
        let protocol = reader.take_u32("protocol")?;
        let port = reader.take_u16("port")?;
        let thumbprint = Thumbprint(reader.take_array("thumbprint")?);
        let flags = reader.take_u8("flags")?;
        let people = reader.take_varint("people")?;
        let announcement = Announcement {
            version: reader.take_str(VERSION_MAX, "version")?.to_owned(),
            name: reader.take_str(NAME_MAX, "name")?.to_owned(),
            protocol,
            port,
            thumbprint,
            door: door(flags)?,
            spoken: Spoken { udp: flags & UDP != 0, tcp: flags & TCP != 0 },
            is_clear: flags & CLEAR != 0,
            people: people.checked_sub(1).map(|people| u32::try_from(people).unwrap_or(u32::MAX)),
        };
        Ok(Self { cookie, announcement: announcement.checked()? })
    }
}

fn begin(datagram: &[u8], kind: [u8; 4]) -> Result<Reader<'_>, Malformed> {
    let mut reader = Reader::new(datagram);
    if reader.take_array("kind")? != kind || reader.take_u8("form")? != FORM {
        return Err(Malformed("kind"));
    }
    Ok(reader)
}

fn flags(announcement: &Announcement) -> u8 {
    let Spoken { udp, tcp } = announcement.spoken;
    let door = match announcement.door {
        Door::Open => 0x00,
        Door::Secret => 0x08,
        Door::Members => 0x10,
    };
    let flag = |is, bit| if is { bit } else { 0 };
    door | flag(udp, UDP) | flag(tcp, TCP) | flag(announcement.is_clear, CLEAR)
}

fn door(flags: u8) -> Result<Door, Malformed> {
    match flags & 0x18 {
        0x00 => Ok(Door::Open),
        0x08 => Ok(Door::Secret),
        0x10 => Ok(Door::Members),
        _ => Err(Malformed("door")),
    }
}

/// As much of it as fits into so many bytes.
fn cut(text: &str, max: usize) -> &str {
    let end = (0..=text.len().min(max)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}
