//! Which server is meant: a host by its name or address, or one by a join code?

use crate::cli::exit::Stop;
use crate::service::JoinCode;
use crate::service::api::Promise;
use crate::shell::resolve::{DEFAULT_PORT, ResolveError, resolve};
use std::net::SocketAddr;

/// Where to go, and what to expect there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MeantServer {
    /// Its addresses, at least one.
    pub addresses: Vec<SocketAddr>,
    /// What is known of its key beforehand.
    pub promised: Option<Promise>,
}

impl MeantServer {
    /// The server of this text: `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a join code. A code asks no name server
    /// and sends nothing; with `insecure` no key is proved, so a code would promise what nobody checks.
    pub fn of(text: &str, insecure: bool) -> Result<Self, Stop> {
        if !JoinCode::is_meant_by(text) {
            let addresses = resolve(text, DEFAULT_PORT).map_err(|error| match error {
                ResolveError::Malformed(_) => Stop::usage(error),
                ResolveError::Unknown(..) => Stop::not_connected(error),
            })?;
            return Ok(Self { addresses, promised: None });
        }
        let code: JoinCode = text.parse().map_err(Stop::usage)?;
        if insecure {
            let address = code.address;
            return Err(Stop::usage(format!(
                "a join code promises the server's key, and with --insecure no key is proved: join without \
                 --insecure, or without the promise: sayagain chat {address} --insecure"
            )));
        }
        Ok(Self { addresses: vec![code.address.into()], promised: Some(Promise::Code(code.key)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::crypto::StretchedKey;

    fn code() -> String {
        let address = "10.1.2.3:4748".parse().unwrap();
        JoinCode { address, key: StretchedKey([5; 10]) }.to_string()
    }

    #[test]
    fn a_code_has_one_address_and_a_promise_and_a_host_has_none() {
        let meant = MeantServer::of(&code(), false).unwrap();
        assert_eq!(meant.addresses, ["10.1.2.3:4748".parse().unwrap()]);
        assert_eq!(meant.promised, Some(Promise::Code(StretchedKey([5; 10]))));
        assert_eq!(MeantServer::of("10.1.2.3:4748", true).unwrap().promised, None);
    }

    #[test]
    fn a_mistyped_code_is_wrong_usage_and_is_never_looked_up_as_a_host() {
        let mut wrong = code();
        wrong.pop();
        for text in [wrong.as_str(), "sa-nobody.invalid", "sa-"] {
            let stop = MeantServer::of(text, false).unwrap_err();
            assert_eq!(stop.exit, Exit::Usage, "{text}: {}", stop.text);
            assert!(stop.text.contains("join code"), "{}", stop.text);
        }
    }

    #[test]
    fn a_code_without_a_proof_is_refused() {
        let stop = MeantServer::of(&code(), true).unwrap_err();
        assert!(stop.exit == Exit::Usage && stop.text.contains("10.1.2.3:4748 --insecure"), "{}", stop.text);
    }
}
