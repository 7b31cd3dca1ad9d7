//! Which value holds, and where does it come from?
//!
//! ```text
//!  flag  ▷  environment  ▷  file  ▷  built in            the first that says something
//! ```
//!
//! Flags are the command line's affair: what holds without one is handed to it as if it were built in. A
//! variable that is empty counts as not set.

use super::file::{self, Entry};
use super::setting::Setting;
use crate::chat::client::display::printable;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// This variable of the environment.
    Variable(String),
    /// This line of the file.
    File(PathBuf, usize),
    /// The program itself.
    BuiltIn,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}

/// What the environment and the file say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Layers {
    variables: Vec<(String, String)>,
    path: PathBuf,
    entries: Vec<Entry>,
}

impl Layers {
    /// What `variable` gives for these settings, above this file if there is one. An error tells all that is
    /// wrong with the file (`path:line: …`), or which variable is.
    pub fn new(
        settings: &[Setting],
        variable: impl Fn(&str) -> Option<OsString>,
        file: Option<(&Path, &str)>,
    ) -> Result<Self, String> {
        let (path, text) = file.unwrap_or((Path::new(""), ""));
        let entries = file::read(text, settings).map_err(|complaints| {
            let told = complaints.iter().map(|it| format!("{}:{}: {}", path.display(), it.line, it.text));
            told.collect::<Vec<_>>().join("\n       ")
        })?;
        let mut variables = Vec::new();
        for setting in settings {
            let name = &setting.variable;
            let Some(value) = variable(name).filter(|value| !value.is_empty()) else { continue };
            let told = |why: String| format!("the variable {name} ({}): {why}", setting.name());
            let value = value.into_string().map_err(|value| told(format!("{} is no text", shown(&value))))?;
            setting.check(&value).map_err(told)?;
            variables.push((setting.name(), value));
        }
        Ok(Self { variables, path: path.to_owned(), entries })
    }

    /// The value that holds without a flag, `None` where the program finds one when it needs it; and where
    /// it comes from.
    pub fn value(&self, setting: &Setting) -> (Option<String>, Source) {
        let name = setting.name();
        if let Some((_, value)) = self.variables.iter().find(|(of, _)| *of == name) {
            return (Some(value.clone()), Source::Variable(setting.variable.clone()));
        }
        match self.entries.iter().find(|entry| entry.name == name) {
            Some(entry) => (Some(entry.value.clone()), Source::File(self.path.clone(), entry.line)),
            None => (setting.built_in(), Source::BuiltIn),
        }
    }
}

fn shown(value: &OsString) -> String {
    printable(&value.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::setting::settings;
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::CommandFactory;

    const FILE: &str = "[chat]\nroom = 'lab'\ntransport = 'tcp'\n";

    fn layers(variables: &[(&str, &str)], file: &str) -> Result<Layers, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        Layers::new(&settings(&Arguments::command()), variable, Some((Path::new("/c.toml"), file)))
    }

    fn value(layers: &Layers, name: &str) -> (Option<String>, String) {
        let all = settings(&Arguments::command());
        let setting = all.iter().find(|setting| setting.name() == name).expect(name);
        let (value, source) = layers.value(setting);
        (value, source.to_string())
    }

    #[test]
    fn the_environment_comes_before_the_file_and_the_file_before_what_is_built_in() {
        let layers = layers(&[("SAYAGAIN_ROOM", "den"), ("SAYAGAIN_TRANSPORT", "")], FILE).expect("right");
        assert_eq!(value(&layers, "chat.room"), (Some("den".into()), "the variable SAYAGAIN_ROOM".into()));
        let from_file = (Some("tcp".into()), "/c.toml:3".into());
        assert_eq!(value(&layers, "chat.transport"), from_file, "an empty variable is none");
        assert_eq!(value(&layers, "chat.history"), (Some("50".into()), "built in".into()));
        assert_eq!(value(&layers, "chat.name"), (None, "built in".into()));
        assert_eq!(value(&layers, "serve.transport"), (Some("both".into()), "built in".into()));
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let error = layers(&[("SAYAGAIN_TRANSPORT", "quic")], "").expect_err("no transport");
        assert_eq!(
            error,
            "the variable SAYAGAIN_TRANSPORT (chat.transport): `quic` is none of udp, tcp, auto"
        );
    }

    #[test]
    fn a_wrong_file_is_named_with_each_line() {
        let error = layers(&[], "[chat]\nrom = 'x'\nhistory = 5000\n").expect_err("two things are wrong");
        let lines: Vec<&str> = error.lines().map(str::trim).collect();
        assert!(lines[0].starts_with("/c.toml:2: ") && lines[1].starts_with("/c.toml:3: "), "{error}");
    }
}
