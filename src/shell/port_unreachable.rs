//! Does a server hear that a client's port is closed?
//!
//! It has no use for it: silence already ends such a session, and a message about one client is no news of
//! the others. Most systems tell an unconnected UDP socket nothing. Windows makes the next receive fail
//! with `WSAECONNRESET` for each ICMP "port unreachable", a receive that could have brought a datagram of
//! somebody else; so it is told not to. A client's port has one peer and wants to hear it: it is left alone.

use socket2::Socket;
use std::io;

/// No error of a peer's machine is reported on this socket from now on.
pub(super) fn ignore_on(socket: &Socket) -> io::Result<()> {
    system::ignore_on(socket)
}

#[cfg(windows)]
mod system {
    use socket2::Socket;
    use std::io;
    use std::os::windows::io::AsRawSocket;
    use std::ptr;
    use windows_sys::Win32::Networking::WinSock::{SIO_UDP_CONNRESET, SOCKET, SOCKET_ERROR, WSAIoctl};

    #[expect(unsafe_code, reason = "the standard library and socket2 do not know this control code")]
    pub fn ignore_on(socket: &Socket) -> io::Result<()> {
        // A BOOL of Windows, which has four bytes: false.
        let reported = 0_i32;
        let mut returned = 0_u32;
        let socket = SOCKET::try_from(socket.as_raw_socket()).map_err(io::Error::other)?;
        // SAFETY: the socket is open for as long as it is borrowed; the input is four bytes of our own that
        // the call only reads, the count is ours to be written, and there is no output and nothing pending
        // after the call, as it has no OVERLAPPED.
        let outcome = unsafe {
            WSAIoctl(
                socket,
                SIO_UDP_CONNRESET,
                (&raw const reported).cast(),
                4,
                ptr::null_mut(),
                0,
                &raw mut returned,
                ptr::null_mut(),
                None,
            )
        };
        if outcome == SOCKET_ERROR { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

#[cfg(not(windows))]
mod system {
    use socket2::Socket;
    use std::io;

    #[expect(clippy::unnecessary_wraps, reason = "the same form as on Windows, where it can fail")]
    pub fn ignore_on(_socket: &Socket) -> io::Result<()> {
        Ok(())
    }
}
