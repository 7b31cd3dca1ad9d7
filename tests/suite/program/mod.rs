//! The program as users meet it: real processes, real sockets on loopback.
//!
//! Nothing here judges by the clock: a watchdog ends a test that hangs, and that is all it does.

mod bad_input;
mod bots;
mod chatting;
mod classroom;
mod comparing;
#[cfg(target_os = "linux")]
mod doctor;
mod doors;
mod endings;
mod files;
#[cfg(target_os = "linux")]
mod finding;
#[cfg(target_os = "linux")]
mod full_disk;
mod harness;
mod history;
mod joining;
mod killed;
#[cfg(target_os = "linux")]
mod link;
mod measuring;
mod order;
mod settings;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod tmux;
