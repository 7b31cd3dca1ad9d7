//! When does the client's port or address change?
//!
//! A plan in time for whoever owns the client's socket: a NAT that forgets a mapping (`port@1s/5s`: after
//! 1 s, then each 5 s), or a laptop that changes its network (`addr@10s`). The link itself carries packets
//! and knows no addresses, so this is a state machine beside it.

use super::values::{Span, spell_out};
use crate::time::{Duration, Instant};
use std::fmt;
use std::str::FromStr;

/// What changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rebind {
    /// The port.
    Port,
    /// The address (and the port).
    Address,
}

/// What changes, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RebindPlan {
    /// What.
    pub what: Rebind,
    /// First at this time since the link's start.
    pub first: Duration,
    /// Then each so often (above zero); `None`: once only.
    pub every: Option<Duration>,
}

impl FromStr for RebindPlan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text)
            .ok_or_else(|| format!("`{text}` is no plan of rebinding; write port@1s, port@1s/5s or addr@10s"))
    }
}

fn parse(text: &str) -> Option<RebindPlan> {
    let (what, when) = text.split_once('@')?;
    let what = match what {
        "port" => Rebind::Port,
        "addr" => Rebind::Address,
        _ => return None,
    };
    let span = |text: &str| text.parse::<Span>().ok().map(|span| span.0);
    let (first, every) = match when.split_once('/') {
        None => (span(when)?, None),
        Some((first, every)) => (span(first)?, Some(span(every)?)),
    };
    (every != Some(Duration::ZERO)).then_some(RebindPlan { what, first, every })
}

impl fmt::Display for RebindPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.what == Rebind::Port { "port" } else { "addr" };
        write!(f, "{what}@{}", spell_out(self.first))?;
        self.every.map_or(Ok(()), |every| write!(f, "/{}", spell_out(every)))
    }
}

/// A plan under way.
#[derive(Debug)]
pub struct Rebinds {
    plan: RebindPlan,
    next: Option<Instant>,
}

impl Rebinds {
    /// The plan of a link that starts now.
    pub fn new(plan: RebindPlan, now: Instant) -> Self {
        Self { plan, next: Some(now + plan.first) }
    }

    /// When [`Self::poll`] will have something.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// What is to change now, if anything. Changes that were missed count as one.
    pub fn poll(&mut self, now: Instant) -> Option<Rebind> {
        let due = self.next.filter(|due| *due <= now)?;
        self.next = self.plan.every.map(|every| {
            let missed = (now - due).as_micros() / every.as_micros().max(1);
            due + every.saturating_mul(u32::try_from(missed + 1).unwrap_or(u32::MAX))
        });
        Some(self.plan.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn plans_are_read_and_written_alike() {
        for text in ["port@1s/5s", "addr@10s", "port@500ms"] {
            assert_eq!(text.parse::<RebindPlan>().map(|plan| plan.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "port", "port@", "port@5", "ip@1s", "port@1s/0s", "port@1s/5s/2s"] {
            assert!(text.parse::<RebindPlan>().is_err_and(|error| error.contains("port@1s/5s")), "{text}");
        }
    }

    #[test]
    fn the_first_comes_at_its_time_and_the_others_after() {
        let plan = "port@1s/5s".parse().expect("a good plan");
        let mut rebinds = Rebinds::new(plan, at(100));
        assert_eq!(rebinds.poll(at(1_000_099)), None);
        assert_eq!(rebinds.poll(at(1_000_100)), Some(Rebind::Port));
        assert_eq!(rebinds.poll_timeout(), Some(at(6_000_100)));
        assert_eq!(rebinds.poll(at(20_000_000)), Some(Rebind::Port), "two missed ones are one");
        assert_eq!(rebinds.poll_timeout(), Some(at(21_000_100)));
    }

    #[test]
    fn once_is_once() {
        let mut rebinds = Rebinds::new("addr@1s".parse().expect("a good plan"), at(0));
        assert_eq!(rebinds.poll(at(1_000_000)), Some(Rebind::Address));
        assert_eq!((rebinds.poll(at(9_000_000)), rebinds.poll_timeout()), (None, None));
    }
}
