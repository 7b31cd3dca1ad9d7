//! Which datagrams are answered there?
//!
//! Three questions of three sizes over one port, each said again until it is answered. They leave unfragmented,
//! as those of a session do, so that a size that does not pass stays without an answer.

use crate::service::api::Path;
use crate::service::diagnosis::{Datagrams, Reply};
use crate::shell::ecn::Ecn;
use crate::shell::udp::{Batch, UdpPort};
use crate::shell::{clock, entropy};
use crate::time::{Duration, Instant};
use crate::transport::handshake::question::{QUESTION_MIN, Question};
use crate::wire::datagram::{DATAGRAM_LARGEST_IPV4, DATAGRAM_LARGEST_IPV6, HELLO_MIN};
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// Silence lasts so long. Ours: 3.2 s, because a system that looks for a neighbour in vain says so after 3 s.
pub(super) const PATIENCE: Duration = Duration::from_millis(3_200);

/// Between two rounds.
const AGAIN: Duration = Duration::from_millis(400);

/// What is still open after the others were answered so long ago does not pass.
const LATE: Duration = Duration::from_secs(1);

struct Asked {
    question: Question,
    len: usize,
    reply: Reply,
}

/// Asks, at most [`PATIENCE`] long.
pub(super) fn ask(peer: SocketAddr) -> Datagrams {
    match Asking::start(peer).and_then(Asking::run) {
        Ok(datagrams) => datagrams,
        Err(error) => {
            let reply = reply_of(&error);
            let (small, full, large) = (reply.clone(), reply.clone(), reply);
            Datagrams { small, full, large, versions: Vec::new() }
        }
    }
}

/// What an error of the socket says of the other side.
pub(super) fn reply_of(error: &io::Error) -> Reply {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Reply::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Reply::Silent,
        _ => Reply::Unreachable(error.to_string()),
    }
}

struct Asking {
    poll: Poll,
    port: UdpPort,
    path: Path,
    asked: [Asked; 3],
    versions: Vec<u32>,
    first_answer: Option<Instant>,
}

impl Asking {
    fn start(peer: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut port = UdpPort::connect(peer)?;
        poll.registry().register(&mut port, Token(0), Interest::READABLE)?;
        let largest = if peer.is_ipv4() { DATAGRAM_LARGEST_IPV4 } else { DATAGRAM_LARGEST_IPV6 };
        let mut rng = entropy::rng();
        let asked = [QUESTION_MIN, HELLO_MIN, largest].map(|len| {
            let question = Question::new(rng.next_u64());
            Asked { question, len, reply: Reply::Silent }
        });
        let path = Path { remote: peer, local: None };
        Ok(Self { poll, port, path, asked, versions: Vec::new(), first_answer: None })
    }

    fn run(mut self) -> io::Result<Datagrams> {
        let (start, mut events, mut batch) = (clock::now(), Events::with_capacity(4), Batch::new(4));
        let mut again = start;
        loop {
            let now = clock::now();
            let late = self.first_answer.is_some_and(|at| now - at >= LATE);
            if late || now - start >= PATIENCE || self.asked.iter().all(|it| it.reply != Reply::Silent) {
                break;
            }
            if again <= now {
                again = now + AGAIN;
                self.say()?;
            }
            match self.poll.poll(&mut events, Some(again - now)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => self.hear(&mut batch)?,
            }
        }
        let [small, full, large] = self.asked.map(|it| it.reply);
        Ok(Datagrams { small, full, large, versions: self.versions })
    }

    fn say(&self) -> io::Result<()> {
        for asked in self.asked.iter().filter(|it| it.reply == Reply::Silent) {
            let mut datagram = Vec::new();
            asked.question.put_sized(&mut datagram, asked.len);
            if let crate::shell::udp::Sent::Unreachable(error) =
                self.port.send(self.path, Ecn::Not, &datagram)
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// What is reported instead of an answer ends it only if nothing was ever answered.
    fn hear(&mut self, batch: &mut Batch) -> io::Result<()> {
        let (port, asked, versions) = (&self.port, &mut self.asked, &mut self.versions);
        let mut heard = false;
        let mut each = |_, _, datagram: &mut [u8]| {
            for one in asked.iter_mut() {
                if let Some(spoken) = one.question.answer(datagram) {
                    one.reply = Reply::Answered;
                    *versions = spoken;
                    heard = true;
                }
            }
        };
        let outcome = loop {
            match port.receive(batch, &mut each) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if heard && self.first_answer.is_none() {
            self.first_answer = Some(clock::now());
        }
        if self.first_answer.is_some() { Ok(()) } else { outcome }
    }
}
