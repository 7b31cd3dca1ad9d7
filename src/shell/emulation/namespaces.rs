//! Which namespaces are there, and who is who in them?
//!
//! | namespace | of whom | why |
//! | --- | --- | --- |
//! | user | all | in it an ordinary user may make the others; the user is mapped to itself, so that the programs run as before |
//! | pid | relay and programs | when its first process ends, the kernel ends all in it, whatever they did to get away |
//! | network × 3 | relay, client, server | interfaces, addresses and routes of its own for each |
//!
//! Root makes no user namespace if it is allowed to do without; the programs then run as who called sudo.

use super::refusal::Refusal;
use crate::shell::caller;
use rustix::process::{getegid, geteuid};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// As whom the programs run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// They are not those of this process: `sudo` called it.
    pub is_other: bool,
}

fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: of what can be unshared only the table of open files is dangerous, and it is not among these.
    #[expect(unsafe_code, reason = "rustix leaves it to the caller that the table of files is not unshared")]
    Ok(unsafe { rustix::thread::unshare_unsafe(flags) }?)
}

/// Leaves the user's and the process's namespace behind. To be called while there is one thread; the next
/// process that is forked is the first of the new pid namespace.
pub fn isolate() -> Result<Caller, Refusal> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    if uid == 0 && unshare(UnshareFlags::NEWPID).is_ok() {
        return Ok(caller_of_sudo().unwrap_or(Caller { uid, gid, is_other: false }));
    }
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWPID)
        .map_err(Refusal::at("making a user namespace and a pid namespace"))?;
    let map = Refusal::at("mapping the user into its namespace");
    // user_namespaces(7): the group may be mapped once `setgroups` can no more be used to leave a group.
    let maps = [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{uid} {uid} 1")),
        ("gid_map", format!("{gid} {gid} 1")),
    ];
    let write = |(name, text): &(&str, String)| fs::write(format!("/proc/self/{name}"), text);
    maps.iter().try_for_each(write).map_err(map)?;
    Ok(Caller { uid, gid, is_other: false })
}

fn caller_of_sudo() -> Option<Caller> {
    caller::of_sudo().map(|(uid, gid)| Caller { uid, gid, is_other: true })
}

/// The three network namespaces, each held by a descriptor.
#[derive(Debug)]
pub struct Networks {
    relay: OwnedFd,
    /// Of the client and of the server, in the order of [`End::BOTH`](crate::lab::relay::ends::End::BOTH).
    ends: [OwnedFd; 2],
}

impl Networks {
    /// Makes them; the calling thread is in the relay's then.
    pub fn make() -> Result<Self, Refusal> {
        let client = fresh().map_err(Refusal::at("making a network namespace for the client"))?;
        let server = fresh().map_err(Refusal::at("making a network namespace for the server"))?;
        let relay = fresh().map_err(Refusal::at("making a network namespace for the relay"))?;
        Ok(Self { relay, ends: [client, server] })
    }

    /// That of one end, 0 the client's.
    pub fn of_end(&self, index: usize) -> BorrowedFd<'_> {
        self.ends[index].as_fd()
    }

    /// Does something in the namespace of one end, and comes back.
    pub fn within<T>(&self, index: usize, work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        enter(self.of_end(index)).map_err(Refusal::at("entering a network namespace"))?;
        let done = work();
        enter(self.relay.as_fd()).map_err(Refusal::at("returning to the relay's network namespace"))?;
        done
    }
}

/// Moves the calling thread into a network namespace.
pub fn enter(network: BorrowedFd<'_>) -> io::Result<()> {
    Ok(move_into_link_name_space(network, Some(LinkNameSpaceType::Network))?)
}

/// A new network namespace, which the calling thread is in then.
fn fresh() -> io::Result<OwnedFd> {
    unshare(UnshareFlags::NEWNET)?;
    Ok(File::open("/proc/thread-self/ns/net")?.into())
}
