//! The pages of the help, over everything else.

use super::super::help::Help;
use super::super::theme::Theme;
use super::fitted;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Clear;

/// Draws the rows in view, and below them how to turn the page.
pub fn draw(help: &Help, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    frame.render_widget(Clear, area);
    let height = area.height.saturating_sub(1);
    let inner = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), height, ..area };
    let width = usize::from(inner.width);
    let rows = help.rows().iter().skip(help.top).map(|row| {
        let is_heading = !row.is_empty() && row.chars().all(|c| c.is_ascii_uppercase());
        Line::styled(fitted(row, width), if is_heading { theme.warning() } else { Style::new() })
    });
    for (row, area) in rows.zip(inner.rows()) {
        frame.buffer_mut().set_line(area.x, area.y, &row, area.width);
    }
    let hint = Line::styled("Up, Down, PgUp, PgDn turn the page; Esc closes it", theme.dim());
    frame.buffer_mut().set_line(inner.x, area.y + height, &hint, inner.width);
}
