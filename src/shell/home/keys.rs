//! How is a secret key kept? As 64 hexadecimal digits in a file of its own, made when it is first needed.
//!
//! A key that cannot be read is never replaced by itself: names and pins hang on it.

use super::HomeError;
use super::folder::Folder;
use crate::crypto::Identity;
use crate::shell::entropy::entropy;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The identity whose secret this file holds; made from the system's entropy if there is no such file.
pub(super) fn load_or_make(folder: &Folder, name: &str) -> Result<Identity, HomeError> {
    let bytes = folder.read_or_make(name, || format!("{}\n", hex(&entropy())).into_bytes())?;
    let text = str::from_utf8(&bytes).unwrap_or_default();
    let secret = unhex(text.trim()).ok_or_else(|| HomeError::Damaged {
        path: folder.path().join(name),
        line: None,
        text: "a key is 64 hexadecimal digits. Put back a copy of the file; or, if there is none, move it \
               away: a new key is made then, for which others will take you (or this server) for a stranger"
            .to_owned(),
    })?;
    Ok(Identity::from_secret(secret))
}

/// Sets the old key aside, if there is one, and makes a new one. Gives where the old one is.
pub(super) fn renew(folder: &Folder, name: &str) -> Result<Option<PathBuf>, HomeError> {
    folder.locked(|folder| {
        let kept = folder.set_aside(name)?;
        folder.write(name, format!("{}\n", hex(&entropy())).as_bytes())?;
        Ok(kept)
    })
}

/// 32 bytes as 64 hexadecimal digits.
pub(super) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 64 hexadecimal digits as 32 bytes.
pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let pairs: &[[u8; 2]; 32] = pairs.try_into().ok().filter(|_| rest.is_empty())?;
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tempfile::TempDir;

    #[test]
    fn a_key_is_made_once_and_stays() {
        let temporary = TempDir::new().expect("a folder to test in");
        let folder = Folder::new(temporary.path().join("config"));
        let first = load_or_make(&folder, "identity.key").expect("a key");
        let second = load_or_make(&folder, "identity.key").expect("the key");
        let other = load_or_make(&folder, "server.key").expect("another key");
        assert_eq!(first.public(), second.public());
        assert_ne!(first.public(), other.public());
    }

    #[test]
    fn many_who_start_at_once_end_with_one_key() {
        let temporary = TempDir::new().expect("a folder to test in");
        let folder = Folder::new(temporary.path().join("config"));
        let keys: BTreeSet<_> = std::thread::scope(|scope| {
            let start = || load_or_make(&folder, "identity.key").expect("a key").public();
            let starts: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().expect("no panic")).collect()
        });
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn a_new_key_leaves_every_old_one_beside_it() {
        let temporary = TempDir::new().expect("a folder to test in");
        let folder = Folder::new(temporary.path().to_owned());
        assert_eq!(renew(&folder, "identity.key"), Ok(None));
        let mut olds = Vec::new();
        for name in ["identity.key.old-1", "identity.key.old-2"] {
            olds.push(load_or_make(&folder, "identity.key").expect("a key").public());
            assert_eq!(renew(&folder, "identity.key"), Ok(Some(temporary.path().join(name))));
        }
        olds.push(load_or_make(&folder, "identity.key").expect("a key").public());
        let kept = |name| load_or_make(&folder, name).expect("kept").public();
        assert_eq!(olds[..2], [kept("identity.key.old-1"), kept("identity.key.old-2")]);
        assert!(olds[2] != olds[0] && olds[2] != olds[1]);
    }

    #[test]
    fn a_damaged_key_is_an_error_and_stays_as_it_is() {
        let temporary = TempDir::new().expect("a folder to test in");
        let folder = Folder::new(temporary.path().to_owned());
        let damaged: [&[u8]; 5] = [b"", b"abc", &[b'g'; 64], &[b'a'; 65], &[0xff; 64]];
        for content in damaged {
            let path = temporary.path().join("identity.key");
            std::fs::write(&path, content).expect("written");
            let error = load_or_make(&folder, "identity.key").expect_err("no key").to_string();
            assert!(error.contains("identity.key") && error.contains("Put back a copy"), "{error}");
            assert_eq!(std::fs::read(&path).expect("still there"), content);
        }
    }

    #[test]
    fn hexadecimal_digits_come_back_as_the_bytes_that_they_were() {
        let mut bytes = [0; 32];
        crate::rng::Rng::from_seed(1).fill(&mut bytes);
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        assert_eq!(unhex(&"A0".repeat(32)), Some([0xa0; 32]), "capitals are read as well");
    }
}
