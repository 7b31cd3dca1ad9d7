//! What stands inside a sealed frame?
//!
//! ```text
//! 0x00 MESSAGE  channel (variable-length), then the message to the frame's end
//! 0x01 PING     token (8 bytes)
//! 0x02 PONG     the token of the PING that it answers
//! 0x03 PACE     heartbeat interval in milliseconds (variable-length)
//! 0x04 CLOSE    code (2 bytes), text
//! ```

use crate::transport::channel::incoming::MESSAGE_MAX;
use crate::transport::session::{ChannelId, CloseCode};
use crate::wire::bytes::{Malformed, Reader, Writer};
use crate::wire::frame::CLOSE_TEXT_MAX;

/// The longest message, in bytes.
#[expect(clippy::cast_possible_truncation, reason = "65,536")]
pub const MESSAGE_LEN_MAX: usize = MESSAGE_MAX as usize;

/// The longest content, in bytes: a longest message on a channel with a long number.
pub const LEN_MAX: usize = 1 + 8 + MESSAGE_LEN_MAX;

const MESSAGE: u8 = 0x00;
const PING: u8 = 0x01;
const PONG: u8 = 0x02;
const PACE: u8 = 0x03;
const CLOSE: u8 = 0x04;

/// The content of one frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Content<'a> {
    /// A message on a channel, whole.
    Message { channel: ChannelId, bytes: &'a [u8] },
    /// Are you there? The token means something to its sender only.
    Ping(u64),
    /// I am: the same token.
    Pong(u64),
    /// The server's heartbeat interval, to which the client stretches its own.
    Pace { heartbeat_ms: u64 },
    /// The session is over.
    Close { code: CloseCode, text: &'a str },
}

impl<'a> Content<'a> {
    /// What it is, in a word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Pace { .. } => "pace",
            Self::Close { .. } => "close",
        }
    }

    /// Appends the content.
    pub fn put(&self, buffer: &mut Vec<u8>) {
        let mut writer = Writer::new(buffer);
        match *self {
            Self::Message { channel, bytes } => writer.put_u8(MESSAGE).put_varint(channel.0).put(bytes),
            Self::Ping(token) => writer.put_u8(PING).put_u64(token),
            Self::Pong(token) => writer.put_u8(PONG).put_u64(token),
            Self::Pace { heartbeat_ms } => writer.put_u8(PACE).put_varint(heartbeat_ms),
            Self::Close { code, text } => writer.put_u8(CLOSE).put_u16(code.0).put_str(clipped(text)),
        };
    }

    /// Reads the content, which is all there is.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let content = match reader.take_u8("content type")? {
            MESSAGE => {
                let channel = ChannelId(reader.take_varint("channel")?);
                let bytes = reader.rest();
                if bytes.len() > MESSAGE_LEN_MAX {
                    return Err(Malformed("a message too long"));
                }
                return Ok(Self::Message { channel, bytes });
            }
            PING => Self::Ping(reader.take_u64("ping token")?),
            PONG => Self::Pong(reader.take_u64("pong token")?),
            PACE => Self::Pace { heartbeat_ms: reader.take_varint("heartbeat interval")? },
            CLOSE => Self::Close {
                code: CloseCode(reader.take_u16("close code")?),
                text: reader.take_str(CLOSE_TEXT_MAX, "close text")?,
            },
            _ => return Err(Malformed("content of unknown type")),
        };
        reader.finish("rest of the content")?;
        Ok(content)
    }
}

/// The text, cut between two characters where it is longer than [`CLOSE_TEXT_MAX`] bytes.
pub fn clipped(text: &str) -> &str {
    let mut end = text.len().min(CLOSE_TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_content_reads_as_it_was_written_and_not_when_cut_or_longer() {
        for content in [
            Content::Ping(7),
            Content::Pong(u64::MAX),
            Content::Pace { heartbeat_ms: 10_000 },
            Content::Close { code: CloseCode::SHUTDOWN, text: "back soon" },
        ] {
            let mut bytes = Vec::new();
            content.put(&mut bytes);
            assert_eq!(Content::read(&bytes), Ok(content));
            assert!((0..bytes.len()).all(|len| Content::read(&bytes[..len]).is_err()), "{content:?}");
            bytes.push(0);
            assert!(Content::read(&bytes).is_err(), "{content:?} and a byte more");
        }
    }

    #[test]
    fn a_message_may_be_empty_and_may_be_65536_bytes_but_not_longer() {
        for (len, fits) in [(0, true), (MESSAGE_LEN_MAX, true), (MESSAGE_LEN_MAX + 1, false)] {
            let content = Content::Message { channel: ChannelId(8), bytes: &vec![1; len] };
            let mut bytes = Vec::new();
            content.put(&mut bytes);
            assert_eq!(Content::read(&bytes) == Ok(content), fits, "{len} bytes");
        }
    }
}
