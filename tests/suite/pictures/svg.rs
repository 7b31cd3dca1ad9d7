//! How does a screen of cells become a picture that any browser shows alike?
//!
//! Every cell has its place in a grid. Letters are set as text, run by run, each run stretched to the cells
//! that it takes, because fonts differ; a character of two cells is a run of its own. Lines and blocks are
//! drawn as shapes, so that they meet.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// A cell, and the margin around all of them, in pixels.
const CELL: (usize, usize) = (9, 19);
const MARGIN: usize = 14;
/// From a cell's top to the line that letters stand on.
const BASELINE: usize = 14;

type Rgb = [u8; 3];

/// What the screen is drawn on.
#[derive(Clone, Copy)]
pub struct Ground {
    paper: Rgb,
    ink: Rgb,
    edge: Rgb,
}

impl Ground {
    pub const DARK: Self = Self { paper: [22, 24, 30], ink: [214, 218, 226], edge: [58, 62, 74] };
    pub const LIGHT: Self = Self { paper: [251, 250, 247], ink: [38, 40, 46], edge: [208, 206, 200] };
}

/// How a cell looks: its ink, its paper if that is not the ground, and its weight.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: Rgb,
    paper: Option<Rgb>,
    bold: bool,
    italic: bool,
}

/// Cells of one look that follow each other.
struct Run {
    column: usize,
    cells: usize,
    text: String,
    look: Look,
}

/// The buffer as SVG.
pub fn picture(buffer: &Buffer, ground: Ground, title: &str) -> String {
    let columns = usize::from(buffer.area.width);
    let rows = usize::from(buffer.area.height);
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>sayagain: {title}</title>\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{}\" stroke=\"{}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"15\">\n",
        width - 1,
        height - 1,
        hex(ground.paper),
        hex(ground.edge)
    );
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        for run in runs(cells, ground) {
            put(&mut svg, row, &run);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn runs(cells: &[Cell], ground: Ground) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    while let Some(cell) = cells.get(column) {
        let (symbol, look) = (cell.symbol(), look(cell, ground));
        let width = symbol.width().max(1);
        match runs.last_mut() {
            Some(run) if run.look == look && are_alike(&run.text, symbol) => {
                run.text.push_str(symbol);
                run.cells += width;
            }
            _ => runs.push(Run { column, cells: width, text: symbol.to_owned(), look }),
        }
        // A wide character owns the cell behind it.
        column += width;
    }
    runs.retain(|run| run.look.paper.is_some() || !run.text.trim().is_empty());
    runs
}

/// May they stand in one run? Letters of ASCII may, and so may a shape and itself.
fn are_alike(text: &str, symbol: &str) -> bool {
    let shape = |text: &str| text.chars().next().filter(|first| !first.is_ascii());
    match (shape(text), shape(symbol)) {
        (None, None) => true,
        (Some(one), Some(other)) => one == other && matches!(one, '─'),
        _ => false,
    }
}

fn look(cell: &Cell, ground: Ground) -> Look {
    let mut ink = rgb(cell.fg).unwrap_or(ground.ink);
    let mut paper = rgb(cell.bg);
    if cell.modifier.contains(Modifier::DIM) {
        ink = mixed(ink, paper.unwrap_or(ground.paper));
    }
    if cell.modifier.contains(Modifier::REVERSED) {
        (ink, paper) = (paper.unwrap_or(ground.paper), Some(ink));
    }
    let (bold, italic) = (cell.modifier.contains(Modifier::BOLD), cell.modifier.contains(Modifier::ITALIC));
    Look { ink, paper, bold, italic }
}

fn mixed(ink: Rgb, paper: Rgb) -> Rgb {
    [0, 1, 2]
        .map(|part| u8::try_from((u16::from(ink[part]) * 11 + u16::from(paper[part]) * 9) / 20).unwrap_or(0))
}

/// The colours that the themes use; `None` is the ground's own.
fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::LightRed => Some([255, 123, 114]),
        Color::LightYellow => Some([242, 204, 96]),
        Color::LightGreen => Some([126, 231, 135]),
        Color::Red => Some([190, 30, 30]),
        // xterm's 256 colours: a cube of 6 × 6 × 6 from 16 on, and 24 greys from 232 on.
        Color::Indexed(index @ 16..232) => {
            let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
            let index = index - 16;
            Some([level(index / 36), level(index / 6 % 6), level(index % 6)])
        }
        Color::Indexed(index @ 232..) => Some([8 + 10 * (index - 232); 3]),
        _ => None,
    }
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn put(svg: &mut String, row: usize, run: &Run) {
    let (x, y) = (MARGIN + run.column * CELL.0, MARGIN + row * CELL.1);
    let width = run.cells * CELL.0;
    if let Some(paper) = run.look.paper {
        rect(svg, [x, y, width, CELL.1], paper);
    }
    let ink = run.look.ink;
    match run.text.chars().next() {
        Some('─') => rect(svg, [x, y + CELL.1 / 2, width, 1], ink),
        Some('│') => rect(svg, [x + CELL.0 / 2, y, 1, CELL.1], ink),
        Some(block @ '▁'..='█') => {
            let eighths = usize::try_from(u32::from(block) - u32::from('▁') + 1).unwrap_or(1);
            let height = 16 * eighths / 8;
            rect(svg, [x, y + 17 - height, CELL.0 - 1, height], ink);
        }
        _ => letters(svg, [x, y + BASELINE], run),
    }
}

fn rect(svg: &mut String, [x, y, width, height]: [usize; 4], fill: Rgb) {
    let fill = hex(fill);
    let _ =
        writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>");
}

fn letters(svg: &mut String, [x, y]: [usize; 2], run: &Run) {
    // Blanks at either end move nothing: cells say where letters stand.
    let before = run.text.len() - run.text.trim_start_matches(' ').len();
    let text = run.text.trim_matches(' ');
    if text.is_empty() {
        return;
    }
    let (x, width) = (x + before * CELL.0, text.width().max(1) * CELL.0);
    let weight = if run.look.bold { " font-weight=\"bold\"" } else { "" };
    let slant = if run.look.italic { " font-style=\"italic\"" } else { "" };
    // Several blanks would be shown as one.
    let text = text.replace(' ', "\u{a0}").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let ink = hex(run.look.ink);
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{weight}{slant}>{text}</text>"
    );
}

#[test]
fn wide_characters_shapes_and_markup_have_their_places() {
    let mut buffer = Buffer::with_lines(["李<b>──│ ▁"]);
    buffer.content[2].set_bg(Color::Indexed(196));
    let svg = picture(&buffer, Ground::DARK, "test");
    let at = |column: usize| MARGIN + column * CELL.0;
    assert!(svg.contains(&format!("<text x=\"{}\" y=\"28\" textLength=\"18\"", at(0))), "{svg}");
    assert!(svg.contains(">&lt;</text>") && svg.contains(">b&gt;</text>"), "{svg}");
    assert!(
        svg.contains(&format!("<rect x=\"{}\" y=\"14\" width=\"9\" height=\"19\" fill=\"#ff0000\"/>", at(2)))
    );
    assert!(svg.contains(&format!("<rect x=\"{}\" y=\"23\" width=\"18\" height=\"1\"", at(5))), "{svg}");
    assert!(svg.contains(&format!("<rect x=\"{}\" y=\"14\" width=\"1\" height=\"19\"", at(7) + 4)), "{svg}");
    assert!(svg.contains(&format!("<rect x=\"{}\" y=\"29\" width=\"8\" height=\"2\"", at(9))), "{svg}");
}
