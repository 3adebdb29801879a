# shellcheck shell=bash
# Steps that a person can follow: each command is shown before it runs.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    BOLD=$'\e[1m' PLAIN=$'\e[0m'
else
    BOLD='' PLAIN=''
fi

heading() {
    printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"
}

# Ends the script: what is wrong, and what to do about it.
stop() {
    printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2
    exit 1
}

# Shows a command, runs it, and stops unless it ends with the exit code given.
step() { # exit code, command...
    local expected=$1 status=0
    shift
    printf '\n%s$ %s%s\n' "$BOLD" "$*" "$PLAIN"
    "$@" || status=$?
    [ "$status" -eq "$expected" ] || stop "'$*' ended with $status, and $expected was expected"
}

# Runs a command as root, through sudo where we are somebody else.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -- "$@"
    fi
}
