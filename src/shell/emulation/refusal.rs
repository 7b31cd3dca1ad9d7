//! What did the system refuse, and what helps?
//!
//! Whether a link can be set up is found out by setting it up: every setting that forbids it may be in force
//! or not, and a container may forbid what the host allows. So the step that failed is named, and the cure
//! follows from it and from what the system says of its settings.

use std::fmt;
use std::fs;
use std::io;

/// A step that failed.
#[derive(Debug)]
pub struct Refusal {
    step: &'static str,
    error: io::Error,
}

impl Refusal {
    /// To be given to `map_err`: this step failed.
    pub fn at<E: Into<io::Error>>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self { step, error: error.into() }
    }

    fn cure(&self) -> String {
        cure(self.error.raw_os_error(), setting)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the link cannot be set up: {} failed ({})", self.step, self.error)?;
        let cure = self.cure();
        if cure.is_empty() { Ok(()) } else { write!(f, "\n{cure}") }
    }
}

impl std::error::Error for Refusal {}

/// A number among the kernel's settings, such as `user/max_user_namespaces`.
fn setting(name: &str) -> Option<u64> {
    fs::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok()
}

/// What helps against this error; empty where nothing is known.
fn cure(error: Option<i32>, setting: impl Fn(&str) -> Option<u64>) -> String {
    match error {
        Some(libc::ENOSPC | libc::EUSERS) => limits(setting),
        Some(libc::EPERM | libc::EACCES)
            if setting("kernel/apparmor_restrict_unprivileged_userns") == Some(1) =>
        {
            app_armor()
        }
        Some(libc::EPERM | libc::EACCES) if setting("kernel/unprivileged_userns_clone") == Some(0) => {
            "This system keeps ordinary users from making namespaces. Allow it with\n  \
             sudo sysctl kernel.unprivileged_userns_clone=1\nor run this command with sudo."
                .to_owned()
        }
        Some(libc::EPERM | libc::EACCES) => {
            "In a container its seccomp profile forbids namespaces: start it with\n  \
             docker run --security-opt seccomp=unconfined … (or podman, whose profile allows them).\n\
             Elsewhere try this command with sudo; it runs the programs as you."
                .to_owned()
        }
        Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP | libc::EAFNOSUPPORT) => {
            "This kernel was built without something that the link needs: user, pid and network\n\
             namespaces, veth (CONFIG_VETH) and packet sockets (CONFIG_PACKET)."
                .to_owned()
        }
        _ => String::new(),
    }
}

fn limits(setting: impl Fn(&str) -> Option<u64>) -> String {
    let wanted =
        [("user/max_user_namespaces", 1), ("user/max_net_namespaces", 3), ("user/max_pid_namespaces", 1)];
    let low: Vec<String> = wanted
        .into_iter()
        .filter(|(name, least)| setting(name).is_some_and(|limit| limit < *least))
        .map(|(name, _)| format!("  sudo sysctl {}=1000", name.replace('/', ".")))
        .collect();
    if low.is_empty() {
        return "Too many namespaces are in use: end what uses them, or raise user.max_user_namespaces,\n\
                user.max_net_namespaces and user.max_pid_namespaces with sysctl."
            .to_owned();
    }
    format!("The limits on namespaces are too low. Raise them with\n{}", low.join("\n"))
}

/// Ubuntu since 24.04: a user namespace can be made, and then nothing can be done in it.
fn app_armor() -> String {
    let program = std::env::current_exe()
        .map_or_else(|_| "/path/to/sayagain".into(), |path| path.display().to_string());
    format!(
        "AppArmor keeps programs without a profile from using namespaces. Give this one a profile:\n  \
         sudo tee /etc/apparmor.d/sayagain <<'END'\n  \
         abi <abi/4.0>,\n  \
         profile sayagain {program} flags=(unconfined) {{\n    \
         userns,\n  \
         }}\n  \
         END\n  \
         sudo apparmor_parser -r /etc/apparmor.d/sayagain\n\
         or allow it to all until the next start of the machine:\n  \
         sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0\n\
         or run this command with sudo; it runs the programs as you."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cure_with(error: i32, settings: &[(&str, u64)]) -> String {
        cure(Some(error), |name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_limit_that_is_too_low_is_named() {
        let cure =
            cure_with(libc::ENOSPC, &[("user/max_user_namespaces", 0), ("user/max_net_namespaces", 900)]);
        assert!(cure.contains("user.max_user_namespaces=") && !cure.contains("max_net"), "{cure}");
        assert!(cure_with(libc::ENOSPC, &[("user/max_net_namespaces", 2)]).contains("max_net_namespaces"));
        assert!(cure_with(libc::ENOSPC, &[]).contains("in use"));
    }

    #[test]
    fn what_forbids_namespaces_is_named() {
        let ubuntu = cure_with(libc::EPERM, &[("kernel/apparmor_restrict_unprivileged_userns", 1)]);
        assert!(ubuntu.contains("userns,") && ubuntu.contains("apparmor_parser"), "{ubuntu}");
        let debian = cure_with(libc::EPERM, &[("kernel/unprivileged_userns_clone", 0)]);
        assert!(debian.contains("kernel.unprivileged_userns_clone=1"), "{debian}");
        assert!(cure_with(libc::EPERM, &[]).contains("seccomp"));
        assert!(cure_with(libc::EINVAL, &[]).contains("CONFIG_VETH"));
    }

    #[test]
    fn the_step_that_failed_is_named() {
        let refusal = Refusal::at("making a user namespace")(io::Error::from_raw_os_error(libc::EPERM));
        let text = refusal.to_string();
        assert!(text.contains("making a user namespace failed") && text.contains("sudo"), "{text}");
    }
}
