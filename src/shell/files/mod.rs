//! Where do files lie, and who waits for their disk?
//!
//! - [`thread`]: a thread of its own, so that no event loop waits
//! - [`spool`]: the folder in which a server keeps what was sent
//! - [`own_files`]: a user's own files, and where those of others are put
//! - [`contents`]: reading, hashing and checking, for both

pub mod contents;
pub mod own_files;
pub mod spool;
pub mod thread;

pub use own_files::OwnFiles;
pub use spool::Spool;
pub use thread::FileThread;
