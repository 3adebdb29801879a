# shellcheck shell=bash
# The kernel's values that hosts share with this machine (vm.*, huge pages, some of kernel.* and fs.*): kept when
# the first fleet comes up, put back when the last one goes down. net.* values belong to each host alone.

KERNEL_STATE=/run/cachesmith-fleet-kernel

# Every setting that can be read and written, and that means the same a minute later.
shared_kernel_settings() {
    find /proc/sys/vm /proc/sys/kernel /proc/sys/fs -type f -perm -u=rw \
        ! -path '*/random/*' ! -path '*/binfmt_misc/*' ! -path '*/keys/*' ! -path '*/sched_domain/*' \
        ! -name ns_last_pid ! -name hostname ! -name domainname ! -name drop_caches ! -name compact_memory \
        ! -name stat_refresh ! -name '*next_id' ! -name dentry-negative ! -name 'core_modes' 2>/dev/null
    find /sys/kernel/mm/transparent_hugepage -type f -perm -u=rw ! -name '*stats*' 2>/dev/null
}

# Prints "path<TAB>value" lines. A choice such as "always [madvise] never" becomes the word in brackets.
read_kernel_settings() {
    local setting value
    while read -r setting; do
        { value=$(<"$setting"); } 2>/dev/null || continue
        [[ $value != *$'\n'* ]] || continue
        [[ $setting == /sys/* && $value =~ \[([^]]+)\] ]] && value=${BASH_REMATCH[1]}
        printf '%s\t%s\n' "$setting" "$value"
    done < <(shared_kernel_settings | sort)
}

save_kernel_settings() {
    mkdir -p "$KERNEL_STATE/fleets"
    if [ ! -f "$KERNEL_STATE/before" ]; then
        read_kernel_settings >"$KERNEL_STATE/before.part"
        mv "$KERNEL_STATE/before.part" "$KERNEL_STATE/before"
    fi
    printf '%s\n' "$STATE" >"$KERNEL_STATE/fleets/$ID"
}

# The state folder of another fleet that is up on our subnet, and so has the same names on the machine; or nothing.
subnet_taken_by() {
    local owner
    owner=$(cat "$KERNEL_STATE/fleets/$ID" 2>/dev/null) || return 0
    [ "$owner" = "$STATE" ] || printf '%s\n' "$owner"
}

# Writes back what differs from what was kept.
restore_kernel_settings() {
    [ -f "$KERNEL_STATE/before" ] || return 0
    local setting value
    # Twice: some pairs (dirty_bytes and dirty_ratio) zero one another.
    for _ in 1 2; do
        while IFS=$'\t' read -r setting value; do
            { printf '%s\n' "$value" >"$setting"; } 2>/dev/null || say "cannot put back $setting"
        done < <(read_kernel_settings | comm -13 - "$KERNEL_STATE/before")
    done
}

# Each host's systemd takes a handful of inotify instances, and all hosts together may have only so many.
raise_kernel_limits() {
    local limit=/proc/sys/fs/inotify/max_user_instances
    [ "$(<"$limit")" -ge 1024 ] || printf '1024\n' >"$limit"
}

# The last fleet to go restores the values and forgets them.
release_kernel_settings() {
    rm -f "$KERNEL_STATE/fleets/$ID"
    [ -z "$(ls "$KERNEL_STATE/fleets" 2>/dev/null)" ] || return 0
    restore_kernel_settings
    rm -rf "$KERNEL_STATE"
}
