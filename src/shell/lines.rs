//! How do lines of standard input reach a client?
//!
//! A thread of its own waits for them, since a read from a pipe or a terminal cannot be told to wake up
//! for anything else. It keeps one line at a time in memory, at most 64 KiB of it: a longer line, and one
//! that is not UTF-8, is an error of that line, and the next is read as if nothing had happened. Lines are
//! numbered from 1, the bad ones too.

use super::client_loop::ClientHandle;
use crate::chat::client::event::LineNumber;
use crate::chat::command::is_blank;
use crate::chat::message::Failure;
use std::io::{self, BufRead, Read};

/// The longest line: four times what a message may have.
pub const MAX_LINE_BYTES: usize = 65_536;

/// How a line is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// As a person types it: text, or a command behind a slash.
    Typed,
    /// Always text; an empty line is none.
    Text,
}

impl Meaning {
    /// The line as the client reads it; `None` for nothing.
    fn read(self, line: String) -> Option<String> {
        let begun = line.trim_start_matches(is_blank);
        match self {
            Self::Text if begun.is_empty() => None,
            // Two slashes are a text that begins with one.
            Self::Text if begun.starts_with('/') => Some(format!("/{begun}")),
            Self::Typed | Self::Text => Some(line),
        }
    }
}

/// What one line of input is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Line {
    Text(String),
    Bad(Failure),
}

/// Posts each line of `input`, and its end, to the client; returns at the end of the input, or when the
/// client's loop has ended. An input that breaks counts as one that ended.
pub fn read_lines(mut input: impl BufRead, client: &ClientHandle, meaning: Meaning) {
    for number in (1..).map(LineNumber) {
        let taken = match next_line(&mut input) {
            Ok(Some(Line::Text(text))) => meaning.read(text).is_none_or(|text| client.line(number, text)),
            Ok(Some(Line::Bad(failure))) => client.bad_line(number, failure),
            Ok(None) | Err(_) => {
                client.end_of_input();
                return;
            }
        };
        if !taken {
            return;
        }
    }
}

fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let limit = MAX_LINE_BYTES as u64 + 2;
    input.take(limit).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let ended = bytes.pop_if(|byte| *byte == b'\n').is_some();
    if ended {
        bytes.pop_if(|byte| *byte == b'\r');
    }
    if bytes.len() > MAX_LINE_BYTES {
        if !ended {
            input.skip_until(b'\n')?;
        }
        let text =
            format!("this line is longer than {MAX_LINE_BYTES} bytes and was skipped: send it in parts");
        return Ok(Some(Line::Bad(Failure::new("line-too-long", text))));
    }
    let not_text =
        |_| Failure::new("not-utf-8", "this line is not UTF-8 text and was skipped: convert it first");
    Ok(Some(String::from_utf8(bytes).map_or_else(|error| Line::Bad(not_text(error)), Line::Text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut input: &[u8]) -> Vec<String> {
        let next = || next_line(&mut input).expect("memory does not fail");
        std::iter::from_fn(next)
            .map(|line| match line {
                Line::Text(text) => text,
                Line::Bad(failure) => failure.code,
            })
            .collect()
    }

    #[test]
    fn a_log_has_no_commands_and_no_empty_lines() {
        let read = |line: &str| Meaning::Text.read(line.to_owned());
        assert_eq!(read("/var/log is full"), Some("//var/log is full".into()));
        assert_eq!(read("  /quit"), Some("//quit".into()));
        assert_eq!(read(" plain"), Some(" plain".into()));
        assert_eq!(read(" \t"), None);
        assert_eq!(Meaning::Typed.read("/quit".into()), Some("/quit".into()));
    }

    #[test]
    fn lines_end_in_either_way_and_the_last_needs_no_end() {
        assert_eq!(lines(b"one\ntwo\r\n\nfour"), ["one", "two", "", "four"]);
        assert_eq!(lines(b""), [""; 0]);
        assert_eq!(lines(b"a\rb\n"), ["a\rb"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_whole() {
        let longest = "x".repeat(MAX_LINE_BYTES);
        for end in ["\n", "\r\n"] {
            assert_eq!(lines(format!("{longest}{end}next{end}").as_bytes()), [&longest, "next"]);
            for more in [1, 2, 3, 100_000] {
                let input = format!("{longest}{}{end}next{end}", "y".repeat(more));
                assert_eq!(lines(input.as_bytes()), ["line-too-long", "next"], "{more} more");
            }
        }
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_an_error_of_that_line_only() {
        assert_eq!(lines(b"good\n\xff\xfe\nalso good\n"), ["good", "not-utf-8", "also good"]);
    }
}
