# shellcheck shell=bash
# What this machine must have, and how it gets it.

# Debian package by the program that shows it is there.
declare -A PROGRAMS=(
    [debootstrap]=debootstrap
    [systemd-nspawn]=systemd-container
    [systemd-socket-activate]=systemd
    [ip]=iproute2
    [ssh]=openssh-client
    [ssh-keygen]=openssh-client
    [unshare]=util-linux
    [flock]=util-linux
    [setsid]=util-linux
    [sha256sum]=coreutils
    [dpkg-deb]=dpkg
    [find]=findutils
)
DEBIAN_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg

require_root() {
    [ "$(id -u)" = 0 ] || unable "test hosts need root (namespaces, mounts, cgroups): run this as root"
}

missing_packages() {
    local program
    {
        for program in "${!PROGRAMS[@]}"; do
            command -v "$program" >/dev/null || printf '%s\n' "${PROGRAMS[$program]}"
        done
        [ -s "$DEBIAN_KEYS" ] || printf 'debian-archive-keyring\n'
    } | sort -u
}

install_programs() {
    local -a packages
    mapfile -t packages < <(missing_packages)
    [ "${#packages[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null || unable "there is no apt-get here to install: ${packages[*]}"
    say "installing ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >&2
    apt-get -qq install --yes --no-install-recommends "${packages[@]}" >&2
}

# Checks everything at once, so that a person reads one list and not one line a try.
require_able() {
    require_root
    local -a packages lacks=()
    mapfile -t packages < <(missing_packages)
    [ "${#packages[@]}" -eq 0 ] || lacks+=("the packages ${packages[*]} (run: fleet install)")
    overlay_works || lacks+=("the kernel's overlay filesystem")
    [ -n "$UNIFIED" ] || lacks+=("a mounted cgroup2 filesystem with cgroup.kill (Linux 5.14)")
    unshare --mount --net --pid --fork true 2>/dev/null || lacks+=("permission to make namespaces")
    [ "${#lacks[@]}" -eq 0 ] && return 0
    local lack
    for lack in "${lacks[@]}"; do say "this machine lacks $lack"; done
    exit 3
}

overlay_works() {
    grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null
}
