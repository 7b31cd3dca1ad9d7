//! How are the messages about files written?
//!
//! ```text
//!  type (1) │ fields of the message, numbers as in the whole protocol; nothing after the last
//!  target   0 room, 1 person (1) │ name          label  name │ size │ digest (32)
//! ```
//!
//! A block's bytes are the rest of its message. The server's own note of a file, kept beside it on disk, is
//! written in the same way.

use super::message::{
    BLOCK_BYTES, FILE_BYTES_MAX, FileId, FileLabel, FileToClient, FileToServer, Offered, TransferId,
};
use crate::chat::codec::field::{LABEL_MAX, NAME_MAX, NOTE_MAX};
use crate::chat::file_wish::FileTarget;
use crate::chat::message::{Failure, PersonId};
use crate::crypto::Digest;
use crate::wire::{Malformed, Reader, Writer};

const OFFER: u8 = 0x80;
const BLOCK: u8 = 0x81;
const WITHDRAW: u8 = 0x82;
const FETCH: u8 = 0x83;
const CREDIT: u8 = 0x84;
const TAKEN: u8 = 0x85;
const DECLINE: u8 = 0x86;
const STOP: u8 = 0x87;
const WANTED: u8 = 0xa0;
const REFUSED: u8 = 0xa1;
const CREDITED: u8 = 0xa2;
const KEPT: u8 = 0xa3;
const OFFERED: u8 = 0xa4;
const SENT: u8 = 0xa5;
const FAILED: u8 = 0xa6;

/// Are these bytes on their way, or word of them? Their window bounds how many there may be.
pub fn is_flow(message: &[u8]) -> bool {
    matches!(message.first(), Some(&(BLOCK | CREDIT)))
}

type Taken<T> = Result<T, Malformed>;

/// What a server notes of a file beside its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Who sent it.
    pub from: PersonId,
    /// For whom, if for one person.
    pub to: Option<PersonId>,
    /// What its receivers are told.
    pub offered: Offered,
}

fn put_cut(writer: &mut Writer, text: &str, max: usize) {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    writer.put_str(&text[..end]);
}

fn put_target(writer: &mut Writer, target: &FileTarget) {
    let (kind, name) = match target {
        FileTarget::Room(name) => (0, name),
        FileTarget::Person(name) => (1, name),
    };
    writer.put_u8(kind);
    put_cut(writer, name, NAME_MAX);
}

fn take_name(reader: &mut Reader) -> Taken<String> {
    reader.take_str(NAME_MAX, "name").map(str::to_owned)
}

fn take_target(reader: &mut Reader) -> Taken<FileTarget> {
    match reader.take_u8("target")? {
        0 => take_name(reader).map(FileTarget::Room),
        1 => take_name(reader).map(FileTarget::Person),
        _ => Err(Malformed("target")),
    }
}

fn put_label(writer: &mut Writer, file: &FileLabel) {
    put_cut(writer, &file.name, NAME_MAX);
    writer.put_varint(file.size).put(&file.digest.0);
}

fn take_size(reader: &mut Reader) -> Taken<u64> {
    let size = reader.take_varint("size of a file")?;
    if size > FILE_BYTES_MAX { Err(Malformed("size of a file")) } else { Ok(size) }
}

fn take_label(reader: &mut Reader) -> Taken<FileLabel> {
    let (name, size) = (take_name(reader)?, take_size(reader)?);
    Ok(FileLabel { name, size, digest: Digest(reader.take_array("digest")?) })
}

fn put_failure(writer: &mut Writer, failure: &Failure) {
    put_cut(writer, &failure.code, LABEL_MAX);
    put_cut(writer, &failure.text, NOTE_MAX);
}

fn take_failure(reader: &mut Reader) -> Taken<Failure> {
    let code = reader.take_str(LABEL_MAX, "code")?.to_owned();
    Ok(Failure { code, text: reader.take_str(NOTE_MAX, "text")?.to_owned() })
}

fn put_offered(writer: &mut Writer, offered: &Offered) {
    writer.put_varint(offered.id.0);
    put_cut(writer, &offered.from, NAME_MAX);
    put_target(writer, &offered.to);
    put_label(writer, &offered.file);
    writer.put_varint(offered.at_ms);
}

fn take_offered(reader: &mut Reader) -> Taken<Offered> {
    Ok(Offered {
        id: take_id(reader)?,
        from: take_name(reader)?,
        to: take_target(reader)?,
        file: take_label(reader)?,
        at_ms: reader.take_varint("time")?,
    })
}

fn take_id(reader: &mut Reader) -> Taken<FileId> {
    reader.take_varint("number of a file").map(FileId)
}

fn take_transfer(reader: &mut Reader) -> Taken<TransferId> {
    reader.take_varint("number of a transfer").map(TransferId)
}

fn put_block(writer: &mut Writer, kind: u8, id: FileId, offset: u64, bytes: &[u8]) {
    writer.put_u8(kind).put_varint(id.0).put_varint(offset).put(bytes);
}

fn take_block(reader: &mut Reader) -> Taken<(FileId, u64, Vec<u8>)> {
    let (id, offset) = (take_id(reader)?, take_size(reader)?);
    let len = reader.rest().len();
    if len == 0 || len > BLOCK_BYTES {
        return Err(Malformed("length of a block"));
    }
    Ok((id, offset, reader.take(len, "block")?.to_vec()))
}

/// Reads all of `bytes`.
fn whole<T>(bytes: &[u8], take: impl FnOnce(&mut Reader) -> Taken<T>) -> Taken<T> {
    let mut reader = Reader::new(bytes);
    let taken = take(&mut reader)?;
    reader.finish("a message about files")?;
    Ok(taken)
}

/// The bytes of what a client says.
pub fn encode_to_server(message: &FileToServer) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    match message {
        FileToServer::Offer { transfer, to, file } => {
            writer.put_u8(OFFER).put_varint(transfer.0);
            put_target(&mut writer, to);
            put_label(&mut writer, file);
        }
        FileToServer::Block { id, offset, bytes } => put_block(&mut writer, BLOCK, *id, *offset, bytes),
        FileToServer::Withdraw { id } => {
            writer.put_u8(WITHDRAW).put_varint(id.0);
        }
        FileToServer::Fetch { id, offset } => {
            writer.put_u8(FETCH).put_varint(id.0).put_varint(*offset);
        }
        FileToServer::Credit { id, through } => {
            writer.put_u8(CREDIT).put_varint(id.0).put_varint(*through);
        }
        FileToServer::Taken { id } => {
            writer.put_u8(TAKEN).put_varint(id.0);
        }
        FileToServer::Decline { id } => {
            writer.put_u8(DECLINE).put_varint(id.0);
        }
        FileToServer::Stop { id } => {
            writer.put_u8(STOP).put_varint(id.0);
        }
    }
    bytes
}

/// What a client says. An error for bytes that are no such message.
pub fn decode_to_server(bytes: &[u8]) -> Taken<FileToServer> {
    whole(bytes, |reader| {
        Ok(match reader.take_u8("type")? {
            OFFER => FileToServer::Offer {
                transfer: take_transfer(reader)?,
                to: take_target(reader)?,
                file: take_label(reader)?,
            },
            BLOCK => {
                let (id, offset, bytes) = take_block(reader)?;
                FileToServer::Block { id, offset, bytes }
            }
            WITHDRAW => FileToServer::Withdraw { id: take_id(reader)? },
            FETCH => FileToServer::Fetch { id: take_id(reader)?, offset: take_size(reader)? },
            CREDIT => FileToServer::Credit { id: take_id(reader)?, through: take_size(reader)? },
            TAKEN => FileToServer::Taken { id: take_id(reader)? },
            DECLINE => FileToServer::Decline { id: take_id(reader)? },
            STOP => FileToServer::Stop { id: take_id(reader)? },
            _ => return Err(Malformed("type of a message about files")),
        })
    })
}

/// The bytes of what a server says.
pub fn encode_to_client(message: &FileToClient) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    match message {
        FileToClient::Wanted { transfer, id, offset } => {
            writer.put_u8(WANTED).put_varint(transfer.0).put_varint(id.0).put_varint(*offset);
        }
        FileToClient::Refused { transfer, failure } => {
            writer.put_u8(REFUSED).put_varint(transfer.0);
            put_failure(&mut writer, failure);
        }
        FileToClient::Credit { id, through } => {
            writer.put_u8(CREDITED).put_varint(id.0).put_varint(*through);
        }
        FileToClient::Kept { transfer, id } => {
            writer.put_u8(KEPT).put_varint(transfer.0).put_varint(id.0);
        }
        FileToClient::Offered(offered) => {
            writer.put_u8(OFFERED);
            put_offered(&mut writer, offered);
        }
        FileToClient::Block { id, offset, bytes } => put_block(&mut writer, SENT, *id, *offset, bytes),
        FileToClient::Failed { id, failure } => {
            writer.put_u8(FAILED).put_varint(id.0);
            put_failure(&mut writer, failure);
        }
    }
    bytes
}

/// What a server says. An error for bytes that are no such message.
pub fn decode_to_client(bytes: &[u8]) -> Taken<FileToClient> {
    whole(bytes, |reader| {
        Ok(match reader.take_u8("type")? {
            WANTED => FileToClient::Wanted {
                transfer: take_transfer(reader)?,
                id: take_id(reader)?,
                offset: take_size(reader)?,
            },
            REFUSED => {
                FileToClient::Refused { transfer: take_transfer(reader)?, failure: take_failure(reader)? }
            }
            CREDITED => FileToClient::Credit { id: take_id(reader)?, through: take_size(reader)? },
            KEPT => FileToClient::Kept { transfer: take_transfer(reader)?, id: take_id(reader)? },
            OFFERED => FileToClient::Offered(take_offered(reader)?),
            SENT => {
                let (id, offset, bytes) = take_block(reader)?;
                FileToClient::Block { id, offset, bytes }
            }
            FAILED => FileToClient::Failed { id: take_id(reader)?, failure: take_failure(reader)? },
            _ => return Err(Malformed("type of a message about files")),
        })
    })
}

/// The bytes of a server's note.
pub fn encode_note(note: &Note) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.put_varint(note.from.0);
    // Persons are numbered from 1.
    writer.put_varint(note.to.map_or(0, |person| person.0));
    put_offered(&mut writer, &note.offered);
    bytes
}

/// A server's note. An error for bytes that are none.
pub fn decode_note(bytes: &[u8]) -> Taken<Note> {
    whole(bytes, |reader| {
        let from = PersonId(reader.take_varint("person")?);
        let to = reader.take_varint("person")?;
        Ok(Note { from, to: (to > 0).then_some(PersonId(to)), offered: take_offered(reader)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> FileLabel {
        FileLabel { name: "a b.pdf".to_owned(), size: 70_000, digest: Digest([7; 32]) }
    }

    fn offered() -> Offered {
        let to = FileTarget::Person("bob".to_owned());
        Offered { id: FileId(3), from: "ann".to_owned(), to, file: label(), at_ms: 5 }
    }

    fn all_to_server() -> Vec<FileToServer> {
        let id = FileId(300);
        vec![
            FileToServer::Offer {
                transfer: TransferId(1),
                to: FileTarget::Room("lab".to_owned()),
                file: label(),
            },
            FileToServer::Block { id, offset: 8_192, bytes: vec![1, 2, 3] },
            FileToServer::Withdraw { id },
            FileToServer::Fetch { id, offset: 0 },
            FileToServer::Credit { id, through: 9 },
            FileToServer::Taken { id },
            FileToServer::Decline { id },
            FileToServer::Stop { id },
        ]
    }

    fn all_to_client() -> Vec<FileToClient> {
        let (transfer, id, failure) = (TransferId(1), FileId(300), Failure::new("file-space", "full"));
        vec![
            FileToClient::Wanted { transfer, id, offset: 7 },
            FileToClient::Refused { transfer, failure: failure.clone() },
            FileToClient::Credit { id, through: 9 },
            FileToClient::Kept { transfer, id },
            FileToClient::Offered(offered()),
            FileToClient::Block { id, offset: 0, bytes: vec![9; BLOCK_BYTES] },
            FileToClient::Failed { id, failure },
        ]
    }

    #[test]
    fn what_is_written_is_read_again_and_no_prefix_and_no_more_is() {
        for message in all_to_server() {
            let bytes = encode_to_server(&message);
            assert_eq!(decode_to_server(&bytes), Ok(message.clone()));
            assert_ne!(decode_to_server(&bytes[..bytes.len() - 1]), Ok(message.clone()), "{message:?}");
            assert_ne!(decode_to_server(&[&bytes[..], &[0]].concat()), Ok(message));
            assert!(decode_to_client(&bytes).is_err(), "the types of the two directions do not overlap");
        }
        for message in all_to_client() {
            let bytes = encode_to_client(&message);
            assert_eq!(decode_to_client(&bytes), Ok(message.clone()));
            assert_ne!(decode_to_client(&bytes[..bytes.len() - 1]), Ok(message.clone()), "{message:?}");
            assert_ne!(decode_to_client(&[&bytes[..], &[0]].concat()), Ok(message));
        }
        let note = Note { from: PersonId(4), to: Some(PersonId(9)), offered: offered() };
        assert_eq!(decode_note(&encode_note(&note)), Ok(note));
    }

    #[test]
    fn sizes_and_blocks_beyond_their_bounds_are_malformed() {
        let file = FileLabel { size: FILE_BYTES_MAX + 1, ..label() };
        let to = FileTarget::Room("lab".to_owned());
        let offer = FileToServer::Offer { transfer: TransferId(1), to, file };
        assert!(decode_to_server(&encode_to_server(&offer)).is_err());
        for len in [0, BLOCK_BYTES + 1] {
            let block = FileToServer::Block { id: FileId(1), offset: 0, bytes: vec![0; len] };
            assert!(decode_to_server(&encode_to_server(&block)).is_err(), "{len}");
        }
    }

    #[test]
    fn whatever_bytes_come_nothing_panics() {
        let mut rng = crate::rng::Rng::from_seed(8);
        let messages: Vec<Vec<u8>> = all_to_server()
            .iter()
            .map(encode_to_server)
            .chain(all_to_client().iter().map(encode_to_client))
            .collect();
        for _ in 0..20_000 {
            let mut bytes = messages[rng.below(messages.len() as u64) as usize].clone();
            bytes.truncate(64 + rng.below(64) as usize);
            let place = rng.below(bytes.len() as u64) as usize;
            bytes[place] = rng.below(256) as u8;
            let _ = (decode_to_server(&bytes), decode_to_client(&bytes), decode_note(&bytes));
        }
    }
}
