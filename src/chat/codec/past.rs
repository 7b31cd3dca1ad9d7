//! How is what was said further back asked for, and answered?

use super::field::{
    Taken, put_list, put_name, put_room_message, take_bool, take_id, take_list, take_name, take_request,
    take_room_message,
};
use crate::chat::message::{MessageId, RequestId, RoomMessage, ToClient, ToServer};
use crate::wire::{Reader, Writer};

pub(super) fn put_earlier(
    writer: &mut Writer,
    request: RequestId,
    room: &str,
    before: MessageId,
    count: u64,
) {
    writer.put_varint(request.0);
    put_name(writer, room);
    writer.put_varint(before.0).put_varint(count);
}

pub(super) fn take_earlier(reader: &mut Reader) -> Taken<ToServer> {
    Ok(ToServer::Earlier {
        request: take_request(reader)?,
        room: take_name(reader)?,
        before: take_id(reader)?,
        count: reader.take_varint("count")?,
    })
}

pub(super) fn put_page(
    writer: &mut Writer,
    request: RequestId,
    room: &str,
    messages: &[RoomMessage],
    at_start: bool,
) {
    writer.put_varint(request.0);
    put_name(writer, room);
    writer.put_u8(u8::from(at_start));
    put_list(writer, messages, put_room_message);
}

pub(super) fn take_page(reader: &mut Reader) -> Taken<ToClient> {
    Ok(ToClient::Page {
        request: take_request(reader)?,
        room: take_name(reader)?,
        at_start: take_bool(reader, "at start")?,
        messages: take_list(reader, take_room_message)?,
    })
}
