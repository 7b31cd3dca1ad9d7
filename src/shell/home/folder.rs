//! How does a file change so that nobody ever sees half of it, and two processes never undo each other?
//!
//! Written beside, flushed to the disk, then renamed over the old one. Whoever reads in order to write
//! holds the folder's lock (a locked file, which the system frees when its process ends, however it ends).

use super::HomeError;
use crate::shell::entropy::rng;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// No file of ours is longer: 1 MiB.
pub(super) const FILE_MAX: usize = 1 << 20;

/// Files of one name that are kept aside, at most.
const ASIDE_MAX: usize = 1_000;

/// A folder of small files of which only its owner may know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it, and those above it, if they are not there.
    pub fn make(&self) -> Result<(), HomeError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.path).map_err(HomeError::failed("make the folder", &self.path))
    }

    /// The whole file; `None` if there is none.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, HomeError> {
        let path = self.path.join(name);
        match read_bounded(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HomeError::failed("read", &path)(error)),
        }
    }

    /// The whole file, which is made first if there is none. Whoever comes first makes it, for all.
    pub fn read_or_make(&self, name: &str, content: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, HomeError> {
        if let Some(bytes) = self.read(name)? {
            return Ok(bytes);
        }
        self.locked(|folder| {
            if let Some(bytes) = folder.read(name)? {
                return Ok(bytes);
            }
            let bytes = content();
            folder.write(name, &bytes)?;
            Ok(bytes)
        })
    }

    /// Does this while no other process (or thread) is in here. Makes the folder first.
    pub fn locked<T>(&self, work: impl FnOnce(&Self) -> Result<T, HomeError>) -> Result<T, HomeError> {
        self.make()?;
        let path = self.path.join(".lock");
        let lock = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&path)
            .map_err(HomeError::failed("make", &path))?;
        match lock.lock() {
            // Ours: some network folders have no locks; what is left is that renaming is whole or not at all.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                Err(HomeError::failed("lock", &path)(error))
            }
            _ => work(self),
        }
    }

    /// Makes an empty file of this name, for its owner's eyes alone, unless there is one.
    pub fn make_file(&self, name: &str) -> Result<(), HomeError> {
        self.make()?;
        let path = self.path.join(name);
        let made = private(OpenOptions::new().append(true).create(true)).open(&path);
        made.map(drop).map_err(HomeError::failed("make", &path))
    }

    /// Gives the file another name, `NAME.old-1` or the next that is free; `None` if there is no such file.
    pub fn set_aside(&self, name: &str) -> Result<Option<PathBuf>, HomeError> {
        let path = self.path.join(name);
        let aside = (1..).map(|number: u32| self.path.join(format!("{name}.old-{number}")));
        let Some(aside) = aside.take(ASIDE_MAX).find(|aside| aside.symlink_metadata().is_err()) else {
            let full = io::Error::other(format!("there are {ASIDE_MAX} old ones beside it"));
            return Err(HomeError::failed("set aside", &path)(full));
        };
        match fs::rename(&path, &aside) {
            Ok(()) => Ok(Some(aside)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HomeError::failed("set aside", &path)(error)),
        }
    }

    /// Replaces the file's content, or makes it; readable by its owner alone.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), HomeError> {
        let path = self.path.join(name);
        let beside = self.path.join(format!("{name}.new-{:08x}", rng().below(1 << 32)));
        write_new(&beside, content).and_then(|()| fs::rename(&beside, &path)).map_err(|error| {
            // Nothing more can be done about a leftover that cannot be removed either.
            let _ = fs::remove_file(&beside);
            HomeError::failed("write", &path)(error)
        })
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > FILE_MAX {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is longer than 1 MiB, so not of our making",
        ));
    }
    Ok(bytes)
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Readable by its owner alone, where the system knows that.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn folder() -> (TempDir, Folder) {
        let temporary = TempDir::new().expect("a folder to test in");
        let folder = Folder::new(temporary.path().join("a/b"));
        (temporary, folder)
    }

    #[test]
    fn many_who_count_at_once_lose_no_count() {
        let (_temporary, folder) = folder();
        let count = |folder: &Folder| -> usize {
            folder.read("count").expect("readable").map_or(0, |bytes| bytes.len())
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        let add = |folder: &Folder| folder.write("count", &vec![b'x'; count(folder) + 1]);
                        folder.locked(add).expect("written");
                    }
                });
            }
        });
        assert_eq!(count(&folder), 40);
        let names: Vec<_> = fs::read_dir(folder.path()).expect("a folder").flatten().collect();
        assert_eq!(names.len(), 2, "the file and the lock, nothing left beside: {names:?}");
    }

    #[test]
    fn a_file_without_end_is_refused_before_it_fills_the_memory() {
        let (_temporary, folder) = folder();
        folder.make().expect("made");
        fs::write(folder.path().join("long"), vec![0; FILE_MAX + 1]).expect("written");
        assert!(matches!(folder.read("long"), Err(HomeError::Failed { doing: "read", .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_look() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_temporary, folder) = folder();
        folder.locked(|folder| folder.write("secret", b"x")).expect("written");
        let mode = |path: PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(folder.path().to_owned()), 0o700);
        assert_eq!(mode(folder.path().join("secret")), 0o600);
    }
}
