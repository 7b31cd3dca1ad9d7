//! How is something typed that nobody should see?
//!
//! On a terminal without echo, key by key; what was there before is there again afterwards. Whoever asks says
//! when the answer is no longer wanted, because a server does not wait for ever.

use crate::time::Duration;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use std::io::{self, IsTerminal, Write};

/// How soon it is noticed that the answer is no longer wanted.
const GLANCE: Duration = Duration::from_millis(100);
/// The longest answer, in bytes.
const LONGEST: usize = 1_024;

/// Is there somebody who can be asked?
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Raw mode, as long as this lives.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        enable_raw_mode().map(|()| Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nobody left to tell that a terminal that is gone could not be tidied.
        let _ = disable_raw_mode();
        eprintln!();
    }
}

/// Asks on the terminal. `None` when whoever was asked wants to leave (Ctrl-C, Ctrl-D, Escape), or when
/// `is_over` says that the answer is no longer wanted.
pub fn ask(question: &str, is_over: impl Fn() -> bool) -> io::Result<Option<String>> {
    eprint!("{question}: ");
    io::stderr().flush()?;
    let _raw = Raw::enter()?;
    let mut typed = String::new();
    while !is_over() {
        if !event::poll(GLANCE)? {
            continue;
        }
        match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => match take(&mut typed, key) {
                Taken::More => {}
                Taken::Done => return Ok(Some(typed)),
                Taken::Left => return Ok(None),
            },
            Event::Paste(text) => text.chars().for_each(|character| push(&mut typed, character)),
            _ => {}
        }
    }
    Ok(None)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Taken {
    More,
    Done,
    Left,
}

fn push(typed: &mut String, character: char) {
    if !character.is_control() && typed.len() + character.len_utf8() <= LONGEST {
        typed.push(character);
    }
}

fn take(typed: &mut String, key: KeyEvent) -> Taken {
    // AltGr comes as Ctrl+Alt on Windows, and types characters.
    let control = key.modifiers.contains(KeyModifiers::CONTROL) && !key.modifiers.contains(KeyModifiers::ALT);
    match key.code {
        KeyCode::Enter => return Taken::Done,
        KeyCode::Char('j' | 'm') if control => return Taken::Done,
        KeyCode::Esc => return Taken::Left,
        KeyCode::Char('c') if control => return Taken::Left,
        KeyCode::Char('d') if control && typed.is_empty() => return Taken::Left,
        KeyCode::Char('u') if control => typed.clear(),
        KeyCode::Char('h') if control => drop(typed.pop()),
        KeyCode::Backspace => drop(typed.pop()),
        KeyCode::Char(character) if !control => push(typed, character),
        _ => {}
    }
    Taken::More
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[(KeyCode, KeyModifiers)]) -> (String, Taken) {
        let mut text = String::new();
        let last = keys.iter().map(|(code, with)| take(&mut text, KeyEvent::new(*code, *with))).last();
        (text, last.expect("a key"))
    }

    const PLAIN: KeyModifiers = KeyModifiers::NONE;
    const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

    #[test]
    fn what_is_typed_is_taken_until_enter() {
        let (h, x) = ((KeyCode::Char('h'), PLAIN), (KeyCode::Char('x'), PLAIN));
        let (erase, enter) = ((KeyCode::Backspace, PLAIN), (KeyCode::Enter, PLAIN));
        assert_eq!(typed(&[h, x, erase, enter]), ("h".to_owned(), Taken::Done));
        assert_eq!(typed(&[h, (KeyCode::Char('u'), CONTROL), x]), ("x".to_owned(), Taken::More));
        let bracket = (KeyCode::Char('['), CONTROL | KeyModifiers::ALT);
        assert_eq!(typed(&[bracket]).0, "[", "AltGr types");
    }

    #[test]
    fn whoever_wants_to_leave_may() {
        for key in [(KeyCode::Esc, PLAIN), (KeyCode::Char('c'), CONTROL), (KeyCode::Char('d'), CONTROL)] {
            assert_eq!(typed(&[key]).1, Taken::Left);
        }
    }

    #[test]
    fn an_answer_is_bounded() {
        let mut text = String::new();
        (0..3_000).for_each(|_| push(&mut text, 'é'));
        assert_eq!(text.len(), LONGEST);
        push(&mut text, '\u{7}');
        assert_eq!(text.len(), LONGEST);
    }
}
