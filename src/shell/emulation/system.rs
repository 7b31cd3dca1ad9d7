//! The calls for which there is no safe face: `fork`, `signalfd`, the options and messages of packet
//! sockets, `ioctl` on interfaces, and what runs between `fork` and `exec`.
//!
//! Each is one call with its reason; what is decided about it stands in the file that calls it.

#![expect(unsafe_code, reason = "the standard library, rustix and socket2 have no safe form of these calls")]

use rustix::process::Pid;
use socket2::{SockAddr, Socket};
use std::ffi::CStr;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The ethernet address of an interface.
pub type Mac = [u8; 6];

/// All protocols, as `sockaddr_ll` wants it: most significant byte first.
const ETH_P_ALL: u16 = 0x0003_u16.to_be();

/// The family of packet sockets' addresses.
const AF_PACKET: libc::sa_family_t = 17;

/// The length of a small struct, as the calls want it.
fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

/// Which process is this after [`fork`]?
pub enum Forked {
    /// The one that was there; this is its child.
    Parent(Pid),
    /// The new one.
    Child,
}

/// Forks. To be called while the process has one thread, so that the child may go on as if nothing had
/// happened.
pub fn fork() -> io::Result<Forked> {
    // SAFETY: there is one thread, so no lock can be held by a thread that the child does not have.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child),
        pid => Pid::from_raw(pid).map(Forked::Parent).ok_or_else(|| io::Error::other("fork gave no process")),
    }
}

/// Takes these signals out of their default action and hands them to a descriptor that can be waited for.
pub fn signal_descriptor(signals: &[i32]) -> io::Result<OwnedFd> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the set; the others work on it; all pointers are to our own set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        if libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        match libc::signalfd(-1, set.as_ptr(), libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) {
            -1 => Err(io::Error::last_os_error()),
            descriptor => Ok(OwnedFd::from_raw_fd(descriptor)),
        }
    }
}

/// The next signal that has come, if any.
pub fn next_signal(descriptor: &OwnedFd) -> Option<i32> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the kernel writes one whole siginfo into our own, or nothing; only then it is read.
    unsafe {
        let got = libc::read(descriptor.as_raw_fd(), info.as_mut_ptr().cast(), size);
        (usize::try_from(got) == Ok(size)).then(|| info.assume_init().ssi_signo.cast_signed())
    }
}

/// What the child does between `fork` and `exec`: all signals unblocked, then `enter`.
pub fn before_exec(command: &mut Command, enter: impl FnMut() -> io::Result<()> + Send + Sync + 'static) {
    let mut enter = enter;
    let prepare = move || {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: as in `signal_descriptor`.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut());
        }
        enter()
    };
    // SAFETY: the process has one thread, and what is called are system calls; nothing is allocated on the
    // way but by an error that is returned.
    unsafe { command.pre_exec(prepare) };
}

/// The place of a packet socket's address: this interface, and the peer behind it.
pub fn link_address(interface: i32, protocol: u16, mac: Mac) -> io::Result<SockAddr> {
    let init = |storage: *mut socket2::SockAddrStorage, length: *mut libc::socklen_t| {
        let address = storage.cast::<libc::sockaddr_ll>();
        // SAFETY: the storage is large enough for every kind of address, zeroed and ours.
        unsafe {
            (*address).sll_family = AF_PACKET;
            (*address).sll_protocol = protocol.to_be();
            (*address).sll_ifindex = interface;
            (*address).sll_halen = 6;
            (&mut (*address).sll_addr)[..6].copy_from_slice(&mac);
            *length = length_of::<libc::sockaddr_ll>();
        }
        Ok(())
    };
    // SAFETY: `init` fills the storage and says how much of it.
    Ok(unsafe { SockAddr::try_init(init)? }.1)
}

/// The address at which a packet socket hears everything of an interface.
pub fn listening_address(interface: i32) -> io::Result<SockAddr> {
    link_address(interface, u16::from_be(ETH_P_ALL), [0; 6])
}

/// Sets an option that is a number.
pub fn set_option(socket: &Socket, level: i32, option: i32, value: i32) -> io::Result<()> {
    let size = length_of::<i32>();
    // SAFETY: the pointer is to our own number of that size.
    let failed =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), size) };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// How many packets the kernel dropped before this socket since the last time it was asked.
pub fn packets_dropped(socket: &Socket) -> u64 {
    let mut stats = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut size = length_of::<libc::tpacket_stats>();
    // SAFETY: the kernel writes at most `size` bytes into our own struct.
    let failed = unsafe {
        let value = (&raw mut stats).cast();
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS, value, &raw mut size)
    };
    if failed == 0 { stats.tp_drops.into() } else { 0 }
}

/// A packet as it came: how long it is, and when the kernel had it, in nanoseconds since 1970.
pub struct Received {
    /// Bytes written into the buffer.
    pub length: usize,
    /// The kernel's time stamp.
    pub unix_ns: Option<u64>,
}

/// Bytes of control messages: of this type, because libraries of C differ in that of the field.
const CONTROL_BYTES: u8 = 64;

/// Takes a packet without waiting. `WouldBlock`: there is none.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Received> {
    // Room for one time stamp, aligned as control messages are.
    let mut control = [0_u64; CONTROL_BYTES as usize / size_of::<u64>()];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: all of a message header may be zero.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = CONTROL_BYTES.into();
    // SAFETY: the header points to our own buffers with their lengths.
    let got = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    let length = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the kernel has filled header and control; the macros stay within what it says.
    let unix_ns = unsafe {
        let first = libc::CMSG_FIRSTHDR(&raw const message);
        let is_stamp = !first.is_null()
            && (*first).cmsg_level == libc::SOL_SOCKET
            && (*first).cmsg_type == libc::SCM_TIMESTAMPNS;
        is_stamp.then(|| libc::CMSG_DATA(first).cast::<libc::timespec>().read_unaligned())
    };
    Ok(Received { length, unix_ns: unix_ns.and_then(nanoseconds) })
}

fn nanoseconds(time: libc::timespec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec).ok()?)
}

/// What the wall clock shows, in nanoseconds since 1970: the clock of the kernel's time stamps.
pub fn unix_ns() -> Option<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to our own timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
    nanoseconds(time)
}

/// The kernel's `struct ethtool_value`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// Switches one of an interface's offloads off (`ETHTOOL_S…`).
pub fn switch_off(socket: &Socket, interface: &str, command: u32) -> io::Result<()> {
    const SIOCETHTOOL: libc::Ioctl = 0x8946;
    let mut value = EthtoolValue { command, data: 0 };
    // SAFETY: all of an interface request may be zero.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    for (place, byte) in request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1).zip(interface.bytes()) {
        *place = byte.cast_signed();
    }
    request.ifr_ifru.ifru_data = (&raw mut value).cast();
    // SAFETY: the request names an interface and points to our own value, which outlives the call.
    let failed = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The number of the interface of this name in the present network namespace.
pub fn interface_index(name: &CStr) -> io::Result<u32> {
    // SAFETY: the name ends with a zero.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}
