//! Where do files belong on this system?
//!
//! `$XDG_CONFIG_HOME` and `$XDG_DATA_HOME` on Linux (XDG Base Directory Specification), `~/Library` on
//! macOS, `%APPDATA%` on Windows; unless the environment says otherwise for this program alone.

use super::HomeError;
use etcetera::BaseStrategy as _;
use std::ffi::OsString;
use std::path::PathBuf;

const FOLDER: &str = "sayagain";

/// The configuration folder and the data folder, by the environment or else by the system's custom.
pub(super) fn find(env: impl Fn(&str) -> Option<OsString>) -> Result<(PathBuf, PathBuf), HomeError> {
    let named = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    match (named("SAYAGAIN_CONFIG_DIR"), named("SAYAGAIN_DATA_DIR")) {
        (Some(config), Some(data)) => Ok((config, data)),
        (config, data) => {
            let system = etcetera::base_strategy::choose_native_strategy().map_err(|_| HomeError::NoPlace)?;
            let config = config.unwrap_or_else(|| system.config_dir().join(FOLDER));
            let data = data.unwrap_or_else(|| system.data_dir().join(FOLDER));
            Ok((config, data))
        }
    }
}

/// The user's folder for downloads, as most systems call it; it need not be there.
pub fn downloads() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_DOWNLOAD_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    named.or_else(|| etcetera::home_dir().ok().map(|home| home.join("Downloads")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_before_the_systems_custom_each_folder_by_itself() {
        let (config, data) =
            find(|name| (name == "SAYAGAIN_CONFIG_DIR").then(|| "/elsewhere".into())).expect("places");
        assert_eq!(config, PathBuf::from("/elsewhere"));
        assert!(data.is_absolute() && data.ends_with("sayagain"), "{data:?}");
    }

    #[test]
    fn an_empty_variable_counts_as_none() {
        let (config, _) = find(|_| Some(OsString::new())).expect("places");
        assert!(config.ends_with("sayagain"), "{config:?}");
    }
}
