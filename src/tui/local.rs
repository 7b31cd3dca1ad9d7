//! What does a line mean that speaks to the terminal itself, not to the chat?
//!
//! `/notify off|mentions|all` and `/theme dark|light|none`: settings of this window that no server and no
//! script has to know. A setting without its word tells what it is now.

use super::attention::Notify;
use super::theme::Theme;

/// What Tab offers and the help explains besides the chat's own commands.
pub const COMMANDS: [(&str, &str, &str); 2] = [
    ("/notify", "off|mentions|all", "for what the bell rings"),
    ("/theme", "dark|light|none", "the colours of this window"),
];

/// A setting of the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Local {
    /// For what the bell rings; `None` asks.
    Notify(Option<Notify>),
    /// The colours; `None` asks.
    Theme(Option<Theme>),
}

/// Reads a line; `None` where it is the chat's, an error with the usage where a word is wrong.
pub fn parse(line: &str) -> Option<Result<Local, String>> {
    let (command, word) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let word = word.trim().to_lowercase();
    let (_, words, _) = COMMANDS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(command))?;
    let told = |known: bool, local: Local| {
        let usage = || format!("use it so: {} {words}", command.to_lowercase());
        if known || word.is_empty() { Ok(local) } else { Err(usage()) }
    };
    Some(if command.eq_ignore_ascii_case("/notify") {
        let notify = Notify::parse(&word);
        told(notify.is_some(), Local::Notify(notify))
    } else {
        let theme = Theme::parse(&word);
        told(theme.is_some(), Local::Theme(theme))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_asked_for_and_refused_and_the_rest_is_the_chats() {
        assert_eq!(parse("/notify all"), Some(Ok(Local::Notify(Some(Notify::All)))));
        assert_eq!(parse(" /THEME  Light "), Some(Ok(Local::Theme(Some(Theme::Light)))));
        assert_eq!(parse("/theme"), Some(Ok(Local::Theme(None))));
        assert_eq!(parse("/notify loud"), Some(Err("use it so: /notify off|mentions|all".into())));
        assert_eq!(parse("/notifyall"), None);
        assert_eq!(parse("hello"), None);
    }
}
