//! Which datagram of ours carried which messages, and why did it leave?
//!
//! A sealed datagram does not show it, but whoever sent it knows: the end's own trace tells, before each
//! datagram leaves, what it carries. So the packets of the link get their meaning. A line each, as
//! `--departures FILE` writes them:
//!
//! ```text
//! {"at_us":81234567,"session":77,"bytes":290,"cause":"first","pieces":[[8,40,120,"first"],[8,39,120,"copy"]]}
//! ```
//!
//! A piece is a message or a part of one: channel, number in the channel, bytes, why.

use super::members::{fitting, list, moment, number, object, text};
use crate::time::Instant;
use crate::trace::{PieceCause, SendCause, TraceEvent};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Departures that are kept, at most.
pub const LINES_MAX: usize = 2_000_000;
/// The longest line, in bytes: a datagram of 1,452 bytes has room for some fifty pieces.
const LINE_BYTES_MAX: usize = 16_000;
/// Sessions whose next datagram is being put together, at most.
const SESSIONS_MAX: usize = 65_536;
/// Pieces of one datagram that are told, at most.
const PIECES_MAX: usize = 200;

const SEND_CAUSES: [(SendCause, &str); 8] = [
    (SendCause::First, "first"),
    (SendCause::Retransmission, "retransmission"),
    (SendCause::ExtraCopy, "extra-copy"),
    (SendCause::Probe, "probe"),
    (SendCause::Heartbeat, "heartbeat"),
    (SendCause::Acknowledgement, "acknowledgement"),
    (SendCause::SizeProbe, "size-probe"),
    (SendCause::Control, "control"),
];
const PIECE_CAUSES: [(PieceCause, &str); 3] = [
    (PieceCause::First, "first"),
    (PieceCause::Copy, "copy"),
    (PieceCause::Retransmission, "retransmission"),
];

/// A message, or a part of one, in a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cargo {
    /// The room's channel.
    pub channel: u64,
    /// The message's number in it.
    pub sequence: u64,
    /// Bytes of it in this datagram.
    pub bytes: u64,
    /// Why it is in this datagram.
    pub cause: PieceCause,
}

/// A data datagram of ours that left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Departure {
    /// When it was handed to the system.
    pub at: Instant,
    /// The sender's number of the session.
    pub session: u64,
    /// Its UDP payload.
    pub bytes: u32,
    /// Why it left.
    pub cause: SendCause,
    /// What it carried.
    pub pieces: Vec<Cargo>,
}

/// What both sides of a run told of their datagrams; empty if nobody asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Departures {
    /// The clients', in the order of time.
    pub up: Vec<Departure>,
    /// The server's.
    pub down: Vec<Departure>,
}

/// Puts events together to departures.
#[derive(Debug, Default)]
pub struct Observer {
    pending: HashMap<u64, Vec<Cargo>>,
}

impl Observer {
    /// This happened; a departure if a datagram has left.
    pub fn on_event(&mut self, at: Instant, session: u64, event: &TraceEvent) -> Option<Departure> {
        match *event {
            TraceEvent::PieceSent { channel, sequence, len, cause, .. } => {
                if self.pending.len() < SESSIONS_MAX || self.pending.contains_key(&session) {
                    let pieces = self.pending.entry(session).or_default();
                    if pieces.len() < PIECES_MAX {
                        pieces.push(Cargo { channel, sequence, bytes: len, cause });
                    }
                }
                None
            }
            TraceEvent::PacketSent { bytes, cause, .. } => {
                let pieces = self.pending.get_mut(&session).map(std::mem::take).unwrap_or_default();
                Some(Departure {
                    at,
                    session,
                    bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
                    cause,
                    pieces,
                })
            }
            TraceEvent::Closed { .. } => {
                self.pending.remove(&session);
                None
            }
            _ => None,
        }
    }
}

/// One line.
pub fn line(departure: &Departure) -> String {
    let piece = |it: &Cargo| json!([it.channel, it.sequence, it.bytes, word(&PIECE_CAUSES, it.cause)]);
    json!({
        "at_us": departure.at.as_micros(),
        "session": departure.session,
        "bytes": departure.bytes,
        "cause": word(&SEND_CAUSES, departure.cause),
        "pieces": departure.pieces.iter().map(piece).collect::<Vec<_>>(),
    })
    .to_string()
}

/// Reads all lines; the error names the one that is none. A last line that was cut short is passed over: its
/// writer was ended.
pub fn read(lines: &str) -> Result<Vec<Departure>, String> {
    let whole = lines.rfind('\n').map_or("", |end| &lines[..end]);
    let read = |(index, line)| read_line(line).map_err(|error| format!("line {}: {error}", index + 1));
    let departures: Vec<Departure> =
        whole.lines().take(LINES_MAX + 1).enumerate().map(read).collect::<Result<_, _>>()?;
    if departures.len() > LINES_MAX {
        return Err(format!("more than {LINES_MAX} departures"));
    }
    Ok(departures)
}

fn read_line(line: &str) -> Result<Departure, String> {
    let value = object(line, LINE_BYTES_MAX)?;
    Ok(Departure {
        at: moment(&value, "at_us")?,
        session: number(&value, "session")?,
        bytes: fitting(&value, "bytes")?,
        cause: cause(&SEND_CAUSES, text(&value, "cause")?)?,
        pieces: list(&value, "pieces")?.iter().map(piece).collect::<Result<_, _>>()?,
    })
}

fn piece(value: &Value) -> Result<Cargo, String> {
    let part = |index: usize| value.get(index).and_then(Value::as_u64);
    let numbers = part(0).zip(part(1)).zip(part(2)).zip(value.get(3).and_then(Value::as_str));
    let (((channel, sequence), bytes), why) = numbers.ok_or("a piece is [channel, number, bytes, cause]")?;
    Ok(Cargo { channel, sequence, bytes, cause: cause(&PIECE_CAUSES, why)? })
}

fn word<C: Copy + PartialEq>(words: &[(C, &'static str)], cause: C) -> &'static str {
    words.iter().find(|(known, _)| *known == cause).map_or("", |(_, word)| word)
}

fn cause<C: Copy>(words: &[(C, &'static str)], word: &str) -> Result<C, String> {
    let found = words.iter().find(|(_, known)| *known == word).map(|(cause, _)| *cause);
    found.ok_or_else(|| format!("`{word}` is no cause"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn sent(number: u64, cause: SendCause) -> TraceEvent {
        TraceEvent::PacketSent { number, bytes: 290, cause }
    }

    fn piece_of(sequence: u64, cause: PieceCause) -> TraceEvent {
        TraceEvent::PieceSent { channel: 8, sequence, offset: 0, len: 120, cause }
    }

    #[test]
    fn pieces_belong_to_the_datagram_of_their_session_that_leaves_next() {
        let mut observer = Observer::default();
        assert_eq!(observer.on_event(at(1), 7, &piece_of(40, PieceCause::First)), None);
        assert_eq!(observer.on_event(at(1), 9, &piece_of(3, PieceCause::First)), None);
        assert_eq!(observer.on_event(at(1), 7, &piece_of(39, PieceCause::Copy)), None);
        let left = observer.on_event(at(2), 7, &sent(1, SendCause::First)).expect("it left");
        let numbers: Vec<_> = left.pieces.iter().map(|piece| (piece.sequence, piece.cause)).collect();
        assert_eq!(numbers, [(40, PieceCause::First), (39, PieceCause::Copy)]);
        let next = observer.on_event(at(3), 7, &sent(2, SendCause::Acknowledgement)).expect("it left");
        assert_eq!(next.pieces, []);
    }

    #[test]
    fn what_is_written_is_read_again_whatever_the_cause() {
        for (cause, _) in SEND_CAUSES {
            for (piece_cause, _) in PIECE_CAUSES {
                let pieces = vec![Cargo { channel: 8, sequence: 40, bytes: 120, cause: piece_cause }];
                let departure = Departure { at: at(5), session: u64::MAX, bytes: 290, cause, pieces };
                assert_eq!(read(&format!("{}\n", line(&departure))), Ok(vec![departure]));
            }
        }
    }

    #[test]
    fn what_is_no_departure_is_named_and_a_line_cut_short_passed_over() {
        let good =
            line(&Departure { at: at(5), session: 1, bytes: 2, cause: SendCause::First, pieces: vec![] });
        assert_eq!(read(&format!("{good}\n{}", &good[..20])).map(|all| all.len()), Ok(1));
        for (bad, hint) in [
            (good.replace("first", "why"), "`why` is no cause"),
            (good.replace("[]", "[[1,2]]"), "a piece is"),
            (good.replace("bytes", "size"), "`bytes` is missing"),
        ] {
            let error = read(&format!("{good}\n{bad}\n")).expect_err(&bad);
            assert!(error.starts_with("line 2: ") && error.contains(hint), "{error}");
        }
    }
}
