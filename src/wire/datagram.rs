//! How does a datagram look from outside?
//!
//! Two forms, told apart by the first bit. A handshake datagram carries a CRC-32 over all that stands
//! before it; it may be followed by a data packet in the same datagram (a client's first words behind its
//! FINISH, a server's behind its WELCOME).
//!
//! ```text
//! handshake   ┌──────┬─────────┬────────────────┬───────────┬────────┬────────┬────────┐
//!             │ kind │ version │ destination id │ source id │ length │ body … │ CRC-32 │
//!             └──────┴─────────┴────────────────┴───────────┴────────┴────────┴────────┘
//!                1        4            8              8          2     length      4
//!
//! data        ┌────────────┬────────────────┬─────────────────┬──────────────────┬─────┐
//!             │ 0x40|phase │ destination id │ number (low 32) │ sealed frames …  │ tag │
//!             └────────────┴────────────────┴─────────────────┴──────────────────┴─────┘
//!                   1              8                 4                           16 (4)
//!  masked           └ phase        ·           ▒▒▒▒▒▒▒▒▒        └ sample: 16 bytes
//! ```
//!
//! Of a sealed data packet the phase and the number are masked ([`mask_header`]): nobody needs them before
//! its receiver opens it. The form and the destination, by which it is sorted, stay readable. Where the mask
//! comes from is for `crypto/shroud.rs` to say.
//!
//! The first 21 bytes of a handshake datagram mean the same in every version of the protocol, so that two
//! that share no version can still say so (in the spirit of RFC 8999).

use super::bytes::{Malformed, Reader, Writer};
use super::number;

/// The version spoken here.
pub const VERSION: u32 = 1;

/// A HELLO is at least so long, so that no reply is larger than what it answers.
pub const HELLO_MIN: usize = 1_200;

/// A datagram shorter than this is not answered with a RESET, which must not be larger.
pub const RESET_MIN: usize = 48;

/// The UDP payload that every path is taken to carry: fits every IPv6 path (RFC 8200 §5: 1,280 bytes less 48
/// of headers; RFC 9000 §14.1). Larger ones are sent only where they are known to pass.
pub const DATAGRAM_BASE: usize = 1_200;

/// The largest UDP payload sent over IPv4, and so the largest of all: Ethernet's 1,500 bytes less 28 of
/// headers.
pub const DATAGRAM_LARGEST_IPV4: usize = 1_472;

/// The largest UDP payload sent over IPv6: 1,500 bytes less 48 of headers.
pub const DATAGRAM_LARGEST_IPV6: usize = 1_452;

/// Bytes of a data packet before its sealed part.
pub const DATA_HEADER: usize = 13;

/// Bytes of a mask: one for the phase, four for the number.
pub const MASK_LEN: usize = 5;

/// Bytes behind the header from which the mask is made. A sealed packet always has them: its tag is as long.
pub const SAMPLE_LEN: usize = 16;

/// Bytes of a handshake datagram around its body.
pub const HANDSHAKE_OVERHEAD: usize = 27;

/// The longest token of a RETRY, in bytes.
pub const TOKEN_MAX: usize = 64;

/// The longest Noise message in a handshake datagram, in bytes.
pub const NOISE_MAX: usize = 1_100;

/// The longest text of a REFUSE, in bytes.
pub const REFUSE_TEXT_MAX: usize = 256;

const DATA_FORM: u8 = 0x40;
const PHASE_BIT: u8 = 0x01;

/// A connection's name at the side that chose it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ConnectionId(pub u64);

/// What a handshake datagram says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Handshake<'a> {
    /// 0x81, from the client: the first Noise message; `pattern` says which kind, `token` is a cookie.
    Hello { pattern: u8, token: &'a [u8], noise: &'a [u8] },
    /// 0x82, from the server: the second Noise message.
    Welcome { noise: &'a [u8] },
    /// 0x83, from the client: the third Noise message.
    Finish { noise: &'a [u8] },
    /// 0x84, from the server: say hello again and bring this cookie.
    Retry { token: &'a [u8] },
    /// 0x85, from the server: it speaks these versions only.
    Versions { versions: Vec<u32> },
    /// 0x86, from the server: no, and why.
    Refuse { code: u16, text: &'a str },
    /// 0x87: the session behind this id is not known here any more.
    Reset { token: [u8; 16] },
}

impl Handshake<'_> {
    /// Its kind, as the specification writes it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "HELLO",
            Self::Welcome { .. } => "WELCOME",
            Self::Finish { .. } => "FINISH",
            Self::Retry { .. } => "RETRY",
            Self::Versions { .. } => "VERSIONS",
            Self::Refuse { .. } => "REFUSE",
            Self::Reset { .. } => "RESET",
        }
    }
}

const HELLO: u8 = 0x81;
const WELCOME: u8 = 0x82;
const FINISH: u8 = 0x83;
const RETRY: u8 = 0x84;
const VERSIONS: u8 = 0x85;
const REFUSE: u8 = 0x86;
const RESET: u8 = 0x87;

/// A handshake datagram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandshakePart<'a> {
    /// Its version.
    pub version: u32,
    /// To whom (zero in a HELLO).
    pub destination: ConnectionId,
    /// From whom.
    pub source: ConnectionId,
    /// What it says; `None` where the version is not ours, so that its body cannot be read.
    pub content: Option<Handshake<'a>>,
    /// How many bytes of the datagram it takes; a data packet may follow.
    pub len: usize,
}

/// The header of a data packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataHeader {
    /// To whom.
    pub destination: ConnectionId,
    /// The key's phase.
    pub phase: bool,
    /// The low half of the packet's number.
    pub truncated: u32,
}

/// Is it a handshake datagram (or else a data packet, or noise)?
pub fn is_handshake(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| first & 0x80 != 0)
}

/// Reads a handshake datagram: its form, its CRC, and its body where the version is ours.
pub fn read_handshake(datagram: &[u8]) -> Result<HandshakePart<'_>, Malformed> {
    let mut reader = Reader::new(datagram);
    let kind = reader.take_u8("kind")?;
    let version = reader.take_u32("version")?;
    let destination = ConnectionId(reader.take_u64("destination id")?);
    let source = ConnectionId(reader.take_u64("source id")?);
    match kind {
        HELLO if version != VERSION => {
            return Ok(HandshakePart { version, destination, source, content: None, len: datagram.len() });
        }
        // Who speaks another version must still be able to say so.
        VERSIONS => {}
        _ if version != VERSION => return Err(Malformed("version")),
        _ => {}
    }
    let body_len = reader.take_u16("body length")?;
    let body = reader.take(usize::from(body_len), "body")?;
    let end = HANDSHAKE_OVERHEAD - 4 + body.len();
    if reader.take_u32("checksum")? != crc32fast::hash(&datagram[..end]) {
        return Err(Malformed("checksum"));
    }
    let content = Some(read_content(kind, body)?);
    Ok(HandshakePart { version, destination, source, content, len: end + 4 })
}

fn read_content(kind: u8, body: &[u8]) -> Result<Handshake<'_>, Malformed> {
    let mut reader = Reader::new(body);
    let content = match kind {
        HELLO => {
            let pattern = reader.take_u8("pattern")?;
            let token = reader.take_run(TOKEN_MAX, "token")?;
            let noise = reader.take_run(NOISE_MAX, "noise message")?;
            // Padding: zeros to the body's end.
            // Or-ed together rather than one by one: a flood makes us read a thousand of them each time.
            return if reader.rest().iter().fold(0, |any, byte| any | byte) == 0 {
                Ok(Handshake::Hello { pattern, token, noise })
            } else {
                Err(Malformed("padding"))
            };
        }
        WELCOME => Handshake::Welcome { noise: reader.take_run(NOISE_MAX, "noise message")? },
        FINISH => Handshake::Finish { noise: reader.take_run(NOISE_MAX, "noise message")? },
        RETRY => Handshake::Retry { token: reader.take_run(TOKEN_MAX, "token")? },
        VERSIONS => {
            let mut versions = Vec::new();
            while !reader.is_empty() && versions.len() < 16 {
                versions.push(reader.take_u32("version")?);
            }
            Handshake::Versions { versions }
        }
        REFUSE => Handshake::Refuse {
            code: reader.take_u16("refusal code")?,
            text: reader.take_str(REFUSE_TEXT_MAX, "refusal text")?,
        },
        RESET => Handshake::Reset { token: reader.take_array("reset token")? },
        _ => return Err(Malformed("kind")),
    };
    reader.finish("rest of the body")?;
    Ok(content)
}

/// Appends a handshake datagram; a HELLO is padded to [`HELLO_MIN`] bytes in all.
pub fn put_handshake(
    buffer: &mut Vec<u8>,
    destination: ConnectionId,
    source: ConnectionId,
    content: &Handshake<'_>,
) {
    let start = buffer.len();
    let kind = match content {
        Handshake::Hello { .. } => HELLO,
        Handshake::Welcome { .. } => WELCOME,
        Handshake::Finish { .. } => FINISH,
        Handshake::Retry { .. } => RETRY,
        Handshake::Versions { .. } => VERSIONS,
        Handshake::Refuse { .. } => REFUSE,
        Handshake::Reset { .. } => RESET,
    };
    let mut out = Writer::new(buffer);
    out.put_u8(kind).put_u32(VERSION).put_u64(destination.0).put_u64(source.0).put_u16(0);
    match content {
        Handshake::Hello { pattern, token, noise } => {
            out.put_u8(*pattern).put_run(token).put_run(noise);
        }
        Handshake::Welcome { noise } | Handshake::Finish { noise } => {
            out.put_run(noise);
        }
        Handshake::Retry { token } => {
            out.put_run(token);
        }
        Handshake::Versions { versions } => versions.iter().for_each(|version| {
            out.put_u32(*version);
        }),
        Handshake::Refuse { code, text } => {
            out.put_u16(*code).put_str(&text[..text.floor_char_boundary(REFUSE_TEXT_MAX)]);
        }
        Handshake::Reset { token } => {
            out.put(token);
        }
    }
    if kind == HELLO {
        let full = start + HELLO_MIN - 4;
        buffer.resize(buffer.len().max(full), 0);
    }
    let body = buffer.len() - start - (HANDSHAKE_OVERHEAD - 4);
    let body = u16::try_from(body).unwrap_or(u16::MAX).to_be_bytes();
    buffer[start + 21..start + 23].copy_from_slice(&body);
    let checksum = crc32fast::hash(&buffer[start..]);
    buffer.extend_from_slice(&checksum.to_be_bytes());
}

/// Reads to whom a data packet goes, which can be read on the way too; its header must be whole.
pub fn read_destination(packet: &[u8]) -> Result<ConnectionId, Malformed> {
    // Masked or not, the form and the destination are where they were.
    read_data_header(packet).map(|header| header.destination)
}

/// Masks the phase and the number of a data packet's header, or takes the same mask off.
// RFC 9001 §5.4.1, with one bit of the first byte (the phase) instead of five, and always four of the number.
pub fn mask_header(header: &mut [u8; DATA_HEADER], mask: [u8; MASK_LEN]) {
    header[0] ^= mask[0] & PHASE_BIT;
    header[DATA_HEADER - 4..].iter_mut().zip(&mask[1..]).for_each(|(byte, mask)| *byte ^= mask);
}

/// Reads the header of a data packet, without a mask; the sealed part is what follows the first
/// [`DATA_HEADER`] bytes.
pub fn read_data_header(datagram: &[u8]) -> Result<DataHeader, Malformed> {
    let mut reader = Reader::new(datagram);
    let first = reader.take_u8("form")?;
    if first & !PHASE_BIT != DATA_FORM {
        return Err(Malformed("form"));
    }
    let destination = ConnectionId(reader.take_u64("destination id")?);
    let truncated = reader.take_u32("packet number")?;
    Ok(DataHeader { destination, phase: first & PHASE_BIT != 0, truncated })
}

/// Appends the header of a data packet.
pub fn put_data_header(buffer: &mut Vec<u8>, destination: ConnectionId, phase: bool, number: u64) {
    let mut header = [DATA_FORM | u8::from(phase); DATA_HEADER];
    header[1..9].copy_from_slice(&destination.0.to_be_bytes());
    header[9..].copy_from_slice(&number::truncate(number).to_be_bytes());
    buffer.extend_from_slice(&header);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TO: ConnectionId = ConnectionId(0x1122_3344_5566_7788);
    const FROM: ConnectionId = ConnectionId(0x99aa_bbcc_ddee_ff00);

    fn every_kind() -> Vec<Handshake<'static>> {
        vec![
            Handshake::Hello { pattern: 1, token: b"cookie", noise: &[9; 32] },
            Handshake::Welcome { noise: &[8; 96] },
            Handshake::Finish { noise: &[7; 64] },
            Handshake::Retry { token: &[6; 24] },
            Handshake::Versions { versions: vec![1, 7] },
            Handshake::Refuse { code: 9, text: "no" },
            Handshake::Reset { token: [5; 16] },
        ]
    }

    fn written(content: &Handshake<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_handshake(&mut bytes, TO, FROM, content);
        bytes
    }

    #[test]
    fn every_kind_reads_as_it_was_written_with_a_packet_behind_it() {
        for content in every_kind() {
            let mut bytes = written(&content);
            let len = bytes.len();
            bytes.extend_from_slice(b"a data packet");
            let part = read_handshake(&bytes).unwrap();
            assert_eq!(
                part,
                HandshakePart {
                    version: VERSION,
                    destination: TO,
                    source: FROM,
                    content: Some(content),
                    len
                }
            );
        }
    }

    #[test]
    fn a_hello_is_never_smaller_than_any_reply() {
        assert_eq!(written(&every_kind()[0]).len(), HELLO_MIN);
        assert!(every_kind()[1..].iter().all(|content| written(content).len() < HELLO_MIN));
    }

    #[test]
    fn one_flipped_bit_anywhere_is_noticed() {
        for content in every_kind() {
            let bytes = written(&content);
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let version_changed = (8..40).contains(&bit) && flipped[0] == HELLO;
                assert!(version_changed || read_handshake(&flipped).is_err(), "bit {bit} of {content:?}");
            }
        }
    }

    #[test]
    fn a_hello_of_another_version_is_recognised_but_not_read() {
        let mut bytes = written(&every_kind()[0]);
        bytes[1..5].copy_from_slice(&77u32.to_be_bytes());
        let part = read_handshake(&bytes).unwrap();
        assert_eq!((part.version, part.source, part.content), (77, FROM, None));
    }

    #[test]
    fn a_data_header_reads_as_it_was_written() {
        let mut bytes = Vec::new();
        put_data_header(&mut bytes, TO, true, 0x1_0000_0002);
        assert_eq!(bytes.len(), DATA_HEADER);
        assert_eq!(
            read_data_header(&bytes).unwrap(),
            DataHeader { destination: TO, phase: true, truncated: 2 }
        );
        assert!(!is_handshake(&bytes));
    }

    #[test]
    fn a_mask_changes_phase_and_number_and_leaves_form_and_destination() {
        let mut plain = Vec::new();
        put_data_header(&mut plain, TO, false, 0x0102_0304);
        let plain: [u8; DATA_HEADER] = plain.try_into().unwrap();
        let mut masked = plain;
        mask_header(&mut masked, [0xff; MASK_LEN]);
        assert_eq!(
            read_data_header(&masked).unwrap(),
            DataHeader { destination: TO, phase: true, truncated: !0x0102_0304 }
        );
        assert_eq!(read_destination(&masked), Ok(TO));
        mask_header(&mut masked, [0xff; MASK_LEN]);
        assert_eq!(masked, plain);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_a_datagram_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..1_300)) {
            let _ = read_handshake(&bytes);
            let _ = read_data_header(&bytes);
        }
    }
}
