//! Where do the programs of a run keep keys, names and reports? In a folder of their own, gone with the run.

use crate::shell::{caller, entropy};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// A new folder among the system's temporary files; removed with all that is in it when this is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A folder that was not there before.
    pub fn new() -> io::Result<Self> {
        let path = env::temp_dir().join(format!("sayagain-bench-{:016x}", entropy::rng().next_u64()));
        fs::create_dir(&path)?;
        // Under sudo the programs run as the user who called it.
        caller::hand_over(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear away.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_new_and_goes_with_all_that_is_in_it() {
        let (one, other) = (Folder::new().expect("a folder"), Folder::new().expect("another"));
        assert_ne!(one.path(), other.path());
        fs::create_dir(one.path().join("config")).expect("it may be written to");
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().exists());
    }
}
