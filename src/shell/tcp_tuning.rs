//! What may be asked of the kernel's TCP, and what is in force?
//!
//! For measurements: which congestion control a connection uses (Linux alone lets one choose it for a socket,
//! `TCP_CONGESTION` in tcp(7)), and whether small segments wait for acknowledgements (Nagle, RFC 896). What a
//! listener was asked for its connections inherit, but for Nagle. What is in force is read back from the
//! socket, never repeated from the wish.

use socket2::{Domain, Socket, Type};
use std::io::{self, ErrorKind};

/// Wishes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TcpTuning {
    /// The name of a congestion control; `None`: the system's own choice.
    pub congestion: Option<String>,
    /// Small segments wait for acknowledgements.
    pub nagle: bool,
}

/// What a socket really does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TcpInForce {
    /// The congestion control; `None` where the system does not tell.
    pub congestion: Option<String>,
    /// Small segments wait for acknowledgements.
    pub nagle: bool,
}

impl TcpTuning {
    /// Tries the wishes out on a socket that nobody needs. The error says what this system lacks.
    pub fn check(&self) -> Result<(), String> {
        let tried = Socket::new(Domain::IPV4, Type::STREAM, None).and_then(|socket| self.apply(&socket));
        tried.map_err(|error| self.explain(&error))
    }

    /// Makes it so on this socket.
    pub(super) fn apply(&self, socket: &Socket) -> io::Result<()> {
        socket.set_tcp_nodelay(!self.nagle)?;
        self.congestion.as_deref().map_or(Ok(()), |name| set_congestion(socket, name))
    }

    /// What is wrong if [`Self::apply`] failed so.
    pub(super) fn explain(&self, error: &io::Error) -> String {
        let name = self.congestion.as_deref().unwrap_or_default();
        match error.kind() {
            ErrorKind::NotFound => format!("this kernel has no congestion control `{name}`"),
            ErrorKind::PermissionDenied => {
                format!("this system does not allow the congestion control `{name}` to an ordinary user")
            }
            ErrorKind::Unsupported => "only Linux lets a program choose TCP's congestion control".to_owned(),
            _ => format!("TCP's options cannot be set: {error}"),
        }
    }
}

impl TcpInForce {
    /// Reads it from a socket.
    pub(super) fn of(socket: &Socket) -> io::Result<Self> {
        Ok(Self { congestion: congestion(socket), nagle: !socket.tcp_nodelay()? })
    }
}

#[cfg(target_os = "linux")]
fn set_congestion(socket: &Socket, name: &str) -> io::Result<()> {
    socket.set_tcp_congestion(name.as_bytes())
}

#[cfg(not(target_os = "linux"))]
fn set_congestion(_: &Socket, _: &str) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn congestion(socket: &Socket) -> Option<String> {
    let name = socket.tcp_congestion().ok()?;
    let name = name.split(|byte| *byte == 0).next()?;
    String::from_utf8(name.to_vec()).ok()
}

#[cfg(not(target_os = "linux"))]
fn congestion(_: &Socket) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuning(congestion: Option<&str>, nagle: bool) -> TcpTuning {
        TcpTuning { congestion: congestion.map(str::to_owned), nagle }
    }

    #[test]
    fn what_was_asked_for_is_read_back_from_the_socket() {
        for nagle in [false, true] {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            tuning(None, nagle).apply(&socket).expect("every system has Nagle's rule");
            assert_eq!(TcpInForce::of(&socket).map(|it| it.nagle).ok(), Some(nagle));
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn reno_is_there_on_every_linux_and_nonsense_on_none() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let reno = tuning(Some("reno"), false);
        assert_eq!(reno.check(), Ok(()));
        reno.apply(&socket).expect("it was tried out");
        let in_force = TcpInForce::of(&socket).expect("it can be read");
        assert_eq!(in_force, TcpInForce { congestion: Some("reno".to_owned()), nagle: false });
        let error = tuning(Some("nonsense"), false).check().expect_err("no such thing");
        assert!(error.contains("no congestion control `nonsense`"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_a_listener_was_asked_for_its_connections_inherit() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        tuning(Some("reno"), false).apply(&socket2::SockRef::from(&listener)).expect("it is there");
        let _client = std::net::TcpStream::connect(listener.local_addr().expect("bound")).expect("loopback");
        let (accepted, _) = listener.accept().expect("a connection");
        let in_force = TcpInForce::of(&socket2::SockRef::from(&accepted)).expect("it can be read");
        assert_eq!(in_force.congestion.as_deref(), Some("reno"));
    }

    #[test]
    fn a_refusal_says_whose_it_is() {
        let told = |kind: ErrorKind| tuning(Some("cubic"), false).explain(&kind.into());
        assert!(told(ErrorKind::PermissionDenied).contains("does not allow"));
        assert!(told(ErrorKind::Unsupported).contains("Linux"));
    }
}
