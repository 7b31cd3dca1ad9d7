//! `chat`: how does a client start, and with which number does it end?

use super::asking::{Asking, Known, SharedKnown};
use super::face::{Face, FaceThread, News};
use super::json_face::JsonFace;
use super::memory::HomeMemory;
use super::name::{Choice, Chosen};
use super::observed::Observed;
use super::plain::PlainFace;
use super::server::MeantServer;
use super::terminal_face::TerminalFace;
use super::witness::Witness;
use super::{face, found, name, observed};
use crate::chat::client::Reading;
use crate::chat::command::COMMANDS;
use crate::cli::arguments::{Chat, ChatTransport, refuse_link_over_tcp};
use crate::cli::exit::{Exit, Outcome, Stop, explain, tell};
use crate::cli::hidden;
use crate::cli::key;
use crate::cli::link;
use crate::cli::qlog::Vantage;
use crate::cli::signals::Signals;
use crate::cli::tracing::Traces;
use crate::crypto::Identity;
use crate::lab::link::LinkConfig;
use crate::service::ClientNode;
use crate::service::api::{ClientConfig, Ending, Preference, Promise};
use crate::shell::client_loop::{ClientHandle, ClientLoop};
use crate::shell::home::downloads;
use crate::shell::home::{Home, KnownServers};
use crate::shell::lines::{Meaning, read_lines};
use crate::shell::{clock, entropy};
use crate::trace::Tracer;
use crate::transport::config::Choices;
use crate::transport::session::LivenessConfig;
use crate::tui::state::{Link, State, Status};
use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;

/// Which face shows the chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Lines for people.
    Plain,
    /// Lines for scripts.
    Json,
    /// A person at a terminal.
    Terminal,
}

impl Kind {
    /// What the options and the two ends of the pipe ask for.
    pub fn of(chat: &Chat) -> Self {
        match (chat.json, chat.plain) {
            (true, _) => Self::Json,
            (false, false) if io::stdin().is_terminal() && io::stdout().is_terminal() => Self::Terminal,
            _ => Self::Plain,
        }
    }
}

/// All that does not change while a name is looked for.
struct Plan<'a> {
    chat: &'a Chat,
    kind: Kind,
    /// As people write it.
    server: String,
    transport: Preference,
    meant: MeantServer,
    liveness: LivenessConfig,
    choices: Choices,
    bad_link: Option<LinkConfig>,
    home: Home,
    /// The keys here were made elsewhere: what is said of it.
    copied: Option<String>,
    signals: Signals,
    traces: Traces,
    known: SharedKnown,
    /// Hears of the session for a terminal.
    witness: Arc<Witness>,
}

/// How one attempt to join, and all that followed, ended.
struct Attempt {
    ending: Ending,
    was_connected: bool,
}

/// Joins a server and chats until all is said.
pub fn run(chat: &Chat) -> Outcome {
    if link::printed_profiles(&chat.link)? {
        return Ok(Exit::Done);
    }
    let plan = Plan::of(chat)?;
    let outcome = chat_until_done(&plan);
    // Where the terminal is drawn on, nothing was logged there.
    if !plan.traces.finish() && plan.kind == Kind::Terminal {
        tell("the file of --qlog ends before the chat did: it could not be written");
    }
    outcome
}

fn chat_until_done(plan: &Plan<'_>) -> Outcome {
    let Some(mut name) = plan.name()? else { return Ok(Exit::Done) };
    loop {
        let Attempt { ending, was_connected } = plan.join(&name)?;
        let may_ask = plan.kind == Kind::Terminal && !was_connected;
        match proposal(&ending).filter(|_| may_ask) {
            Some(other) if agreed(&ending, &plan.server, other) => other.clone_into(&mut name),
            _ => {
                if let Some(text) = explain(&ending, &plan.server) {
                    tell(&text);
                }
                return Ok(Exit::from(&ending));
            }
        }
    }
}

/// The free name that a refusal ends with: `the name bob is taken; bob2 is free`. A name has no blanks.
fn proposal(ending: &Ending) -> Option<&str> {
    match ending {
        Ending::Refused { code, text } if code == "name-taken" => {
            text.strip_suffix(" is free")?.rsplit(' ').next()
        }
        _ => None,
    }
}

fn agreed(ending: &Ending, server: &str, other: &str) -> bool {
    let why = explain(ending, server).unwrap_or_default();
    let answer = name::ask_on_terminal(&format!("{why}\nJoin as {other}? [Y/n] "));
    answer.is_ok_and(|answer| {
        matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes") && !answer.is_empty()
    })
}

impl<'a> Plan<'a> {
    fn of(chat: &'a Chat) -> Result<Self, Stop> {
        let liveness = chat.liveness.config().map_err(Stop::usage)?;
        let choices = chat.sending.choices().map_err(Stop::usage)?;
        if chat.transport == ChatTransport::Tcp {
            refuse_link_over_tcp(&chat.link)
                .and_then(|()| chat.sending.refuse_over_tcp())
                .map_err(Stop::usage)?;
        }
        let kind = Kind::of(chat);
        let bad_link = link::config(&chat.link)?;
        let typed =
            chat.server.as_deref().map(|server| MeantServer::of(server, chat.insecure)).transpose()?;
        let known = Known::given(&chat.secret)?;
        let traces = chat.tracing.open("sayagain chat", Vantage::Client, chat.insecure)?;
        let home = Home::find().map_err(Stop::failed)?;
        let copied = home.note_use().map(|copied| key::told(&copied, false));
        copied.iter().for_each(|text| tell(&format!("warning: {text}")));
        let (server, meant) = match (&chat.server, typed) {
            (Some(server), Some(meant)) => (server.clone(), meant),
            _ => found::find(chat, kind, &home)?,
        };
        let signals = Signals::install().map_err(Stop::failed)?;
        Ok(Self {
            chat,
            kind,
            server,
            transport: chat.transport.into(),
            meant,
            liveness,
            choices,
            bad_link,
            home,
            copied,
            signals,
            traces,
            known,
            witness: Arc::default(),
        })
    }

    /// Where files of others go.
    fn downloads(&self) -> PathBuf {
        let usual = || downloads().filter(|folder| folder.is_dir());
        self.chat.download_dir.clone().or_else(usual).unwrap_or_else(|| PathBuf::from("."))
    }

    fn is_by_code(&self) -> bool {
        matches!(self.meant.promised, Some(Promise::Code(_)))
    }

    fn tracer(&self) -> Tracer {
        let tracer = self.traces.tracer.clone();
        if self.kind == Kind::Terminal { tracer.and(Arc::clone(&self.witness) as _) } else { tracer }
    }

    /// `None`: whoever was asked wants to leave.
    fn name(&self) -> Result<Option<String>, Stop> {
        let choice = Choice {
            asked_for: self.chat.name.as_deref(),
            remembered: self.home.remembered_name(),
            is_copied: self.copied.is_some(),
            login: name::login(),
        };
        let ask = (self.kind == Kind::Terminal).then_some(name::ask_on_terminal);
        let chosen = self.signals.leaving_at_once(|| choice.name(ask)).map_err(Stop::usage)?;
        if let Chosen::Typed(name) = &chosen {
            self.remember(name);
        }
        Ok(match chosen {
            Chosen::Known(name) | Chosen::Typed(name) => Some(name),
            Chosen::Left => None,
        })
    }

    /// At once: whoever could not connect is not asked again.
    fn remember(&self, name: &str) {
        if let Err(error) = self.home.remember_name(name) {
            eprintln!("warning: the name could not be remembered: {error}");
        }
    }

    fn join(&self, name: &str) -> Result<Attempt, Stop> {
        let identity = self.home.identity().map_err(Stop::failed)?;
        let known = self.home.known_servers().map_err(Stop::failed)?;
        let config = self.config(name, &known);
        let mut client_loop =
            ClientLoop::new(self.transport, self.meant.addresses.clone()).map_err(Stop::failed)?;
        client_loop.download_to(self.downloads());
        let queue = face::queue();
        let news = queue.0.clone();
        if let Some(bad_link) = &self.bad_link {
            let seed = bad_link.seed;
            client_loop.impair(bad_link.clone(), self.chat.insecure).map_err(Stop::usage)?;
            let _ = news.send(News::Note(format!("a bad link is made here (--seed {seed} makes it again)")));
        }
        let client = client_loop.handle();
        let face = self.face(name, &client, &news).map_err(Stop::failed)?;
        let (leaving, left) = (client.clone(), client.clone());
        self.signals.call(move || {
            leaving.quit();
        });
        let face = FaceThread::start(face, queue, move || {
            left.quit();
        })
        .map_err(Stop::failed)?;
        if self.kind != Kind::Terminal {
            let meaning = if self.chat.pipe.text { Meaning::Text } else { Meaning::Typed };
            thread::Builder::new()
                .name("lines".into())
                .spawn(move || read_lines(io::stdin().lock(), &client, meaning))
                .map_err(Stop::failed)?;
        }
        self.run(client_loop, config, identity, known, face, news)
    }

    fn run(
        &self,
        client_loop: ClientLoop,
        config: ClientConfig,
        identity: Identity,
        known: KnownServers,
        face: FaceThread,
        news: SyncSender<News>,
    ) -> Result<Attempt, Stop> {
        let node = ClientNode::new(clock::now(), config, identity, entropy::rng(), self.tracer());
        let may_ask = self.kind == Kind::Terminal && hidden::is_possible();
        let asking =
            Asking::start(Arc::clone(&self.known), may_ask, client_loop.handle()).map_err(Stop::failed)?;
        let memory = HomeMemory::new(self.home.clone(), known, self.is_by_code());
        let told = news.clone();
        let mut node = Observed::new(node, memory, news, self.meant.addresses.clone()).asking(asking.ear());
        let ending = client_loop.run(&mut node, |event| observed::tell_of_loop(&told, event));
        let was_connected = node.was_connected();
        let ending = ending.map(|ending| node.ending(ending));
        // The thread ends when nobody can ask any more.
        drop(node);
        asking.finish();
        let ending = ending.map_err(Stop::failed)?;
        face.finish().map_err(Stop::failed)?;
        Ok(Attempt { ending, was_connected })
    }

    fn config(&self, name: &str, known: &KnownServers) -> ClientConfig {
        let addresses = &self.meant.addresses;
        let expected_key = addresses.iter().find_map(|address| known.key_for_address(&address.to_string()));
        ClientConfig {
            transport: self.transport,
            name: name.to_owned(),
            room: self.chat.room.clone(),
            reading: Reading {
                history: self.chat.history,
                since_left: self.kind == Kind::Terminal || self.chat.pipe.since_left,
                tells_seen: true,
            },
            insecure: self.chat.insecure,
            expected_key,
            pins: known.pins(),
            promised: self.meant.promised,
            addresses: addresses.len(),
            connect_timeout: self.chat.connect_timeout,
            liveness: self.liveness,
            choices: self.choices,
            unix_ms_at_zero: clock::unix_ms_at_zero(),
            linger: self.chat.linger,
        }
    }

    fn face(
        &self,
        name: &str,
        client: &ClientHandle,
        keys: &SyncSender<News>,
    ) -> io::Result<Box<dyn Face + Send>> {
        Ok(match self.kind {
            Kind::Plain => Box::new(PlainFace::new(io::stdout(), self.transport.first(), self.chat.stats)),
            Kind::Json => Box::new(JsonFace::new(io::stdout(), self.transport.first(), self.chat.stats)),
            Kind::Terminal => {
                let status = Status {
                    server: self.server.clone(),
                    transport: self.transport.first(),
                    insecure: self.chat.insecure,
                    name: name.to_owned(),
                    room: Some(self.chat.room.clone()),
                    link: Link::Connecting,
                    rtt: None,
                    loss: None,
                };
                let commands = COMMANDS.iter().map(|command| format!("/{}", command.name));
                let mut state = State::new(status, commands);
                state.theme = self.chat.look.theme(env::var_os("NO_COLOR").as_deref());
                state.attention.notify = self.chat.look.notify;
                self.copied.iter().for_each(|text| state.note(text.clone()));
                let witness = Arc::clone(&self.witness);
                Box::new(TerminalFace::new(state, client.clone(), keys.clone(), witness, self.chat.stats)?)
            }
        })
    }
}
