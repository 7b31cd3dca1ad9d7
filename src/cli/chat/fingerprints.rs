//! How does `/fingerprint` come to its words?
//!
//! They cost some ten milliseconds a key, which the loop must not lose; so the face's thread makes them, once
//! for each key.

use super::face::News;
use crate::chat::client::event::{Fingerprint, UserEvent};
use crate::crypto::{PublicKey, StretchedKey};

/// Keys whose words are kept: one's own, and the server's, which may change over reconnects.
const KEPT: usize = 4;

/// The fingerprints made so far, the latest last.
#[derive(Debug, Default)]
pub struct Fingerprints(Vec<(PublicKey, Fingerprint)>);

impl Fingerprints {
    /// Keys become an event with words; all other news stay as they are.
    pub fn told(&mut self, news: News) -> News {
        let News::Keys { line, server, own } = news else { return news };
        let server = server.map(|key| self.of(key));
        News::Chat(UserEvent::Fingerprints { line, server, own: self.of(own) })
    }

    fn of(&mut self, key: PublicKey) -> Fingerprint {
        if let Some((_, made)) = self.0.iter().find(|(known, _)| *known == key) {
            return made.clone();
        }
        let made = Fingerprint { words: StretchedKey::of(&key).words(), key: key.to_string() };
        self.0.drain(..(self.0.len() + 1).saturating_sub(KEPT));
        self.0.push((key, made.clone()));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::client::event::LineNumber;

    fn told(fingerprints: &mut Fingerprints, server: Option<u8>) -> (Option<Fingerprint>, Fingerprint) {
        let key = |byte| PublicKey([byte; 32]);
        let news = News::Keys { line: LineNumber(7), server: server.map(key), own: key(1) };
        match fingerprints.told(news) {
            News::Chat(UserEvent::Fingerprints { line: LineNumber(7), server, own }) => (server, own),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_key_has_its_words_and_what_is_kept_is_bounded() {
        let mut fingerprints = Fingerprints::default();
        let (none, own) = told(&mut fingerprints, None);
        assert_eq!((none, own.key.len()), (None, 64));
        assert_eq!(own.words, StretchedKey::of(&PublicKey([1; 32])).words());
        for server in 2..=8 {
            let (theirs, again) = told(&mut fingerprints, Some(server));
            assert_eq!(again, own);
            assert!(theirs.is_some_and(|theirs| theirs.words != own.words));
            assert!(fingerprints.0.len() <= KEPT);
        }
    }

    #[test]
    fn other_news_stay_as_they_are() {
        let note = Fingerprints::default().told(News::Note("hi".into()));
        assert!(matches!(note, News::Note(text) if text == "hi"));
    }
}
