//! How shall the terminal's face look and sound?

use crate::tui::attention::Notify;
use crate::tui::theme::Theme;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::ffi::OsStr;

/// The words for themes.
const THEMES: [&str; 3] = ["dark", "light", "none"];
/// The words for what the bell rings for.
const BELLS: [&str; 3] = ["off", "mentions", "all"];

/// Colours and bell.
#[derive(Args, Clone, Copy, PartialEq, Eq, Debug, Default)]
#[command(next_help_heading = "On a terminal")]
pub struct LookOptions {
    /// The colours: for a dark ground, for a light one, or none [default: dark; none where `NO_COLOR` is set]
    #[arg(long, value_name = "THEME", env = "SAYAGAIN_THEME", value_parser = theme())]
    pub theme: Option<Theme>,
    /// What the bell rings for, and the desktop shows
    #[arg(long, value_name = "WHEN", env = "SAYAGAIN_NOTIFY", default_value = "mentions", value_parser = bell())]
    pub notify: Notify,
}

impl LookOptions {
    /// The theme. `no_color` is the variable of that name: whoever asks this program for colours gets them in
    /// spite of it.
    pub fn theme(&self, no_color: Option<&OsStr>) -> Theme {
        // no-color.org: a program's own settings and options come before NO_COLOR; empty counts as not set.
        let plain = no_color.is_some_and(|value| !value.is_empty());
        self.theme.unwrap_or(if plain { Theme::None } else { Theme::default() })
    }
}

fn theme() -> impl TypedValueParser<Value = Theme> {
    PossibleValuesParser::new(THEMES).map(|word| Theme::parse(&word).unwrap_or_default())
}

fn bell() -> impl TypedValueParser<Value = Notify> {
    PossibleValuesParser::new(BELLS).map(|word| Notify::parse(&word).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        look: LookOptions,
    }

    fn look(words: &[&str]) -> LookOptions {
        Line::try_parse_from([&["x"], words].concat()).map(|line| line.look).expect("a look")
    }

    #[test]
    fn every_word_is_known_to_the_terminal() {
        assert!(THEMES.into_iter().all(|word| Theme::parse(word).is_some_and(|theme| theme.word() == word)));
        assert!(BELLS.into_iter().all(|word| Notify::parse(word).is_some_and(|bell| bell.word() == word)));
        assert_eq!(look(&["--notify", "all"]).notify, Notify::All);
        assert_eq!(look(&[]).notify, Notify::default());
    }

    #[test]
    fn no_color_is_obeyed_unless_colours_are_asked_for() {
        let no_color = Some(OsStr::new("1"));
        assert_eq!(look(&[]).theme(no_color), Theme::None);
        assert_eq!(look(&[]).theme(Some(OsStr::new(""))), Theme::Dark);
        assert_eq!(look(&["--theme", "light"]).theme(no_color), Theme::Light);
        assert_eq!(look(&[]).theme(None), Theme::Dark);
    }
}
