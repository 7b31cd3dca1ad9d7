//! What does the state look like?
//!
//! ```text
//!  [lobby] bob: hi                                  ┐ entries: printed once, then the terminal's own
//!  * carol joined lobby                             ┘
//!  … how are you?                                   ┐ frame: sent and not yet accepted (dimmed),
//!  ● connected │ lobby │ ann │ udp │ 12.3 ms        │        status,
//!  lobby> how about din▏                            ┘        the line being typed
//! ```
//!
//! Pure: rows from state; [`screen`](super::screen) puts them on the terminal.

use super::state::{Entry, Link, State, Status};
use super::theme::Theme;
use super::wrap;
use crate::chat::client::display::printable;
use crate::chat::client::event::UserEvent;
use crate::chat::client::plain::{PlainContext, plain_lines};
use crate::chat::message::PostKind;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Rows of pending lines shown at most; more are counted.
const PENDING_ROWS: usize = 3;

/// The rows below the entries, and where in them the cursor stands.
#[derive(Debug)]
pub struct Frame {
    /// From top to bottom, at least two.
    pub rows: Vec<Line<'static>>,
    /// The cursor's column in the last row.
    pub cursor_column: u16,
}

/// The rows below the entries, for a terminal of this size in cells.
pub fn frame(state: &State, theme: Theme, width: u16, height: u16) -> Frame {
    let width = usize::from(width);
    let room_for_pending = usize::from(height).saturating_sub(3).min(PENDING_ROWS);
    let mut rows = pending(state, theme, room_for_pending);
    rows.push(if state.asked_to_quit { question(theme) } else { status(&state.status, theme, width) });
    let (input, cursor_column) = input(state, theme, width);
    rows.push(input);
    Frame { rows, cursor_column }
}

fn pending(state: &State, theme: Theme, most: usize) -> Vec<Line<'static>> {
    let count = state.pending().len();
    let shown = if count > most { most.saturating_sub(1) } else { count };
    let one_row = |text: &str| text.replace(char::is_control, " ");
    let mut rows: Vec<Line> = state
        .pending()
        .take(shown)
        .map(|text| Line::styled(format!("… {}", one_row(text)), theme.dim()))
        .collect();
    if count > shown && most > 0 {
        rows.push(Line::styled(format!("… and {} more not yet accepted", count - shown), theme.dim()));
    }
    rows
}

fn question(theme: Theme) -> Line<'static> {
    Line::styled("Leave? y or Ctrl-C; any other key stays", theme.warning())
}

/// Fields in the order of their worth: a narrow terminal loses the last ones, whole.
fn status(status: &Status, theme: Theme, width: usize) -> Line<'static> {
    let (link, style) = link(&status.link, theme);
    let mut fields = vec![(link, style)];
    if status.insecure {
        fields.push(("in the clear".into(), theme.error()));
    }
    let plain = Style::new();
    fields.push((status.room.clone().unwrap_or_else(|| "no room".into()), plain));
    fields.push((status.name.clone(), plain));
    fields.push((status.transport.to_string(), plain));
    fields.extend(status.rtt.map(|rtt| (format!("{:.1} ms", rtt.as_secs_f64() * 1e3), plain)));
    fields.extend(status.loss.map(|loss| (format!("{:.1} % lost", loss * 100.0), plain)));
    fields.push((status.server.clone(), plain));

    let mut spans: Vec<Span> = Vec::new();
    let mut used = 0;
    for (text, style) in fields {
        let separator = if spans.is_empty() { "" } else { " │ " };
        used += separator.width() + text.width();
        if used > width && !spans.is_empty() {
            break;
        }
        spans.push(Span::styled(separator, theme.dim()));
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

fn link(link: &Link, theme: Theme) -> (String, Style) {
    match link {
        Link::Connecting => ("◌ connecting".into(), theme.warning()),
        Link::Connected => ("● connected".into(), theme.good()),
        Link::Silent(span) => (format!("◌ silent for {} s", span.as_secs()), theme.warning()),
        Link::Reconnecting => ("○ reconnecting".into(), theme.error()),
        Link::Over => ("○ disconnected".into(), theme.error()),
    }
}

/// The row being typed and the cursor's column: of a long line, the part around the cursor.
fn input(state: &State, theme: Theme, width: usize) -> (Line<'static>, u16) {
    let prompt = state.status.room.as_ref().map_or_else(|| "> ".to_owned(), |room| format!("{room}> "));
    let prompt = if prompt.width() * 2 > width { "> ".to_owned() } else { prompt };
    let prompt_span = Span::styled(prompt.clone(), theme.dim());
    if state.input.is_empty() {
        let hint = Span::styled("type a message, or /help", theme.dim());
        return (Line::from(vec![prompt_span, hint]), column(prompt.width()));
    }
    let one_row = |text: &str| text.replace('\n', "⏎");
    let before = one_row(state.input.before_cursor());
    let after = one_row(&state.input.text()[state.input.before_cursor().len()..]);
    let space = width.saturating_sub(prompt.width() + 1);
    let visible = last_cells(&before, space);
    let at = column(prompt.width() + visible.width());
    (Line::from(vec![prompt_span, Span::raw(visible.to_owned()), Span::raw(after)]), at)
}

fn column(cells: usize) -> u16 {
    u16::try_from(cells).unwrap_or(u16::MAX)
}

/// The end of `text` that fits into `cells`.
fn last_cells(text: &str, cells: usize) -> &str {
    let mut used = 0;
    let fitting = text.grapheme_indices(true).rev().take_while(|(_, symbol)| {
        used += symbol.width();
        used <= cells
    });
    &text[fitting.last().map_or(text.len(), |(at, _)| at)..]
}

/// The rows of one entry.
pub fn entry(entry: &Entry, status: &Status, theme: Theme, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    match entry {
        Entry::Note(text) => rows(text, theme.dim(), width),
        Entry::Event(UserEvent::Message { room, from, kind, text, history, .. }) => {
            let style = text_style(text, *history, &status.name, theme);
            let label = Span::styled(format!("[{}] ", printable(room)), theme.dim());
            let name = Span::styled(printable(from), theme.name(from));
            let text = Span::styled(printable(text), style);
            let said = match kind {
                PostKind::Text => vec![label, name, Span::raw(": "), text],
                PostKind::Action => vec![label, Span::raw("* "), name, Span::raw(" "), text],
            };
            wrap::rows(&said, width)
        }
        Entry::Event(UserEvent::Private { from, to, text, .. }) => {
            let sent = *from == status.name && *to != status.name;
            let (other, label) =
                if sent { (to, format!("[you -> {to}] ")) } else { (from, format!("[{from} -> you] ")) };
            let label = Span::styled(printable(&label).into_owned(), theme.name(other));
            wrap::rows(&[label, Span::raw(printable(text))], width)
        }
        Entry::Event(event) => {
            let (transport, style) = (status.transport.to_string(), event_style(event, theme));
            let context = PlainContext { server: &status.server, transport: &transport, name: &status.name };
            plain_lines(event, &context).iter().flat_map(|line| rows(line, style, width)).collect()
        }
    }
}

fn event_style(event: &UserEvent, theme: Theme) -> Style {
    match event {
        UserEvent::Error { .. } => theme.error(),
        UserEvent::Reconnecting { .. } | UserEvent::Disconnected { .. } | UserEvent::Warning { .. } => {
            theme.warning()
        }
        UserEvent::Help { .. }
        | UserEvent::Who { .. }
        | UserEvent::Whois { .. }
        | UserEvent::Rooms { .. }
        | UserEvent::Fingerprints { .. }
        | UserEvent::Notice { .. } => Style::new(),
        _ => theme.dim(),
    }
}

fn text_style(text: &str, history: bool, own_name: &str, theme: Theme) -> Style {
    if history {
        return theme.dim();
    }
    let addressed = text
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
        .any(|word| word.to_lowercase() == own_name.to_lowercase());
    if addressed { theme.addressed() } else { Style::new() }
}

fn rows(text: &str, style: Style, width: usize) -> Vec<Line<'static>> {
    text.lines().flat_map(|line| wrap::rows(&[Span::styled(line, style)], width)).collect()
}
