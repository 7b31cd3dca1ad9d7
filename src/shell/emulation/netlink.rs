//! How is the kernel told to make an interface?
//!
//! A request to rtnetlink is a header, a fixed part that depends on its kind, and attributes, of which some
//! hold attributes again (RFC 3549 §2.3, rtnetlink(7)):
//!
//! ```text
//!  │ length 4 │ kind 2 │ flags 2 │ sequence 4 │ port 4 │ fixed part │ length 2 │ kind 2 │ value, padded │ …
//! ```
//!
//! The answer to each is an error number, 0 for done. Numbers are in the machine's own order of bytes.

use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, Read};

const ACKNOWLEDGE: u16 = 0x5;
/// Create, and do not take an existing one for it.
const CREATE: u16 = 0x600;
const NLMSG_ERROR: u16 = 2;

/// A request under construction.
#[derive(Debug)]
pub struct Request(Vec<u8>);

impl Request {
    /// Of this kind (`RTM_…`), about something that exists.
    pub fn change(kind: u16) -> Self {
        Self::new(kind, ACKNOWLEDGE)
    }

    /// Of this kind, about something new.
    pub fn create(kind: u16) -> Self {
        Self::new(kind, ACKNOWLEDGE | CREATE)
    }

    fn new(kind: u16, flags: u16) -> Self {
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([0; 8]);
        Self(bytes)
    }

    /// The fixed part of a request about an interface (`struct ifinfomsg`): which one, 0 for one that is
    /// found by its name, and which flags it is to have of those in `mask`.
    pub fn interface(mut self, index: i32, flags: u32, mask: u32) -> Self {
        self.0.extend([0; 4]);
        self.0.extend(index.to_ne_bytes());
        self.0.extend(flags.to_ne_bytes());
        self.0.extend(mask.to_ne_bytes());
        self
    }

    /// The fixed part of a request about an address (`struct ifaddrmsg`).
    pub fn address(mut self, family: u8, prefix: u8, flags: u8, index: i32) -> Self {
        self.0.extend([family, prefix, flags, 0]);
        self.0.extend(index.to_ne_bytes());
        self
    }

    /// An attribute.
    pub fn attribute(self, kind: u16, value: &[u8]) -> Self {
        self.nested(kind, |mut request| {
            request.0.extend_from_slice(value);
            request
        })
    }

    /// An attribute that holds what `fill` adds.
    pub fn nested(mut self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        let start = self.0.len();
        self.0.extend([0; 2]);
        self.0.extend(kind.to_ne_bytes());
        let mut filled = fill(self);
        // The length does not count the padding.
        let length = u16::try_from(filled.0.len() - start).unwrap_or(u16::MAX);
        filled.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        filled.0.resize(filled.0.len().next_multiple_of(4), 0);
        filled
    }

    fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

/// A conversation with the kernel about the network namespace in which it was begun.
#[derive(Debug)]
pub struct Netlink(Socket);

impl Netlink {
    /// Begins one.
    pub fn open() -> io::Result<Self> {
        let protocol = Protocol::from(libc::NETLINK_ROUTE);
        Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(protocol)).map(Self)
    }

    /// Asks for something, and waits until it is done.
    pub fn ask(&self, request: Request) -> io::Result<()> {
        self.0.send(&request.finish())?;
        let mut answer = [0; 4_096];
        let length = (&self.0).read(&mut answer)?;
        match error_number(&answer[..length]) {
            Some(0) => Ok(()),
            Some(error) => Err(io::Error::from_raw_os_error(-error)),
            None => Err(io::Error::new(io::ErrorKind::InvalidData, "the kernel's answer was not understood")),
        }
    }
}

/// The number in an answer of the kind "error": 0, or negative.
fn error_number(answer: &[u8]) -> Option<i32> {
    let kind = answer.get(4..)?.first_chunk().map(|chunk| u16::from_ne_bytes(*chunk))?;
    let number = answer.get(16..)?.first_chunk().map(|chunk| i32::from_ne_bytes(*chunk))?;
    (kind == NLMSG_ERROR && number <= 0 && number > i32::MIN).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_their_length_is_not() {
        let request = Request::create(16)
            .interface(3, 1, 1)
            .attribute(3, b"veth\0")
            .nested(18, |request| request.attribute(1, b"x"));
        let bytes = request.finish();
        assert_eq!(bytes.len(), 16 + 16 + 12 + 12);
        assert_eq!(bytes[..4], 56_u32.to_ne_bytes());
        assert_eq!(bytes[32..34], 9_u16.to_ne_bytes(), "four of head, five of value");
        assert_eq!(bytes[44..46], 12_u16.to_ne_bytes(), "what is within counts with its padding");
    }

    #[test]
    fn an_answer_is_an_error_number_or_not_understood() {
        let answer = |kind: u16, number: i32| {
            let mut bytes = vec![0; 16];
            bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
            bytes.extend(number.to_ne_bytes());
            error_number(&bytes)
        };
        assert_eq!((answer(2, 0), answer(2, -17), answer(2, 5)), (Some(0), Some(-17), None));
        assert_eq!((answer(3, 0), answer(2, i32::MIN), error_number(&[2; 9])), (None, None, None));
    }
}
