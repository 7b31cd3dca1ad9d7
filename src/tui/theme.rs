//! Which colour does a name have?
//!
//! The same one on every machine and every day: a hash of the name picks from the terminal's own palette,
//! so that it is readable on light and on dark grounds. With `NO_COLOR` set (no-color.org) only weight and
//! slant remain.

use ratatui::style::{Color, Modifier, Style};

/// Colours that differ from each other and from plain text on most palettes.
const PALETTE: [Color; 10] = [
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::LightRed,
    Color::LightGreen,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
];

/// Colours, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Theme {
    /// False under `NO_COLOR`.
    pub colour: bool,
}

impl Theme {
    /// How this person's name is written.
    pub fn name(self, name: &str) -> Style {
        let index = usize::try_from(fnv1a(name) % PALETTE.len() as u64).unwrap_or(0);
        self.coloured(PALETTE[index]).add_modifier(Modifier::BOLD)
    }

    /// Room labels, notices about others, hints.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Something went wrong.
    pub fn error(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Something is slow or gone for the moment.
    pub fn warning(self) -> Style {
        self.coloured(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// All is well.
    pub fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    /// A text that speaks to oneself.
    pub fn addressed(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn coloured(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
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
        let theme = Theme { colour: true };
        assert_eq!(theme.name("ann").fg, Some(Color::LightGreen));
        assert_ne!(theme.name("ann").fg, theme.name("bob").fg);
    }

    #[test]
    fn without_colour_nothing_is_coloured() {
        let theme = Theme { colour: false };
        let styles = [theme.name("ann"), theme.error(), theme.warning(), theme.good(), theme.dim()];
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
    }
}
