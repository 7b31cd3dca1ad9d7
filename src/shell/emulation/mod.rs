//! How do two programs get an emulated link between them, without root?
//!
//! ```text
//! sayagain link                           outer: waits for the relay, passes signals on
//!   └─ fork, pid 1 of its namespace       relay: sockets, the model, the clock
//!        ├─ fork, exec SERVER …           in the server's network namespace, as the caller
//!        └─ fork, exec CLIENT …           in the client's
//! ```
//!
//! | file | answers |
//! | --- | --- |
//! | [`namespaces`] | which namespaces are there, and who is who in them? |
//! | [`interfaces`] | how are the ends joined to the relay? |
//! | [`netlink`] | how is the kernel told to make an interface? |
//! | [`packet_socket`] | how do IP packets enter and leave the relay? |
//! | [`program`] | how does a program start at one end, as the caller? |
//! | [`bound_port`] | does the server listen yet? |
//! | [`supervision`] | who starts when, who ends because of whom, and with which exit code? |
//! | [`relay_loop`] | what does the relay do all the time? |
//! | [`outer`] | what does the process do that the user started? |
//! | [`refusal`] | what did the system refuse, and what helps? |
//! | `system` | the calls for which there is no safe face |
//!
//! Sources: the manual pages `user_namespaces(7)`, `pid_namespaces(7)`, `veth(4)`, `packet(7)`, `rtnetlink(7)`.

pub mod bound_port;
pub mod interfaces;
pub mod namespaces;
pub mod netlink;
pub mod outer;
pub mod packet_socket;
pub mod program;
pub mod refusal;
pub mod relay_loop;
pub mod supervision;
mod system;

pub use outer::{Role, split};
pub use refusal::Refusal;
pub use relay_loop::{Emulation, Summary};
