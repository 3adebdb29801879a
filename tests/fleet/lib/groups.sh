# shellcheck shell=bash
# Control groups: every host runs in one, so that ending a host ends all of its processes and nothing else.

UNIFIED=$(findmnt --noheadings --first-only --output TARGET --types cgroup2 || true)
MEMORY_GROUPS=$(findmnt --noheadings --first-only --output TARGET --types cgroup --options memory || true)
SYSTEMD_GROUPS=$(findmnt --noheadings --first-only --output TARGET --types cgroup --options name=systemd || true)
FLEET_GROUP=cachesmith-fleet-$ID

# cgroup.kill ends a whole group at once, whatever its processes do.
if [ "$(printf '5.14\n%s\n' "$(uname -r)" | sort --version-sort | head -n 1)" != 5.14 ]; then UNIFIED=''; fi

group_is_running() { # name
    grep -qs '^populated 1' "$UNIFIED/$FLEET_GROUP/$1/cgroup.events"
}

make_group() { # name
    mkdir -p "$UNIFIED/$FLEET_GROUP/$1"
}

# Moves the calling process into a group. Whoever starts the process makes the group: where it has been removed in the
# meantime, the process has come too late, and this fails.
enter_group() { # name
    printf '%s\n' "$BASHPID" >"$UNIFIED/$FLEET_GROUP/$1/cgroup.procs"
}

# Ends every process of a group and removes the group; again, should another process just have entered.
end_group() { # name
    local group=$UNIFIED/$FLEET_GROUP/$1 hierarchy _
    for _ in $(seq 200); do
        [ -d "$group" ] || break
        printf '1\n' >"$group/cgroup.kill"
        group_is_running "$1" || remove_group "$group" 2>/dev/null || true
        [ ! -d "$group" ] || sleep 0.05
    done
    [ ! -d "$group" ] || fail "some process of $1 cannot be ended: see $group"
    for hierarchy in "$MEMORY_GROUPS" "$SYSTEMD_GROUPS"; do
        [ -z "$hierarchy" ] || remove_group "$hierarchy/$FLEET_GROUP/$1"
    done
}

remove_group() { # folder of the group
    [ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} +
}

remove_fleet_groups() {
    local hierarchy
    for hierarchy in "$UNIFIED" "$MEMORY_GROUPS" "$SYSTEMD_GROUPS"; do
        [ -z "$hierarchy" ] || remove_group "$hierarchy/$FLEET_GROUP"
    done
}

# The names that have a group: hosts, and 'hanging' (faults.sh).
groups_of_fleet() {
    local group
    for group in "$UNIFIED/$FLEET_GROUP"/*/; do
        [ ! -d "$group" ] || basename -- "$group"
    done
}
