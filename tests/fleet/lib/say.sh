# shellcheck shell=bash
# Messages: everything for people goes to standard error, so that standard output stays data.

say() {
    printf 'fleet: %s\n' "$*" >&2
}

# Ends with 1: something that should have worked did not.
fail() {
    say "$@"
    exit 1
}

# Ends with 3: this machine, or this user, cannot run a fleet.
unable() {
    say "$@"
    exit 3
}

# Waits for background jobs, for each of them even when one has failed; fails when one has.
wait_for_all() {
    local pid status=0
    for pid in "$@"; do wait "$pid" || status=1; done
    return "$status"
}
