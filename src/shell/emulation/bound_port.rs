//! Does the server listen yet?
//!
//! The kernel lists a namespace's sockets in files that stay those of the namespace in which they were
//! opened. One line is the heading; a second one is a socket with a port. The server's namespace is new, so
//! every socket in it is the server's.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

const LISTS: [&str; 4] = ["tcp", "udp", "tcp6", "udp6"];
/// Enough for a heading and one socket.
const FIRST_BYTES: usize = 512;

/// Looks at the sockets of one namespace.
#[derive(Debug)]
pub struct BoundPort(Vec<File>);

impl BoundPort {
    /// Of the namespace in which the calling thread is; where the system shows no lists, none.
    pub fn here() -> Self {
        let open = |list| File::open(format!("/proc/thread-self/net/{list}")).ok();
        Self(LISTS.into_iter().filter_map(open).collect())
    }

    /// Is any port bound?
    pub fn is_there(&mut self) -> bool {
        self.0.iter_mut().any(|list| has_socket(list).unwrap_or(false))
    }
}

fn has_socket(list: &mut (impl Read + Seek)) -> io::Result<bool> {
    list.seek(SeekFrom::Start(0))?;
    let mut text = [0; FIRST_BYTES];
    let length = list.read(&mut text)?;
    Ok(text[..length]
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .nth(1)
        .is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_heading_alone_is_no_socket() {
        assert!(!has_socket(&mut Cursor::new("  sl  local_address\n")).expect("no error"));
        assert!(
            has_socket(&mut Cursor::new("  sl  local_address\n   0: 00000000:128B\n")).expect("no error")
        );
        assert!(!has_socket(&mut Cursor::new("")).expect("no error"));
    }
}
