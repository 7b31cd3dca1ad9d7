//! `man`: the manual pages, of the whole and of each command.
//!
//! Written by `clap_mangen` from the definition that parses the command line. `sayagain man | man -l -` reads
//! the first at once; with a folder all are written there: `sayagain.1`, `sayagain-serve.1`, …

use super::arguments::{Arguments, Man};
use super::exit::{Exit, Outcome, Stop};
use clap::{Command, CommandFactory};
use clap_mangen::Man as Page;
use std::fs;
use std::io::{self, Write};

/// Prints the page of the whole, or writes all into a folder.
pub fn run(asked: &Man) -> Outcome {
    let Some(folder) = &asked.folder else {
        let (_, page) = pages().swap_remove(0);
        io::stdout().write_all(&page).map_err(Stop::failed)?;
        return Ok(Exit::Done);
    };
    let failed = |error: io::Error| Stop::failed(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, page) in pages() {
        fs::write(folder.join(format!("{name}.1")), page).map_err(failed)?;
    }
    Ok(Exit::Done)
}

/// Each page with its name, the whole first.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut whole = Arguments::command();
    whole.build();
    let mut pages = vec![page("sayagain", whole.clone())];
    for command in whole.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help") {
        let name = format!("sayagain-{}", command.get_name());
        pages.push(page(&name, command.clone()));
    }
    pages
}

fn page(name: &str, command: Command) -> (String, Vec<u8>) {
    let mut page = Vec::new();
    // Written into memory, which does not fail.
    let _ = Page::new(command.version(env!("CARGO_PKG_VERSION"))).title(name).render(&mut page);
    (name.to_owned(), page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_the_whole_and_for_each_command_that_is_not_hidden() {
        let pages = pages();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[0], "sayagain");
        assert!(names.contains(&"sayagain-serve") && names.contains(&"sayagain-chat"));
        assert!(!names.iter().any(|name| name.contains("bench-clients") || name.contains("help")));
        for (name, page) in &pages {
            let page = String::from_utf8_lossy(page);
            assert!(page.contains(".TH") && page.contains(".SH NAME"), "{name}");
        }
    }

    #[test]
    fn a_folder_gets_all_of_them() {
        let folder = tempfile::tempdir().expect("a folder to test in");
        let outcome = run(&Man { folder: Some(folder.path().join("man1")) });
        assert!(matches!(outcome, Ok(Exit::Done)));
        assert!(folder.path().join("man1").join("sayagain-token.1").exists());
    }
}
