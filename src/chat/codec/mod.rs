//! Which bytes are a chat message?
//!
//! One type byte, then the fields in the order in which `message` lists them. The types of the two
//! directions do not overlap, so that a message of the wrong direction is malformed and never mistaken.
//!
//! ```text
//!  to the server              to the client                              in the handshake
//!  ─ control ──────────────   ─ control ──────────────────────────────   ──────────────────────
//!  01 Nick     request name   40 Welcome   person name private_after     70 Greeting
//!  02 Who      request room?  41 Done      request                          instance name
//!  03 Whois    request name   42 Failed    request failure                  private_since? settled
//!  04 Rooms    request        43 Who       request room? people total       agent
//!  05 Away     request note?  44 Whois     request entry                 71 ServerGreeting
//!  09 Prove    proof          45 Rooms     request rooms                    name agent
//!  ─ private ──────────────   46 Presence  changes
//!  10 Private  counter        47 Renamed   person old new
//!              name text      48 Notice    note
//!  ─ room ─────────────────   4c Asked     wanted salt tries_left
//!  20 Join     room since?    ─ private (51 and 52: room, too) ────────
//!              history        50 Private   private message
//!  21 Part                    51 Accepted  counter id
//!  22 Post     counter kind   52 Rejected  counter failure
//!              text           53 PrivateCopy  private message
//!  30 Anew (private, too)
//!                             ─ room ───────────────────────────────────
//!                             60 Joined    room people total last
//!                             61 JoinFailed failure        62 Parted
//!                             63 Message   history, room message
//!                             64 HistoryGap missed
//!                             65 MembersJoined names       66 MembersLeft names
//!                             67 Topic note, by
//! ```
//!
//! A number is a variable-length integer ([`wire::bytes`](crate::wire::bytes)), but an origin is 8 and an
//! instance 16 plain bytes; `x?` is a byte, 0 or 1, and with 1 the value; `tries_left` is a byte, a salt 16 plain ones; a list is the number of its
//! entries and then these; a string has the bound of its kind ([`field`]). [`field`] has the rest.
//!
//! Encoding always gives bytes that decode: what exceeds a bound is cut, so whoever must not lose the end
//! checks first. Decoding is total: the value, or [`Malformed`](crate::wire::Malformed) with the name of
//! the field; bytes after the last field are malformed, too. Whether the value makes sense just now, and
//! in this channel, is for the client and the server to say.

pub mod field;
mod greeting;
mod moderation;
mod past;
mod proof;
mod to_client;
mod to_server;

pub use greeting::{decode_greeting, decode_server_greeting, encode_greeting, encode_server_greeting};
pub use to_client::{decode_to_client, encode_to_client};
pub use to_server::{decode_to_server, encode_to_server};

#[cfg(test)]
mod tests;
