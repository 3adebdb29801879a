//! Whether a host is a machine, a virtual one, or a container.

use super::machine::Files;
use super::record::Records;
use crate::model::facts::Virtualization;

/// What `systemd-detect-virt` calls containers (systemd-detect-virt(1)); all its other words are machines.
const CONTAINERS: [&str; 11] = [
    "openvz",
    "lxc",
    "lxc-libvirt",
    "systemd-nspawn",
    "docker",
    "podman",
    "rkt",
    "wsl",
    "proot",
    "pouch",
    "container-other",
];

/// Vendors or products by which firmware gives virtual machines away, and the technology.
const VIRTUAL_VENDORS: [(&str, &str); 10] = [
    ("QEMU", "qemu"),
    ("KVM", "kvm"),
    ("Amazon EC2", "amazon"),
    ("VMware", "vmware"),
    ("Virtual Machine", "microsoft"),
    ("innotek GmbH", "oracle"),
    ("Xen", "xen"),
    ("Parallels", "parallels"),
    ("Google Compute Engine", "google"),
    ("DigitalOcean", "kvm"),
];

pub(super) fn read(records: &Records, files: &Files<'_>, signs: &[&str]) -> Virtualization {
    let first = |path: &str| files.get(path).and_then(|lines| lines.first()).copied();
    let of = |kind: &str, technology: &str| Virtualization {
        kind: kind.to_owned(),
        technology: technology.to_owned(),
    };
    if let Some(technology) = records.get("virtualization") {
        return match technology.trim() {
            "none" => of("hardware", ""),
            technology if CONTAINERS.contains(&technology) => of("container", technology),
            technology => of("virtual machine", technology),
        };
    }
    let told = signs
        .iter()
        .find_map(|sign| sign.strip_prefix("container="));
    if let Some(technology) = told.or(first("/run/systemd/container")) {
        return of("container", technology.trim());
    }
    if signs.contains(&"/.dockerenv") {
        return of("container", "docker");
    }
    if signs.contains(&"/run/.containerenv") {
        return of("container", "podman");
    }
    let firmware = [
        "/sys/class/dmi/id/sys_vendor",
        "/sys/class/dmi/id/product_name",
    ]
    .map(|path| first(path).unwrap_or_default());
    for (vendor, technology) in VIRTUAL_VENDORS {
        if firmware.iter().any(|text| text.starts_with(vendor)) {
            return of("virtual machine", technology);
        }
    }
    match first("/sys/hypervisor/type") {
        Some(technology) => of("virtual machine", technology.trim()),
        None if !firmware[0].is_empty() => of("hardware", ""),
        None => Virtualization::default(),
    }
}
