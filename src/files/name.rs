//! Under which name can a file that a stranger named be put on a disk?
//!
//! ```text
//!  ../../.bashrc      ─▶  bashrc             only the last part, without dots in front
//!  a<TAB>b?.txt       ─▶  ab_.txt            no control or invisible characters; none that a system forbids
//!  con.txt            ─▶  _con.txt           no device of Windows
//!  …300 letters.pdf   ─▶  …104 letters.pdf   at most 112 bytes, the ending kept
//! ```
//!
//! Both ends do it: the server for whoever is less careful, the client because it trusts no server.

use crate::chat::invisible;

/// A harmless name's length, in bytes: so that it fits into 128 with a number added behind.
const NAME_BYTES_MAX: usize = 112;

/// An ending longer than this is none, in bytes.
const ENDING_BYTES_MAX: usize = 16;

/// Device names of Windows, whatever their ending and in any case.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// What a path ends in, for naming a file by it; a path of any system.
pub fn last_part(path: &str) -> &str {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default()
}

/// A name of no folder, that steers no terminal and means nothing special to a system. Harmless names stay
/// as they are.
pub fn harmless(name: &str) -> String {
    let kept =
        last_part(name).chars().filter(|letter| !letter.is_control() && !invisible::is_invisible(*letter));
    let plain: String = kept
        .map(|letter| if matches!(letter, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { letter })
        .collect();
    let cut = cut(trimmed(&plain));
    let name = trimmed(&cut);
    if name.is_empty() {
        return "file".to_owned();
    }
    if is_device(name) { format!("_{name}") } else { name.to_owned() }
}

/// The name with a number before its ending: `notes (2).txt`.
pub fn numbered(name: &str, number: u32) -> String {
    let (stem, ending) = split(name);
    format!("{stem} ({number}){ending}")
}

/// Dots and blanks in front hide a file, behind they vanish on Windows; and a dash in front is an option.
fn trimmed(name: &str) -> &str {
    let is_blank = |letter: char| letter == '.' || letter.is_whitespace();
    name.trim_start_matches(|letter| is_blank(letter) || letter == '-' || letter == '~')
        .trim_end_matches(is_blank)
}

fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= ENDING_BYTES_MAX => name.split_at(dot),
        _ => (name, ""),
    }
}

fn cut(name: &str) -> String {
    let (stem, ending) = split(name);
    let room = NAME_BYTES_MAX - ending.len();
    let end = (0..=room.min(stem.len())).rev().find(|end| stem.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{ending}", &stem[..end])
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().any(|port| {
        stem.strip_prefix(port).is_some_and(|rest| {
            matches!(rest.chars().next(), Some('0'..='9' | '¹' | '²' | '³')) && rest.chars().count() == 1
        })
    });
    numbered || DEVICES.contains(&stem.as_str()) || matches!(stem.as_str(), "conin$" | "conout$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_harmless_stays_as_it_is() {
        for name in ["notes.pdf", "Übung 3.tar.gz", "a-b_c (2).txt", "日本語.txt", "console.log", "README"]
        {
            assert_eq!(harmless(name), name);
        }
    }

    #[test]
    fn no_name_leads_out_of_its_folder_or_steers_anything() {
        let names = [
            ("../../etc/passwd", "passwd"),
            ("/etc/shadow", "shadow"),
            ("C:\\Windows\\system32\\a.dll", "a.dll"),
            ("..", "file"),
            ("", "file"),
            ("...", "file"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("a\u{1b}[2Jb\n.txt", "a[2Jb.txt"),
            ("gpj.\u{202e}exe.txt", "gpj.exe.txt"),
            ("what?*.txt", "what__.txt"),
            ("stream.txt:hidden", "stream.txt_hidden"),
            ("end. . ", "end"),
        ];
        for (given, harmless_name) in names {
            assert_eq!(harmless(given), harmless_name, "{given:?}");
        }
    }

    #[test]
    fn no_device_of_windows_is_opened() {
        for name in ["CON", "con.txt", "Aux .txt", "nul.tar.gz", "COM1", "lpt9.log", "CONIN$"] {
            assert!(harmless(name).starts_with('_'), "{name}");
        }
        assert_eq!(harmless("com10.txt"), "com10.txt");
    }

    #[test]
    fn a_name_is_cut_between_letters_and_keeps_its_ending() {
        let name = harmless(&format!("{}.pdf", "ä".repeat(200)));
        assert!(name.len() <= NAME_BYTES_MAX && name.ends_with("ä.pdf"), "{name}");
        assert!(harmless(&"x".repeat(9_000)).len() <= NAME_BYTES_MAX);
    }

    #[test]
    fn a_harmless_name_is_harmless_however_often() {
        let mut rng = crate::rng::Rng::from_seed(3);
        let letters = ['.', '/', '\\', ' ', '-', 'a', 'ü', ':', '\u{7}', '\u{200b}', 'n', 'u', 'l', '1', '~'];
        for _ in 0..5_000 {
            let len = rng.below(140) as usize;
            let name: String = (0..len).map(|_| letters[rng.below(15) as usize]).collect();
            let once = harmless(&name);
            assert_eq!(harmless(&once), once, "{name:?}");
            assert!(!once.is_empty() && once.len() <= NAME_BYTES_MAX + 1 && !once.contains(['/', '\\']));
        }
    }
}
