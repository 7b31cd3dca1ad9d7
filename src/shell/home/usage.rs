//! Where has this configuration folder been used, and is here one of these places?
//!
//! ```text
//!  .config/sayagain/used-on
//!  5d1c…e0  /home/admin/.config/sayagain      where it was made: the machine's mark, the folder
//!  77aa…31  /home/ann/.config/sayagain        a place where it was told that others may have the key
//! ```
//!
//! Thirty machines cloned from one image have one key, and thirty people are one to every server. A home that
//! somebody has on three machines of their own looks the same from here. So it is told, once in each place,
//! and decided by whoever knows.

use super::Home;
use crate::shell::machine_mark;
use log::debug;
use std::fs;

const FILE: &str = "used-on";
/// Places that are remembered, at most: the first, and the latest.
const PLACES_MAX: usize = 32;
/// A machine that tells nothing of itself.
const UNKNOWN: &str = "-";

/// A folder on a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The machine's mark, or `-`.
    pub mark: String,
    /// The folder.
    pub folder: String,
}

/// The keys here were made elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// In this folder.
    pub made_in: String,
    /// On a machine that is surely not this one.
    pub from_another_machine: bool,
}

impl Home {
    /// Notes that the folder is used here, on this machine. Tells where it comes from if it was never used
    /// here before, and not made here. Where the folder cannot be written, that is told each time.
    pub fn note_use(&self) -> Option<Copied> {
        let folder = fs::canonicalize(self.config()).unwrap_or_else(|_| self.config().to_owned());
        let folder = folder.to_string_lossy().replace(char::is_control, "\u{fffd}");
        let mark = machine_mark::mark().unwrap_or_else(|| UNKNOWN.to_owned());
        self.note_use_at(&Place { mark, folder })
    }

    fn note_use_at(&self, here: &Place) -> Option<Copied> {
        let places = self.places_of_use();
        if places.contains(here) {
            return None;
        }
        let added = self.config.locked(|folder| {
            let mut places = self.places_of_use();
            places.push(here.clone());
            folder.write(FILE, text(&places).as_bytes())
        });
        if let Err(error) = added {
            debug!("that the folder is used here could not be noted: {error}");
        }
        judge(&places, here)
    }

    /// From now on the folder counts as made here.
    pub(super) fn note_made_here(&self) {
        let forgotten = self.config.locked(|folder| folder.write(FILE, b""));
        if forgotten.is_ok() {
            self.note_use();
        }
    }

    fn places_of_use(&self) -> Vec<Place> {
        let bytes = self.config.read(FILE).ok().flatten().unwrap_or_default();
        parse(&String::from_utf8_lossy(&bytes))
    }
}

/// A line that is none is passed over: at worst something is told once more.
fn parse(text: &str) -> Vec<Place> {
    let place = |line: &str| {
        let (mark, folder) = line.split_once("  ")?;
        Some(Place { mark: mark.to_owned(), folder: folder.to_owned() })
    };
    text.lines().filter_map(place).take(PLACES_MAX).collect()
}

fn text(places: &[Place]) -> String {
    let dropped = places.len().saturating_sub(PLACES_MAX);
    let kept = places.iter().take(1).chain(places.iter().skip(1 + dropped));
    kept.map(|Place { mark, folder }| format!("{mark}  {folder}\n")).collect::<Vec<_>>().concat()
}

fn judge(places: &[Place], here: &Place) -> Option<Copied> {
    let made = places.first()?;
    let is_known = |mark: &str| mark != UNKNOWN;
    let from_another_machine =
        is_known(&made.mark) && is_known(&here.mark) && places.iter().all(|place| place.mark != here.mark);
    let is_moved = places.iter().all(|place| place.folder != here.folder);
    let made_in = made.folder.clone();
    (from_another_machine || is_moved).then_some(Copied { made_in, from_another_machine })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn place(mark: &str, folder: &str) -> Place {
        Place { mark: mark.to_owned(), folder: folder.to_owned() }
    }

    fn home() -> (TempDir, Home) {
        let folder = TempDir::new().expect("a folder to test in");
        let home = Home::at(folder.path().join("config"), folder.path().join("data"));
        (folder, home)
    }

    #[test]
    fn a_folder_that_comes_to_another_machine_is_told_of_once() {
        let (_folder, home) = home();
        let (made, other) = (place("a", "/home/admin/c"), place("b", "/home/admin/c"));
        assert_eq!(home.note_use_at(&made), None, "it is made here");
        let copied = Copied { made_in: "/home/admin/c".into(), from_another_machine: true };
        assert_eq!(home.note_use_at(&other), Some(copied));
        assert_eq!((home.note_use_at(&other), home.note_use_at(&made)), (None, None));
    }

    #[test]
    fn a_folder_that_is_copied_on_one_machine_is_told_of() {
        let (_folder, home) = home();
        home.note_use_at(&place("a", "/etc/skel/c"));
        let copied = Copied { made_in: "/etc/skel/c".into(), from_another_machine: false };
        assert_eq!(home.note_use_at(&place("a", "/home/ann/c")), Some(copied));
        assert_eq!(home.note_use_at(&place("a", "/home/ann/c")), None);
    }

    #[test]
    fn a_machine_that_tells_nothing_of_itself_is_no_other_one() {
        let (_folder, home) = home();
        home.note_use_at(&place(UNKNOWN, "/c"));
        assert_eq!(home.note_use_at(&place("b", "/c")), None);
        let (_folder, home) = self::home();
        home.note_use_at(&place("b", "/c"));
        assert_eq!(home.note_use_at(&place(UNKNOWN, "/c")), None);
    }

    #[test]
    fn what_is_remembered_of_places_is_bounded_and_the_first_stays() {
        let (_folder, home) = home();
        for number in 0..100 {
            home.note_use_at(&place(&number.to_string(), "/c"));
        }
        let places = home.places_of_use();
        assert_eq!((places.len(), places[0].mark.as_str()), (PLACES_MAX, "0"));
        assert_eq!(places.last().map(|place| place.mark.as_str()), Some("99"));
    }

    #[test]
    fn a_file_of_places_that_is_nonsense_stops_nothing() {
        let (_folder, home) = home();
        home.note_use();
        std::fs::write(home.config().join(FILE), b"\xff\xfe\n\nx").expect("written");
        assert_eq!((home.note_use(), home.note_use()), (None, None));
    }

    #[cfg(unix)]
    #[test]
    fn here_is_the_folder_itself_whatever_way_leads_there() {
        let (folder, home) = home();
        std::fs::create_dir(home.config()).expect("made");
        home.note_use();
        let way = folder.path().join("way");
        std::os::unix::fs::symlink(home.config(), &way).expect("linked");
        assert_eq!(Home::at(&way, "").note_use(), None);
    }
}
