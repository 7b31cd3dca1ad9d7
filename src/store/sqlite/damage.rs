//! How does a server start anew without losing what it cannot read?

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Renames a damaged store to `….damaged-N` (the first number that is free) and says where it is now.
///
/// Its write-ahead log goes with it under the matching name, so that a tool for repairs finds both.
/// An error means that nothing was renamed, or that the log stayed behind; nothing is ever overwritten.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = free_name(path)?;
    std::fs::rename(path, &aside)?;
    for suffix in ["-wal", "-shm", "-journal"] {
        match std::fs::rename(with_suffix(path, suffix), with_suffix(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

fn free_name(path: &Path) -> io::Result<PathBuf> {
    for number in 1..1_000 {
        let candidate = with_suffix(path, &format!(".damaged-{number}"));
        if !candidate.try_exists()? {
            return Ok(candidate);
        }
    }
    Err(io::Error::other("a thousand damaged stores lie there already; look through them first"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_set_aside_before_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder to test in");
        let path = folder.path().join("store.db");
        for (number, content) in [(1, "one"), (2, "two")] {
            std::fs::write(&path, content).expect("written");
            std::fs::write(with_suffix(&path, "-wal"), "log").expect("written");
            let aside = set_aside(&path).expect("set aside");
            assert_eq!(aside, folder.path().join(format!("store.db.damaged-{number}")));
            assert_eq!(std::fs::read_to_string(&aside).expect("kept"), content);
            assert!(with_suffix(&aside, "-wal").exists() && !path.exists());
        }
    }
}
