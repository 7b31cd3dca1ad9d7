//! What stands in a settings file to begin with? Every setting, explained, and none of them set.

use super::setting::{SECTIONS, Setting};
use std::fmt::Write as _;

/// Columns of a comment, at most.
const WIDTH: usize = 90;

/// The file's text, made of the settings' own words.
pub fn text(settings: &[Setting]) -> String {
    let mut text = String::from(
        "# Settings of sayagain. Each line that begins with `#` is a comment: take the `#` away to set it.\n\
         # A flag comes before a variable of the environment, and that before this file.\n\
         # `sayagain config` shows what holds and why.\n",
    );
    for section in SECTIONS {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[{section}]\n");
        for setting in settings.iter().filter(|setting| setting.section == section) {
            explain(&mut text, setting);
        }
    }
    text
}

fn explain(text: &mut String, setting: &Setting) {
    let allowed = setting.allowed();
    let choices = if allowed.is_empty() { String::new() } else { format!(": {}", allowed.join(", ")) };
    let about = format!("{}{choices} ({})", setting.help().replace('\n', " "), setting.variable);
    text.push('\n');
    wrapped(text, &about);
    let value = setting.built_in().unwrap_or_default();
    let shown = if value.parse::<u32>().is_ok() { value } else { format!("\"{value}\"") };
    let _ = writeln!(text, "#{} = {shown}", setting.key);
}

fn wrapped(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::super::file::read;
    use super::super::setting::settings;
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::CommandFactory;

    #[test]
    fn a_new_file_sets_nothing() {
        let settings = settings(&Arguments::command());
        assert_eq!(read(&text(&settings), &settings), Ok(vec![]));
    }

    #[test]
    fn without_its_signs_a_new_file_sets_everything_to_what_holds_anyway() {
        let settings = settings(&Arguments::command());
        let is_set = |line: &&str| !line.starts_with("# ") && !line.ends_with("\"\"");
        let text = text(&settings);
        let lines: Vec<&str> = text.lines().filter(is_set).map(|line| line.trim_start_matches('#')).collect();
        let entries = read(&lines.join("\n"), &settings).expect("all of it is right");
        let with_value = settings.iter().filter(|setting| setting.built_in().is_some());
        assert_eq!(entries.len(), with_value.clone().count());
        for setting in with_value {
            let entry = entries.iter().find(|entry| entry.name == setting.name()).expect("every setting");
            assert_eq!(Some(&entry.value), setting.built_in().as_ref());
        }
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH + 10), "{text}");
    }
}
