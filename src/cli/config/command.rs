//! `config`: what is set, and where does each value come from?

use super::setting::{Setting, settings};
use super::{found, template};
use crate::chat::client::display::printable;
use crate::cli::arguments::Arguments;
use crate::cli::exit::{Exit, Outcome, Stop};
use crate::shell::home::Home;
use clap::{Args, CommandFactory, Subcommand};
use std::io::{self, Write};

/// `config`.
#[derive(Args, Debug)]
pub struct Config {
    /// What is to be done [default: show].
    #[command(subcommand)]
    pub act: Option<ConfigAct>,
}

/// What is to be done with settings.
#[derive(Subcommand, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConfigAct {
    /// Show each setting, its value and where that comes from (what is done without a word, too)
    Show,
    /// Print where the settings file is, or would be
    Path,
    /// Write a settings file in which everything is explained and nothing is set; never over one
    Init,
}

/// Shows, names or makes the settings file.
pub fn run(config: &Config) -> Outcome {
    let home = Home::find().map_err(Stop::failed)?;
    let text = match config.act.unwrap_or(ConfigAct::Show) {
        ConfigAct::Show => shown(&home)?,
        ConfigAct::Path => format!("{}\n", home.settings_path().display()),
        ConfigAct::Init => made(&home)?,
    };
    io::stdout().write_all(text.as_bytes()).map_err(Stop::failed)?;
    Ok(Exit::Done)
}

fn made(home: &Home) -> Result<String, Stop> {
    let path = home.settings_path();
    let text = template::text(&settings(&Arguments::command()));
    if home.make_settings(&text).map_err(Stop::failed)? {
        return Ok(format!("wrote {}\n", path.display()));
    }
    Err(Stop::failed(format!("{} is there already, and stays as it is", path.display())))
}

fn shown(home: &Home) -> Result<String, Stop> {
    let layers = found(None)?;
    let row = |setting: &Setting| {
        let (value, source) = layers.value(setting);
        let value = value.map_or_else(|| unset(setting, home), |value| printable(&value).into_owned());
        [setting.name(), value, source.to_string()]
    };
    let rows: Vec<[String; 3]> = settings(&Arguments::command()).iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (names, values) = (width(0), width(1));
    let lines = rows.iter().map(|[name, value, from]| format!("{name:names$}  {value:values$}  {from}"));
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}

/// What is done where nothing is set and no one value is built in.
fn unset(setting: &Setting, home: &Home) -> String {
    match setting.name().as_str() {
        "chat.name" => home.remembered_name().map_or_else(
            || "(asked at the first start)".to_owned(),
            |name| format!("({}, used last)", printable(&name)),
        ),
        "serve.server-name" => "(the machine's)".to_owned(),
        "serve.listen" => "([::]:4747)".to_owned(),
        _ => "(none)".to_owned(),
    }
}
