//! What does the process do that the user started?
//!
//! It makes the namespaces that only a child can be in, forks the relay, and from then on waits: signals go
//! on to the relay, whose exit code becomes its own. If it is killed the relay is killed with it (the kernel
//! sees to it), and if that comes too early for the kernel the relay finds the lifeline cut.

use super::namespaces::{Caller, isolate};
use super::refusal::Refusal;
use super::system::{self, Forked};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, set_parent_process_death_signal, waitpid};
use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;

const WATCHED: [i32; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGCHLD];

/// Which of the two processes is this after [`split`]?
pub enum Role {
    /// The one that the user started, after all is over: end with this exit code.
    Outer(i32),
    /// The relay: the first process of its pid namespace.
    Relay {
        /// As whom the programs run.
        caller: Caller,
        /// Hung up when the outer process has ended.
        lifeline: OwnedFd,
    },
}

/// Becomes two processes. To be called while there is one thread. `with_parent`: from now on this process is
/// killed when the thread that started it ends, whatever ends that.
pub fn split(with_parent: bool) -> Result<Role, Refusal> {
    let caller = isolate()?;
    if with_parent {
        // prctl(2): the rights that a new user namespace brings would have cleared it.
        set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(Refusal::at("tying our life to who started us"))?;
    }
    let (lifeline, held) = io::pipe().map_err(Refusal::at("making a pipe"))?;
    let signals = system::signal_descriptor(&WATCHED).map_err(Refusal::at("watching for signals"))?;
    match system::fork().map_err(Refusal::at("starting the relay in its pid namespace"))? {
        Forked::Parent(relay) => Ok(Role::Outer(wait_for(relay, &signals, held))),
        Forked::Child => {
            drop(held);
            set_parent_process_death_signal(Some(Signal::KILL))
                .map_err(Refusal::at("tying the relay's life to ours"))?;
            Ok(Role::Relay { caller, lifeline: lifeline.into() })
        }
    }
}

/// Until the relay ends. The lifeline is held until then.
fn wait_for(relay: Pid, signals: &OwnedFd, held: PipeWriter) -> i32 {
    let code = loop {
        // Woken by a signal, of which one says that the relay has ended.
        let _ = poll(&mut [PollFd::new(signals, PollFlags::IN)], None);
        while let Some(signal) = system::next_signal(signals) {
            let pass_on = match signal {
                libc::SIGINT => Signal::INT,
                libc::SIGTERM => Signal::TERM,
                libc::SIGHUP => Signal::HUP,
                _ => continue,
            };
            let _ = kill_process(relay, pass_on);
        }
        match waitpid(Some(relay), WaitOptions::NOHANG) {
            Ok(None) => {}
            Ok(Some((_, status))) => {
                let signal = status.terminating_signal().map(|signal| 128 + signal);
                break status.exit_status().or(signal).unwrap_or(1);
            }
            Err(_) => break 1,
        }
    };
    drop(held);
    code
}
