//! What does the settings file say, and on which line?
//!
//! ```toml
//! [chat]
//! name = "ann"
//! history = 100
//! ```
//!
//! TOML 1.1 (toml.io), of which the settings need two tables of texts and whole numbers. A key that is not
//! known is an error like a value that is none: whoever misspells `transport` would else chat over the wrong
//! one and not know it. All that is wrong is told at once, each with its line.

use super::setting::{SECTIONS, Setting, nearest};
use crate::chat::client::display::printable;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Complaints about one file, at most.
const COMPLAINTS_MAX: usize = 10;

/// A setting that the file makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Whose: [`Setting::name`].
    pub name: String,
    /// To what.
    pub value: String,
    /// On which line, from 1.
    pub line: usize,
}

/// Something that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// On which line, from 1.
    pub line: usize,
    /// What, and what is allowed.
    pub text: String,
}

/// What the text of a file sets; else all that is wrong with it, by lines, at most ten.
pub fn read(text: &str, settings: &[Setting]) -> Result<Vec<Entry>, Vec<Complaint>> {
    let mut reading = Reading { text, settings, entries: Vec::new(), complaints: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        reading.sections(table.get_ref());
    }
    for error in errors {
        let text = printable(error.message()).replace('\n', ", ");
        reading.complain(error.span().unwrap_or_default(), format!("this is no TOML: {text}"));
    }
    let Reading { entries, mut complaints, .. } = reading;
    if complaints.is_empty() {
        return Ok(entries);
    }
    complaints.sort_by_key(|complaint| complaint.line);
    complaints.truncate(COMPLAINTS_MAX);
    Err(complaints)
}

struct Reading<'a> {
    text: &'a str,
    settings: &'a [Setting],
    entries: Vec<Entry>,
    complaints: Vec<Complaint>,
}

impl Reading<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.split(|byte| *byte == b'\n').count()
    }

    fn complain(&mut self, at: Range<usize>, text: String) {
        self.complaints.push(Complaint { line: self.line(at.start), text });
    }

    fn sections(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let section = SECTIONS.into_iter().find(|section| section == name.get_ref());
            match (section, value.get_ref()) {
                (Some(section), DeValue::Table(table)) => self.section(section, table),
                (Some(section), _) => {
                    self.complain(name.span(), format!("{section} is a section: write [{section}]"));
                }
                (None, value) => {
                    let is_table = matches!(value, DeValue::Table(_));
                    self.complain(name.span(), self.unknown_name(name.get_ref(), is_table));
                }
            }
        }
    }

    /// A key before the first section is told where it belongs.
    fn unknown_name(&self, name: &str, is_table: bool) -> String {
        let shown = printable(name);
        let homes = self.settings.iter().filter(|setting| setting.key == name && !is_table);
        let homes: Vec<String> = homes.map(|setting| format!("[{}]", setting.section)).collect();
        if !homes.is_empty() {
            return format!("{shown} belongs below {}", homes.join(" or "));
        }
        let near = nearest(name, SECTIONS.into_iter());
        let near = near.map(|near| format!("; did you mean [{near}]?")).unwrap_or_default();
        format!("there is no section {shown}, only [chat] and [serve]{near}")
    }

    fn section(&mut self, section: &'static str, table: &DeTable<'_>) {
        for (key, value) in table {
            let of_section = self.settings.iter().filter(|setting| setting.section == section);
            let setting = of_section.clone().find(|setting| setting.key == **key.get_ref());
            let Some(setting) = setting else {
                let keys: Vec<&str> = of_section.map(|setting| setting.key.as_str()).collect();
                self.complain(key.span(), unknown_key(section, key.get_ref(), &keys));
                continue;
            };
            let checked = text_of(value.get_ref())
                .and_then(|value| setting.check(&value).map(|()| value))
                .map_err(|why| format!("{}: {why}", setting.name()));
            let (name, line) = (setting.name(), self.line(key.span().start));
            match checked {
                Ok(value) => self.entries.push(Entry { name, value, line }),
                Err(text) => self.complain(value.span(), text),
            }
        }
    }
}

fn unknown_key(section: &str, key: &str, known: &[&str]) -> String {
    let shown = printable(key);
    let near = nearest(key, known.iter().copied());
    let advice = near.map_or_else(
        || format!("[{section}] has {}", known.join(", ")),
        |near| format!("did you mean {near}?"),
    );
    format!("there is no setting {section}.{shown}; {advice}")
}

fn text_of(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        other => Err(format!("a text in quotes or a whole number is wanted, not {}", kind(other))),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Boolean(_) => "true or false",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
        DeValue::Datetime(_) => "a time",
        DeValue::Float(_) | DeValue::Integer(_) | DeValue::String(_) => "a number of this form",
    }
}

#[cfg(test)]
mod tests {
    use super::super::setting::settings;
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::CommandFactory;
    use proptest::prelude::*;

    fn read_here(text: &str) -> Result<Vec<Entry>, Vec<Complaint>> {
        read(text, &settings(&Arguments::command()))
    }

    fn entry(name: &str, value: &str, line: usize) -> Entry {
        Entry { name: name.to_owned(), value: value.to_owned(), line }
    }

    fn complaint(text: &str) -> (usize, String) {
        match &read_here(text).expect_err(text)[..] {
            [Complaint { line, text }] => (*line, text.clone()),
            more => panic!("{more:?}"),
        }
    }

    #[test]
    fn a_file_sets_what_it_says_and_nothing_else() {
        let text = "# mine\r\n[chat]\r\nname = \"ann\"\r\nhistory = 1_0\r\n\r\n[serve]\nquota = 'off'\n";
        let wanted =
            [entry("chat.history", "10", 4), entry("chat.name", "ann", 3), entry("serve.quota", "off", 7)];
        assert_eq!(read_here(text), Ok(wanted.to_vec()));
        assert_eq!(read_here("chat.room = 'lab'"), Ok(vec![entry("chat.room", "lab", 1)]));
        assert_eq!(read_here(""), Ok(vec![]));
        assert_eq!(read_here("\u{feff}[chat]\n"), Ok(vec![]), "what Windows' editor puts first");
    }

    #[test]
    fn a_key_that_nobody_knows_is_answered_with_the_nearest_or_with_all() {
        let (line, text) = complaint("[chat]\n\ntranpsort = 'udp'\n");
        assert_eq!((line, text.as_str()), (3, "there is no setting chat.tranpsort; did you mean transport?"));
        let (_, text) = complaint("[serve]\ncolour = 'red'");
        assert!(text.contains("[serve] has listen, transport"), "{text}");
        let (_, text) = complaint("[server]\nlisten = '[::]:1'");
        assert!(text.contains("did you mean [serve]?"), "{text}");
        assert_eq!(complaint("room = 'lab'").1, "room belongs below [chat]");
        assert_eq!(complaint("\ntransport = 'udp'"), (2, "transport belongs below [chat] or [serve]".into()));
        assert!(complaint("chat = 3").1.contains("write [chat]"));
    }

    #[test]
    fn a_value_that_is_none_is_told_with_its_line() {
        let (line, text) = complaint("[chat]\nroom = 'lab'\ntransport = 'quic'");
        assert_eq!((line, text.as_str()), (3, "chat.transport: `quic` is none of udp, tcp, auto"));
        for (value, told) in
            [("true", "true or false"), ("[1]", "a list"), ("0x10", "number"), ("1.5", "number")]
        {
            let (_, text) = complaint(&format!("[chat]\nhistory = {value}"));
            assert!(text.starts_with("chat.history: a text in quotes") && text.contains(told), "{text}");
        }
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let (line, text) = complaint("[chat]\nname = \n");
        assert!(line == 2 && text.starts_with("this is no TOML: "), "{line}: {text}");
        let (line, _) = complaint("[chat]\nname = 'a'\nname = 'b'\n");
        assert_eq!(line, 3);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_within_a_bound() {
        let lines: Vec<String> = (0..100).map(|n| format!("x{n} = 1")).collect();
        let text = format!("[chat]\n{}\n", lines.join("\n"));
        let complaints = read_here(&text).expect_err("nothing of it is right");
        assert_eq!(complaints.len(), COMPLAINTS_MAX);
        assert!(complaints.is_sorted_by_key(|complaint| complaint.line));
    }

    #[test]
    fn nesting_without_end_is_refused_and_stops_nothing() {
        assert!(read_here(&format!("x = {}", "[".repeat(50_000))).is_err());
        assert!(read_here(&format!("{} = 1", vec!["a"; 20_000].join("."))).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", key in "[a-z.\\[\\]='\"\n ]{0,60}") {
            let _ = read_here(&text);
            for complaint in read_here(&key).err().unwrap_or_default() {
                prop_assert!(!complaint.text.contains(char::is_control));
            }
        }
    }
}
