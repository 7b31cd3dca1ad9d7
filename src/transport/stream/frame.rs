//! How does a stream say where something ends?
//!
//! ```text
//!   0        1                      4
//!  ┌────────┬──────────────────────┬──────────────┐
//!  │ kind   │ length of the body   │ body …       │
//!  └────────┴──────────────────────┴──────────────┘
//!  0x40|phase  sealed content; the four bytes before it are the associated data, the frame's number is
//!              the nonce: 0, 1, 2, … in each direction, written nowhere
//!  0x81        HELLO      the first handshake message
//!  0x82        WELCOME    the second
//!  0x83        FINISH     the third, XX only
//!  0x85        VERSIONS   four bytes for each version that the server speaks; then it closes
//!  0x86        REFUSE     code (2 bytes), text; then the server closes, unless the code is UNKNOWN_KEY
//! ```
//!
//! The kinds are those of the [datagrams](crate::wire::datagram). The length is held against what the kind
//! allows as soon as the four bytes are there; memory grows with what arrives, not with what is announced.

use super::content;
use crate::crypto::handshake::MAX_MESSAGE;
use crate::transport::session::CloseCode;
use crate::wire::bytes::{Malformed, Reader, Writer};
use crate::wire::datagram::REFUSE_TEXT_MAX;

/// Bytes before the body.
pub const HEADER_LEN: usize = 4;

const SEALED: u8 = 0x40;
const PHASE_BIT: u8 = 0x01;
const HELLO: u8 = 0x81;
const WELCOME: u8 = 0x82;
const FINISH: u8 = 0x83;
const VERSIONS: u8 = 0x85;
const REFUSE: u8 = 0x86;
/// The most versions that are read from a VERSIONS frame.
const VERSIONS_MAX: usize = 16;
/// The longest tag, and so the most that a seal adds.
const TAG_MAX: usize = 16;

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Sealed content, with the phase of its key.
    Sealed(bool),
    /// The first handshake message.
    Hello,
    /// The second.
    Welcome,
    /// The third.
    Finish,
    /// The server speaks other versions only.
    Versions,
    /// The server says no.
    Refuse,
}

impl Kind {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Sealed(false) => SEALED,
            Self::Sealed(true) => SEALED | PHASE_BIT,
            Self::Hello => HELLO,
            Self::Welcome => WELCOME,
            Self::Finish => FINISH,
            Self::Versions => VERSIONS,
            Self::Refuse => REFUSE,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            SEALED => Self::Sealed(false),
            0x41 => Self::Sealed(true),
            HELLO => Self::Hello,
            WELCOME => Self::Welcome,
            FINISH => Self::Finish,
            VERSIONS => Self::Versions,
            REFUSE => Self::Refuse,
            _ => return None,
        })
    }

    /// The longest body of this kind, in bytes.
    pub const fn body_max(self) -> usize {
        match self {
            Self::Sealed(_) => content::LEN_MAX + TAG_MAX,
            Self::Hello | Self::Welcome | Self::Finish => MAX_MESSAGE,
            Self::Versions => 4 * VERSIONS_MAX,
            Self::Refuse => 4 + REFUSE_TEXT_MAX,
        }
    }
}

/// The four bytes before the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// What the frame is.
    pub kind: Kind,
    /// The body's length, at most [`Kind::body_max`].
    pub len: usize,
}

impl Header {
    /// The bytes of a header; a body longer than 2^24 - 1 cannot be said and is never made.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let len = u32::try_from(self.len).unwrap_or(u32::MAX).to_be_bytes();
        [self.kind.to_byte(), len[1], len[2], len[3]]
    }

    /// Reads a header and holds its length against its kind.
    pub fn read(bytes: [u8; HEADER_LEN]) -> Result<Self, Malformed> {
        let kind = Kind::from_byte(bytes[0]).ok_or(Malformed("a frame of unknown kind"))?;
        let len = bytes[1..].iter().fold(0, |len, byte| (len << 8) | usize::from(*byte));
        if len > kind.body_max() { Err(Malformed("a frame too long")) } else { Ok(Self { kind, len }) }
    }
}

/// A frame that is not sealed.
pub fn plain(kind: Kind, body: &[u8]) -> Vec<u8> {
    [&Header { kind, len: body.len() }.to_bytes(), body].concat()
}

/// The body of VERSIONS.
pub fn versions_body(versions: &[u32]) -> Vec<u8> {
    versions.iter().flat_map(|version| version.to_be_bytes()).collect()
}

/// Reads the body of VERSIONS; a rest that is no whole version is ignored.
pub fn read_versions(body: &[u8]) -> Vec<u32> {
    body.as_chunks().0.iter().take(VERSIONS_MAX).map(|version| u32::from_be_bytes(*version)).collect()
}

/// The body of REFUSE; a text longer than 256 bytes is cut between two characters.
pub fn refuse_body(code: CloseCode, text: &str) -> Vec<u8> {
    let mut body = Vec::new();
    Writer::new(&mut body).put_u16(code.0).put_str(&text[..text.floor_char_boundary(REFUSE_TEXT_MAX)]);
    body
}

/// Reads the body of REFUSE.
pub fn read_refuse(body: &[u8]) -> Result<(CloseCode, String), Malformed> {
    let mut reader = Reader::new(body);
    let code = CloseCode(reader.take_u16("refusal code")?);
    let text = reader.take_str(REFUSE_TEXT_MAX, "refusal text")?.to_owned();
    reader.finish("rest of the refusal")?;
    Ok((code, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_each_kind_reads_back_up_to_its_longest_body_and_not_beyond() {
        for byte in 0..=u8::MAX {
            let Some(kind) = Kind::from_byte(byte) else {
                assert_eq!(Header::read([byte, 0, 0, 0]), Err(Malformed("a frame of unknown kind")));
                continue;
            };
            assert_eq!(kind.to_byte(), byte);
            for len in [0, 1, kind.body_max()] {
                let header = Header { kind, len };
                assert_eq!(Header::read(header.to_bytes()), Ok(header));
            }
            for len in [kind.body_max() + 1, 0xff_ffff] {
                let told = Header { kind, len }.to_bytes();
                assert_eq!(Header::read(told), Err(Malformed("a frame too long")));
            }
        }
    }

    #[test]
    fn a_refusal_reads_back_and_its_text_is_clipped_between_characters() {
        let body = refuse_body(CloseCode::FULL, "come back later");
        assert_eq!(read_refuse(&body), Ok((CloseCode::FULL, "come back later".to_owned())));
        let (_, text) = read_refuse(&refuse_body(CloseCode::FULL, &"ß€".repeat(400))).expect("clipped");
        assert!(text.len() <= REFUSE_TEXT_MAX && text.ends_with(['ß', '€']));
        assert!((0..body.len()).all(|len| read_refuse(&body[..len]).is_err()));
        let mut long = Vec::new();
        Writer::new(&mut long).put_u16(7).put_str(&"x".repeat(257));
        assert_eq!(read_refuse(&long), Err(Malformed("refusal text")), "as over datagrams");
    }

    #[test]
    fn the_versions_read_back_and_a_torn_one_is_ignored() {
        let mut body = versions_body(&[1, 7]);
        body.extend_from_slice(&[9, 9]);
        assert_eq!(read_versions(&body), [1, 7]);
    }
}
