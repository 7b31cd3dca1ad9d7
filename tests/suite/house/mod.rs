//! Does the house still stand as its documents say?
//!
//! `docs/architecture.md` has a table of parts and of what each may use; these tests read the table, read
//! every path in the sources (comments and texts left out), and hold them to each other, so that the house
//! cannot sag unseen. A violation names file, line and path.
//!
//! - `table.rs`: the table, read from the document
//! - `source.rs`: the paths and macros of a Rust file

mod source;
mod table;

use source::Source;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use table::Table;

/// What the sans-IO parts never mention: each would be a clock, a socket, a thread, a file or chance that
/// was not handed in.
const OUTSIDE: [&str; 26] = [
    "std::net::UdpSocket",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::fs",
    "std::env",
    "std::process",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "rand::rngs::SysRng",
    "rand::rng",
    "mio",
    "socket2",
    "quinn_udp",
    "libc",
    "rustix",
    "ctrlc",
    "etcetera",
    "hostname",
    "log",
    "simplelog",
    "crossterm",
    "ratatui",
];

const PRINTING: [&str; 4] = ["print", "println", "eprint", "eprintln"];
const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Lines of code in a file, tests apart: the hard stop of the project's style.
const LINES_MAX: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file under this folder, in a fixed order.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
    let names: BTreeSet<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    let paths = names.into_iter().map(|name| folder.join(name));
    paths
        .flat_map(|path| match path.extension() {
            Some(extension) if extension == "rs" => vec![path],
            _ => rust_files(&path),
        })
        .collect()
}

/// The sources, each with the path of its module (`chat/client/mod.rs` → `chat::client`); the two roots,
/// `lib.rs` and `main.rs`, have an empty one.
fn sources() -> Vec<Source> {
    let files = rust_files(Path::new("src"));
    assert!(files.len() > 10, "the sources were not found: {files:?}");
    files.iter().map(|path| Source::new(path, &read(path))).collect()
}

fn table() -> Table {
    Table::parse(&read("docs/architecture.md"))
}

fn assert_none(violations: &[String], rule: &str) {
    assert!(violations.is_empty(), "{rule}:\n  {}\n", violations.join("\n  "));
}

/// A test may look upwards, to check that two parts agree which do not know each other.
#[test]
fn every_import_points_downwards_in_the_table_of_the_architecture() {
    let table = table();
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| !source.module.is_empty()) {
        for mention in source.product_mentions() {
            let Some(target) = source.target_in_crate(mention, &table) else { continue };
            if let Err(why) = table.allows(&source.module, &target) {
                violations.push(format!("{}:{}: {}: {why}", source.file, mention.line, target.join("::")));
            }
        }
    }
    assert_none(&violations, "imports against the table in docs/architecture.md");
}

#[test]
fn every_part_of_the_sources_stands_in_the_table() {
    let table = table();
    let missing: Vec<String> = sources()
        .iter()
        .filter(|source| !source.module.is_empty() && table.part_of(&source.module).is_none())
        .map(|source| source.file.clone())
        .collect();
    assert_none(&missing, "files of no part in docs/architecture.md");
}

#[test]
fn the_core_mentions_no_socket_thread_clock_file_or_entropy() {
    let table = table();
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| table.is_core(&source.module)) {
        for mention in &source.mentions {
            let path = mention.path.join("::");
            // A test may be told which seed to play again.
            let told_a_seed = source.is_tests && path == "std::env::var";
            let keeps_a_file = source.file.starts_with("src/store/sqlite/") && path.starts_with("std::fs");
            let outside = |forbidden: &&&str| is_within(&path, forbidden);
            if let Some(forbidden) = OUTSIDE.iter().find(outside).filter(|_| !keeps_a_file && !told_a_seed) {
                violations.push(format!("{}:{}: {path} ({forbidden})", source.file, mention.line));
            }
        }
        let printing = source.macros.iter().filter(|(name, _)| PRINTING.contains(&name.as_str()));
        violations.extend(printing.map(|(name, line)| format!("{}:{line}: {name}!", source.file)));
    }
    assert_none(&violations, "the core is handed its clock, dice and bytes, and says nothing by itself");
}

#[test]
fn no_file_outgrows_one_sitting() {
    let too_long: Vec<String> = sources()
        .iter()
        .filter(|source| !source.is_tests && source.lines_of_code > LINES_MAX)
        .map(|source| format!("{}: {} lines of code", source.file, source.lines_of_code))
        .collect();
    assert_none(&too_long, &format!("files of over {LINES_MAX} lines of code, tests apart"));
}

#[test]
fn every_file_opens_with_what_it_answers() {
    let silent: Vec<String> = sources()
        .iter()
        .filter(|source| !source.is_tests && !source.opens_with_doc)
        .map(|source| source.file.clone())
        .collect();
    assert_none(&silent, "files that do not open with `//!`");
}

#[test]
fn nothing_is_left_unfinished() {
    let mut violations = Vec::new();
    for source in sources() {
        let unfinished = source.macros.iter().filter(|(name, _)| UNFINISHED.contains(&name.as_str()));
        violations.extend(unfinished.map(|(name, line)| format!("{}:{line}: {name}!", source.file)));
    }
    assert_none(&violations, "stubs");
}

/// `PacketSent` is `packet_sent` in a qlog file.
fn as_in_qlog(variant: &str) -> String {
    let mut name = String::new();
    for letter in variant.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[test]
fn every_event_stands_in_the_document_of_traces() {
    let (source, document) = (read("src/trace.rs"), read("docs/tracing.md"));
    let (_, from) = source.split_once("pub enum TraceEvent {").expect("the events");
    let (events, _) = from.split_once("\n}\n").expect("their end");
    let variants = events.lines().filter_map(|line| line.strip_prefix("    ")).filter_map(|line| {
        let name = line.split([' ', ',', '{']).next()?;
        name.starts_with(char::is_uppercase).then(|| as_in_qlog(name))
    });
    let names: Vec<String> = variants.collect();
    assert!(names.len() > 20 && names.contains(&"packet_sent".to_owned()), "{names:?}");
    let missing: Vec<String> =
        names.into_iter().filter(|name| !document.contains(&format!("`{name}`"))).collect();
    assert_none(&missing, "docs/tracing.md has a row for each event");
}

#[test]
fn every_dependency_is_used() {
    let manifest = read("Cargo.toml");
    let roots = |folders: &[&str]| -> BTreeSet<String> {
        let files = folders.iter().flat_map(|folder| rust_files(Path::new(folder)));
        let sources = files.map(|path| Source::new(&path, &read(&path)));
        sources
            .flat_map(|source| source.mentions)
            .filter_map(|mention| mention.path.into_iter().next())
            .collect()
    };
    let (product, all) = (roots(&["src"]), roots(&["src", "tests", "benches"]));
    let mut section = "";
    let mut unused = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| section.contains("dependencies")) {
            let used = if section == "[dev-dependencies]" { &all } else { &product };
            if !used.contains(&name.replace('-', "_")) {
                unused.push(format!("{name} in {section}"));
            }
        }
    }
    assert_none(&unused, "dependencies that nothing mentions");
}

/// Is this path the other one, or below it?
fn is_within(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
