//! Who called this program, if `sudo` stands between?
//!
//! The programs of a measurement run as the user who called, also where root set their link up; so what is
//! made for them is handed over.

use std::io;
use std::path::Path;

/// User and group of whoever called `sudo`, if root runs this because of it.
#[cfg(target_os = "linux")]
pub fn of_sudo() -> Option<(u32, u32)> {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let is_root = rustix::process::geteuid().is_root();
    Some((number("SUDO_UID")?, number("SUDO_GID")?)).filter(|_| is_root)
}

/// Gives this file or folder to whoever called `sudo`; without it, it stays as it is.
#[cfg(target_os = "linux")]
pub fn hand_over(path: &Path) -> io::Result<()> {
    let Some((user, group)) = of_sudo() else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(user), Some(group))
}

/// Gives this file or folder to whoever called `sudo`; without it, it stays as it is.
#[cfg(not(target_os = "linux"))]
pub fn hand_over(_: &Path) -> io::Result<()> {
    Ok(())
}
