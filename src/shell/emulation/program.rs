//! How does a program start at one end, as the caller?
//!
//! Between fork and exec it enters the end's network namespace and, if `sudo` called, becomes the caller.
//! In a user namespace two capabilities stay with it, which hold only there: to open raw sockets and to set up
//! interfaces. So `ping`, `tcpdump` and `ip` work in it as root has them work outside (capabilities(7),
//! "Ambient"). Under `sudo` there is no such namespace, and it keeps none.

use super::namespaces::{Caller, enter};
use super::system;
use rustix::process::{Gid, Pid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, configure_capability_in_ambient_set, set_capabilities,
    set_thread_gid, set_thread_groups, set_thread_uid,
};
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Command, Stdio};

const KEPT: CapabilitySet = CapabilitySet::NET_RAW.union(CapabilitySet::NET_ADMIN);

/// Starts it; its words are the program and its arguments. `talks`: it gets our standard input. The error
/// names the program.
pub fn start(words: &[OsString], network: BorrowedFd<'_>, caller: Caller, talks: bool) -> io::Result<Pid> {
    let [program, arguments @ ..] = words else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program was named"));
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(if talks { Stdio::inherit() } else { Stdio::null() });
    let network = network.try_clone_to_owned()?;
    system::before_exec(&mut command, move || {
        enter(network.as_fd())?;
        become_caller(caller)
    });
    let child = command.spawn().map_err(|error| {
        io::Error::new(error.kind(), format!("cannot start {}: {error}", program.display()))
    })?;
    Pid::from_raw(child.id().cast_signed()).ok_or_else(|| io::Error::other("a process without a number"))
}

fn become_caller(caller: Caller) -> io::Result<()> {
    if caller.is_other {
        set_thread_groups(&[])?;
        set_thread_gid(Gid::from_raw(caller.gid))?;
        set_thread_uid(Uid::from_raw(caller.uid))?;
        // Without a user namespace around it, a capability would be one of the whole machine.
        return Ok(());
    }
    // What the system withholds here the program has to do without.
    let _ = keep_capabilities();
    Ok(())
}

fn keep_capabilities() -> rustix::io::Result<()> {
    let permitted = capabilities(None)?.permitted;
    let kept = permitted.intersection(KEPT);
    set_capabilities(None, CapabilitySets { effective: permitted, permitted, inheritable: kept })?;
    kept.iter().try_for_each(|capability| configure_capability_in_ambient_set(capability, true))
}
