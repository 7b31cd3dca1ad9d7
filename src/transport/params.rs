//! What do the two ends tell each other inside the handshake?
//!
//! One record, sealed where the pattern seals it: in the server's WELCOME, and in the client's HELLO (when
//! it knows the server's key) or FINISH.
//!
//! ```text
//! connection id (8) │ session window │ channel window │ heartbeat (ms) │ flags (1) │ reset token (16)
//! stamp │ greeting: length, bytes │ early frames: length, bytes
//! ```

use super::channel::ChannelLimits;
use crate::wire::datagram::ConnectionId;
use crate::wire::{Malformed, Reader, Writer};

/// The longest greeting, in bytes.
pub const GREETING_MAX: usize = 512;

/// The largest window that a peer's claim is believed for: more would not be used anyway.
const WINDOW_MAX: u64 = 1 << 30;

const EARLY_ACCEPTED: u8 = 1;

/// What one end tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Params<'a> {
    /// The teller's connection id: the same as in the datagram's header, but sealed here.
    pub connection_id: ConnectionId,
    /// What the teller is willing to buffer; its queue is its own affair.
    pub limits: ChannelLimits,
    /// The teller's heartbeat interval in milliseconds.
    pub heartbeat_ms: u64,
    /// Server: the frames of the client's first flight were taken.
    pub early_accepted: bool,
    /// Server: what a RESET of this session will carry.
    pub reset_token: [u8; 16],
    /// Client: its wall clock when it said hello, in microseconds since 1970; the first flight is heard only if
    /// that is newer than before. At most 2^62 - 1.
    pub stamp_us: u64,
    /// What the user above says of itself.
    pub greeting: &'a [u8],
    /// Client: frames of the first flight.
    pub early: &'a [u8],
}

impl<'a> Params<'a> {
    /// Appends the record.
    pub fn put(&self, buffer: &mut Vec<u8>) {
        let flags = if self.early_accepted { EARLY_ACCEPTED } else { 0 };
        Writer::new(buffer)
            .put_u64(self.connection_id.0)
            .put_varint(self.limits.session_window)
            .put_varint(self.limits.channel_window)
            .put_varint(self.heartbeat_ms)
            .put_u8(flags)
            .put(&self.reset_token)
            .put_varint(self.stamp_us)
            .put_run(self.greeting)
            .put_run(self.early);
    }

    /// Reads the record, which is all there is.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let connection_id = ConnectionId(reader.take_u64("connection id")?);
        let session_window = reader.take_varint("session window")?.min(WINDOW_MAX);
        let channel_window = reader.take_varint("channel window")?.min(WINDOW_MAX);
        let heartbeat_ms = reader.take_varint("heartbeat interval")?;
        let flags = reader.take_u8("flags")?;
        let reset_token = reader.take_array("reset token")?;
        let stamp_us = reader.take_varint("stamp")?;
        let greeting = reader.take_run(GREETING_MAX, "greeting")?;
        let early = reader.take_run(usize::MAX, "early frames")?;
        reader.finish("rest of the parameters")?;
        let limits = ChannelLimits { session_window, channel_window, ..ChannelLimits::default() };
        let early_accepted = flags & EARLY_ACCEPTED != 0;
        Ok(Self {
            connection_id,
            limits,
            heartbeat_ms,
            early_accepted,
            reset_token,
            stamp_us,
            greeting,
            early,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_read_as_they_were_written_and_not_when_cut() {
        let params = Params {
            connection_id: ConnectionId(77),
            limits: ChannelLimits { session_window: 9_000, channel_window: 500, ..ChannelLimits::default() },
            heartbeat_ms: 1_000,
            early_accepted: true,
            reset_token: [3; 16],
            stamp_us: 1_795_000_000_000_000,
            greeting: b"ann",
            early: b"\x01",
        };
        let mut bytes = Vec::new();
        params.put(&mut bytes);
        assert_eq!(Params::read(&bytes), Ok(params));
        assert!((0..bytes.len()).all(|len| Params::read(&bytes[..len]).is_err()));
    }
}
