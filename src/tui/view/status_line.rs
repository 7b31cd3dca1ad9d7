//! How is the connection?
//!
//! Fields in the order of their worth: a narrow window loses the last ones, whole. The graphs show one
//! block a second, of the last ten (in a narrow one, three).

use super::super::state::{Mode, State};
use super::super::status::{Link, Status};
use super::super::theme::Theme;
use super::fitted;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::VecDeque;
use unicode_width::UnicodeWidthStr;

/// Blocks of a graph, in a wide window and in a narrow one.
const GRAPH_CELLS: (usize, usize) = (10, 3);
/// The width of a wide one.
const WIDE_FROM: usize = 72;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Ours: a graph of round-trip times is not drawn steeper than this, in milliseconds, because on a good
/// link the noise of microseconds would look like mountains.
const RTT_SCALE: f64 = 20.0;

/// The row; a question to the person takes its place.
pub fn row(state: &State, width: usize) -> Line<'static> {
    let theme = state.theme;
    let asked = |text: &str| Line::styled(fitted(text, width), theme.warning());
    let lines = state.typing.input.text().trim_end_matches('\n').lines().count();
    match state.mode {
        Mode::Asking => asked("Leave? y or Ctrl-C; any other key stays"),
        Mode::Typing if lines > 1 => {
            asked(&format!("{lines} lines: Enter sends them as one message, Ctrl-C drops them"))
        }
        _ => fields(state, width),
    }
}

fn fields(state: &State, width: usize) -> Line<'static> {
    let (status, theme) = (&state.status, state.theme);
    let plain = Style::new();
    let mut fields = vec![link(&status.link, theme)];
    if status.insecure {
        fields.push(("in the clear".into(), theme.error()));
    }
    fields.push((status.name.clone(), plain));
    fields.push((status.transport.to_string(), plain));
    let blocks = if width >= WIDE_FROM { GRAPH_CELLS.0 } else { GRAPH_CELLS.1 };
    fields.extend(rtt(state, blocks).map(|text| (text, plain)));
    fields.extend(loss(state, blocks).map(|text| (text, plain)));
    fields.push((status.server.clone(), theme.dim()));
    joined(fields, theme, width)
}

fn joined(fields: Vec<(String, Style)>, theme: Theme, width: usize) -> Line<'static> {
    let mut spans: Vec<Span> = Vec::new();
    let mut used = 0;
    for (text, style) in fields {
        let separator = if spans.is_empty() { "" } else { " │ " };
        used += separator.width() + text.width();
        if used > width && !spans.is_empty() {
            break;
        }
        spans.push(Span::styled(separator, theme.dim()));
        spans.push(Span::styled(fitted(&text, width), style));
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

fn rtt(state: &State, blocks: usize) -> Option<String> {
    let Status { rtt, .. } = &state.status;
    let highest = state.meter.rtts.iter().copied().fold(RTT_SCALE, f64::max);
    rtt.map(|rtt| {
        format!("rtt {:.1} ms{}", rtt.as_secs_f64() * 1e3, graph(&state.meter.rtts, highest, blocks))
    })
}

fn loss(state: &State, blocks: usize) -> Option<String> {
    let loss = state.status.loss?;
    let highest = state.meter.losses.iter().copied().fold(0.1, f64::max);
    Some(format!("loss {:.1} %{}", loss * 100.0, graph(&state.meter.losses, highest, blocks)))
}

/// A blank and a block each for the last values; nothing where there are none.
fn graph(values: &VecDeque<f64>, highest: f64, blocks: usize) -> String {
    let block = |value: &f64| {
        let share = (value / highest).clamp(0.0, 1.0);
        let at = (1..BLOCKS.len()).take_while(|step| share * 7.0 >= f64::from(super::cells(*step)) - 0.5);
        BLOCKS[at.count()]
    };
    let shown = values.iter().skip(values.len().saturating_sub(blocks));
    let graph: String = shown.map(block).collect();
    if graph.is_empty() { graph } else { format!(" {graph}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_shows_the_last_values() {
        assert_eq!(graph(&VecDeque::from(vec![0.0, 50.0, 100.0]), 100.0, 10), " ▁▅█");
        assert_eq!(graph(&(0..30).map(f64::from).collect(), 29.0, 10).chars().count(), 11);
        assert_eq!(graph(&VecDeque::new(), 1.0, 10), "");
    }
}
