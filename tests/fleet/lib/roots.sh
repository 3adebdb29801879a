# shellcheck shell=bash
# Base roots: one a suite, with systemd, sshd and the users that the tests log in as.

BASE_PACKAGES=(
    systemd systemd-sysv dbus openssh-server sudo procps iproute2 ca-certificates
    # So that Ansible can be run on a host for comparison.
    python3 python3-apt
)
# What would only slow the boot down, or change files while a test looks.
MASKED_UNITS=(
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
    systemd-tmpfiles-clean.timer systemd-timesyncd.service getty.target console-getty.service
)
# Of 'deploy' and 'nosudo', for sudo. No secret: only this machine reaches the hosts, and logging in takes a key.
USER_PASSWORD='correct horse'

build_root() { # folder, suite
    local folder=$1 suite=$2 archive
    archive=$(mirror)
    use_apt_proxy
    # shellcheck disable=SC2086 # without an archive there is no argument: debootstrap knows its own
    debootstrap --variant=minbase --keyring="$DEBIAN_KEYS" \
        --include="$(IFS=,; printf '%s' "${BASE_PACKAGES[*]}")" "$suite" "$folder" $archive
    mkdir -p "$folder/usr/lib/test-host" "$folder/srv/packages"
    awk '$1 == "deb" { print $2; exit }' "$folder/etc/apt/sources.list" >"$folder/usr/lib/test-host/mirror"
    # With usual modes, whatever those of this checkout are.
    cp --recursive --no-dereference --no-preserve=mode,ownership -- "$FLEET_DIR/root/." "$folder/"
    chmod 0440 "$folder/etc/sudoers.d/ops"
    add_users "$folder"
    systemctl --root="$folder" mask "${MASKED_UNITS[@]}"
    rm -f "$folder"/etc/ssh/ssh_host_* "$folder"/etc/machine-id "$folder"/var/lib/dbus/machine-id
    rm -rf "$folder"/var/cache/apt/*.bin "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/* \
        "$folder"/var/log/bootstrap.log
    # Nothing to update at the first boot: ldconfig and the like have run.
    touch "$folder/etc/.updated" "$folder/var/.updated"
}

add_users() { # root folder
    local folder=$1 user
    for user in ops deploy nosudo; do
        chroot "$folder" useradd --create-home --shell /bin/bash "$user"
    done
    chroot "$folder" usermod --append --groups sudo deploy
    printf '%s\n' "deploy:$USER_PASSWORD" "nosudo:$USER_PASSWORD" | chroot "$folder" chpasswd
}
