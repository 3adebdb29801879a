# shellcheck shell=bash
# One command of this program: alone with its fleet, and tidy when it does not end well.

# What this process holds and has begun; at_exit looks at these.
LOCK=''
BUILDING=''
# The hosts that an `up` has begun with, until it is done.
UNDO=()

# Runs a function while no other process changes the same fleet.
with_lock() {
    mkdir -p -- "$(dirname -- "$STATE")"
    while :; do
        exec {LOCK}>"$STATE.lock"
        flock --wait 600 "$LOCK" || fail "another command is still changing the fleet in $STATE"
        # Taking a fleet down removes the file: a lock on the removed one keeps nobody out.
        [ "$STATE.lock" -ef "/proc/$BASHPID/fd/$LOCK" ] && break
        exec {LOCK}>&-
    done
    "$@"
}

# Stops builds that were interrupted, undoes an `up` that did not end well, leaves no lock where there is no fleet.
at_exit() {
    trap - EXIT INT TERM
    [ -z "$BUILDING" ] || end_build
    [ "${#UNDO[@]}" -eq 0 ] || undo_up
    [ -z "$LOCK" ] || [ -d "$STATE" ] || rm -f -- "$STATE.lock"
}
