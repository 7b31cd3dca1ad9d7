//! How do keys come in, and how is the terminal left as it was found?
//!
//! Raw mode and bracketed paste are on while a [`Terminal`] lives; dropping it, or a panic anywhere in the
//! program, turns them off. Keys are read by a thread of their own that blocks until one comes.

use super::screen::Screen;
use super::state::{Key, State};
use super::theme::Theme;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, disable_raw_mode, enable_raw_mode,
};
use std::io::{self, Stdout, Write, stdout};
use std::sync::Once;
use std::thread;

/// What the key-reading thread reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A key, or a paste.
    Key(Key),
    /// The terminal has another size, or should be drawn again.
    Redraw,
    /// The terminal is gone.
    Gone,
}

/// The real terminal, in raw mode as long as this lives.
#[derive(Debug)]
pub struct Terminal {
    screen: Screen<CrosstermBackend<Stdout>>,
}

impl Terminal {
    /// Takes the terminal over. Fails where there is none.
    pub fn open() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        let opened = execute!(stdout(), EnableBracketedPaste)
            .and_then(|()| Screen::new(CrosstermBackend::new(stdout()), theme()));
        match opened {
            Ok(screen) => Ok(Self { screen }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Shows what is new in the state, in one step for the eye.
    pub fn show(&mut self, state: &mut State) -> io::Result<()> {
        execute!(stdout(), BeginSynchronizedUpdate)?;
        self.screen.show(state)?;
        execute!(stdout(), EndSynchronizedUpdate)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // There is nobody left to tell that a terminal that is gone could not be tidied.
        let _ = self.screen.leave();
        restore();
    }
}

/// `NO_COLOR` set to anything but nothing turns colours off (no-color.org).
fn theme() -> Theme {
    Theme { colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
}

fn restore() {
    let _ = execute!(stdout(), EndSynchronizedUpdate, DisableBracketedPaste);
    let _ = disable_raw_mode();
    let _ = stdout().flush();
}

/// Once: before the panic is told, the terminal is made fit to read it.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told_by = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            told_by(panic);
        }));
    });
}

/// Starts the thread that reads keys; it ends when `report` says false, or with the terminal.
pub fn read_keys(mut report: impl FnMut(Input) -> bool + Send + 'static) -> io::Result<()> {
    let reader = move || {
        loop {
            let input = match event::read() {
                Ok(event) => translated(event),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Some(Input::Gone),
            };
            let gone = input == Some(Input::Gone);
            if input.is_some_and(|input| !report(input)) || gone {
                return;
            }
        }
    };
    thread::Builder::new().name("keys".into()).spawn(reader).map(drop)
}

fn translated(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => pressed(key),
        Event::Paste(text) => Some(Input::Key(Key::Paste(text))),
        Event::Resize(..) => Some(Input::Redraw),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

fn pressed(key: KeyEvent) -> Option<Input> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    // AltGr comes as Ctrl+Alt on Windows, and types characters.
    let control = key.modifiers.contains(KeyModifiers::CONTROL) && !key.modifiers.contains(KeyModifiers::ALT);
    let alt = key.modifiers.contains(KeyModifiers::ALT) && !key.modifiers.contains(KeyModifiers::CONTROL);
    let key = match key.code {
        KeyCode::Char(c) if control => return with_control(c.to_ascii_lowercase()),
        KeyCode::Char('b') if alt => Key::WordLeft,
        KeyCode::Char('f') if alt => Key::WordRight,
        KeyCode::Char(_) if alt => return None,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Backspace if control || alt => Key::DeleteWord,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Left if control || alt => Key::WordLeft,
        KeyCode::Right if control || alt => Key::WordRight,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Tab => Key::Tab,
        _ => return None,
    };
    Some(Input::Key(key))
}

/// The line-editing keys that shells have taught everybody.
fn with_control(c: char) -> Option<Input> {
    let key = match c {
        'a' => Key::Home,
        'e' => Key::End,
        'b' => Key::Left,
        'f' => Key::Right,
        'p' => Key::Up,
        'n' => Key::Down,
        'h' => Key::Backspace,
        'w' => Key::DeleteWord,
        'u' => Key::DeleteToStart,
        'k' => Key::DeleteToEnd,
        'j' | 'm' => Key::Enter,
        'c' => Key::Interrupt,
        'd' => Key::EndOfInput,
        'l' => return Some(Input::Redraw),
        _ => return None,
    };
    Some(Input::Key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Input> {
        pressed(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn letters_type_and_control_letters_edit() {
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), Some(Input::Key(Key::Char('c'))));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Input::Key(Key::Interrupt)));
        assert_eq!(key(KeyCode::Char('W'), KeyModifiers::CONTROL), Some(Input::Key(Key::DeleteWord)));
        assert_eq!(key(KeyCode::Char('z'), KeyModifiers::CONTROL), None);
    }

    #[test]
    fn the_characters_of_altgr_are_typed() {
        let altgr = KeyModifiers::CONTROL | KeyModifiers::ALT;
        assert_eq!(key(KeyCode::Char('@'), altgr), Some(Input::Key(Key::Char('@'))));
    }

    #[test]
    fn a_release_is_no_second_press() {
        let mut event = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        assert_eq!(pressed(event), None);
    }
}
