//! How are a file's bytes read, appended and checked?

use crate::chat::message::Failure;
use crate::crypto::{Digest, Digester};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// So much is read at once for hashing.
const PIECE: usize = 64 << 10;

/// What went wrong with a file, in the system's words.
pub(super) fn storage_failed(what: &str, error: &io::Error) -> Failure {
    Failure::new("storage-failed", format!("{what}: {error}"))
}

/// The length and the digest of what a reader gives, to its end.
pub(super) fn digest(mut reader: impl Read) -> io::Result<(u64, Digest)> {
    let (mut digester, mut piece, mut size) = (Digester::default(), vec![0; PIECE], 0);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok((size, digester.finish())),
            Ok(len) => {
                size += len as u64;
                digester.update(&piece[..len]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Exactly these bytes.
pub(super) fn read(file: &mut File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Puts these bytes at the end, which must be there. What a full disk took of them is taken off again.
pub(super) fn append(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    if file.seek(SeekFrom::End(0))? != offset {
        return Err(io::Error::other("the file is not as long as it was"));
    }
    file.write_all(bytes).inspect_err(|_| {
        let _ = file.set_len(offset);
    })
}

/// The file at this path for reading and appending, as long as it is but no longer than `size`.
pub(super) fn open_part(path: &Path, size: u64) -> io::Result<(File, u64)> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let len = file.seek(SeekFrom::End(0))?;
    if len <= size {
        return Ok((file, len));
    }
    file.set_len(0)?;
    Ok((file, 0))
}
