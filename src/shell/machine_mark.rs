//! Is this the machine that a file was written on?
//!
//! A mark says so without saying which machine it is: a hash, of this program's own (`machine-id(5)`: the id
//! itself is confidential and must not be told further).
//!
//! | system | what is hashed |
//! | --- | --- |
//! | Linux | the machine id, and the address that the maker gave to the built-in Ethernet adapter |
//! | others | the host's name, up to the first dot |
//!
//! Ours: the adapter too, because images are cloned with their machine id in them. Wireless and pluggable
//! adapters are left out: their addresses change. Two marks that are equal prove nothing; two that differ
//! are a reason to ask.

use blake2::{Blake2s256, Digest as _};

/// 32 hexadecimal digits; `None` where the system tells nothing of itself (many containers).
pub fn mark() -> Option<String> {
    let traits = traits();
    (!traits.is_empty()).then(|| mark_of(&traits))
}

fn mark_of(traits: &[String]) -> String {
    let hash = traits.iter().fold(Blake2s256::new_with_prefix("sayagain machine mark"), |hash, it| {
        hash.chain_update(u64::try_from(it.len()).unwrap_or(u64::MAX).to_be_bytes()).chain_update(it)
    });
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[cfg(target_os = "linux")]
fn traits() -> Vec<String> {
    use std::path::Path;
    linux::machine_id().into_iter().chain(linux::wired_address(Path::new("/sys/class/net"))).collect()
}

#[cfg(not(target_os = "linux"))]
fn traits() -> Vec<String> {
    let name = hostname::get().unwrap_or_default().to_string_lossy().to_lowercase();
    let label = name.split('.').next().unwrap_or_default().to_owned();
    Some(label).filter(|label| !label.is_empty()).into_iter().collect()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;

    /// `machine-id(5)`; the second is where D-Bus kept it.
    const ID_FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

    pub fn machine_id() -> Option<String> {
        ID_FILES.into_iter().find_map(|file| read(Path::new(file))).filter(|id| id != "uninitialized")
    }

    /// Of all adapters that are wired and built in, the least address.
    pub fn wired_address(adapters: &Path) -> Option<String> {
        let adapters = fs::read_dir(adapters).ok()?;
        adapters.flatten().filter_map(|adapter| permanent_address(&adapter.path())).min()
    }

    fn permanent_address(adapter: &Path) -> Option<String> {
        let bus = fs::read_link(adapter.join("device/subsystem")).ok()?;
        let is_built_in = bus.file_name().is_some_and(|bus| bus != "usb");
        let is_wired = !adapter.join("wireless").exists() && !adapter.join("phy80211").exists();
        // sysfs-class-net: 0 is an address that the adapter itself came with.
        let is_permanent = read(&adapter.join("addr_assign_type")).is_some_and(|kind| kind == "0");
        let address = read(&adapter.join("address"))?;
        (is_built_in && is_wired && is_permanent).then_some(address)
    }

    fn read(file: &Path) -> Option<String> {
        let text = fs::read_to_string(file).ok()?.trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_the_same_each_time_and_another_for_other_traits() {
        assert_eq!(mark(), mark());
        let of = |traits: &[&str]| mark_of(&traits.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", "52:54:00:00:00:01"]), "a clone with another adapter");
        assert!(of(&["ab"]).len() == 32 && !of(&["ab"]).contains("ab "));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn of_the_adapters_only_those_count_whose_address_stays() {
        use std::fs;
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder to test in");
        let adapter = |name: &str, bus: Option<&str>, kind: &str, address: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.join("device")).expect("made");
            fs::write(path.join("addr_assign_type"), format!("{kind}\n")).expect("written");
            fs::write(path.join("address"), format!("{address}\n")).expect("written");
            if let Some(bus) = bus {
                symlink(format!("../../bus/{bus}"), path.join("device/subsystem")).expect("linked");
            }
            path
        };
        assert_eq!(linux::wired_address(folder.path()), None);
        adapter("lo", None, "0", "00:00:00:00:00:00");
        adapter("dongle", Some("usb"), "0", "02:00:00:00:00:00");
        adapter("veth0", None, "3", "02:00:00:00:00:01");
        adapter("bond", Some("pci"), "3", "02:00:00:00:00:02");
        let wifi = adapter("wlan0", Some("pci"), "0", "02:00:00:00:00:03");
        fs::create_dir(wifi.join("phy80211")).expect("made");
        assert_eq!(linux::wired_address(folder.path()), None);
        adapter("eth1", Some("virtio"), "0", "52:54:00:00:00:09");
        adapter("eth0", Some("pci"), "0", "52:54:00:00:00:07");
        assert_eq!(linux::wired_address(folder.path()).as_deref(), Some("52:54:00:00:00:07"));
    }
}
