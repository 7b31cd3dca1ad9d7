//! The chat on a terminal.
//!
//! Until the server answers, the terminal stays as it is, so that questions (another name?) and refusals
//! read like those of any program; with the first `connected` the terminal's own face takes over.

use super::face::{Face, News};
use super::stats;
use super::witness::Witness;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::files::plain as files;
use crate::shell::client_loop::ClientHandle;
use crate::shell::local_time::{local_seconds, local_seconds_now};
use crate::tui::key::Key;
use crate::tui::moment::Moment;
use crate::tui::state::{State, Wish};
use crate::tui::terminal::{Input, Terminal, read_keys};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, channel};
use std::thread;

/// A terminal, once connected.
#[derive(Debug)]
pub struct TerminalFace {
    state: State,
    terminal: Option<Terminal>,
    client: ClientHandle,
    /// Where keys go that the terminal reads.
    keys: SyncSender<News>,
    typed: Sender<String>,
    witness: Arc<Witness>,
    stats_wanted: bool,
}

impl TerminalFace {
    /// A face that will show this state; `keys` leads back to it, `witness` hears of the session.
    /// `stats_wanted`: print the statistics each second, besides showing them in the status line.
    pub fn new(
        state: State,
        client: ClientHandle,
        keys: SyncSender<News>,
        witness: Arc<Witness>,
        stats_wanted: bool,
    ) -> io::Result<Self> {
        let typed = hand_in_lines(client.clone())?;
        witness.tell(keys.clone());
        Ok(Self { state, terminal: None, client, keys, typed, witness, stats_wanted })
    }

    fn open(&mut self) -> io::Result<()> {
        self.terminal = Some(Terminal::open()?);
        let keys = self.keys.clone();
        read_keys(move |input| keys.send(News::Input(input)).is_ok())
    }

    fn handle_input(&mut self, input: Input) -> io::Result<()> {
        match input {
            Input::Resized => {}
            Input::Redraw => return self.terminal.as_mut().map_or(Ok(()), Terminal::forget),
            Input::Focus(focused) => self.state.on_focus(focused),
            Input::Gone => self.leave(),
            Input::Key(key) => match self.state.handle_key(&key) {
                Wish::Nothing => self.tell_typing(&key),
                Wish::Leave => self.leave(),
                // Fails only when the loop has ended, and we will with it.
                Wish::Send(lines) => lines.into_iter().for_each(|line| drop(self.typed.send(line))),
            },
        }
        Ok(())
    }

    fn tell_typing(&self, key: &Key) {
        if let Some(target) = self.state.types_to().filter(|_| matches!(key, Key::Char(_) | Key::Paste(_))) {
            self.client.typing(target);
        }
    }

    /// If the loop has ended already, there is nothing to ask for.
    fn leave(&self) {
        self.client.quit();
    }

    /// What is told before the terminal's face opens is told again when it does.
    fn note(&mut self, text: String) {
        if self.terminal.is_none() {
            eprintln!("{text}");
        }
        self.state.note(text);
    }
}

impl Face for TerminalFace {
    fn show(&mut self, news: News) -> io::Result<()> {
        let now = Moment(local_seconds_now());
        self.state.on_time(now);
        match news {
            News::Reached(server) => self.state.status.server = server,
            News::Carried(transport) => self.state.status.transport = transport,
            News::Chat(event) => {
                self.state.on_earlier(&event, |at_ms| Moment(local_seconds(at_ms)));
                self.state.on_event(&event, when(&event).unwrap_or(now));
                if matches!(event, UserEvent::Connected { .. }) && self.terminal.is_none() {
                    self.open()?;
                }
            }
            News::Stats(measured, line) => {
                self.state.on_stats(&measured, line);
                if line.is_some() {
                    stats::table(&measured).iter().for_each(|row| self.note(format!("* {row}")));
                } else if self.stats_wanted {
                    self.note(format!("* {}", stats::in_words(&measured)));
                }
            }
            News::File(event) => files::lines(&event).into_iter().for_each(|line| self.note(line)),
            News::Note(text) => self.note(text),
            News::Input(input) => self.handle_input(input)?,
            News::Keys { .. } | News::Traced | News::End => {}
        }
        self.state.on_traced(self.witness.take(self.state.ladder.is_open));
        match &mut self.terminal {
            Some(terminal) => terminal.show(&mut self.state),
            None => Ok(()),
        }
    }
}

/// When the server had it, if it says so.
fn when(event: &UserEvent) -> Option<Moment> {
    match event {
        UserEvent::Message { at_ms, .. } | UserEvent::Private { at_ms, .. } if *at_ms > 0 => {
            Some(Moment(local_seconds(*at_ms)))
        }
        _ => None,
    }
}

/// A thread that hands typed lines to the client, which may make it wait; the face never waits, since the
/// client may be waiting for the face.
fn hand_in_lines(client: ClientHandle) -> io::Result<Sender<String>> {
    let (typed, lines) = channel();
    let work = move || {
        for (number, line) in (1..).map(LineNumber).zip(lines) {
            if !client.line(number, line) {
                return;
            }
        }
    };
    thread::Builder::new().name("typed lines".into()).spawn(work)?;
    Ok(typed)
}
