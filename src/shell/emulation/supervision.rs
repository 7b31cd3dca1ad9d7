//! Who starts when, who ends because of whom, and with which exit code?
//!
//! ```text
//!  waiting ──port bound, or 300 ms──▶ both run ──the client ends──▶ leaving ──all ended, or 3 s──▶ gone
//!     └────────── the server fails, or the user wants to leave ────────▲
//! ```
//!
//! The exit code is the client's, or the server's if that failed first. A server that ends well leaves the
//! client alone: it may have been meant to. A state machine without processes: it is told what happened and
//! says what is to be done.

use crate::time::{Duration, Instant};

/// How long the client is kept waiting for a server that binds no port.
const BIND_WITHIN: Duration = Duration::from_millis(300);
/// How often the ports are looked at until then.
const LOOK_EACH: Duration = Duration::from_millis(5);
/// How long a program that was asked to end may take: `serve` itself may take two seconds.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Program {
    /// On the client's end.
    Client,
    /// On the server's.
    Server,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Start the client.
    Start,
    /// Ask it to end (SIGTERM).
    AskToEnd(Program),
    /// End all that is left, with this exit code.
    Leave(i32),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Waiting { until: Instant },
    Running,
    Leaving { until: Instant, asked: bool },
}

/// What the two do.
#[derive(Debug)]
pub struct Supervision {
    phase: Phase,
    server_runs: bool,
    client_runs: bool,
    /// The client's exit code, or that of a server that failed first.
    code: Option<i32>,
    /// Because of which signal all ends.
    signal: Option<i32>,
    started: bool,
}

impl Supervision {
    /// The server has just started.
    pub fn new(now: Instant) -> Self {
        Self {
            phase: Phase::Waiting { until: now + BIND_WITHIN },
            server_runs: true,
            client_runs: false,
            code: None,
            signal: None,
            started: false,
        }
    }

    /// Is it to be told whether the server has bound a port?
    pub const fn waits_for_port(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// The server has bound a port.
    pub fn on_port_bound(&mut self) {
        if self.waits_for_port() {
            self.phase = Phase::Running;
        }
    }

    /// A program ended with this code.
    pub fn on_ended(&mut self, now: Instant, program: Program, code: i32) {
        match program {
            Program::Client => {
                self.client_runs = false;
                self.end_with(now, code);
            }
            Program::Server => {
                self.server_runs = false;
                self.on_port_bound();
                // What it ends with after it was asked to end is no failure of its own.
                if code != 0 && !self.is_leaving() {
                    self.end_with(now, code);
                }
            }
        }
    }

    fn end_with(&mut self, now: Instant, code: i32) {
        self.code.get_or_insert(code);
        self.leave(now);
    }

    /// The user wants to leave.
    pub fn on_signal(&mut self, now: Instant, signal: i32) {
        self.signal.get_or_insert(signal);
        self.leave(now);
    }

    const fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Leaving { .. })
    }

    fn leave(&mut self, now: Instant) {
        if !self.is_leaving() {
            self.phase = Phase::Leaving { until: now + LEAVE_WITHIN, asked: false };
        }
    }

    /// What is to be done now, each once: to be called after anything happened and at [`Self::poll_timeout`].
    pub fn orders(&mut self, now: Instant) -> Vec<Order> {
        if matches!(self.phase, Phase::Waiting { until } if until <= now) {
            self.phase = Phase::Running;
        }
        match self.phase {
            Phase::Running if !self.started => {
                (self.started, self.client_runs) = (true, true);
                vec![Order::Start]
            }
            Phase::Leaving { until, .. } if until <= now || !(self.server_runs || self.client_runs) => {
                // As a shell tells of a program that a signal ended.
                let by_signal = self.signal.map(|signal| 128 + signal);
                vec![Order::Leave(self.code.or(by_signal).unwrap_or(0))]
            }
            Phase::Leaving { until, asked: false } => {
                self.phase = Phase::Leaving { until, asked: true };
                let running = [(Program::Client, self.client_runs), (Program::Server, self.server_runs)];
                let asked = running.into_iter().filter(|(_, runs)| *runs);
                asked.map(|(program, _)| Order::AskToEnd(program)).collect()
            }
            Phase::Waiting { .. } | Phase::Running | Phase::Leaving { .. } => Vec::new(),
        }
    }

    /// When something is to be done even if nothing happens.
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        match self.phase {
            Phase::Waiting { until } => Some(until.min(now + LOOK_EACH)),
            Phase::Running => None,
            Phase::Leaving { until, .. } => Some(until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn running() -> Supervision {
        let mut supervision = Supervision::new(at(0));
        supervision.on_port_bound();
        assert_eq!(supervision.orders(at(1)), [Order::Start]);
        assert_eq!(supervision.orders(at(2)), []);
        supervision
    }

    #[test]
    fn the_client_starts_when_a_port_is_bound_or_after_300_ms() {
        running();
        let mut supervision = Supervision::new(at(0));
        assert_eq!(supervision.orders(at(299_999)), []);
        assert_eq!(supervision.poll_timeout(at(299_999)), Some(at(300_000)));
        assert_eq!(supervision.orders(at(300_000)), [Order::Start]);
    }

    #[test]
    fn all_ends_with_the_client_and_with_its_code() {
        let mut supervision = running();
        supervision.on_ended(at(10), Program::Client, 3);
        assert_eq!(supervision.orders(at(10)), [Order::AskToEnd(Program::Server)]);
        supervision.on_ended(at(20), Program::Server, 9);
        assert_eq!(supervision.orders(at(20)), [Order::Leave(3)]);
    }

    #[test]
    fn a_server_that_fails_first_gives_its_code() {
        let mut supervision = running();
        supervision.on_ended(at(10), Program::Server, 101);
        assert_eq!(supervision.orders(at(10)), [Order::AskToEnd(Program::Client)]);
        supervision.on_ended(at(20), Program::Client, 0);
        assert_eq!(supervision.orders(at(20)), [Order::Leave(101)]);
    }

    #[test]
    fn a_server_that_ends_well_leaves_the_client_alone() {
        let mut supervision = running();
        supervision.on_ended(at(10), Program::Server, 0);
        assert_eq!((supervision.orders(at(10)), supervision.poll_timeout(at(10))), (vec![], None));
        supervision.on_ended(at(20), Program::Client, 0);
        assert_eq!(supervision.orders(at(20)), [Order::Leave(0)]);
    }

    #[test]
    fn a_server_that_fails_before_the_client_started_keeps_it_from_starting() {
        let mut supervision = Supervision::new(at(0));
        supervision.on_ended(at(10), Program::Server, 2);
        assert_eq!(supervision.orders(at(10)), [Order::Leave(2)]);
    }

    #[test]
    fn a_program_is_asked_once_and_what_it_ends_with_then_is_the_code_if_it_is_the_client() {
        let mut supervision = running();
        supervision.on_signal(at(10), 2);
        assert_eq!(supervision.orders(at(10)).len(), 2);
        assert_eq!(supervision.orders(at(11)), []);
        supervision.on_ended(at(20), Program::Server, 143);
        supervision.on_ended(at(30), Program::Client, 0);
        assert_eq!(supervision.orders(at(30)), [Order::Leave(0)]);
    }

    #[test]
    fn who_does_not_end_when_asked_is_not_waited_for() {
        let mut supervision = running();
        supervision.on_signal(at(10), 15);
        let asked = [Order::AskToEnd(Program::Client), Order::AskToEnd(Program::Server)];
        assert_eq!(supervision.orders(at(10)), asked);
        assert_eq!(supervision.poll_timeout(at(10)), Some(at(3_000_010)));
        assert_eq!(supervision.orders(at(3_000_010)), [Order::Leave(143)]);
    }
}
