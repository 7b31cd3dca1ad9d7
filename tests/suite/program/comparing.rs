//! `compare` as users meet it: a table, a page that a browser opens, and the same numbers as JSON.

use super::harness::{folder, program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Browsers that print the page they have made of a file.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

fn compare(home: &Path, arguments: &[&str]) -> Output {
    program(home).arg("compare").args(arguments).current_dir(home).output().expect("it runs")
}

fn browser() -> Option<&'static str> {
    BROWSERS.into_iter().find(|name| {
        let asked = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    })
}

/// The page as the browser understood it, and what it said on its console.
fn opened(browser: &str, home: &Path, file: &str) -> (String, Vec<String>) {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", home.join("browser").display()))
        .arg(format!("file://{}", home.join(file).display()))
        .output()
        .expect("the browser runs");
    let log = String::from_utf8_lossy(&output.stderr);
    let console = log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), console)
}

/// The value of this attribute in each element that has it.
fn attributes(page: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// Of each figure and series the numbers, as the page has them.
fn drawn(page: &str) -> BTreeMap<(String, String), Vec<Vec<f64>>> {
    let point = |text: &str| text.split(',').map(|number| number.parse().expect("a number")).collect();
    let points = attributes(page, "data-points");
    let points = points.iter().map(|text| text.split_whitespace().map(point).collect());
    let labels = attributes(page, "data-label");
    attributes(page, "data-figure").into_iter().zip(labels).zip(points).collect()
}

/// The same as JSON has them.
fn told(document: &Value) -> BTreeMap<(String, String), Vec<Vec<f64>>> {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let row = |point: &Value| list(point).iter().map(|number| number.as_f64().expect("a number")).collect();
    let mut all = BTreeMap::new();
    for figure in list(&document["figures"]) {
        for series in list(&figure["series"]) {
            let points = list(&series["points"]).iter().map(row).collect();
            all.insert((word(&figure["id"]), word(&series["label"])), points);
        }
    }
    all
}

#[test]
fn the_page_opens_in_a_browser_without_a_word_and_its_figures_are_those_of_json() {
    let home = folder();
    let output = compare(home.path(), &["--model", "--html", "page.html", "--json", "numbers.json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(home.path().join("numbers.json")).expect("it was written");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let page = fs::read_to_string(home.path().join("page.html")).expect("it was written");
    assert_eq!(drawn(&page), told(&document));
    let Some(browser) = browser() else {
        eprintln!("skipped: the_page_opens_in_a_browser…: there is no Chromium here");
        return;
    };
    let (shown, console) = opened(browser, home.path(), "page.html");
    assert_eq!(console, Vec::<String>::new());
    assert_eq!(drawn(&shown), told(&document));
    assert_eq!(shown.matches("<svg").count(), page.matches("<svg").count());
    // Would a word on the console have been seen?
    fs::write(home.path().join("loud.html"), "<script>console.error('loud')</script>").expect("a file");
    let (_, console) = opened(browser, home.path(), "loud.html");
    assert!(console.iter().any(|line| line.contains("loud")), "{console:?}");
}

#[test]
fn a_table_goes_to_standard_output_and_progress_to_standard_error() {
    let home = folder();
    let output = compare(home.path(), &["--model", "--loss", "10%", "--delay", "5ms", "--seeds", "2"]);
    let [table, progress] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(table.starts_with("model: ") && table.contains("tcp-like (model)"), "{table}");
    assert_eq!(
        progress.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count(),
        6,
        "{progress}"
    );
    let output = compare(home.path(), &["--model", "--loss", "10%", "--seeds", "1", "--json", "-"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON alone");
    assert_eq!(document["lines"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_scenario_says_what_to_look_for_above_its_table_and_on_its_page() {
    let home = folder();
    let output = compare(home.path(), &["--scenario", "list"]);
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(list.lines().count() == 9 && list.contains("\noutage "), "{list}");
    let words = ["--model", "--scenario", "outage", "--messages", "100", "--html", "page.html"];
    let output = compare(home.path(), &words);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let page = fs::read_to_string(home.path().join("page.html")).expect("it was written");
    for told in ["Nothing passes for two seconds.", "TCP doubles its timer with each attempt"] {
        assert!(table.contains(told) && page.contains(told), "{told}: {table}");
    }
    assert!(table.contains("all there") && page.contains("data-quantity=\"caught_up_ms\""), "{table}");
    let output = compare(home.path(), &["--model", "--scenario", "handshake"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("skipped: udp at 10 %: the simulator plays no handshakes"), "{told}");
}

#[test]
fn what_cannot_be_written_or_does_not_fit_is_told_before_anything_is_run() {
    let home = folder();
    let output = compare(home.path(), &["--model", "--html", "no/such/folder.html"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("error: cannot write no/such/folder.html"), "{told}");
    assert_eq!(compare(home.path(), &["--full", "--loss", "5%"]).status.code(), Some(2));
}
