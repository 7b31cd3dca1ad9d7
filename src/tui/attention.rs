//! What deserves a bell?
//!
//! What is said to oneself: a private message, or one's own name in a room. Never what is replayed from
//! before one came, never one's own words, and not what the person is looking at.

/// For what the bell rings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Notify {
    /// Nothing.
    Off,
    /// Private messages, and one's own name in a room.
    #[default]
    Mentions,
    /// Every message.
    All,
}

impl Notify {
    /// `off`, `mentions` or `all`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "mentions" => Some(Self::Mentions),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Mentions => "mentions",
            Self::All => "all",
        }
    }
}

/// What is to be told outside the window, and whether anybody looks at it.
#[derive(Debug, Default)]
pub struct Attention {
    /// For what.
    pub notify: Notify,
    /// Has the window the keyboard? `None` where the terminal does not say.
    pub focused: Option<bool>,
    alert: Option<String>,
}

impl Attention {
    /// Is this window surely not looked at?
    pub fn is_away(&self) -> bool {
        self.focused == Some(false)
    }

    /// A message came; `mention`: it is meant for oneself; `in_view`: where one reads now.
    pub fn on_message(&mut self, text: impl FnOnce() -> String, mention: bool, in_view: bool) {
        let wanted = match self.notify {
            Notify::Off => false,
            Notify::Mentions => mention,
            Notify::All => true,
        };
        if wanted && !(in_view && self.focused == Some(true)) {
            self.alert = Some(text());
        }
    }

    /// What the bell is to ring for, once: of several, the last.
    pub fn take(&mut self) -> Option<String> {
        self.alert.take()
    }
}

/// Does this text name this person, as a word of its own?
pub fn names(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').any(|word| word.to_lowercase() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rings(notify: Notify, focused: Option<bool>, mention: bool, in_view: bool) -> bool {
        let mut attention = Attention { notify, focused, alert: None };
        attention.on_message(|| "hi".into(), mention, in_view);
        attention.take().is_some()
    }

    #[test]
    fn the_bell_rings_for_what_is_wanted_and_not_in_view() {
        assert!(rings(Notify::Mentions, None, true, true));
        assert!(!rings(Notify::Mentions, None, false, false));
        assert!(!rings(Notify::Mentions, Some(true), true, true), "the person reads it");
        assert!(rings(Notify::Mentions, Some(true), true, false), "it is in another room");
        assert!(rings(Notify::All, Some(false), false, true));
        assert!(!rings(Notify::Off, Some(false), true, false));
    }

    #[test]
    fn a_name_is_a_mention_only_as_a_word() {
        assert!(names("hi Ann!", "ann") && names("@ann", "ann"));
        assert!(!names("annual", "ann") && !names("ann-marie", "ann"));
    }

    #[test]
    fn every_setting_has_its_word() {
        for notify in [Notify::Off, Notify::Mentions, Notify::All] {
            assert_eq!(Notify::parse(notify.word()), Some(notify));
        }
        assert_eq!(Notify::parse("loud"), None);
    }
}
