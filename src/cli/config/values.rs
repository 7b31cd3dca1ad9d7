//! Which texts are a name, a room, a place to listen?
//!
//! Asked when the command line or a setting is read, so that what is wrong is told with where it stands, and
//! before anything is begun.

use crate::chat::name::Name;
use crate::chat::room_name::RoomName;
use crate::shell::resolve::{DEFAULT_PORT, is_address};

/// The longest name of a server, in bytes.
pub const SERVER_NAME_BYTES: usize = 64;

/// A person's name.
pub fn name(text: &str) -> Result<String, String> {
    Name::parse(text).map(|name| name.as_str().to_owned()).map_err(|failure| failure.text)
}

/// A room's name, as it was typed.
pub fn room(text: &str) -> Result<String, String> {
    RoomName::parse(text).map(|_| text.to_owned()).map_err(|failure| failure.text)
}

/// `HOST:PORT`, `HOST`, `[IPV6]:PORT`; whether there is such a host is seen when it is needed.
pub fn listen(text: &str) -> Result<String, String> {
    if is_address(text, DEFAULT_PORT) {
        return Ok(text.to_owned());
    }
    Err("write HOST:PORT, for IPv6 [ADDRESS]:PORT, such as 0.0.0.0:4747 or [::]:4747".to_owned())
}

/// The name of a server: one line of 1 to 64 bytes.
pub fn server_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.len() > SERVER_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(format!("one line of 1 to {SERVER_NAME_BYTES} bytes is wanted"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_cannot_be_meant_are_refused_with_the_rule() {
        assert_eq!(name(" Änne "), Ok("Änne".to_owned()));
        assert!(name("a b").is_err() && name("").is_err());
        assert_eq!(room("#Lab"), Ok("#Lab".to_owned()));
        assert!(room("a b").is_err_and(|why| why.contains("letters")));
        assert!(listen("[::]:4747").is_ok() && listen("localhost").is_ok());
        assert!(listen("a b").is_err() && listen("::1:x").is_err());
        assert_eq!(server_name(" lab 3 "), Ok("lab 3".to_owned()));
        assert!(server_name(" ").is_err() && server_name(&"x".repeat(65)).is_err());
    }
}
