//! How do all channels become one ordered stream, as over TCP?
//!
//! A channel whose two low bits are 3 carries the messages of other channels in its own order: each begins
//! with the number of the channel that it is meant for.
//!
//! ```text
//!   channel 3, message 7     ┌─────────────┬───────────────┐
//!                            │ channel (8) │ the message … │
//!                            └─────────────┴───────────────┘
//! ```
//!
//! So a message of one room waits for a lost one of another: head-of-line blocking. It is for teaching, and
//! says what it is, so every receiver reads it, whatever its own setting.

use super::CHANNELS_MAX;
use crate::transport::session::{ChannelId, Payload};
use crate::wire::{Reader, Writer};
use std::collections::BTreeSet;

/// The two low bits of a channel that carries others.
const MODE: u64 = 3;

/// The channel that our own sender uses.
const STREAM: ChannelId = ChannelId(3);

/// The most that the number in front of a message takes, in bytes.
pub const NUMBER_MAX: u64 = 8;

/// Does this channel carry the messages of others?
pub const fn is_stream(channel: u64) -> bool {
    channel & 3 == MODE
}

/// One stream for all channels, if asked for; and what came on the peer's.
#[derive(Clone, Debug, Default)]
pub struct OneStream {
    is_used: bool,
    /// The channels that the peer has used inside.
    inside: BTreeSet<u64>,
}

impl OneStream {
    /// From now on all messages that are sent share one stream.
    pub const fn begin(&mut self) {
        self.is_used = true;
    }

    /// On which channel this message is sent, and as what.
    #[inline]
    pub fn wrap(&self, channel: ChannelId, payload: Payload) -> (ChannelId, Payload) {
        if !self.is_used {
            return (channel, payload);
        }
        (STREAM, wrapped(channel, &payload))
    }

    /// For which channel the message is that came on this one, and what it says. An error names the rule
    /// that the peer broke.
    #[inline]
    pub fn unwrap(
        &mut self,
        channel: ChannelId,
        bytes: Vec<u8>,
    ) -> Result<(ChannelId, Vec<u8>), &'static str> {
        if is_stream(channel.0) { self.unwrapped(bytes) } else { Ok((channel, bytes)) }
    }

    fn unwrapped(&mut self, mut bytes: Vec<u8>) -> Result<(ChannelId, Vec<u8>), &'static str> {
        let mut reader = Reader::new(&bytes);
        let inner = reader.take_varint("channel").map_err(|_| "a stream's message without its channel")?;
        let from = bytes.len() - reader.rest().len();
        if is_stream(inner) {
            return Err("a stream inside of a stream");
        }
        if self.inside.len() >= CHANNELS_MAX && !self.inside.contains(&inner) {
            return Err("more channels than allowed");
        }
        self.inside.insert(inner);
        bytes.drain(..from);
        Ok((ChannelId(inner), bytes))
    }
}

fn wrapped(channel: ChannelId, message: &[u8]) -> Payload {
    let mut bytes = Vec::with_capacity(message.len() + 8);
    Writer::new(&mut bytes).put_varint(channel.0).put(message);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used() -> OneStream {
        let mut stream = OneStream::default();
        stream.begin();
        stream
    }

    #[test]
    fn every_channel_is_wrapped_into_one_and_comes_out_again() {
        let mut stream = used();
        for channel in [0, 8, 9, 12, 70, 1 << 20, 1 << 40] {
            for message in [&b""[..], b"hello"] {
                let (outer, wrapped) = stream.wrap(ChannelId(channel), message.into());
                assert_eq!(outer, STREAM);
                assert!(wrapped.len() as u64 <= message.len() as u64 + NUMBER_MAX);
                let unwrapped = stream.unwrap(outer, wrapped.to_vec());
                assert_eq!(unwrapped, Ok((ChannelId(channel), message.to_vec())));
            }
        }
    }

    #[test]
    fn what_is_no_stream_passes_as_it_is() {
        let mut stream = OneStream::default();
        assert_eq!(stream.wrap(ChannelId(8), b"hi"[..].into()), (ChannelId(8), b"hi"[..].into()));
        assert_eq!(stream.unwrap(ChannelId(8), b"hi".to_vec()), Ok((ChannelId(8), b"hi".to_vec())));
    }

    #[test]
    fn a_message_that_names_no_channel_or_a_stream_breaks_the_protocol() {
        let mut stream = OneStream::default();
        for (bytes, rule) in [
            (&b""[..], "a stream's message without its channel"),
            (b"\xc0\x00", "a stream's message without its channel"),
            (b"\x03hi", "a stream inside of a stream"),
            (b"\x40\x0bhi", "a stream inside of a stream"),
        ] {
            assert_eq!(stream.unwrap(STREAM, bytes.to_vec()), Err(rule), "{bytes:?}");
        }
    }

    #[test]
    fn inside_of_a_stream_are_as_many_channels_as_beside_it() {
        let mut stream = used();
        let mut come = |channel| {
            let (outer, wrapped) = used().wrap(ChannelId(channel), b"x"[..].into());
            stream.unwrap(outer, wrapped.to_vec()).map(|(inner, _)| inner.0)
        };
        for channel in (0..128).map(|n| n * 4) {
            assert_eq!(come(channel), Ok(channel));
        }
        assert_eq!(come(128 * 4), Err("more channels than allowed"));
        assert_eq!(come(0), Ok(0), "those that are open go on");
        assert_eq!(stream.inside.len(), 128);
    }
}
