//! How is what a client says written down?

use super::field::{
    put_kind, put_name, put_note, put_option, put_text, take_bool, take_counter, take_id, take_kind,
    take_name, take_note, take_option, take_request, take_text,
};
use super::moderation::{put_act, take_act};
use super::past::{put_earlier, take_earlier};
use super::proof::{put_proof, take_proof};
use crate::chat::message::ToServer;
use crate::wire::{Malformed, Reader, Writer};

const NICK: u8 = 0x01;
const WHO: u8 = 0x02;
const WHOIS: u8 = 0x03;
const ROOMS: u8 = 0x04;
const AWAY: u8 = 0x05;
const MODERATE: u8 = 0x06;
const MEASURES: u8 = 0x07;
const AUDIT: u8 = 0x08;
const PROVE: u8 = 0x09;
const EARLIER: u8 = 0x0a;
const PRIVATE: u8 = 0x10;
const JOIN: u8 = 0x20;
const PART: u8 = 0x21;
const POST: u8 = 0x22;
const ANEW: u8 = 0x30;
const SEEN: u8 = 0x31;
const TYPING: u8 = 0x32;

/// The bytes of a message to the server.
pub fn encode_to_server(message: &ToServer) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut Writer::new(&mut bytes), message);
    bytes
}

fn put(writer: &mut Writer, message: &ToServer) {
    match message {
        ToServer::Nick { request, name } => {
            writer.put_u8(NICK).put_varint(request.0);
            put_name(writer, name);
        }
        ToServer::Who { request, room } => {
            writer.put_u8(WHO).put_varint(request.0);
            put_option(writer, room.as_deref(), put_name);
        }
        ToServer::Whois { request, name } => {
            writer.put_u8(WHOIS).put_varint(request.0);
            put_name(writer, name);
        }
        ToServer::Rooms { request } => {
            writer.put_u8(ROOMS).put_varint(request.0);
        }
        ToServer::Away { request, text } => {
            writer.put_u8(AWAY).put_varint(request.0);
            put_option(writer, text.as_deref(), put_note);
        }
        ToServer::Moderate { request, act } => {
            writer.put_u8(MODERATE).put_varint(request.0);
            put_act(writer, act);
        }
        ToServer::Measures { request } => {
            writer.put_u8(MEASURES).put_varint(request.0);
        }
        ToServer::Audit { request, count } => {
            writer.put_u8(AUDIT).put_varint(request.0).put_varint(*count);
        }
        ToServer::Earlier { request, room, before, count } => {
            writer.put_u8(EARLIER);
            put_earlier(writer, *request, room, *before, *count);
        }
        ToServer::Prove { proof } => {
            writer.put_u8(PROVE);
            put_proof(writer, proof);
        }
        ToServer::Private { counter, to, text } => {
            writer.put_u8(PRIVATE).put_varint(counter.0);
            put_name(writer, to);
            put_text(writer, text);
        }
        ToServer::Join { room, since, history, since_left } => {
            writer.put_u8(JOIN);
            put_name(writer, room);
            put_option(writer, *since, |writer, since| {
                writer.put_varint(since.0);
            });
            writer.put_varint(u64::from(*history)).put_u8(u8::from(*since_left));
        }
        ToServer::Part => {
            writer.put_u8(PART);
        }
        ToServer::Post { counter, kind, text } => {
            writer.put_u8(POST).put_varint(counter.0);
            put_kind(writer, *kind);
            put_text(writer, text);
        }
        ToServer::Seen { through } => {
            writer.put_u8(SEEN).put_varint(through.0);
        }
        ToServer::Typing { to } => {
            writer.put_u8(TYPING);
            put_option(writer, to.as_deref(), put_name);
        }
        ToServer::Anew => {
            writer.put_u8(ANEW);
        }
    }
}

/// A message to the server; an error if these bytes are none, or not quite.
pub fn decode_to_server(bytes: &[u8]) -> Result<ToServer, Malformed> {
    let mut reader = Reader::new(bytes);
    let message = take(&mut reader)?;
    reader.finish("end")?;
    Ok(message)
}

fn take(reader: &mut Reader) -> Result<ToServer, Malformed> {
    Ok(match reader.take_u8("type")? {
        NICK => ToServer::Nick { request: take_request(reader)?, name: take_name(reader)? },
        WHO => ToServer::Who { request: take_request(reader)?, room: take_option(reader, take_name)? },
        WHOIS => ToServer::Whois { request: take_request(reader)?, name: take_name(reader)? },
        ROOMS => ToServer::Rooms { request: take_request(reader)? },
        AWAY => ToServer::Away { request: take_request(reader)?, text: take_option(reader, take_note)? },
        MODERATE => ToServer::Moderate { request: take_request(reader)?, act: take_act(reader)? },
        MEASURES => ToServer::Measures { request: take_request(reader)? },
        AUDIT => ToServer::Audit { request: take_request(reader)?, count: reader.take_varint("count")? },
        EARLIER => take_earlier(reader)?,
        PROVE => ToServer::Prove { proof: take_proof(reader)? },
        PRIVATE => ToServer::Private {
            counter: take_counter(reader)?,
            to: take_name(reader)?,
            text: take_text(reader)?.to_owned(),
        },
        JOIN => ToServer::Join {
            room: take_name(reader)?,
            since: take_option(reader, take_id)?,
            history: u32::try_from(reader.take_varint("history")?).map_err(|_| Malformed("history"))?,
            since_left: take_bool(reader, "since left")?,
        },
        PART => ToServer::Part,
        POST => ToServer::Post {
            counter: take_counter(reader)?,
            kind: take_kind(reader)?,
            text: take_text(reader)?.to_owned(),
        },
        SEEN => ToServer::Seen { through: take_id(reader)? },
        TYPING => ToServer::Typing { to: take_option(reader, take_name)? },
        ANEW => ToServer::Anew,
        _ => return Err(Malformed("type")),
    })
}
