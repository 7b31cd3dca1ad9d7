//! What can be set, and is this text a value for it?
//!
//! A setting is an argument of `chat` or `serve` that has a variable of the environment. All else follows from
//! the definition of the command line: the key in the file (the option's long name), the values allowed, the
//! text that explains it. So the three ways to set something cannot differ.

use crate::chat::client::display::printable;
use crate::chat::command::distance;
use clap::builder::{OsStr, Resettable};
use clap::{Arg, Command};
use std::error::Error as _;

/// The commands that have settings; each has a section of this name in the file.
pub const SECTIONS: [&str; 2] = ["chat", "serve"];
/// The longest value, in bytes.
pub const VALUE_MAX: usize = 1_024;

/// Something that can be set.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The command, and the section of the file.
    pub section: &'static str,
    /// Its key in that section.
    pub key: String,
    /// Its variable of the environment.
    pub variable: String,
    argument: Arg,
}

impl Setting {
    /// Section and key, as people say it: `chat.room`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// What holds where nothing is set, if there is one value for everybody.
    pub fn built_in(&self) -> Option<String> {
        self.argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned())
    }

    /// The only values there are; empty where there are too many to list.
    pub fn allowed(&self) -> Vec<String> {
        let values = self.argument.get_possible_values();
        values.iter().map(|value| value.get_name().to_owned()).collect()
    }

    /// What it is for, as `--help` says it.
    pub fn help(&self) -> String {
        self.argument.get_help().map(ToString::to_string).unwrap_or_default()
    }

    /// An error says why this is no value for it, and which there are.
    pub fn check(&self, value: &str) -> Result<(), String> {
        if value.len() > VALUE_MAX {
            return Err(format!("a value has at most {VALUE_MAX} bytes; this one has {}", value.len()));
        }
        let parser = self.argument.get_value_parser().clone();
        let alone = Command::new("value")
            .no_binary_name(true)
            .disable_help_flag(true)
            .arg(Arg::new("value").required(true).value_parser(parser));
        let refused = alone.try_get_matches_from(["--", value]).err();
        refused.map_or(Ok(()), |error| Err(self.explained(value, &error)))
    }

    fn explained(&self, value: &str, error: &clap::Error) -> String {
        let value = printable(value);
        let allowed = self.allowed();
        if !allowed.is_empty() {
            let near = nearest(&value, allowed.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return format!("`{value}` is none of {}{near}", allowed.join(", "));
        }
        let why = error.source().map_or_else(|| "it is no such value".to_owned(), ToString::to_string);
        format!("`{value}` cannot be taken: {}", printable(&why))
    }
}

/// All of this command line, in its order.
pub fn settings(command: &Command) -> Vec<Setting> {
    let of = |section: &'static str| {
        let found = command.find_subcommand(section).into_iter();
        found.flat_map(Command::get_arguments).filter_map(move |argument| {
            let variable = argument.get_env()?.to_str()?.to_owned();
            let key = argument.get_long().unwrap_or_else(|| argument.get_id().as_str()).to_owned();
            Some(Setting { section, key, variable, argument: argument.clone() })
        })
    };
    SECTIONS.into_iter().flat_map(of).collect()
}

/// The same command line, which looks at no variable by itself; where `value` knows one for a setting, that
/// stands in the place of the built-in one.
pub fn with_values(command: Command, value: impl Fn(&str, &str) -> Option<String>) -> Command {
    command.mut_subcommands(|command| {
        let section = command.get_name().to_owned();
        command.mut_args(|argument| {
            let variable = argument.get_env().and_then(|variable| variable.to_str()).map(str::to_owned);
            let argument = argument.env(Resettable::<OsStr>::Reset);
            match variable.and_then(|variable| value(&section, &variable)) {
                Some(value) => argument.default_value(value),
                None => argument,
            }
        })
    })
}

/// The known word that is meant by this one, if one is near enough to be.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.to_lowercase().replace('_', "-").chars().take(64).collect();
    let ranked = known.map(|known| (distance(&word, known), known));
    // Ours: a third of the letters may be wrong, because in a short word two make another one.
    ranked.min().filter(|(errors, known)| *errors <= 1 + known.len() / 3).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    fn all() -> Vec<Setting> {
        settings(&Arguments::command())
    }

    fn setting(name: &str) -> Setting {
        all().into_iter().find(|setting| setting.name() == name).unwrap_or_else(|| panic!("{name}"))
    }

    #[test]
    fn each_setting_has_a_name_a_variable_and_a_text_of_its_own() {
        let all = all();
        let names: BTreeSet<String> = all.iter().map(Setting::name).collect();
        let variables: BTreeSet<&str> = all.iter().map(|setting| setting.variable.as_str()).collect();
        assert_eq!((names.len(), variables.len()), (all.len(), all.len()));
        for name in ["chat.name", "chat.server", "chat.room", "chat.theme", "serve.listen", "serve.transport"]
        {
            assert!(names.contains(name), "{name}: {names:?}");
        }
        for setting in &all {
            assert!(setting.variable.starts_with("SAYAGAIN_"), "{setting:?}");
            assert!(!setting.help().is_empty(), "{setting:?}");
        }
    }

    #[test]
    fn what_is_built_in_is_a_value() {
        for setting in all() {
            assert!(setting.built_in().is_none_or(|value| setting.check(&value).is_ok()), "{setting:?}");
        }
    }

    #[test]
    fn what_is_no_value_is_told_with_those_that_are() {
        let refused = |name: &str, value: &str| setting(name).check(value).expect_err(value);
        assert_eq!(refused("chat.transport", "tpc"), "`tpc` is none of udp, tcp, auto; did you mean `tcp`?");
        assert!(refused("chat.history", "1001").contains("0..=1000"));
        assert!(refused("chat.name", "a b\u{1b}[2J").starts_with("`a b"), "and no control characters");
        assert!(!refused("chat.name", "a b\u{1b}[2J").contains('\u{1b}'));
        assert!(refused("serve.quota", "0").contains("off"));
        assert!(refused("chat.room", &"x".repeat(2_000)).contains("1024"));
        assert_eq!(setting("chat.room").check("--plain").map_err(|_| ()), Ok(()), "a value is no option");
        assert_eq!(setting("serve.listen").check("0.0.0.0:0"), Ok(()));
    }

    #[test]
    fn the_nearest_word_is_one_that_may_be_meant() {
        let known = ["transport", "theme", "room"];
        assert_eq!(nearest("tranpsort", known.into_iter()), Some("transport"));
        assert_eq!(nearest("ROOMS", known.into_iter()), Some("room"));
        assert_eq!(nearest("colour", known.into_iter()), None);
        assert_eq!(nearest(&"x".repeat(100_000), known.into_iter()), None);
    }
}
