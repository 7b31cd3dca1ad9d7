//! Which colour does a name have?
//!
//! The same one on every machine and every day: a hash of the name picks from a palette, one for dark and
//! one for light grounds. With `NO_COLOR` set (no-color.org) only weight and slant remain.

use ratatui::style::{Color, Modifier, Style};

/// For dark grounds: bright colours of the 256 (xterm), which no terminal's settings change.
const ON_DARK: [u8; 12] = [114, 179, 75, 176, 80, 209, 150, 111, 212, 117, 186, 147];
/// For light grounds: dark ones.
const ON_LIGHT: [u8; 12] = [28, 94, 25, 90, 30, 130, 64, 61, 125, 24, 58, 54];

/// Colours for a ground, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// Light letters on a dark ground.
    #[default]
    Dark,
    /// Dark letters on a light ground.
    Light,
    /// No colours at all.
    None,
}

impl Theme {
    /// `dark`, `light` or `none`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "dark" => Some(Self::Dark),
            "light" => Some(Self::Light),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::None => "none",
        }
    }

    /// How this person's name is written.
    pub fn name(self, name: &str) -> Style {
        let index = usize::try_from((fnv1a(name) >> 40) % ON_DARK.len() as u64).unwrap_or(0);
        self.coloured(Color::Indexed(ON_DARK[index]), Color::Indexed(ON_LIGHT[index]))
            .add_modifier(Modifier::BOLD)
    }

    /// Times, notices about others, hints, borders.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Something went wrong.
    pub fn error(self) -> Style {
        self.coloured(Color::LightRed, Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Something is slow, gone for the moment, or waits to be seen.
    pub fn warning(self) -> Style {
        self.coloured(Color::LightYellow, Color::Indexed(130)).add_modifier(Modifier::BOLD)
    }

    /// All is well.
    pub fn good(self) -> Style {
        self.coloured(Color::LightGreen, Color::Indexed(28))
    }

    /// A text that speaks to oneself.
    pub fn addressed(self) -> Style {
        self.warning()
    }

    /// What is chosen, or found.
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn coloured(self, on_dark: Color, on_light: Color) -> Style {
        match self {
            Self::Dark => Style::new().fg(on_dark),
            Self::Light => Style::new().fg(on_light),
            Self::None => Style::new(),
        }
    }
}

/// FNV-1a, 64 bits (draft-eastlake-fnv): small, and the same everywhere.
fn fnv1a(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(Theme::Dark.name("ann").fg, Some(Color::Indexed(179)));
        assert_ne!(Theme::Dark.name("ann").fg, Theme::Dark.name("bob").fg);
        assert_ne!(Theme::Dark.name("ann").fg, Theme::Light.name("ann").fg);
    }

    #[test]
    fn without_colour_nothing_is_coloured() {
        let theme = Theme::None;
        let styles = [theme.name("ann"), theme.error(), theme.warning(), theme.good(), theme.dim()];
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
    }

    #[test]
    fn every_theme_has_its_word() {
        for theme in [Theme::Dark, Theme::Light, Theme::None] {
            assert_eq!(Theme::parse(theme.word()), Some(theme));
        }
    }
}
