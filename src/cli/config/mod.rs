//! How does somebody set, once and for all, what they would otherwise say each time?
//!
//! ```text
//!  the definition of the command line ── setting ─▶ what can be set, and which values there are
//!                                                        │
//!  config.toml ── file ─▶ entries with their lines ──┐   ▼
//!  environment ──────────────────────────────────────┴▶ layers ─▶ what holds without a flag ─▶ the parser
//! ```
//!
//! [`setting`] (pure) and [`mod@file`] (pure) read, [`layers`] (pure) decides, [`values`] are the texts that need
//! a check of their own, [`template`] (pure) writes a file to begin with, [`command`] is `sayagain config`.
//!
//! Only `chat` and `serve` have settings, and only they read the file; whatever measures does not, so that
//! nobody's settings change a measurement. Secrets are never settings.

pub mod command;
pub mod file;
pub mod layers;
pub mod setting;
pub mod template;
pub mod values;

use super::arguments::Arguments;
use super::exit::Stop;
use crate::shell::home::Home;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use layers::Layers;
use setting::{SECTIONS, Setting, settings, with_values};
use std::env;

/// The command line of this process, with the environment and the settings file beneath it. Ends the process
/// where the words are none of ours, or ask for help.
pub fn arguments() -> Result<Arguments, Stop> {
    let bare = with_values(Arguments::command(), |_, _| None);
    let matches = match bare.try_get_matches() {
        Ok(matches) => matches,
        Err(error) if is_help(error.kind()) => return Ok(Arguments::parse()),
        Err(error) => error.exit(),
    };
    let matches = match matches.subcommand_name().filter(|name| SECTIONS.contains(name)) {
        Some(section) => with_layers(section, &found(Some(section))?).get_matches(),
        None => matches,
    };
    Ok(Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

/// Help names the variables, so it is the definition's own.
fn is_help(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// What the environment (of this section, or of all) and the file of this home say.
fn found(section: Option<&str>) -> Result<Layers, Stop> {
    let settings = settings(&Arguments::command());
    let is_wanted = |setting: &&Setting| section.is_none_or(|section| section == setting.section);
    let variable = |name: &str| {
        let of_section = settings.iter().filter(is_wanted).any(|setting| setting.variable == name);
        of_section.then(|| env::var_os(name)).flatten()
    };
    // Without a home there is no file; who needs one says so.
    let Ok(home) = Home::find() else { return Layers::new(&settings, variable, None).map_err(Stop::usage) };
    let path = home.settings_path();
    let text = home.settings_text().map_err(Stop::usage)?;
    let file = text.as_deref().map(|text| (path.as_path(), text));
    Layers::new(&settings, variable, file).map_err(Stop::usage)
}

fn with_layers(section: &str, layers: &Layers) -> clap::Command {
    let settings = settings(&Arguments::command());
    with_values(Arguments::command(), |of, variable| {
        let setting = settings.iter().find(|it| it.section == of && it.variable == variable)?;
        (of == section).then(|| layers.value(setting).0).flatten()
    })
}

/// The variables of all settings: a program that is to run the same for everybody is started without them.
pub fn variables() -> Vec<String> {
    settings(&Arguments::command()).into_iter().map(|setting| setting.variable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Chat, ChatTransport, Command};
    use std::ffi::OsString;
    use std::path::Path;

    fn chat(line: &str, variables: &[(&str, &str)], file: &str) -> Chat {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        let all = settings(&Arguments::command());
        let layers = Layers::new(&all, variable, Some((Path::new("c"), file))).expect("all right");
        let words = std::iter::once("sayagain").chain(line.split_whitespace());
        let matches = with_layers("chat", &layers).try_get_matches_from(words).expect(line);
        match Arguments::from_arg_matches(&matches).expect(line).command {
            Command::Chat(chat) => chat,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_flag_comes_before_all() {
        let file = "[chat]\nname = 'filed'\nroom = 'filed'\nhistory = 7\nserver = '10.0.0.1'\n";
        let variables = [("SAYAGAIN_NAME", "env"), ("SAYAGAIN_ROOM", "env")];
        let chat = chat("chat 10.0.0.9 --name flag", &variables, file);
        assert_eq!((chat.name.as_deref(), chat.room.as_str(), chat.history), (Some("flag"), "env", 7));
        assert_eq!(chat.server.as_deref(), Some("10.0.0.9"));
    }

    #[test]
    fn what_is_said_nowhere_is_as_ever() {
        let chat = chat("chat", &[], "");
        assert_eq!((chat.name, chat.server, chat.room.as_str(), chat.history), (None, None, "lobby", 50));
        assert_eq!(chat.transport, ChatTransport::Udp);
    }

    #[test]
    fn a_section_speaks_to_its_command_alone() {
        let chat = chat("chat", &[("SAYAGAIN_SERVE_TRANSPORT", "both")], "[serve]\ntransport = 'udp'\n");
        assert_eq!(chat.transport, ChatTransport::Udp);
    }
}
