//! Which requests has the server not answered yet?
//!
//! They are numbered, kept until their answer comes, and asked again in a new session: what reads, or sets
//! something of one's own to a value, may be asked twice without harm. What a moderator does to others may
//! not (a kick would hit somebody who has come back): if the session ends before its answer, that is told.

use super::event::LineNumber;
use crate::chat::message::{RequestId, ToServer};
use crate::chat::name::skeleton;
use std::collections::BTreeMap;

/// A request under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The line that asked; `None` for what the client asks by itself.
    pub line: Option<LineNumber>,
    /// What is asked.
    pub message: ToServer,
    /// Was it asked in the present session?
    asked: bool,
}

/// All requests under way.
#[derive(Debug, Default)]
pub struct Requests {
    pending: BTreeMap<RequestId, Request>,
    last: RequestId,
}

impl Requests {
    /// Takes a request, which `ask` makes of its number; it waits.
    pub fn push(&mut self, line: Option<LineNumber>, ask: impl FnOnce(RequestId) -> ToServer) {
        self.last.0 += 1;
        self.pending.insert(self.last, Request { line, message: ask(self.last), asked: false });
    }

    /// The next to be asked, in order, of those that may be asked now.
    pub fn next_waiting(&self, may: impl Fn(&ToServer) -> bool) -> Option<RequestId> {
        let waits = |request: &Request| !request.asked && may(&request.message);
        self.pending.iter().find(|(_, request)| waits(request)).map(|(id, _)| *id)
    }

    /// This one is under way now.
    pub fn take(&mut self, id: RequestId) -> Option<&ToServer> {
        let request = self.pending.get_mut(&id)?;
        request.asked = true;
        Some(&request.message)
    }

    /// The answer to this one has come; `None` if that is no news.
    pub fn settle(&mut self, id: RequestId) -> Option<Request> {
        self.pending.remove(&id)
    }

    /// The session ended: what the client asked by itself is forgotten, and what may not be asked twice is
    /// handed over. The rest waits for the next.
    pub fn on_disconnected(&mut self) -> Vec<LineNumber> {
        let is_once =
            |request: &Request| request.asked && matches!(request.message, ToServer::Moderate { .. });
        let lines =
            self.pending.values().filter(|request| is_once(request)).filter_map(|it| it.line).collect();
        self.pending.retain(|_, request| request.line.is_some() && !is_once(request));
        self.pending.values_mut().for_each(|request| request.asked = false);
        lines
    }

    /// The line that asked for this new name, which is told with the news and not with the answer.
    pub fn take_nick_line(&mut self, new: &str) -> Option<LineNumber> {
        let asks = |request: &&mut Request| {
            let asked =
                matches!(&request.message, ToServer::Nick { name, .. } if skeleton(name) == skeleton(new));
            asked && request.line.is_some()
        };
        self.pending.values_mut().find(asks)?.line.take()
    }

    /// Is one's being away (or back) under way?
    pub fn is_setting_away(&self) -> bool {
        self.pending.values().any(|request| matches!(request.message, ToServer::Away { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::Act;

    impl Requests {
        fn take_waiting(&mut self) -> Option<&ToServer> {
            let next = self.next_waiting(|_| true)?;
            self.take(next)
        }
    }

    fn rooms(request: RequestId) -> ToServer {
        ToServer::Rooms { request }
    }

    #[test]
    fn a_request_is_kept_until_its_answer_and_settled_once() {
        let mut requests = Requests::default();
        requests.push(Some(LineNumber(5)), rooms);
        requests.push(Some(LineNumber(6)), rooms);
        assert_eq!(requests.take_waiting(), Some(&rooms(RequestId(1))));
        assert_eq!(requests.settle(RequestId(1)).unwrap().line, Some(LineNumber(5)));
        assert_eq!(requests.settle(RequestId(1)), None);
        assert_eq!(requests.take_waiting(), Some(&rooms(RequestId(2))));
        assert_eq!(requests.take_waiting(), None);
    }

    #[test]
    fn a_new_session_asks_again_but_not_what_would_hit_somebody_twice() {
        let kick = |request| {
            let act = Act::Kick { name: "ben".to_owned(), reason: String::new() };
            ToServer::Moderate { request, act }
        };
        let mut requests = Requests::default();
        requests.push(Some(LineNumber(5)), rooms);
        requests.push(Some(LineNumber(6)), kick);
        requests.push(None, rooms);
        while requests.take_waiting().is_some() {}
        requests.push(Some(LineNumber(7)), kick);
        assert_eq!(requests.on_disconnected(), [LineNumber(6)], "the other kick was not asked for yet");
        assert_eq!(requests.take_waiting(), Some(&rooms(RequestId(1))));
        assert_eq!(requests.take_waiting(), Some(&kick(RequestId(4))));
        assert_eq!(requests.take_waiting(), None, "what the client asked by itself is forgotten");
    }

    #[test]
    fn a_new_name_finds_the_line_that_asked_for_it_once_even_in_another_spelling() {
        let mut requests = Requests::default();
        requests.push(Some(LineNumber(5)), |request| ToServer::Nick { request, name: "Ann".into() });
        assert_eq!(requests.take_nick_line("bob"), None);
        assert_eq!(requests.take_nick_line("ann"), Some(LineNumber(5)));
        assert_eq!(requests.take_nick_line("ann"), None);
    }
}
