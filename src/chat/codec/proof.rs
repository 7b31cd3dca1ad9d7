//! How is what the door asks for, and the answer, written?
//!
//! ```text
//!  proof   0, stretched (32)  │  1, token (16)
//!  wanted  0 the class secret │  1 the name's password
//! ```

use crate::chat::message::{Proof, Wanted};
use crate::wire::{Malformed, Reader, Writer};

pub(super) fn put_proof(writer: &mut Writer, proof: &Proof) {
    match proof {
        Proof::Stretched(bytes) => writer.put_u8(0).put(bytes),
        Proof::Token(bytes) => writer.put_u8(1).put(bytes),
    };
}

pub(super) fn take_proof(reader: &mut Reader) -> Result<Proof, Malformed> {
    match reader.take_u8("proof")? {
        0 => reader.take_array("proof").map(Proof::Stretched),
        1 => reader.take_array("proof").map(Proof::Token),
        _ => Err(Malformed("proof")),
    }
}

pub(super) fn put_wanted(writer: &mut Writer, wanted: Wanted) {
    writer.put_u8(match wanted {
        Wanted::Secret => 0,
        Wanted::Password => 1,
    });
}

pub(super) fn take_wanted(reader: &mut Reader) -> Result<Wanted, Malformed> {
    match reader.take_u8("wanted")? {
        0 => Ok(Wanted::Secret),
        1 => Ok(Wanted::Password),
        _ => Err(Malformed("wanted")),
    }
}
