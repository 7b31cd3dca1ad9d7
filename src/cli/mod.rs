//! How does the command line become a server, a client or a demonstration?
//!
//! One file (or folder) a command: [`serve`], [`chat`], [`demo`], [`sim`], [`link`], [`mod@bench`],
//! [`compare`], [`account`], [`token`], [`history`], [`config`], [`key`], [`doctor`], [`completions`], [`man`]. What they share: the [`arguments`], the way of [`sending`] that they ask for, [`logging`],
//! [`signals`], [`columns`] of figures, where a [`secret`] comes from ([`hidden`]), a server's [`members`], [`tcp_wishes`], the [`json`] form of events,
//! what of them goes to files ([`tracing`]: [`mod@qlog`], [`keylog`]), and the [`exit`] codes.

pub mod account;
pub mod arguments;
pub mod bench;
pub mod chat;
pub mod columns;
pub mod compare;
pub mod completions;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod exit;
pub mod hidden;
pub mod history;
pub mod json;
mod json_files;
pub mod key;
pub mod keylog;
pub mod link;
pub mod logging;
pub mod man;
pub mod members;
pub mod qlog;
pub mod secret;
pub mod sending;
pub mod serve;
pub mod signals;
pub mod sim;
pub mod tcp_wishes;
pub mod token;
pub mod tracing;

use arguments::{Arguments, Command};
use chat::Kind;
use exit::Outcome;
use log::LevelFilter;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Does what the command line says.
pub fn run() -> ExitCode {
    let outcome = config::arguments().and_then(|asked| done(&asked));
    match outcome {
        Ok(exit) => exit.into(),
        Err(stop) => {
            exit::tell(&format!("error: {}", stop.text));
            stop.exit.into()
        }
    }
}

fn done(asked: &Arguments) -> Outcome {
    let Arguments { verbosity, command } = asked;
    match command {
        Command::Demo(demo) => {
            verbosity.start(LevelFilter::Warn);
            demo::run(demo)
        }
        Command::Sim(sim) => {
            verbosity.start(LevelFilter::Warn);
            sim::run(sim)
        }
        Command::Bench(bench) => {
            verbosity.start(LevelFilter::Warn);
            bench::run(bench)
        }
        Command::BenchClients(clients) => {
            verbosity.start(LevelFilter::Error);
            bench::clients::run(clients)
        }
        Command::BenchReflector(reflector) => bench::reflector::run(reflector),
        Command::Link(link) => {
            verbosity.start(LevelFilter::Warn);
            link::run(link)
        }
        Command::Compare(asked) => {
            verbosity.start(LevelFilter::Warn);
            compare::run(asked)
        }
        Command::Serve(serve) => {
            verbosity.start(LevelFilter::Info);
            serve::run(serve)
        }
        Command::Account(account) => {
            verbosity.start(LevelFilter::Warn);
            account::run(account)
        }
        Command::Token(token) => {
            verbosity.start(LevelFilter::Warn);
            token::run(token)
        }
        Command::History(asked) => {
            verbosity.start(LevelFilter::Warn);
            history::run(asked)
        }
        Command::Config(asked) => config::command::run(asked),
        Command::Key(asked) => key::run(asked),
        Command::Doctor(asked) => {
            verbosity.start(LevelFilter::Error);
            doctor::run(asked)
        }
        Command::Completions(asked) => completions::run(asked),
        Command::Man(asked) => man::run(asked),
        Command::Chat(chat) => {
            // A log on the terminal would run through what its face draws there.
            if Kind::of(chat) != Kind::Terminal || !std::io::stderr().is_terminal() {
                verbosity.start(LevelFilter::Warn);
            }
            chat::run(chat)
        }
    }
}
