//! Where does a secret come from?
//!
//! From a file, from the environment, or from somebody at a terminal; never from the command line, which every
//! user of the machine can read in the list of processes.

use super::exit::Stop;
use super::hidden;
use crate::service::Token;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The longest secret, in bytes.
const LONGEST: u64 = 1_024;
/// The shortest password, and the shortest class secret, in characters.
pub const SHORTEST: usize = 8;

/// The secret in the first line of this file, or else in this variable of the environment.
pub fn given(file: Option<&Path>, variable: &str) -> Result<Option<String>, Stop> {
    let Some(path) = file else {
        let text = std::env::var(variable).ok().map(|text| text.trim().to_owned());
        return Ok(text.filter(|text| !text.is_empty()));
    };
    if path == Path::new("-") {
        let text =
            format!("--secret-file: standard input is for other things; name a file, or set {variable}");
        return Err(Stop::usage(text));
    }
    let failed = |error: io::Error| Stop::usage(format!("--secret-file {}: {error}", path.display()));
    let line = first_line(File::open(path).map_err(failed)?).map_err(failed)?;
    if line.is_empty() {
        return Err(Stop::usage(format!("--secret-file {}: its first line is empty", path.display())));
    }
    Ok(Some(line))
}

fn first_line(input: impl Read) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(input.take(LONGEST)).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// A new password, or a new class secret: typed twice at a terminal, else one line of standard input.
pub fn new(what: &str) -> Result<String, Stop> {
    let failed = |error: io::Error| Stop::failed(format!("{what} could not be read: {error}"));
    if !hidden::is_possible() {
        let typed = first_line(io::stdin().lock()).map_err(failed)?;
        return checked(&typed, what);
    }
    let ask = |question: &str| -> Result<String, Stop> {
        let typed = hidden::ask(question, || false).map_err(failed)?;
        typed.ok_or_else(|| Stop::failed(format!("{what} was not typed; nothing was changed")))
    };
    let first = checked(&ask(what)?, what)?;
    if ask("the same once more")?.trim() != first {
        return Err(Stop::failed("the two were not the same; nothing was changed"));
    }
    Ok(first)
}

/// This text, if it may be a password or a class secret.
pub fn checked(text: &str, what: &str) -> Result<String, Stop> {
    let text = text.trim();
    if text.chars().count() < SHORTEST {
        return Err(Stop::usage(format!("{what} needs at least {SHORTEST} characters")));
    }
    if Token::is_meant_by(text) {
        return Err(Stop::usage(format!("{what} must not begin with `sat-`: tokens do")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    #[test]
    fn a_file_gives_its_first_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "  correct horse \r\nnot this\n").expect("written");
        assert_eq!(given(Some(&path), "SAYAGAIN_NOT_SET"), Ok(Some("correct horse".to_owned())));
        std::fs::write(&path, "\nnot this\n").expect("written");
        for path in [path.as_path(), Path::new("-"), &folder.path().join("absent")] {
            let stop = given(Some(path), "SAYAGAIN_NOT_SET").expect_err("no secret");
            assert!(stop.exit == Exit::Usage && stop.text.starts_with("--secret-file"), "{}", stop.text);
        }
        assert_eq!(given(None, "SAYAGAIN_NOT_SET"), Ok(None));
    }

    #[test]
    fn what_is_short_or_looks_like_a_token_is_no_password() {
        assert_eq!(checked(" horse 77 ", "it"), Ok("horse 77".to_owned()));
        assert!(checked("horse 7", "it").unwrap_err().text.contains("8 characters"));
        assert!(checked("SAT-horse-horse", "it").unwrap_err().text.contains("tokens"));
        assert_eq!(checked("äöüäöüäö", "it"), Ok("äöüäöüäö".to_owned()), "characters, not bytes");
    }
}
