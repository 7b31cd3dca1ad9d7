//! Where is the settings file, and what stands in it? What that means is told by `cli/config`.

use super::{Home, HomeError};
use std::path::PathBuf;

const FILE: &str = "config.toml";
/// No settings file is longer, in bytes.
const BYTES_MAX: usize = 64 * 1_024;

impl Home {
    /// Where it is, or would be.
    pub fn settings_path(&self) -> PathBuf {
        self.config().join(FILE)
    }

    /// Its text; `None` if there is none. At most 64 KiB of UTF-8.
    pub fn settings_text(&self) -> Result<Option<String>, HomeError> {
        let Some(bytes) = self.config.read(FILE)? else { return Ok(None) };
        let damaged =
            |line, text: &str| HomeError::Damaged { path: self.settings_path(), line, text: text.to_owned() };
        if bytes.len() > BYTES_MAX {
            return Err(damaged(
                None,
                "settings are at most 64 KiB. `sayagain config init` writes a new one, \
                                      once this one is moved away",
            ));
        }
        String::from_utf8(bytes).map(Some).map_err(|error| {
            let (fit, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
            let line = fit.split(|byte| *byte == b'\n').count();
            damaged(Some(line), "settings are UTF-8 text; save it as that")
        })
    }

    /// Makes the file with this text, unless there is one; `false` if there is.
    pub fn make_settings(&self, text: &str) -> Result<bool, HomeError> {
        self.config.locked(|folder| {
            if folder.path().join(FILE).symlink_metadata().is_ok() {
                return Ok(false);
            }
            folder.write(FILE, text.as_bytes()).map(|()| true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn home() -> (TempDir, Home) {
        let folder = TempDir::new().expect("a folder to test in");
        let home = Home::at(folder.path().join("config"), folder.path().join("data"));
        (folder, home)
    }

    #[test]
    fn a_file_is_made_once_and_never_overwritten() {
        let (_folder, home) = home();
        assert_eq!(home.settings_text(), Ok(None));
        assert_eq!(home.make_settings("one"), Ok(true));
        assert_eq!(home.make_settings("two"), Ok(false));
        assert_eq!(home.settings_text(), Ok(Some("one".to_owned())));
    }

    #[test]
    fn what_is_no_text_or_too_long_is_told_with_its_place() {
        let (_folder, home) = home();
        home.make_settings("").expect("made");
        std::fs::write(home.settings_path(), b"[chat]\nname = \"\xff\"\n").expect("written");
        let error = home.settings_text().expect_err("no UTF-8").to_string();
        assert!(error.starts_with("line 2 of ") && error.contains("config.toml"), "{error}");
        std::fs::write(home.settings_path(), vec![b'#'; BYTES_MAX + 1]).expect("written");
        assert!(home.settings_text().is_err_and(|error| error.to_string().contains("64 KiB")));
        std::fs::write(home.settings_path(), vec![b'#'; BYTES_MAX]).expect("written");
        assert!(home.settings_text().is_ok_and(|text| text.is_some()));
    }
}
