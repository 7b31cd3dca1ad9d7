//! How is a drawing written?
//!
//! A handful of elements by hand. Ours: no plotting library, because colours must follow the reader's theme,
//! and those libraries write colours where here a class stands; what is left of them is an axis and a line.
//! All text from outside is escaped, all numbers are finite and have one decimal.

use std::fmt::Write as _;

/// Text in HTML and in attributes (HTML §13.1.2.3: five characters mean something else).
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, letter| {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
        out
    })
}

/// Where a text is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// At its left end.
    Start,
    /// In its middle.
    Middle,
    /// At its right end.
    End,
}

impl Anchor {
    const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A place, from the top left corner.
pub type Place = (f64, f64);

/// A drawing in the making.
#[derive(Clone, Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    /// An empty one of this size.
    pub const fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, (x1, y1): Place, (x2, y2): Place) {
        let _ = write!(
            self.body,
            r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
        );
    }

    /// A path of these commands.
    pub fn path(&mut self, class: &str, commands: &str) {
        let _ = write!(self.body, r#"<path class="{class}" d="{commands}"/>"#);
    }

    /// A disc.
    pub fn circle(&mut self, class: &str, (x, y): Place, radius: f64) {
        let _ = write!(self.body, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#);
    }

    /// A line of text.
    pub fn text(&mut self, class: &str, (x, y): Place, anchor: Anchor, text: &str) {
        let (anchor, text) = (anchor.word(), escaped(text));
        let _ = write!(
            self.body,
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        );
    }

    /// A line of text that reads upwards.
    pub fn upright(&mut self, class: &str, (x, y): Place, text: &str) {
        let text = escaped(text);
        let _ = write!(
            self.body,
            r#"<text class="{class}" transform="translate({x:.1} {y:.1}) rotate(-90)" text-anchor="middle">{text}</text>"#
        );
    }

    /// What follows belongs together until [`Self::end_group`]; each pair is an attribute.
    pub fn begin_group(&mut self, class: &str, attributes: &[(&str, &str)]) {
        let _ = write!(self.body, r#"<g class="{class}""#);
        for (name, value) in attributes {
            let _ = write!(self.body, r#" {name}="{}""#, escaped(value));
        }
        self.body.push('>');
    }

    /// The end of the latest group.
    pub fn end_group(&mut self) {
        self.body.push_str("</g>");
    }

    /// The whole, with what a screen reader says of it; `id` is unique on the page.
    pub fn finish(self, id: &str, title: &str, description: &str) -> String {
        let Self { width, height, body } = self;
        let (title, description) = (escaped(title), escaped(description));
        format!(
            r#"<svg viewBox="0 0 {width:.0} {height:.0}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>{body}</svg>"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_cannot_become_markup() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.begin_group("series", &[("data-label", r#""><script>"#)]);
        svg.text("t", (1.0, 2.0), Anchor::Middle, "<b>&'");
        svg.end_group();
        let text = svg.finish("x", "<", "&");
        assert!(!text.contains("<script>") && !text.contains("<b>"), "{text}");
        assert!(text.contains("&lt;b&gt;&amp;&#39;") && text.contains("&quot;&gt;&lt;script&gt;"), "{text}");
    }
}
