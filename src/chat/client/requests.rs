//! Which requests has the server not answered yet?
//!
//! They are numbered, kept until their answer comes, and asked again in a new session. All of them may be
//! asked twice without harm: they read, or set something to a value.

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
}

/// All requests under way.
#[derive(Debug, Default)]
pub struct Requests {
    pending: BTreeMap<RequestId, Request>,
    last: RequestId,
}

impl Requests {
    /// Takes a request, which `ask` makes of its number.
    pub fn push(&mut self, line: Option<LineNumber>, ask: impl FnOnce(RequestId) -> ToServer) -> &ToServer {
        self.last.0 += 1;
        let request = Request { line, message: ask(self.last) };
        &self.pending.entry(self.last).or_insert(request).message
    }

    /// What is to be asked (again) in a new session, in order.
    pub fn iter(&self) -> impl Iterator<Item = &ToServer> {
        self.pending.values().map(|request| &request.message)
    }

    /// The answer to this one has come; `None` if that is no news.
    pub fn settle(&mut self, id: RequestId) -> Option<Request> {
        self.pending.remove(&id)
    }

    /// The session ended: what the client asked by itself is forgotten.
    pub fn on_disconnected(&mut self) {
        self.pending.retain(|_, request| request.line.is_some());
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
        self.iter().any(|message| matches!(message, ToServer::Away { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(request: RequestId) -> ToServer {
        ToServer::Rooms { request }
    }

    #[test]
    fn a_request_is_kept_until_its_answer_and_settled_once() {
        let mut requests = Requests::default();
        assert_eq!(requests.push(Some(LineNumber(5)), rooms), &rooms(RequestId(1)));
        requests.push(Some(LineNumber(6)), rooms);
        assert_eq!(requests.settle(RequestId(1)).unwrap().line, Some(LineNumber(5)));
        assert_eq!(requests.settle(RequestId(1)), None);
        assert_eq!(requests.iter().collect::<Vec<_>>(), [&rooms(RequestId(2))]);
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
