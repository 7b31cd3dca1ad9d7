//! Which files have others for us, and which did we take?

use crate::crypto::Digest;
use crate::files::message::{FileId, Offered};
use std::collections::{BTreeMap, BTreeSet};

/// So many are remembered of each; the oldest go first.
pub(super) const REMEMBERED: usize = 1_024;

/// What was offered in this run of the client.
#[derive(Debug, Default)]
pub(super) struct Offers {
    open: BTreeMap<FileId, Offered>,
    /// With its digest: a server that lost its memory may use a number again.
    taken: BTreeSet<(FileId, Digest)>,
}

impl Offers {
    /// It is offered, perhaps again. True if that is news.
    pub fn on_offered(&mut self, offered: &Offered) -> bool {
        let is_news = self.open.insert(offered.id, offered.clone()).as_ref() != Some(offered);
        if self.open.len() > REMEMBERED {
            self.open.pop_first();
        }
        is_news
    }

    /// It is here.
    pub fn on_taken(&mut self, offered: &Offered) {
        self.open.remove(&offered.id);
        self.taken.insert((offered.id, offered.file.digest));
        if self.taken.len() > REMEMBERED {
            self.taken.pop_first();
        }
    }

    /// It is not wanted, or no more.
    pub fn remove(&mut self, id: FileId) -> Option<Offered> {
        self.open.remove(&id)
    }

    /// It is here already.
    pub fn was_taken(&self, offered: &Offered) -> bool {
        self.taken.contains(&(offered.id, offered.file.digest))
    }

    /// This one.
    pub fn get(&self, id: FileId) -> Option<&Offered> {
        self.open.get(&id)
    }

    /// All that may be accepted.
    pub fn all(&self) -> Vec<Offered> {
        self.open.values().cloned().collect()
    }
}
