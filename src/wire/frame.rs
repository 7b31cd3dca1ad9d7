//! What can stand inside a data packet?
//!
//! Frames, one after another, each a type byte and its fields (all numbers are
//! [variable-length integers](super::bytes)):
//!
//! ```text
//! 0x00 PADDING
//! 0x01 PING
//! 0x02 ACK              largest, delay (µs), count, first length, then count × (gap, length)
//! 0x03 ACK_MARKED       as ACK, then marked
//! 0x04 SESSION_CREDIT   limit
//! 0x05 CHANNEL_CREDIT   channel, limit
//! 0x06 PACE             heartbeat (ms)
//! 0x08 MESSAGE          channel, sequence, length, bytes
//! 0x09 FRAGMENT         channel, sequence, total length, offset, length, bytes
//! 0x0a PATH_CHALLENGE   8 bytes
//! 0x0b PATH_RESPONSE    8 bytes
//! 0x0c CLOSE            code (2 bytes), text
//! 0x0d ABANDONED        channel, sequence, total length
//! ```
//!
//! ACK is that of RFC 9000 §19.3 with the delay in plain microseconds. `ACK_MARKED` is in its place once a packet
//! has come with the mark of a queue that grows (ECN), and adds how many have. Left out on purpose: the counts
//! of packets that came without a mark (§19.3.2, ECT), which would cost each acknowledgement four bytes to
//! find a path that erases what allows marks; there a full queue drops, as it does without ECN.

use super::bytes::{Malformed, Reader, Writer, varint_len};
use super::ranges::RangeSet;
use std::ops::RangeInclusive;

/// The longest text in a CLOSE frame, in bytes.
pub const CLOSE_TEXT_MAX: usize = 512;

/// The most ranges that one ACK frame names.
pub const ACK_RANGES_MAX: usize = 32;

const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_MARKED: u8 = 0x03;
const SESSION_CREDIT: u8 = 0x04;
const CHANNEL_CREDIT: u8 = 0x05;
const PACE: u8 = 0x06;
const MESSAGE: u8 = 0x08;
const FRAGMENT: u8 = 0x09;
const PATH_CHALLENGE: u8 = 0x0a;
const PATH_RESPONSE: u8 = 0x0b;
const CLOSE: u8 = 0x0c;
const ABANDONED: u8 = 0x0d;

/// A message, or a piece of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece<'a> {
    /// The channel.
    pub channel: u64,
    /// The message's place in the channel, from 0.
    pub sequence: u64,
    /// The whole message's length in bytes.
    pub total: u64,
    /// Where this piece begins in it.
    pub offset: u64,
    /// The piece itself; never beyond the total.
    pub bytes: &'a [u8],
}

impl Piece<'_> {
    /// Is it the whole message?
    pub const fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.total
    }
}

/// One frame.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Frame<'a> {
    /// Asks for an acknowledgement, carries nothing.
    Ping,
    /// These packets were received, the largest one `delay_us` microseconds ago; of all that ever were, so many
    /// came with a mark (ECN).
    Ack { delay_us: u64, ranges: AckRanges<'a>, marked: u64 },
    /// The session may have sent messages of this cost in all.
    SessionCredit { limit: u64 },
    /// The channel may have sent messages of this cost in all.
    ChannelCredit { channel: u64, limit: u64 },
    /// The server's heartbeat interval in milliseconds, to which the client stretches its own.
    Pace { heartbeat_ms: u64 },
    /// A message or a piece of one.
    Message(Piece<'a>),
    /// Prove that you hear me at this address.
    PathChallenge([u8; 8]),
    /// I do: the same eight bytes.
    PathResponse([u8; 8]),
    /// The session is over.
    Close { code: u16, text: &'a str },
    /// This message of `total` bytes, of which pieces may have been sent, will not be sent again.
    Abandoned { channel: u64, sequence: u64, total: u64 },
}

impl Frame<'_> {
    /// Must the receiver acknowledge the packet at once? All but ACK and CLOSE ask for it (RFC 9002 §2).
    pub const fn is_ack_eliciting(&self) -> bool {
        !matches!(self, Self::Ack { .. } | Self::Close { .. })
    }
}

/// The ranges of an ACK frame, checked when it was read, largest numbers first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AckRanges<'a> {
    largest: u64,
    first_len: u64,
    count: u64,
    rest: &'a [u8],
}

impl AckRanges<'_> {
    /// The largest number acknowledged.
    pub const fn largest(&self) -> u64 {
        self.largest
    }

    /// The ranges, largest numbers first.
    pub fn iter(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        let first = self.largest - self.first_len..=self.largest;
        let mut reader = Reader::new(self.rest);
        let mut below = *first.start();
        std::iter::once(first).chain((0..self.count).map_while(move |_| {
            let range = next_range(&mut reader, below).ok()?;
            below = *range.start();
            Some(range)
        }))
    }
}

/// RFC 9000 §19.3.1: the next range ends `gap + 2` below the smallest number of the one before.
fn next_range(reader: &mut Reader<'_>, below: u64) -> Result<RangeInclusive<u64>, Malformed> {
    const WHAT: Malformed = Malformed("acknowledgement range");
    let gap = reader.take_varint("acknowledgement gap")?;
    let len = reader.take_varint("acknowledgement length")?;
    let end = below.checked_sub(gap).and_then(|n| n.checked_sub(2)).ok_or(WHAT)?;
    let start = end.checked_sub(len).ok_or(WHAT)?;
    Ok(start..=end)
}

fn take_ack<'a>(reader: &mut Reader<'a>, has_marks: bool) -> Result<Frame<'a>, Malformed> {
    let largest = reader.take_varint("largest acknowledged")?;
    let delay_us = reader.take_varint("acknowledgement delay")?;
    let count = reader.take_varint("acknowledgement range count")?;
    let first_len = reader.take_varint("first acknowledgement range")?;
    let mut below = largest.checked_sub(first_len).ok_or(Malformed("first acknowledgement range"))?;
    let start = reader.rest();
    for _ in 0..count {
        below = *next_range(reader, below)?.start();
    }
    let rest = &start[..start.len() - reader.rest().len()];
    let marked = if has_marks { reader.take_varint("count of marks")? } else { 0 };
    Ok(Frame::Ack { delay_us, ranges: AckRanges { largest, first_len, count, rest }, marked })
}

fn take_piece<'a>(reader: &mut Reader<'a>, fragment: bool) -> Result<Frame<'a>, Malformed> {
    let channel = reader.take_varint("channel")?;
    let sequence = reader.take_varint("message sequence")?;
    let (total, offset) = if fragment {
        (reader.take_varint("message length")?, reader.take_varint("fragment offset")?)
    } else {
        (0, 0)
    };
    let bytes = reader.take_run(usize::MAX, "message bytes")?;
    let total = if fragment { total } else { bytes.len() as u64 };
    if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > total) || (fragment && bytes.is_empty())
    {
        return Err(Malformed("fragment outside of its message"));
    }
    Ok(Frame::Message(Piece { channel, sequence, total, offset, bytes }))
}

/// The next frame, `None` at the end; padding is skipped.
pub fn take_frame<'a>(reader: &mut Reader<'a>) -> Result<Option<Frame<'a>>, Malformed> {
    while let Some(&kind) = reader.rest().first() {
        reader.take_u8("frame type")?;
        return Ok(Some(match kind {
            PADDING => continue,
            PING => Frame::Ping,
            ACK => take_ack(reader, false)?,
            ACK_MARKED => take_ack(reader, true)?,
            SESSION_CREDIT => Frame::SessionCredit { limit: reader.take_varint("session credit")? },
            CHANNEL_CREDIT => Frame::ChannelCredit {
                channel: reader.take_varint("channel")?,
                limit: reader.take_varint("channel credit")?,
            },
            PACE => Frame::Pace { heartbeat_ms: reader.take_varint("heartbeat interval")? },
            MESSAGE => take_piece(reader, false)?,
            FRAGMENT => take_piece(reader, true)?,
            PATH_CHALLENGE => Frame::PathChallenge(reader.take_array("path challenge")?),
            PATH_RESPONSE => Frame::PathResponse(reader.take_array("path response")?),
            CLOSE => Frame::Close {
                code: reader.take_u16("close code")?,
                text: reader.take_str(CLOSE_TEXT_MAX, "close text")?,
            },
            ABANDONED => Frame::Abandoned {
                channel: reader.take_varint("channel")?,
                sequence: reader.take_varint("message sequence")?,
                total: reader.take_varint("message length")?,
            },
            _ => return Err(Malformed("frame type")),
        }));
    }
    Ok(None)
}

/// How many bytes the frame around a piece of at most `len` bytes takes, besides the piece's own, if it is a
/// FRAGMENT; a MESSAGE takes less.
pub const fn piece_overhead(channel: u64, sequence: u64, total: u64, offset: u64, len: u64) -> usize {
    let place = varint_len(channel) + varint_len(sequence);
    1 + place + varint_len(total) + varint_len(offset) + varint_len(len)
}

/// Writes a PING.
pub fn put_ping(out: &mut Writer<'_>) {
    out.put_u8(PING);
}

/// Writes so many bytes of PADDING.
pub fn put_padding(out: &mut Writer<'_>, bytes: usize) {
    for _ in 0..bytes {
        out.put_u8(PADDING);
    }
}

/// Writes the newest [`ACK_RANGES_MAX`] ranges of what was received, or as many of them as fit into `room`
/// bytes, and, if any came `marked`, how many. Says whether there is a frame now: not if nothing was received,
/// or not even one range fits.
pub fn put_ack(out: &mut Writer<'_>, received: &RangeSet, delay_us: u64, marked: u64, room: usize) -> bool {
    let Some(first) = received.descending().next() else { return false };
    let (largest, len) = (*first.end(), first.end() - first.start());
    let (kind, tail) = if marked > 0 { (ACK_MARKED, varint_len(marked)) } else { (ACK, 0) };
    let head = 2 + varint_len(largest) + varint_len(delay_us) + varint_len(len) + tail;
    let Some(mut room) = room.checked_sub(head) else { return false };
    if received.len() == 1 {
        out.put_u8(kind).put_varint(largest).put_varint(delay_us).put_u8(0).put_varint(len);
        put_marks(out, marked);
        return true;
    }
    let further = || gaps(received).take(ACK_RANGES_MAX - 1);
    let fitting = further().take_while(|(gap, len)| {
        let left = room.checked_sub(varint_len(*gap) + varint_len(*len));
        room = left.unwrap_or(0);
        left.is_some()
    });
    let count = fitting.count();
    out.put_u8(kind).put_varint(largest).put_varint(delay_us).put_varint(count as u64).put_varint(len);
    for (gap, len) in further().take(count) {
        out.put_varint(gap).put_varint(len);
    }
    put_marks(out, marked);
    true
}

fn put_marks(out: &mut Writer<'_>, marked: u64) {
    if marked > 0 {
        out.put_varint(marked);
    }
}

/// All ranges but the newest, as an ACK frame has them: gap and length (RFC 9000 §19.3.1).
fn gaps(received: &RangeSet) -> impl Iterator<Item = (u64, u64)> + '_ {
    let pairs = received.descending().zip(received.descending().skip(1));
    pairs.map(|(above, range)| (above.start() - range.end() - 2, range.end() - range.start()))
}

/// Writes a `SESSION_CREDIT`.
pub fn put_session_credit(out: &mut Writer<'_>, limit: u64) {
    out.put_u8(SESSION_CREDIT).put_varint(limit);
}

/// Writes a `CHANNEL_CREDIT`.
pub fn put_channel_credit(out: &mut Writer<'_>, channel: u64, limit: u64) {
    out.put_u8(CHANNEL_CREDIT).put_varint(channel).put_varint(limit);
}

/// Writes a PACE.
pub fn put_pace(out: &mut Writer<'_>, heartbeat_ms: u64) {
    out.put_u8(PACE).put_varint(heartbeat_ms);
}

/// Writes a MESSAGE, or a FRAGMENT where the piece is not the whole message.
pub fn put_piece(out: &mut Writer<'_>, piece: &Piece<'_>) {
    let whole = piece.is_whole();
    out.put_u8(if whole { MESSAGE } else { FRAGMENT }).put_varint(piece.channel).put_varint(piece.sequence);
    if !whole {
        out.put_varint(piece.total).put_varint(piece.offset);
    }
    out.put_run(piece.bytes);
}

/// How many bytes an ABANDONED takes.
pub const fn abandoned_len(channel: u64, sequence: u64, total: u64) -> usize {
    1 + varint_len(channel) + varint_len(sequence) + varint_len(total)
}

/// Writes an ABANDONED.
pub fn put_abandoned(out: &mut Writer<'_>, channel: u64, sequence: u64, total: u64) {
    out.put_u8(ABANDONED).put_varint(channel).put_varint(sequence).put_varint(total);
}

/// Writes a `PATH_CHALLENGE`.
pub fn put_path_challenge(out: &mut Writer<'_>, data: [u8; 8]) {
    out.put_u8(PATH_CHALLENGE).put(&data);
}

/// Writes a `PATH_RESPONSE`.
pub fn put_path_response(out: &mut Writer<'_>, data: [u8; 8]) {
    out.put_u8(PATH_RESPONSE).put(&data);
}

/// Writes a CLOSE; a text beyond [`CLOSE_TEXT_MAX`] bytes is cut at a character.
pub fn put_close(out: &mut Writer<'_>, code: u16, text: &str) {
    out.put_u8(CLOSE).put_u16(code).put_str(&text[..text.floor_char_boundary(CLOSE_TEXT_MAX)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(bytes: &[u8]) -> Result<Vec<Frame<'_>>, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut frames = Vec::new();
        while let Some(frame) = take_frame(&mut reader)? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn an_acknowledgement_names_as_many_ranges_as_fit_the_newest_first() {
        let mut received = RangeSet::new();
        (0..40).for_each(|n| {
            received.insert(n * 3, n * 3);
        });
        let written = |room: usize| {
            let mut bytes = Vec::new();
            let is_written = put_ack(&mut Writer::new(&mut bytes), &received, 25, 0, room);
            assert!(bytes.len() <= room && is_written != bytes.is_empty());
            match take_frame(&mut Reader::new(&bytes)) {
                Ok(Some(Frame::Ack { ranges, .. })) => ranges.iter().map(|range| *range.start()).collect(),
                _ => Vec::new(),
            }
        };
        assert_eq!(written(5), [0; 0]);
        assert_eq!(written(6), [117]);
        assert_eq!(written(11), [117, 114, 111]);
        assert_eq!(written(usize::MAX).len(), ACK_RANGES_MAX);
    }

    #[test]
    fn every_kind_of_frame_reads_as_it_was_written() {
        let mut bytes = Vec::new();
        let mut out = Writer::new(&mut bytes);
        put_ping(&mut out);
        put_session_credit(&mut out, 70_000);
        put_channel_credit(&mut out, 8, 65);
        put_pace(&mut out, 1_000);
        let whole = Piece { channel: 8, sequence: 3, total: 2, offset: 0, bytes: b"hi" };
        let part = Piece { channel: 4, sequence: 9, total: 5_000, offset: 4_998, bytes: b"ed" };
        put_piece(&mut out, &whole);
        put_piece(&mut out, &part);
        put_path_challenge(&mut out, [7; 8]);
        put_padding(&mut out, 2);
        put_path_response(&mut out, [8; 8]);
        put_close(&mut out, 3, "bye");
        put_abandoned(&mut out, 6, 70, 300);
        let expected = [
            Frame::Ping,
            Frame::SessionCredit { limit: 70_000 },
            Frame::ChannelCredit { channel: 8, limit: 65 },
            Frame::Pace { heartbeat_ms: 1_000 },
            Frame::Message(whole),
            Frame::Message(part),
            Frame::PathChallenge([7; 8]),
            Frame::PathResponse([8; 8]),
            Frame::Close { code: 3, text: "bye" },
            Frame::Abandoned { channel: 6, sequence: 70, total: 300 },
        ];
        assert_eq!(frames(&bytes).unwrap(), expected);
    }

    #[test]
    fn the_frame_around_a_fragment_takes_as_many_bytes_as_foretold() {
        for (total, offset, len) in [(100, 1, 50), (16_384, 0, 1_400), (65_536, 16_384, 63), (70, 64, 6)] {
            let bytes = vec![1; len as usize];
            let mut frame = Vec::new();
            let piece = Piece { channel: 100, sequence: 20_000, total, offset, bytes: &bytes };
            put_piece(&mut Writer::new(&mut frame), &piece);
            assert_eq!(frame.len(), piece_overhead(100, 20_000, total, offset, len) + bytes.len());
        }
    }

    #[test]
    fn a_fragment_beyond_its_message_is_malformed() {
        let mut bytes = Vec::new();
        put_piece(
            &mut Writer::new(&mut bytes),
            &Piece { channel: 0, sequence: 0, total: 10, offset: 9, bytes: b"two" },
        );
        assert_eq!(frames(&bytes), Err(Malformed("fragment outside of its message")));
    }

    #[test]
    fn an_acknowledgement_of_numbers_below_zero_is_malformed() {
        assert!(frames(&[ACK, 5, 0, 0, 6]).is_err(), "first range");
        assert!(frames(&[ACK, 5, 0, 1, 1, 3, 0]).is_err(), "second range");
        assert!(frames(&[ACK, 5, 0, 1, 1, 2, 0]).is_ok());
    }

    proptest! {
        #[test]
        fn acknowledged_ranges_read_as_they_were_written(
            numbers in prop::collection::btree_set(0u64..400, 1..200),
            marks in 0u64..200,
        ) {
            let mut received = RangeSet::new();
            numbers.iter().for_each(|n| { received.insert(*n, *n); });
            let mut bytes = Vec::new();
            assert!(put_ack(&mut Writer::new(&mut bytes), &received, 25, marks, usize::MAX));
            let read = frames(&bytes).unwrap();
            let [Frame::Ack { delay_us: 25, ranges, marked }] = read.as_slice() else {
                panic!("one ACK, not {read:?}")
            };
            prop_assert_eq!(*marked, marks);
            let expected: Vec<_> = received.descending().take(ACK_RANGES_MAX).collect();
            prop_assert_eq!(ranges.iter().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn arbitrary_bytes_are_frames_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(frames) = frames(&bytes) {
                for frame in frames {
                    if let Frame::Ack { ranges, .. } = frame {
                        prop_assert!(ranges.iter().count() <= bytes.len());
                    }
                }
            }
        }
    }
}
