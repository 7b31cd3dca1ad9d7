//! The documents as texts: their ladders, and the files and tests that they name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const READING: &str = "docs/reading.md";
const GLOSSARY: &str = "docs/glossary.md";
const MARK: &str = "<!-- ladder: ";

/// One test writes at a time, and nobody reads meanwhile.
static PEN: Mutex<()> = Mutex::new(());

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file, while nobody writes it.
fn read(file: &str) -> String {
    let _pen = PEN.lock().unwrap_or_else(PoisonError::into_inner);
    text_of(file)
}

fn text_of(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The names of the tests whose ladders the document shows, in its order.
pub fn ladders() -> Vec<String> {
    let text = read(READING);
    let names = text.lines().filter_map(|line| line.strip_prefix(MARK)?.strip_suffix(" -->"));
    names.map(str::to_owned).collect()
}

/// Compares this test's ladder with the document's, or writes it there if told so.
pub fn compare(test: &str, ladder: &str) {
    for line in ladder.lines() {
        assert!(line.chars().count() <= 110, "{test}: a line of more than 110 columns: {line}");
    }
    let _pen = PEN.lock().unwrap_or_else(PoisonError::into_inner);
    let page = text_of(READING);
    let begin = format!("{MARK}{test} -->\n```text\n");
    let start =
        page.find(&begin).unwrap_or_else(|| panic!("{READING} has no ladder of {test}")) + begin.len();
    let end = start + page[start..].find("```").expect("the end of the block");
    if std::env::var_os("SAYAGAIN_BLESS").is_some() {
        let page = format!("{}{ladder}{}", &page[..start], &page[end..]);
        fs::write(root().join(READING), page).expect("the document can be written");
        return;
    }
    assert!(
        page[start..end] == *ladder,
        "the ladder of {test} in {READING} is not what the code does now:\n{ladder}\n\
         if the code is right, write it anew: SAYAGAIN_BLESS=1 cargo test --release reading"
    );
}

/// What stands in backticks, outside of blocks.
fn quoted(text: &str) -> Vec<String> {
    let mut inside = false;
    let prose = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    prose.flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_that_the_documents_name_is_there() {
    for document in [READING, GLOSSARY] {
        let text = read(document);
        let files: Vec<_> = quoted(&text)
            .into_iter()
            .filter(|word| ["src/", "tests/", "docs/"].iter().any(|start| word.starts_with(start)))
            .collect();
        assert!(files.len() > 15, "{document} names hardly any file: {files:?}");
        let missing: Vec<_> = files.iter().filter(|file| !root().join(file).exists()).collect();
        assert!(missing.is_empty(), "{document} names files that are not there: {missing:?}");
    }
}

#[test]
fn every_test_that_the_students_are_sent_to_is_there() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("tests"), &mut files);
    let code: String = files.iter().map(|file| fs::read_to_string(file).expect("a source")).collect();
    let names: Vec<_> =
        quoted(&read(READING)).into_iter().filter(|word| word.matches('_').count() >= 3).collect();
    assert!(names.len() > 15, "docs/reading.md names hardly any test: {names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "docs/reading.md names tests that are not there: {missing:?}");
}

#[test]
fn the_glossary_is_alphabetical_and_has_each_word_once() {
    let text = read(GLOSSARY);
    let rows = text.lines().filter_map(|line| line.strip_prefix("| **")?.split_once("**"));
    let words: Vec<String> = rows.map(|(word, _)| word.to_lowercase()).collect();
    let sorted: Vec<String> = words.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    assert!(words.len() > 40, "the glossary was not found");
    assert_eq!(words, sorted);
}
