//! Which paths does a Rust file mention, and which macros? Enough of Rust's grammar to say so.
//!
//! Comments and texts are blanked, what is left is cut into words and marks, and every path (`a::b::{c, d}`,
//! in a `use` or elsewhere) is spread out into full ones. A path that begins in the middle of a `use` of
//! something else (`use std::time; time::Instant`) is not followed.

use super::table::Table;
use std::path::Path;

/// One file.
pub struct Source {
    /// From the project's root, with `/`.
    pub file: String,
    /// The path of its module in the crate.
    pub module: Vec<String>,
    /// The paths in it.
    pub mentions: Vec<Mention>,
    /// The macros called in it, with their lines.
    pub macros: Vec<(String, usize)>,
    /// Lines that are neither empty nor a comment, up to the inline tests.
    pub lines_of_code: usize,
    /// Does it begin with `//!`?
    pub opens_with_doc: bool,
    /// Is it a file of tests as a whole?
    pub is_tests: bool,
    /// The line where its inline tests begin (from 1), or one past the last.
    pub tests_from: usize,
}

/// One path, spread out, and the line where it begins.
#[derive(PartialEq, Eq, Debug)]
pub struct Mention {
    /// Its parts.
    pub path: Vec<String>,
    /// From 1.
    pub line: usize,
}

impl Source {
    /// Reads the file at this path from the project's root.
    pub fn new(path: &Path, text: &str) -> Self {
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let file = parts.join("/");
        let code = blank(text);
        let tokens = tokens(&code);
        let tests_from = 1 + text.lines().take_while(|line| !line.starts_with("mod tests {")).count();
        Self {
            module: module(&parts),
            mentions: mentions(&tokens),
            macros: macros(&tokens),
            lines_of_code: lines_of_code(&code, tests_from),
            tests_from,
            opens_with_doc: text.starts_with("//!"),
            is_tests: file.ends_with("tests.rs") || file.contains("/tests/"),
            file,
        }
    }

    /// The paths in it that are not its tests'.
    pub fn product_mentions(&self) -> impl Iterator<Item = &Mention> {
        self.mentions.iter().filter(|mention| !self.is_tests && mention.line < self.tests_from)
    }

    /// Where a path leads within the crate: after `crate`, or after enough `super` to reach the root.
    pub fn target_in_crate(&self, mention: &Mention, table: &Table) -> Option<Vec<String>> {
        if mention.path[0] == "crate" {
            return Some(mention.path[1..].to_vec());
        }
        let climbs = mention.path.iter().take_while(|part| *part == "super").count();
        let target = mention.path[climbs..].to_vec();
        (climbs >= self.module.len() && climbs > 0 && table.part_of(&target).is_some()).then_some(target)
    }
}

/// `src/chat/client/mod.rs` → `chat::client`.
fn module(parts: &[String]) -> Vec<String> {
    let inner = parts.iter().skip(1).map(|part| part.trim_end_matches(".rs").to_owned());
    inner.filter(|part| !["mod", "lib", "main"].contains(&part.as_str())).collect()
}

fn lines_of_code(code: &str, tests_from: usize) -> usize {
    code.lines().take(tests_from - 1).filter(|line| !line.trim().is_empty()).count()
}

/// The same text with comments, strings and characters blanked; line breaks stay.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            string_len(rest)
        } else if first == 'r' && !after_word && raw_string_len(rest).is_some() {
            raw_string_len(rest).unwrap_or(1)
        } else if first == '\'' {
            character_len(rest)
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..len].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[len..];
    }
    code
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn raw_string_len(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = 2 + hashes;
    text[start..].find(&end).map(|at| start + at + end.len())
}

/// The length of a character between quotes; 1 if this is a lifetime.
fn character_len(text: &str) -> usize {
    let mut inner = text.char_indices().skip(1);
    match inner.next() {
        Some((_, '\\')) => {
            inner.next();
            text[3..].find('\'').map_or(1, |at| at + 4)
        }
        Some(_) => inner.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

/// A word, `::`, or any other mark; and its line.
type Token<'a> = (&'a str, usize);

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let len = match first {
                c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                other => other.len_utf8(),
            };
            tokens.push((&rest[..len], index + 1));
            rest = rest[len..].trim_start();
        }
    }
    tokens
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn mentions(tokens: &[Token]) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = is_word(tokens[at].0) && tokens.get(at + 1).is_some_and(|next| next.0 == "::");
        if begins {
            at = spread(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Spreads out the path that begins at this token, after these parts; says where it ends.
fn spread(tokens: &[Token], mut at: usize, before: &[String], found: &mut Vec<Mention>) -> usize {
    let mut path = before.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.1);
    while let Some((token, _)) = tokens.get(at) {
        if *token == "{" {
            return spread_group(tokens, at + 1, &path, found);
        }
        if !is_word(token) && *token != "*" {
            break;
        }
        path.push((*token).to_owned());
        at += 1;
        if tokens.get(at).is_none_or(|next| next.0 != "::") {
            break;
        }
        at += 1;
    }
    found.push(Mention { path, line });
    at
}

fn spread_group(tokens: &[Token], mut at: usize, before: &[String], found: &mut Vec<Mention>) -> usize {
    while let Some((token, _)) = tokens.get(at) {
        match *token {
            "}" => return at + 1,
            "," => at += 1,
            "as" => at += 2,
            // At least one token further, so that nothing odd can hold it here for ever.
            _ => at = spread(tokens, at, before, found).max(at + 1),
        }
    }
    at
}

fn macros(tokens: &[Token]) -> Vec<(String, usize)> {
    let calls = tokens
        .windows(3)
        .filter(|three| is_word(three[0].0) && three[1].0 == "!" && ["(", "[", "{"].contains(&three[2].0));
    calls.map(|three| (three[0].0.to_owned(), three[0].1)).collect()
}

#[cfg(test)]
fn paths(text: &str) -> Vec<(String, usize)> {
    let source = Source::new(Path::new("src/a/b.rs"), text);
    source.mentions.iter().map(|mention| (mention.path.join("::"), mention.line)).collect()
}

#[test]
fn groups_are_spread_out_over_lines_and_levels() {
    let text = "use crate::{\n    a::{self, B as C},\n    d::*,\n};\nfn f() { x::y::<T>(); }";
    let expected = [("crate::a::self", 2), ("crate::a::B", 2), ("crate::d::*", 3), ("x::y", 5)];
    assert_eq!(paths(text), expected.map(|(path, line)| (path.to_owned(), line)));
}

#[test]
fn comments_texts_and_characters_hide_what_stands_in_them() {
    let text =
        "// a::b\n/* a::b */ \"a::b \\\" a::b\" r#\"a::b\"# '\"' fn f<'a>(x: &'a c::D) {} '\\'' \"a::b\"";
    assert_eq!(paths(text), [("c::D".to_owned(), 2)]);
}

#[test]
fn enough_supers_lead_to_the_root() {
    let table = Table::parse(&super::read("docs/architecture.md"));
    let target = |file: &str, text: &str| {
        let source = Source::new(Path::new(file), text);
        source.target_in_crate(&source.mentions[0], &table)
    };
    let chat = Some(vec!["chat".to_owned(), "X".to_owned()]);
    assert_eq!(target("src/wire/frame.rs", "use super::super::chat::X;"), chat);
    assert_eq!(target("src/wire/frame.rs", "use crate::chat::X;"), chat);
    assert_eq!(target("src/wire/frame.rs", "use super::chat::X;"), None, "a part of wire's own");
    assert_eq!(target("src/wire/frame.rs", "use std::fmt;"), None);
}

#[test]
fn code_is_counted_without_comments_and_tests() {
    let text = "//! doc\n\nfn a() {}\n\n/// doc\nfn b() {}\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
    let source = Source::new(Path::new("src/a.rs"), text);
    assert_eq!((source.lines_of_code, source.tests_from), (3, 8));
    assert!(Source::new(Path::new("src/a/tests.rs"), text).is_tests);
}
