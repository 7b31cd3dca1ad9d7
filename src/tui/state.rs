//! What does the terminal know, and what does a key make of it?
//!
//! ```text
//!  keys ───▶ handle_key ─▶ Wish (send lines, leave)
//!  events ─▶ on_event ───▶ buffers, pending lines, status, alerts
//!  stats ──▶ on_stats ───▶ status, graphs
//!
//!  mode:  Typing ──Ctrl-C on an empty line──▶ Asking ─ y, Ctrl-C ─▶ leave
//!            ├──── F1, /help ────▶ Help         each returns to Typing
//!            └──── Ctrl-F ───────▶ Searching
//! ```
//!
//! Beside any of them the pane of F2 may be open ([`ladder`](super::ladder)).
//!
//! Pure: nothing here reads a key, a clock or a terminal; [`view`] draws it. What the chat says
//! is heard in [`hearing`](super::hearing), what is typed leaves through [`outgoing`](super::outgoing).

use super::attention::Attention;
use super::buffer::{Bottom, Entry, Place};
use super::buffers::Buffers;
use super::help::Help;
use super::key::Key;
use super::ladder::Ladder;
use super::moment::Moment;
use super::search::Search;
use super::sending::Sending;
use super::status::Meter;
pub use super::status::{Link, Status};
use super::theme::Theme;
use super::typing::{Typing, edit};
use super::{local, scroll, view};
use crate::chat::client::event::LineNumber;
use crate::chat::room_name::RoomName;
use crate::transport::session::SessionStats;
use ratatui::layout::Size;

/// Rows that one notch of the wheel moves.
const WHEEL_ROWS: isize = 3;

/// What the person wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Nothing beyond what is drawn.
    Nothing,
    /// These lines are to be sent, in this order.
    Send(Vec<String>),
    /// Leave in good order.
    Leave,
}

/// What keys mean at the moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// They type.
    #[default]
    Typing,
    /// They answer whether to leave.
    Asking,
    /// They turn the pages of the help.
    Help(Help),
    /// They search.
    Searching(Search),
}

/// All that the terminal shows.
#[derive(Debug)]
pub struct State {
    /// The line being typed.
    pub typing: Typing,
    /// The status line.
    pub status: Status,
    /// The last seconds of it.
    pub meter: Meter,
    /// Rooms and conversations.
    pub buffers: Buffers,
    /// Lines without an answer.
    pub sending: Sending,
    /// What keys mean.
    pub mode: Mode,
    /// The datagrams.
    pub ladder: Ladder,
    /// The colours.
    pub theme: Theme,
    /// The bell.
    pub attention: Attention,
    pub(super) now: Moment,
    pub(super) reply_to: Option<String>,
    size: Size,
}

impl State {
    /// A terminal that is about to connect. `commands` (with their slash) are what Tab offers.
    pub fn new(status: Status, commands: impl IntoIterator<Item = String>) -> Self {
        let room = status.room.clone().unwrap_or_default();
        let room = RoomName::parse(&room).map_or(room, |room| room.as_str().to_owned());
        let local = local::COMMANDS.iter().map(|(name, ..)| (*name).to_owned());
        let mut commands: Vec<String> = commands.into_iter().chain(local).collect();
        commands.sort_unstable();
        Self {
            typing: Typing::new(commands),
            meter: Meter::default(),
            buffers: Buffers::new(Place::Room(room.clone())),
            sending: Sending::new(room),
            status,
            mode: Mode::default(),
            ladder: Ladder::default(),
            theme: Theme::default(),
            attention: Attention::default(),
            now: Moment::default(),
            reply_to: None,
            size: Size::new(80, 24),
        }
    }

    /// The clock on the wall shows this now.
    pub fn on_time(&mut self, now: Moment) {
        self.now = now;
    }

    /// The window has this size in cells.
    pub fn on_size(&mut self, size: Size) {
        self.size = size;
    }

    /// Its size in cells.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The window has got the keyboard, or has lost it.
    pub fn on_focus(&mut self, focused: bool) {
        self.attention.focused = Some(focused);
        if focused {
            self.on_looked();
        } else {
            self.buffers.active_mut().on_turned_away();
        }
    }

    /// A key was pressed.
    pub fn handle_key(&mut self, key: &Key) -> Wish {
        let may_lead = !matches!(self.mode, Mode::Asking | Mode::Help(_));
        let is_done = may_lead && (self.in_ladder(key) || self.navigated(key));
        match self.mode {
            _ if is_done => return self.after_moving(key),
            Mode::Asking => return self.answered(key),
            Mode::Help(_) => self.turned(key),
            Mode::Searching(_) => self.search(key),
            Mode::Typing => return self.typed(key),
        }
        Wish::Nothing
    }

    fn turned(&mut self, key: &Key) {
        let height = usize::from(self.size.height);
        let Mode::Help(help) = &mut self.mode else { return };
        if !help.handle_key(key, height) {
            self.mode = Mode::Typing;
        }
    }

    fn answered(&mut self, key: &Key) -> Wish {
        self.mode = Mode::Typing;
        match key {
            Key::Interrupt | Key::EndOfInput | Key::Char('y' | 'Y') => Wish::Leave,
            _ => Wish::Nothing,
        }
    }

    fn typed(&mut self, key: &Key) -> Wish {
        let is_empty = self.typing.input.is_empty();
        match key {
            Key::Enter => return self.send(),
            Key::Interrupt if is_empty => self.mode = Mode::Asking,
            Key::Interrupt => drop(self.typing.input.take()),
            Key::EndOfInput if is_empty => return Wish::Leave,
            Key::EndOfInput => self.typing.handle_key(&Key::Delete, std::iter::empty()),
            Key::Help => self.mode = Mode::Help(Help::new()),
            Key::Find => self.mode = Mode::Searching(Search::default()),
            Key::Escape => self.scroll_to_end(),
            _ => {
                let near = self.buffers.active().people.keys().map(String::as_str);
                self.typing.handle_key(key, near);
            }
        }
        Wish::Nothing
    }

    /// Keys that lead elsewhere, whatever else they are for; false for all others.
    fn navigated(&mut self, key: &Key) -> bool {
        let page = isize::try_from(self.window_rows().saturating_sub(1).max(1)).unwrap_or(1);
        match key {
            Key::PageUp => self.scroll(-page),
            Key::PageDown => self.scroll(page),
            Key::WheelUp => self.scroll(-WHEEL_ROWS),
            Key::WheelDown => self.scroll(WHEEL_ROWS),
            Key::Oldest => self.scroll(isize::MIN / 2),
            Key::Newest => self.scroll_to_end(),
            Key::Place(number) => self.go_to(number.wrapping_sub(1)),
            Key::PlaceBefore => self.step(true),
            Key::PlaceAfter => self.step(false),
            _ => return false,
        }
        true
    }

    /// Looks at the place with this index.
    pub(super) fn go_to(&mut self, index: usize) {
        self.mode = Mode::Typing;
        self.buffers.activate(index);
    }

    fn step(&mut self, back: bool) {
        self.mode = Mode::Typing;
        self.buffers.step(back);
    }

    /// Rows of messages that are in view.
    fn window_rows(&self) -> usize {
        usize::from(view::areas(self).messages.height)
    }

    /// Does the oldest entry's first row stand at the top?
    pub(super) fn is_at_top(&self) -> bool {
        let buffer = self.buffers.active();
        let from = buffer.bottom.map(|bottom| (buffer.index_of(bottom.number), bottom.rows));
        scroll::moved(&view::messages::heights(self), self.window_rows(), from, -1) == from
    }

    fn scroll(&mut self, by: isize) {
        let heights = view::messages::heights(self);
        let window = self.window_rows();
        let buffer = self.buffers.active_mut();
        let from = buffer.bottom.map(|bottom| (buffer.index_of(bottom.number), bottom.rows));
        let to = scroll::moved(&heights, window, from, by);
        buffer.bottom = to.and_then(|(index, rows)| {
            let number = buffer.entries().get(index)?.number;
            Some(Bottom { number, rows })
        });
        self.on_looked();
    }

    pub(super) fn scroll_to_end(&mut self) {
        self.buffers.active_mut().bottom = None;
        self.on_looked();
    }

    /// Does one see what comes into the place that one is at?
    pub(super) fn sees_newest(&self) -> bool {
        self.buffers.active().bottom.is_none() && self.window_rows() > 0
    }

    /// The newest of the place in view has been seen, if it is in view.
    pub(super) fn on_looked(&mut self) {
        if !self.attention.is_away() && self.sees_newest() {
            self.buffers.active_mut().on_seen();
        }
    }

    fn search(&mut self, key: &Key) {
        let Mode::Searching(search) = &mut self.mode else { return };
        let buffer = self.buffers.active();
        match key {
            Key::Escape | Key::Interrupt | Key::EndOfInput => {
                self.mode = Mode::Typing;
                return self.scroll_to_end();
            }
            Key::Enter | Key::Up | Key::Find => search.step(buffer, true),
            Key::Down => search.step(buffer, false),
            Key::NewLine | Key::Tab => {}
            _ => {
                let before = search.words.text().to_owned();
                edit(&mut search.words, key);
                if search.words.text() != before {
                    search.begin(buffer);
                }
            }
        }
        let at = search.at;
        self.show_found(at);
    }

    /// Puts what was found into the middle of the window.
    fn show_found(&mut self, number: Option<i64>) {
        let Some(number) = number else { return };
        self.buffers.active_mut().bottom = Some(Bottom { number, rows: 1 });
        self.scroll(isize::try_from(self.window_rows() / 2).unwrap_or(0));
    }

    /// The session was measured anew, as it is once a second; `line` asked for it.
    pub fn on_stats(&mut self, stats: &SessionStats, line: Option<LineNumber>) {
        self.status.rtt = stats.rtt;
        self.status.loss = stats.loss;
        match line {
            Some(line) => drop(self.sending.on_answered(line)),
            None => self.meter.on_second(stats, &mut self.status),
        }
    }

    /// The program itself has to say this.
    pub fn note(&mut self, text: String) {
        self.buffers.say_here(self.now, Entry::Note(text));
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
pub(super) mod tests;
