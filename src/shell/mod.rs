//! Where does the pure core meet the system?
//!
//! Here and nowhere else: sockets, threads, the clock, entropy, the folders of the user. A shell decides
//! nothing about the chat or the protocol; it carries bytes, moments and letters between a node and the
//! system, and sleeps in between.
//!
//! ```text
//!           threads                         one loop, one sleep                       the system
//!   lines ─────────▶ ClientHandle ─▶ inbox ─▶ client_loop ─ client_network ─┬─ datagrams ─ udp ── socket
//!   store_thread ──▶ ServerHandle ─▶ inbox ─▶ server_loop ─ server_streams ─┴─ tcp ────────────── socket
//!   signals ───────▶                              │
//!                                               clock
//! ```
//!
//! | file | answers |
//! | --- | --- |
//! | [`clock`] | what time is it? |
//! | [`local_time`] | what does the clock on the wall show? |
//! | [`resolve`] | which addresses are meant by `HOST[:PORT]`? |
//! | [`own_addresses`] | under which addresses can others reach this machine? |
//! | [`discovery`] | how do a server and its clients find each other? |
//! | [`examination`] | what does the way to a server look like from here? |
//! | [`listen`] | on which sockets does a server wait? |
//! | [`udp`] | how do datagrams enter and leave the machine? |
//! | [`ecn`] | how do the two bits of ECN? |
//! | [`tcp_tuning`] | what may be asked of the kernel's TCP? |
//! | [`server_loop`] | how does a server node meet the world? |
//! | [`client_loop`] | how does a client node meet the world? |
//! | [`lines`] | how do lines of standard input reach a client? |
//! | [`store_thread`] | who waits for the disk? |
//! | [`files`] | where do files lie, and who waits for their disk? |
//! | [`home`] | where are keys, names and history kept? |
//! | [`caller`] | who called, if `sudo` stands between? |
//! | [`entropy`] | where does true chance come from? |
//! | `emulation` (Linux) | how do two programs get an emulated link between them? |
//! | [`machine_mark`] | is this the machine that a file was written on? |
//! | [`machine`] | what machine and system is this, and which day? |

mod client_network;
mod datagrams;
mod impaired;
mod inbox;
mod open_files;
mod port_unreachable;
mod server_streams;
mod socket;
mod tcp;

pub mod caller;
pub mod client_loop;
pub mod clock;
pub mod discovery;
pub mod ecn;
#[cfg(target_os = "linux")]
pub mod emulation;
pub mod entropy;
pub mod examination;
pub mod files;
pub mod home;
pub mod lines;
pub mod listen;
pub mod local_time;
pub mod machine;
pub mod machine_mark;
pub mod own_addresses;
pub mod resolve;
pub mod server_loop;
pub mod store_thread;
pub mod tcp_tuning;
pub mod udp;

#[cfg(test)]
mod tests;
