//! How does a file get from one person to others without delaying their chat?
//!
//! Store and forward: the server keeps what was sent, whole and checked, until it is fetched. Both ways work
//! the same, in blocks on a channel of their own, as many under way as do not make the line wait:
//!
//! ```text
//!   disk ─▶ sender ── Block ──▶ receiver ─▶ disk        client → server: porter ─▶ desk
//!             ▲  window            │                    server → client: desk ─▶ porter
//!             └───── Credit ◀──────┘ (once it is written)
//! ```
//!
//! The parts know no disk and no socket: what they want read and written are [`disk::FileRequest`]s, carried
//! out by somebody else, and what comes back are [`disk::FileReply`]s.
//!
//! - [`message`]: what is said; [`codec`]: in which bytes
//! - [`name`]: a file's name that can do no harm
//! - [`sender`], [`receiver`]: one file on its way; [`window`]: how much of it at once; [`progress`]: how fast
//! - [`disk`]: what is asked of a disk; [`memory`]: one that forgets
//! - [`desk`]: the server's half; [`porter`]: the client's half; [`event`]: what the user is told; [`plain`]: in which words
//!
//! Left out on purpose: fetching from several people at once, previews, and files that outlive seven days.

pub mod codec;
pub mod desk;
pub mod disk;
pub mod event;
pub mod memory;
pub mod message;
pub mod name;
pub mod plain;
pub mod porter;
pub mod progress;
pub mod receiver;
pub mod sender;
pub mod window;

pub use desk::{Company, Desk, DeskEffect, FileLimits};
pub use disk::{Disk, FileReply, FileRequest, KeptFile};
pub use event::FileEvent;
pub use memory::MemoryFiles;
pub use porter::Porter;
