//! How do the session's facts come to the terminal?
//!
//! ```text
//!  loop ── Sink::event ──▶ [ at most 8,192 facts ] ◀── taken ── face, whenever it shows something
//!                                  │ somebody looks: News::Traced, once until it is taken
//!                                  └──────────────────────────────────────▶ face
//! ```
//!
//! The loop never waits for the face. Under a flood the oldest facts that were not taken yet are left out.

use super::face::News;
use crate::lab::ladder::{Recorded, Side};
use crate::time::Instant;
use crate::trace::{Sink, TraceEvent};
use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Facts that may wait for the face.
const FACTS_MAX: usize = 8_192;

/// The client's facts on their way.
#[derive(Debug, Default)]
pub struct Witness(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    facts: VecDeque<Recorded>,
    /// Whom to tell that there is something.
    news: Option<SyncSender<News>>,
    is_watched: bool,
    is_told: bool,
}

impl Witness {
    /// Tells of new facts there from now on, while somebody watches.
    pub fn tell(&self, news: SyncSender<News>) {
        self.lock().news = Some(news);
    }

    /// What has come since the last time; `is_watched`: does somebody look at it as it comes?
    pub fn take(&self, is_watched: bool) -> Vec<Recorded> {
        let mut waiting = self.lock();
        waiting.is_watched = is_watched;
        waiting.is_told = false;
        waiting.facts.drain(..).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Witness {
    fn event(&self, now: Instant, session: u64, event: &TraceEvent) {
        let mut waiting = self.lock();
        if waiting.facts.len() == FACTS_MAX {
            waiting.facts.pop_front();
        }
        waiting.facts.push_back(Recorded { at: now, side: Side::Client, session, event: event.clone() });
        if waiting.is_watched && !waiting.is_told {
            // A queue without room is full of what has the face take these facts as well.
            waiting.is_told = waiting.news.as_ref().is_some_and(|news| news.try_send(News::Traced).is_ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::chat::face;
    use crate::time::at;

    fn happen(witness: &Witness, times: u64) {
        (0..times).for_each(|n| witness.event(at(n), 7, &TraceEvent::Roamed));
    }

    #[test]
    fn the_face_is_told_once_until_it_takes_what_came_and_only_while_somebody_watches() {
        let (witness, (news, told)) = (Witness::default(), face::queue());
        witness.tell(news);
        happen(&witness, 3);
        assert!(told.try_recv().is_err(), "nobody watches yet");
        assert_eq!(witness.take(true).len(), 3);
        for _ in 0..2 {
            happen(&witness, 3);
            assert!(matches!(told.try_recv(), Ok(News::Traced)) && told.try_recv().is_err());
            assert_eq!(witness.take(true).len(), 3);
        }
    }

    #[test]
    fn a_flood_leaves_the_newest_facts() {
        let witness = Witness::default();
        happen(&witness, 10_000);
        let facts = witness.take(false);
        assert_eq!((facts.len(), facts.last().map(|fact| fact.at)), (FACTS_MAX, Some(at(9_999))));
    }
}
