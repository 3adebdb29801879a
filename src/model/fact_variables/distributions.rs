//! Distributions as Ansible spells them, and their families (its `distribution.py`, `OS_FAMILY_MAP`).

use crate::model::facts::Distribution;

/// `ID` of os-release, Ansible's name, Ansible's family.
const DISTRIBUTIONS: [(&str, &str, &str); 38] = [
    ("debian", "Debian", "Debian"),
    ("raspbian", "Debian", "Debian"),
    ("ubuntu", "Ubuntu", "Debian"),
    ("linuxmint", "Linux Mint", "Debian"),
    ("kali", "Kali", "Debian"),
    ("pop", "Pop!_OS", "Debian"),
    ("devuan", "Devuan", "Debian"),
    ("neon", "KDE neon", "Debian"),
    ("deepin", "Deepin", "Debian"),
    ("uos", "Uos", "Debian"),
    ("parrot", "Parrot", "Debian"),
    ("rhel", "RedHat", "RedHat"),
    ("centos", "CentOS", "RedHat"),
    ("fedora", "Fedora", "RedHat"),
    ("rocky", "Rocky", "RedHat"),
    ("almalinux", "AlmaLinux", "RedHat"),
    ("ol", "OracleLinux", "RedHat"),
    ("amzn", "Amazon", "RedHat"),
    ("cloudlinux", "CloudLinux", "RedHat"),
    ("scientific", "Scientific", "RedHat"),
    ("virtuozzo", "Virtuozzo", "RedHat"),
    ("eurolinux", "EuroLinux", "RedHat"),
    ("openEuler", "openEuler", "RedHat"),
    ("anolis", "Anolis", "RedHat"),
    ("kylin", "Kylin Linux Advanced Server", "RedHat"),
    ("tencentos", "TencentOS", "RedHat"),
    ("alpine", "Alpine", "Alpine"),
    ("arch", "Archlinux", "Archlinux"),
    ("archarm", "Archlinux", "Archlinux"),
    ("manjaro", "Manjaro", "Archlinux"),
    ("gentoo", "Gentoo", "Gentoo"),
    ("sles", "SLES", "Suse"),
    ("sled", "SLED", "Suse"),
    ("sles_sap", "SLES_SAP", "Suse"),
    ("opensuse-leap", "openSUSE Leap", "Suse"),
    ("opensuse-tumbleweed", "openSUSE Tumbleweed", "Suse"),
    ("opensuse-microos", "openSUSE MicroOS", "Suse"),
    ("clear-linux-os", "Clear Linux OS", "ClearLinux"),
];

/// Ansible's `ansible_distribution`; for one that is not in the table its own name without the version.
pub(super) fn name(distribution: &Distribution) -> String {
    match known(&distribution.id) {
        Some((name, _)) => name.to_owned(),
        None => distribution
            .name
            .split_ascii_whitespace()
            .take_while(|word| {
                !word.starts_with(|first: char| first.is_ascii_digit() || first == '(')
            })
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// Ansible's `ansible_os_family`: its own, that of a distribution it is like, or its name.
pub(super) fn family(distribution: &Distribution) -> String {
    std::iter::once(&distribution.id)
        .chain(&distribution.like)
        .find_map(|id| known(id))
        .map_or_else(|| name(distribution), |(_, family)| family.to_owned())
}

/// The version as exact as Ansible gives it: Debian's os-release has only the first number.
pub(super) fn version(distribution: &Distribution) -> &str {
    let release = &distribution.release;
    let is_number = release.starts_with(|first: char| first.is_ascii_digit());
    if distribution.id == "debian" && is_number {
        release
    } else {
        &distribution.version
    }
}

fn known(id: &str) -> Option<(&'static str, &'static str)> {
    DISTRIBUTIONS
        .iter()
        .find(|(key, _, _)| *key == id)
        .map(|(_, name, family)| (*name, *family))
}
