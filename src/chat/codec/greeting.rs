//! How do the two sides greet each other inside the handshake?

use super::field::{
    put_label, put_name, put_option, take_counter, take_id, take_label, take_name, take_option,
};
use crate::chat::message::{Greeting, Instance, ServerGreeting};
use crate::wire::{Malformed, Reader, Writer};

const GREETING: u8 = 0x70;
const SERVER_GREETING: u8 = 0x71;

fn expect_kind(reader: &mut Reader, kind: u8) -> Result<(), Malformed> {
    let found = reader.take_u8("type")?;
    if found == kind { Ok(()) } else { Err(Malformed("type")) }
}

/// The bytes of a client's greeting: at most 228.
pub fn encode_greeting(greeting: &Greeting) -> Vec<u8> {
    let mut bytes = Vec::new();
    let writer = &mut Writer::new(&mut bytes);
    writer.put_u8(GREETING).put(&greeting.instance.0);
    put_name(writer, &greeting.name);
    put_option(writer, greeting.private_since, |writer, since| {
        writer.put_varint(since.0);
    });
    writer.put_varint(greeting.settled.0);
    put_label(writer, &greeting.agent);
    bytes
}

/// A client's greeting; an error if these bytes are none, or not quite.
pub fn decode_greeting(bytes: &[u8]) -> Result<Greeting, Malformed> {
    let reader = &mut Reader::new(bytes);
    expect_kind(reader, GREETING)?;
    let greeting = Greeting {
        instance: Instance(reader.take_array("instance")?),
        name: take_name(reader)?,
        private_since: take_option(reader, take_id)?,
        settled: take_counter(reader)?,
        agent: take_label(reader)?,
    };
    reader.finish("end")?;
    Ok(greeting)
}

/// The bytes of a server's greeting: at most 133.
pub fn encode_server_greeting(greeting: &ServerGreeting) -> Vec<u8> {
    let mut bytes = Vec::new();
    let writer = &mut Writer::new(&mut bytes);
    writer.put_u8(SERVER_GREETING);
    put_label(writer, &greeting.name);
    put_label(writer, &greeting.agent);
    bytes
}

/// A server's greeting; an error if these bytes are none, or not quite.
pub fn decode_server_greeting(bytes: &[u8]) -> Result<ServerGreeting, Malformed> {
    let reader = &mut Reader::new(bytes);
    expect_kind(reader, SERVER_GREETING)?;
    let greeting = ServerGreeting { name: take_label(reader)?, agent: take_label(reader)? };
    reader.finish("end")?;
    Ok(greeting)
}
