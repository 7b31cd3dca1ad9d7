//! What shows the chat to its user, be it a person or a script?
//!
//! ```text
//!  client loop ── News ──▶ [ at most 65,536 ] ──▶ a thread of its own: Face::show ──▶ standard output
//! ```
//!
//! One trait, three faces: [`plain`](super::plain) lines, [`json`](super::json_face) lines, and the
//! [`terminal`](super::terminal_face). They run on a thread of their own, so that a reader who is slow for
//! a while does not keep the loop from its network; a reader who is slow for good makes the loop wait.

use super::fingerprints::Fingerprints;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::crypto::PublicKey;
use crate::files::FileEvent;
use crate::transport::session::{SessionStats, Transport};
use crate::tui::terminal::Input;
use std::any::Any;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// News that may wait for their face.
const QUEUE: usize = 65_536;

/// Something for a face to show.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Debug)]
pub enum News {
    /// The server that answers has this address; `Connected` follows.
    Reached(String),
    /// The session is carried by this from now on; `Connected` follows.
    Carried(Transport),
    /// The chat has something to show.
    Chat(UserEvent),
    /// Something happened to a file.
    File(FileEvent),
    /// The session was measured; `line` asked for it, or else it is time to tell.
    Stats(SessionStats, Option<LineNumber>),
    /// The keys that `/fingerprint` asked for; they become an event before a face sees them.
    Keys { line: LineNumber, server: Option<PublicKey>, own: PublicKey },
    /// A word of the program itself.
    Note(String),
    /// A key was pressed (terminal only).
    Input(Input),
    /// The session's facts have come (terminal only).
    Traced,
    /// Nothing follows.
    End,
}

/// Shows news, one by one, in their order.
pub trait Face {
    /// Shows this. An error means that nobody reads any more.
    fn show(&mut self, news: News) -> io::Result<()>;
}

/// A face on its thread.
#[derive(Debug)]
pub struct FaceThread {
    news: SyncSender<News>,
    thread: JoinHandle<io::Result<()>>,
}

/// The two ends of a queue of news.
pub fn queue() -> (SyncSender<News>, Receiver<News>) {
    sync_channel(QUEUE)
}

impl FaceThread {
    /// Starts the thread. `gone` is called when nobody reads any more, and when the face itself has failed:
    /// nobody could see or end a chat without one.
    pub fn start(
        mut face: Box<dyn Face + Send>,
        (news, queue): (SyncSender<News>, Receiver<News>),
        gone: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let mut fingerprints = Fingerprints::default();
        let work = move || {
            let mut watch = Watch(Some(gone));
            while let Ok(news) = queue.recv() {
                if matches!(news, News::End) {
                    break;
                }
                face.show(fingerprints.told(news))?;
            }
            watch.0 = None;
            Ok(())
        };
        let thread = thread::Builder::new().name("face".into()).spawn(work)?;
        Ok(Self { news, thread })
    }

    /// Waits until all is shown. A reader who closed the pipe has seen what they wanted: no error. Any other,
    /// or a panic of the face, comes as a sentence for standard error.
    pub fn finish(self) -> Result<(), String> {
        // Fails only if the face has ended already.
        let _ = self.news.send(News::End);
        match self.thread.join() {
            Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(format!("standard output: {error}"))
            }
            Ok(_) => Ok(()),
            Err(panic) => Err(format!(
                "the chat could not be shown any more, and was left: {} (this is a mistake in sayagain)",
                words_of(&*panic)
            )),
        }
    }
}

/// Calls when it is dropped, however that comes about.
struct Watch<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for Watch<F> {
    fn drop(&mut self) {
        if let Some(gone) = self.0.take() {
            gone();
        }
    }
}

/// What a panic says.
fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pipe(Option<usize>);

    impl Face for Pipe {
        fn show(&mut self, _: News) -> io::Result<()> {
            match &mut self.0 {
                Some(0) => Err(io::ErrorKind::BrokenPipe.into()),
                Some(left) => {
                    *left -= 1;
                    Ok(())
                }
                None => Err(io::ErrorKind::StorageFull.into()),
            }
        }
    }

    fn shown(face: impl Face + Send + 'static, count: usize) -> (Result<(), String>, bool) {
        let (news, receiver) = queue();
        let (gone, told) = std::sync::mpsc::channel();
        let thread = FaceThread::start(Box::new(face), (news.clone(), receiver), move || {
            let _ = gone.send(());
        });
        for _ in 0..count {
            let _ = news.send(News::Note("hi".into()));
        }
        let finished = thread.expect("a thread").finish();
        (finished, told.recv().is_ok())
    }

    #[test]
    fn a_closed_pipe_is_told_and_is_no_error() {
        let (finished, gone) = shown(Pipe(Some(2)), 3);
        assert!(finished.is_ok() && gone);
        let (finished, gone) = shown(Pipe(Some(3)), 3);
        assert!(finished.is_ok() && !gone);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let (finished, gone) = shown(Pipe(None), 1);
        assert!(finished.is_err() && gone);
    }

    struct Broken;

    impl Face for Broken {
        fn show(&mut self, _: News) -> io::Result<()> {
            panic!("a row too many");
        }
    }

    #[test]
    fn a_face_that_panics_ends_the_chat_with_an_error_that_says_why() {
        let (finished, gone) = shown(Broken, 1);
        assert!(gone, "the loop is told to leave");
        assert!(finished.is_err_and(|why| why.contains("a row too many") && why.contains("a mistake")));
    }
}
