//! What does the relay do all the time?
//!
//! ```text
//!       ┌──▶ sleep until 200 µs before the next packet is due, or something comes ──┐
//!       │                                                                           ▼
//!  send what is due ◀── hand in what both ends sent ◀── programs, signals, the outer process
//! ```
//!
//! The last 200 µs are spent asking (where there are two cores): a processor that sleeps wakes late, by more
//! than that. The loop is the first process of its pid namespace, so it also collects the programs whose
//! parents have ended.

use super::bound_port::BoundPort;
use super::interfaces;
use super::namespaces::{Caller, Networks};
use super::packet_socket::{Bridge, PacketSocket};
use super::program;
use super::refusal::Refusal;
use super::supervision::{Order, Program, Supervision};
use super::system;
use crate::lab::link::LinkConfig;
use crate::lab::relay::ends::End;
use crate::lab::relay::{Relay, Tap};
use crate::shell::clock;
use crate::time::Duration;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread;

/// Of the time before a packet is due, this much is spent asking.
const SPIN: Duration = Duration::from_micros(200);
/// Packets of one end that are read before those of the other.
const READ_AT_ONCE: usize = 64;
/// The largest packet of IP.
const LARGEST: usize = 65_535;
/// The longest sleep.
const LONGEST: Duration = Duration::from_hours(1);

/// What the link saw, and how good it was.
pub struct Summary {
    /// The model, with its counters and its lateness.
    pub relay: Relay,
    /// Per direction: packets that the kernel dropped before the relay had read them, or did not take from it.
    pub overload: [u64; 2],
    /// With what the program is to end.
    pub code: i32,
}

/// An emulated link with a program at each end.
pub struct Emulation {
    networks: Networks,
    sockets: [PacketSocket; 2],
    signals: OwnedFd,
    /// Says "hung up" when the outer process has ended.
    lifeline: OwnedFd,
    caller: Caller,
    spins: bool,
    relay: Relay,
    /// Packets are handed on at once, past the model.
    bare: bool,
    client: Vec<OsString>,
    /// Of the client and of the server, while they run.
    running: [Option<Pid>; 2],
    ports: BoundPort,
    buffer: Vec<u8>,
}

impl Emulation {
    /// Sets the link up. To be called in the relay's process.
    pub fn set_up(config: LinkConfig, caller: Caller, lifeline: OwnedFd) -> Result<Self, Refusal> {
        let watched = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGCHLD];
        let signals = system::signal_descriptor(&watched).map_err(Refusal::at("watching for signals"))?;
        let networks = Networks::make()?;
        let sockets = interfaces::join(&networks)?;
        let ports = networks.within(End::Server as usize, || Ok(BoundPort::here()))?;
        Ok(Self {
            relay: Relay::new(config, clock::now()),
            bare: false,
            networks,
            sockets,
            signals,
            lifeline,
            caller,
            spins: thread::available_parallelism().is_ok_and(|cores| cores.get() > 1),
            client: Vec::new(),
            running: [None; 2],
            ports,
            buffer: vec![0; LARGEST],
        })
    }

    /// Another one who hears of what passes.
    pub fn listen(&mut self, tap: Box<dyn Tap>) {
        self.relay.listen(tap);
    }

    /// From now on packets are handed on at once, past the model, so that what it costs can be measured.
    pub const fn leave_model_out(&mut self) {
        self.bare = true;
    }

    /// From now on nothing is spent on asking before a packet is due.
    pub const fn sleep_to_the_end(&mut self) {
        self.spins = false;
    }

    /// Runs both programs until they have ended. An error: one of them could not be started, or the system
    /// does not let the relay wait.
    pub fn run(mut self, server: &[OsString], client: Vec<OsString>) -> io::Result<Summary> {
        self.client = client;
        self.running[End::Server as usize] = Some(self.start(End::Server, server)?);
        let mut supervision = Supervision::new(clock::now());
        let code = loop {
            if let Some(code) = self.turn(&mut supervision)? {
                break code;
            }
        };
        // What an end sent was lost if the kernel had no room for it, or the other end none.
        let [client, server] = &mut self.sockets;
        let overload = [client.overflow() + server.refused(), server.overflow() + client.refused()];
        Ok(Summary { relay: self.relay, overload, code })
    }

    fn start(&self, end: End, words: &[OsString]) -> io::Result<Pid> {
        let network = self.networks.of_end(end as usize);
        program::start(words, network, self.caller, end == End::Client)
    }

    /// One round; the exit code when all is over.
    fn turn(&mut self, supervision: &mut Supervision) -> io::Result<Option<i32>> {
        if self.wait(supervision)? {
            return Ok(Some(128 + libc::SIGKILL));
        }
        self.take_packets()?;
        self.send_due();
        self.hear_signals(supervision);
        if supervision.waits_for_port() && self.ports.is_there() {
            supervision.on_port_bound();
        }
        for order in supervision.orders(clock::now()) {
            match order {
                Order::Start => {
                    self.running[End::Client as usize] = Some(self.start(End::Client, &self.client)?);
                }
                Order::AskToEnd(program) => self.ask_to_end(program),
                Order::Leave(code) => return Ok(Some(code)),
            }
        }
        Ok(None)
    }

    /// Sleeps until something comes or is due; true if the outer process has ended.
    fn wait(&self, supervision: &Supervision) -> io::Result<bool> {
        let now = clock::now();
        let spin = if self.spins { SPIN } else { Duration::ZERO };
        let packet = self.relay.poll_timeout().map(|due| due - spin);
        let due = packet.into_iter().chain(supervision.poll_timeout(now)).min();
        let [client, server] = &self.sockets;
        let mut descriptors = [
            PollFd::new(client, PollFlags::IN),
            PollFd::new(server, PollFlags::IN),
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::from_borrowed_fd(self.lifeline.as_fd(), PollFlags::empty()),
        ];
        let timeout = timespec(due.map_or(LONGEST, |due| due - now));
        match poll(&mut descriptors, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(descriptors[3].revents().contains(PollFlags::HUP)),
            Err(error) => Err(error.into()),
        }
    }

    fn take_packets(&mut self) -> io::Result<()> {
        let bridge = Bridge::now();
        for end in End::BOTH {
            for _ in 0..READ_AT_ONCE {
                match self.sockets[end as usize].receive(&mut self.buffer, bridge) {
                    Ok(Some((length, _))) if self.bare => {
                        self.sockets[1 - end as usize].send(&self.buffer[..length]);
                    }
                    Ok(Some((length, entered))) => {
                        self.relay.handle_packet(entered, end, &self.buffer[..length]);
                    }
                    Ok(None) => break,
                    // packet(7): the interface went down, which happens only at the end.
                    Err(error) if error.raw_os_error() == Some(libc::ENETDOWN) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn send_due(&mut self) {
        while let Some(outgoing) = self.relay.poll_transmit(clock::now()) {
            let end = End::reached_by(outgoing.direction);
            self.sockets[end as usize].send(&outgoing.bytes);
            self.relay.on_sent(clock::now(), outgoing);
        }
    }

    fn hear_signals(&mut self, supervision: &mut Supervision) {
        while let Some(signal) = system::next_signal(&self.signals) {
            if signal == libc::SIGCHLD {
                self.collect(supervision);
            } else {
                supervision.on_signal(clock::now(), signal);
            }
        }
    }

    /// Collects what has ended; of orphans nobody wants to hear.
    fn collect(&mut self, supervision: &mut Supervision) {
        while let Ok(Some((pid, status))) = waitpid(None, WaitOptions::NOHANG) {
            let code =
                status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
            for (end, program) in [(End::Client, Program::Client), (End::Server, Program::Server)] {
                if self.running[end as usize] == Some(pid) {
                    self.running[end as usize] = None;
                    supervision.on_ended(clock::now(), program, code.unwrap_or(1));
                }
            }
        }
    }

    fn ask_to_end(&self, program: Program) {
        let end = match program {
            Program::Client => End::Client,
            Program::Server => End::Server,
        };
        if let Some(pid) = self.running[end as usize] {
            // It may have ended just now.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

fn timespec(span: Duration) -> Timespec {
    Timespec { tv_sec: span.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: span.subsec_nanos().into() }
}
