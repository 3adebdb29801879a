# shellcheck shell=bash
# The whole fleet: up, down, and what changes some of its hosts.

fleet_up() { # set
    local file lines line name owner
    owner=$(subnet_taken_by)
    [ -z "$owner" ] || fail "the fleet in $owner has the subnet $SUBNET: choose another with CACHESMITH_FLEET_SUBNET"
    file=$(set_file "$1")
    lines=$(read_set "$file")
    build_images "$1"
    check_against_present "$lines"
    mapfile -t UNDO < <(hosts_not_running "$lines")
    save_kernel_settings
    mkdir -p "$STATE/hosts" "$STATE/disk"
    printf '%s\n' "$SUBNET" >"$STATE/subnet"
    mountpoint --quiet "$STATE/disk" || mount -t tmpfs -o "size=$DISK_SIZE,mode=0755" cachesmith-fleet "$STATE/disk"
    bridge_up
    while read -r line; do
        name=${line%% *}
        mkdir -p "$STATE/hosts/$name"
        printf '%s\n' "$line" >"$STATE/hosts/$name/description"
    done <<<"$lines"
    for name in "${UNDO[@]}"; do
        made_meminfo "$(host_column "$name" ram)" >"$STATE/hosts/$name/meminfo"
    done
    hosts_table
    client_files
    [ "${#UNDO[@]}" -eq 0 ] || boot_hosts "${UNDO[@]}" || fail "not every host came up"
    UNDO=()
    fleet_inventory >"$STATE/inventory.yml"
    say "up: $(running_hosts | tr '\n' ' ')(inventory: $STATE/inventory.yml)"
}

hosts_not_running() { # lines of the set
    local name _
    while read -r name _; do
        group_is_running "$name" || printf '%s\n' "$name"
    done <<<"$1"
}

# A host that is there cannot become another one in place.
check_against_present() { # lines of the set
    local line name
    while read -r line; do
        name=${line%% *}
        [ -f "$STATE/hosts/$name/description" ] || continue
        [ "$(<"$STATE/hosts/$name/description")" = "$line" ] ||
            fail "$name is already there as '$(<"$STATE/hosts/$name/description")': take the fleet down first"
    done <<<"$1"
}

# Names and addresses of all hosts, as every one of them knows them.
hosts_table() {
    local name
    {
        printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'
        for name in $(known_hosts_of_fleet); do
            printf '%s %s\n' "$(address_of "$name")" "$name"
        done
    } >"$STATE/hosts.txt"
}

# After an `up` that failed or was stopped: ends the hosts that it began with, and the fleet when none is left.
undo_up() {
    local name
    for name in "${UNDO[@]}"; do end_host "$name"; done
    [ -n "$(running_hosts)" ] || fleet_down
}

running_hosts() {
    local name
    for name in $(known_hosts_of_fleet); do
        ! group_is_running "$name" || printf '%s\n' "$name"
    done
}

# Removes everything that belongs to this fleet, from whatever state it is in: what there is to remove is asked
# of the machine, not of the state folder.
fleet_down() {
    local name owner
    owner=$(subnet_taken_by)
    if [ -n "$owner" ]; then
        say "nothing of $STATE is up; what has the subnet $SUBNET is the fleet in $owner"
        return
    fi
    if [ -n "$UNIFIED" ]; then
        for name in $(groups_of_fleet); do end_group "$name"; done
        remove_fleet_groups
    fi
    network_down
    ! mountpoint --quiet "$STATE/disk" || umount "$STATE/disk"
    release_kernel_settings
    remove_state
}

# Only what is ours: the folder may be one that somebody keeps other things in.
remove_state() {
    rm -rf -- "$STATE"/{disk,hosts} "$STATE"/{subnet,hosts.txt,ssh_config,inventory.yml,faults.yml} \
        "$STATE"/{client_key,client_key.pub,known_hosts,known_hosts.wrong} "$STATE/faults.log"
    [ ! -d "$STATE" ] || rmdir -- "$STATE" || true
    rm -f -- "$STATE.lock"
}

fleet_list() {
    local name state
    for name in $(known_hosts_of_fleet); do
        state=stopped
        ! group_is_running "$name" || state=up
        printf '%-12s %-9s %-8s %6s MiB  %-15s %s\n' "$name" "$(host_column "$name" suite)" \
            "$(host_column "$name" flavour)" "$(host_column "$name" ram)" "$(address_of "$name")" "$state"
    done
}

fleet_stop() { # names...
    local name
    for name in "$@"; do require_host "$name"; done
    for name in "$@"; do end_host "$name"; done
}

fleet_start() { # names...
    local name
    local -a booting=()
    for name in "$@"; do require_host "$name"; done
    for name in "$@"; do
        group_is_running "$name" || { end_host "$name"; booting+=("$name"); }
    done
    [ "${#booting[@]}" -eq 0 ] || boot_hosts "${booting[@]}"
}

fleet_reset() { # names...
    local name
    local -a names=("$@")
    [ $# -gt 0 ] || mapfile -t names < <(known_hosts_of_fleet)
    fleet_stop "${names[@]}"
    restore_kernel_settings
    for name in "${names[@]}"; do rm -rf -- "$(disk_of "$name")"; done
    fleet_start "${names[@]}"
}
