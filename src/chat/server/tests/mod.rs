//! The server as a whole, on virtual time.
