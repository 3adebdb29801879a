# shellcheck shell=bash
# The RAM of a host: what its /proc/meminfo shows, and the real limit around it where the set asks for one.

# A /proc/meminfo of a machine that has just booted with this much RAM: about a twentieth of it in use.
made_meminfo() { # MiB
    local total=$(($1 * 1024))
    awk -v total="$total" '
        BEGIN {
            split("MemTotal 1 MemFree 0.85 MemAvailable 0.93 Buffers 0.005 Cached 0.07 SwapCached 0 Active 0.04 " \
                "Inactive 0.05 Active(anon) 0.01 Inactive(anon) 0 Active(file) 0.03 Inactive(file) 0.05 Unevictable 0 " \
                "Mlocked 0 SwapTotal 0 SwapFree 0 Dirty 0 Writeback 0 AnonPages 0.01 Mapped 0.02 Shmem 0.001 Slab 0.02 " \
                "SReclaimable 0.01 SUnreclaim 0.01 PageTables 0.001 CommitLimit 0.5 Committed_AS 0.03 AnonHugePages 0", part, " ")
            for (i = 1; i in part; i += 2) printf "%-16s%8d kB\n", part[i] ":", total * part[i + 1]
            print "HugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB"
        }'
}

# Puts the calling process under a memory limit of its own, for a host that has one.
enter_memory_limit() { # name, MiB or -
    [ "$2" != - ] || return 0
    local bytes=$(($2 * 1024 * 1024)) group
    if [ -n "$MEMORY_GROUPS" ]; then
        group=$MEMORY_GROUPS/$FLEET_GROUP/$1
        mkdir -p "$group"
        printf '%s\n' "$bytes" >"$group/memory.limit_in_bytes"
        printf '%s\n' "$BASHPID" >"$group/cgroup.procs"
    elif grep -qw memory "$UNIFIED/cgroup.controllers"; then
        # The process is in the group already: hosts are in one for being ended.
        for group in "$UNIFIED" "$UNIFIED/$FLEET_GROUP"; do printf '+memory\n' >"$group/cgroup.subtree_control"; done
        printf '%s\n' "$bytes" >"$UNIFIED/$FLEET_GROUP/$1/memory.max"
        printf '0\n' >"$UNIFIED/$FLEET_GROUP/$1/memory.swap.max" 2>/dev/null || true
    else
        fail "$1 wants a memory limit, and this machine has no memory control groups"
    fi
}

# The folder with the files of a host's limit, where its peak and the kernel's count of kills can be read.
fleet_memory() { # name
    [ "$(host_column "$1" limit)" != - ] || fail "$1 has no memory limit of its own"
    if [ -n "$MEMORY_GROUPS" ]; then
        printf '%s\n' "$MEMORY_GROUPS/$FLEET_GROUP/$1"
    else
        printf '%s\n' "$UNIFIED/$FLEET_GROUP/$1"
    fi
}
