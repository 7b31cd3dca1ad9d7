//! What does the program keep between two starts, and where?
//!
//! ```text
//!  configuration folder                                  data folder
//!  ├─ identity.key    a person's secret key              └─ sayagain.db   the server's store
//!  ├─ config.toml     settings (settings_file.rs)            (see store/sqlite)
//!  ├─ name            the name last used
//!  ├─ known_servers   keys of servers, by name
//!  ├─ server.key      the server's secret key
//!  ├─ server-name     the name that clients pin it by
//!  └─ used-on         machines and folders that it was used on (usage.rs)
//! ```
//!
//! Where the folders are: `places.rs`. Every file is written whole or not at all, and one process at a time
//! writes (`folder.rs`); keys are made silently when they are first needed (`keys.rs`); servers are
//! remembered in [`KnownServers`]. A file that cannot be understood is never overwritten: [`HomeError`]
//! names it and the cure.

mod error;
mod folder;
mod keys;
mod known_servers;
mod places;
mod settings_file;
mod usage;

pub use error::HomeError;
pub use known_servers::{KnownServer, KnownServers};
pub use places::downloads;
pub use usage::{Copied, Place};

use crate::crypto::Identity;
use folder::Folder;
use std::path::{Path, PathBuf};

/// The longest name of a server: 64 bytes.
const SERVER_NAME_MAX: usize = 64;

/// The folders of this person (or this server) on this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Home {
    config: Folder,
    data: PathBuf,
}

impl Home {
    /// Where the environment says (`SAYAGAIN_CONFIG_DIR`, `SAYAGAIN_DATA_DIR`), else where the system
    /// keeps such things. Nothing is made yet.
    pub fn find() -> Result<Self, HomeError> {
        let (config, data) = places::find(|name| std::env::var_os(name))?;
        Ok(Self::at(config, data))
    }

    /// A home in these two folders, which need not exist yet.
    pub fn at(config: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        Self { config: Folder::new(config.into()), data: data.into() }
    }

    /// The configuration folder.
    pub fn config(&self) -> &Path {
        self.config.path()
    }

    /// The key that a person proves to servers; made at the first call.
    pub fn identity(&self) -> Result<Identity, HomeError> {
        keys::load_or_make(&self.config, "identity.key")
    }

    /// The key that a server proves to its clients; made at the first call.
    pub fn server_identity(&self) -> Result<Identity, HomeError> {
        keys::load_or_make(&self.config, "server.key")
    }

    /// Makes a new key for the person; gives where the old one is kept, if there was one.
    pub fn renew_identity(&self) -> Result<Option<PathBuf>, HomeError> {
        self.renew("identity.key")
    }

    /// Makes a new key for the server; gives where the old one is kept, if there was one.
    pub fn renew_server_identity(&self) -> Result<Option<PathBuf>, HomeError> {
        self.renew("server.key")
    }

    fn renew(&self, name: &str) -> Result<Option<PathBuf>, HomeError> {
        let kept = keys::renew(&self.config, name)?;
        self.note_made_here();
        Ok(kept)
    }

    /// The name that clients pin this server by: the machine's at the first call, and the same ever after.
    pub fn server_name(&self) -> Result<String, HomeError> {
        const FILE: &str = "server-name";
        let bytes = self.config.read_or_make(FILE, || format!("{}\n", machine_name()).into_bytes())?;
        let text = String::from_utf8_lossy(&bytes);
        let name = text.trim();
        if name.is_empty() || name.len() > SERVER_NAME_MAX || name.chars().any(char::is_control) {
            return Err(HomeError::Damaged {
                path: self.config.path().join(FILE),
                line: None,
                text: format!(
                    "it must hold one line of at most {SERVER_NAME_MAX} bytes, the server's name. Write one \
                     into it, or delete it to take the machine's name"
                ),
            });
        }
        Ok(name.to_owned())
    }

    /// The name that this person used last. A file that cannot be read counts as none: it only saves
    /// typing.
    pub fn remembered_name(&self) -> Option<String> {
        let bytes = self.config.read("name").ok()??;
        let text = String::from_utf8(bytes).ok()?;
        let name = text.trim();
        (!name.is_empty() && !name.chars().any(char::is_control)).then(|| name.to_owned())
    }

    /// Remembers the name for the next start.
    pub fn remember_name(&self, name: &str) -> Result<(), HomeError> {
        self.config.locked(|folder| folder.write("name", format!("{name}\n").as_bytes()))
    }

    /// The servers whose keys are remembered.
    pub fn known_servers(&self) -> Result<KnownServers, HomeError> {
        KnownServers::load(self.config.path())
    }

    /// The server's store file, in this folder (`--data`) or else the data folder, which is made if need be.
    pub fn store_file(&self, data: Option<&Path>) -> Result<PathBuf, HomeError> {
        let folder = Folder::new(data.unwrap_or(&self.data).to_owned());
        folder.make()?;
        Ok(self.store_place(data))
    }

    /// Where the server's store file would be; nothing is made.
    pub fn store_place(&self, data: Option<&Path>) -> PathBuf {
        data.unwrap_or(&self.data).join("sayagain.db")
    }

    /// The folder of the files that people send each other, beside the server's store. It need not be there.
    pub fn files_folder(&self, data: Option<&Path>) -> PathBuf {
        data.unwrap_or(&self.data).join("files")
    }

    /// The server's file of accounts and tokens, in the folder of its store. It need not be there.
    pub fn members_file(&self, data: Option<&Path>) -> PathBuf {
        data.unwrap_or(&self.data).join("members.db")
    }

    /// The same, made if need be, empty and for its owner's eyes alone.
    pub fn made_members_file(&self, data: Option<&Path>) -> Result<PathBuf, HomeError> {
        let folder = Folder::new(data.unwrap_or(&self.data).to_owned());
        folder.make_file("members.db")?;
        Ok(self.members_file(data))
    }
}

/// The machine's name, cut to what a server's name may be.
fn machine_name() -> String {
    let name = hostname::get().unwrap_or_default();
    let name = name.to_string_lossy();
    let fitting = name.char_indices().take_while(|(at, c)| at + c.len_utf8() <= SERVER_NAME_MAX);
    let clean: String = fitting.map(|(_, c)| c).filter(|c| !c.is_control()).collect();
    match clean.trim() {
        "" => "server".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn home(folder: &TempDir) -> Home {
        Home::at(folder.path().join("config"), folder.path().join("data"))
    }

    #[test]
    fn a_servers_name_is_the_machines_and_stays_whatever_the_owner_makes_of_it() {
        let folder = TempDir::new().expect("a folder to test in");
        let home = home(&folder);
        assert_eq!(home.server_name(), Ok(machine_name()));
        std::fs::write(home.config().join("server-name"), "Hörsaal 3\r\n").expect("written");
        assert_eq!(home.server_name(), Ok("Hörsaal 3".to_owned()));
        std::fs::write(home.config().join("server-name"), "a\nb").expect("written");
        let error = home.server_name().expect_err("two lines are no name").to_string();
        assert!(error.contains("server-name") && error.contains("delete it"), "{error}");
    }

    #[test]
    fn the_name_last_used_is_remembered() {
        let folder = TempDir::new().expect("a folder to test in");
        let home = home(&folder);
        assert_eq!(home.remembered_name(), None);
        home.remember_name("Änne").expect("remembered");
        home.remember_name("Zoë").expect("remembered");
        assert_eq!(home.remembered_name().as_deref(), Some("Zoë"));
        std::fs::write(home.config().join("name"), b"\xff\xfe\x00").expect("written");
        assert_eq!(home.remembered_name(), None, "nonsense is no name, and no reason to stop");
    }

    #[test]
    fn the_store_lies_in_the_folder_that_was_asked_for_or_else_in_the_data_folder() {
        let folder = TempDir::new().expect("a folder to test in");
        let asked = folder.path().join("over/there");
        assert_eq!(home(&folder).store_file(Some(&asked)), Ok(asked.join("sayagain.db")));
        assert!(asked.is_dir());
        let path = home(&folder).store_file(None).expect("a place");
        assert_eq!(path, folder.path().join("data/sayagain.db"));
    }

    #[test]
    fn a_home_where_nothing_can_be_made_says_where_and_what_to_do() {
        let folder = TempDir::new().expect("a folder to test in");
        let file = folder.path().join("file");
        std::fs::write(&file, "in the way").expect("written");
        let error =
            Home::at(file.join("config"), "").identity().expect_err("a file is no folder").to_string();
        assert!(error.contains("config") && error.contains("SAYAGAIN_CONFIG_DIR"), "{error}");
    }
}
