//! How do keys come in, and how is the terminal left as it was found?
//!
//! While a [`Terminal`] lives there are raw mode, a screen of our own (the shell's comes back afterwards),
//! bracketed paste, and reports of the wheel and of who has the keyboard. Dropping it, or a panic anywhere
//! in the program, turns all that off. Keys are read by a thread of their own that blocks until one comes.

use super::key::Key;
use super::screen::Screen;
use super::state::State;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
    MouseEventKind,
};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};
use std::env;
use std::io::{self, Stdout, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Is the terminal ours? Given back twice, it would put the cursor where a later line stands.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What the key-reading thread reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A key, a paste, or the wheel.
    Key(Key),
    /// The terminal has another size.
    Resized,
    /// The terminal should be drawn anew (Ctrl-L).
    Redraw,
    /// The window has got the keyboard, or has lost it.
    Focus(bool),
    /// The terminal is gone.
    Gone,
}

/// The real terminal, ours as long as this lives.
#[derive(Debug)]
pub struct Terminal {
    screen: Screen<CrosstermBackend<Stdout>>,
}

impl Terminal {
    /// Takes the terminal over. Fails where there is none.
    pub fn open() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let opened = execute!(
            stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableMouseCapture,
            EnableFocusChange
        )
        .and_then(|()| Screen::new(CrosstermBackend::new(stdout())));
        match opened {
            Ok(screen) => Ok(Self { screen }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Shows the state, in one step for the eye, and rings if it has something to ring for. An error besides
    /// those of writing: a panic elsewhere has had the terminal given back.
    pub fn show(&mut self, state: &mut State) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Err(io::Error::other(
                "the terminal was given back, because a part of sayagain has failed",
            ));
        }
        execute!(stdout(), BeginSynchronizedUpdate)?;
        self.screen.show(state)?;
        execute!(stdout(), EndSynchronizedUpdate)?;
        match state.attention.take() {
            Some(text) => ring(&text),
            None => Ok(()),
        }
    }

    /// Writes every cell again when next shown.
    pub fn forget(&mut self) -> io::Result<()> {
        self.screen.forget()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Rings the bell and has the desktop show this text, which must be harmless.
fn ring(text: &str) -> io::Result<()> {
    let mut output = stdout();
    output.write_all(bell(text, knows_777()).as_bytes())?;
    output.flush()
}

/// BEL, and a notification in the terminal's own way: OSC 777 (urxvt, and what took it over) or OSC 9
/// (iTerm2, and what took it over); a terminal that knows neither shows nothing.
fn bell(text: &str, by_777: bool) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let (kind, text) = if by_777 {
        ("777;notify;sayagain;", text.replace(';', ","))
    } else {
        // Ours: a word first, because some terminals read OSC 9 with a number as something else.
        ("9;sayagain: ", text)
    };
    format!("\x07\x1b]{kind}{text}\x1b\\")
}

fn knows_777() -> bool {
    let term = env::var("TERM").unwrap_or_default();
    env::var_os("VTE_VERSION").is_some() || term.starts_with("rxvt") || term.starts_with("foot")
}

fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // There is nobody left to tell that a terminal that is gone could not be tidied.
    let _ = execute!(
        stdout(),
        EndSynchronizedUpdate,
        DisableFocusChange,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
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
        Event::Resize(..) => Some(Input::Resized),
        Event::FocusGained => Some(Input::Focus(true)),
        Event::FocusLost => Some(Input::Focus(false)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Some(Input::Key(Key::WheelUp)),
            MouseEventKind::ScrollDown => Some(Input::Key(Key::WheelDown)),
            _ => None,
        },
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
        KeyCode::Char(c) if alt => with_alt(c)?,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter if alt => Key::NewLine,
        KeyCode::Backspace if control || alt => Key::DeleteWord,
        KeyCode::Left | KeyCode::Up if alt => Key::PlaceBefore,
        KeyCode::Right | KeyCode::Down if alt => Key::PlaceAfter,
        KeyCode::Left if control => Key::WordLeft,
        KeyCode::Right if control => Key::WordRight,
        KeyCode::Home if control => Key::Oldest,
        KeyCode::End if control => Key::Newest,
        code => alone(code)?,
    };
    Some(Input::Key(key))
}

fn alone(code: KeyCode) -> Option<Key> {
    Some(match code {
        KeyCode::Enter => Key::Enter,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Tab => Key::Tab,
        KeyCode::Esc => Key::Escape,
        KeyCode::F(1) => Key::Help,
        KeyCode::F(2) => Key::Ladder,
        _ => return None,
    })
}

fn with_alt(c: char) -> Option<Key> {
    match c {
        'b' => Some(Key::WordLeft),
        'f' => Some(Key::WordRight),
        '1'..='9' => c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).map(Key::Place),
        _ => None,
    }
}

/// The line-editing keys that shells have taught everybody.
fn with_control(c: char) -> Option<Input> {
    let key = match c {
        'a' => Key::Home,
        'e' => Key::End,
        'b' => Key::Left,
        'f' => Key::Find,
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
    fn alt_leads_to_other_rooms() {
        assert_eq!(key(KeyCode::Char('3'), KeyModifiers::ALT), Some(Input::Key(Key::Place(3))));
        assert_eq!(key(KeyCode::Char('0'), KeyModifiers::ALT), None);
        assert_eq!(key(KeyCode::Up, KeyModifiers::ALT), Some(Input::Key(Key::PlaceBefore)));
        assert_eq!(key(KeyCode::Right, KeyModifiers::ALT), Some(Input::Key(Key::PlaceAfter)));
    }

    #[test]
    fn what_rings_can_do_nothing_else_to_the_terminal() {
        assert_eq!(bell("a;b\x1b]0;x\x07", true), "\x07\x1b]777;notify;sayagain;a,b]0,x\x1b\\");
        assert_eq!(bell("4;1\u{9c}", false), "\x07\x1b]9;sayagain: 4;1\x1b\\");
    }

    #[test]
    fn a_release_is_no_second_press() {
        let mut event = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        assert_eq!(pressed(event), None);
    }
}
