# shellcheck shell=bash
# Sets: small data files that say which hosts there are. sets/test explains the columns.

# The file of a set, by name or by path.
set_file() {
    if [[ $1 != */* && -f $FLEET_DIR/sets/$1 ]]; then
        printf '%s\n' "$FLEET_DIR/sets/$1"
    elif [ -f "$1" ]; then
        printf '%s\n' "$1"
    else
        fail "there is no set '$1': give a file, or one of: $(ls "$FLEET_DIR/sets" | tr '\n' ' ')"
    fi
}

# Prints the hosts of a set, one a line, in six columns; stops at the first line that makes no sense.
read_set() {
    local file=$1 line number=0 name suite flavour ram address limit rest
    local -A seen=()
    while read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=${line%%#*}
        read -r name suite flavour ram address limit rest <<<"$line"
        [ -n "$name" ] || continue
        limit=${limit:--}
        local at="$file:$number"
        [[ $name =~ ^[a-z][a-z0-9-]{0,30}$ ]] || fail "$at: '$name' is no host name"
        [ -f "$FLEET_DIR/packages/$suite" ] || fail "$at: no suite '$suite': there are $(ls "$FLEET_DIR/packages" | tr '\n' ' ')"
        [ -f "$FLEET_DIR/flavours/$flavour" ] || fail "$at: no flavour '$flavour': there are $(ls "$FLEET_DIR/flavours" | tr '\n' ' ')"
        [[ $ram =~ ^[0-9]+$ ]] || fail "$at: RAM is a number of MiB, not '$ram'"
        [[ $address =~ ^[0-9]+$ ]] && [ "$address" -ge 2 ] && [ "$address" -le 249 ] ||
            fail "$at: the address is the last number of one, 2 to 249, not '$address'"
        [[ $limit =~ ^([0-9]+|-)$ ]] || fail "$at: the limit is a number of MiB or '-', not '$limit'"
        [ -z "$rest" ] || fail "$at: too many columns, from '$rest' on"
        [ -z "${seen[$name]:-}${seen[$address]:-}" ] || fail "$at: the name or the address is there twice"
        seen[$name]=1 seen[$address]=1
        printf '%s %s %s %s %s %s\n' "$name" "$suite" "$flavour" "$ram" "$address" "$limit"
    done <"$file"
}

# The hosts that this fleet has, up or not: their folders in the state hold their line of the set.
known_hosts_of_fleet() {
    local file
    for file in "$STATE"/hosts/*/description; do
        [ ! -f "$file" ] || basename -- "$(dirname -- "$file")"
    done
}

# Sets name, suite, flavour, ram, address and limit to those of a known host.
describe() {
    [ -f "$STATE/hosts/$1/description" ] || fail "there is no host '$1': there are $(known_hosts_of_fleet | tr '\n' ' ')"
    # shellcheck disable=SC2034 # for the caller
    read -r name suite flavour ram address limit <"$STATE/hosts/$1/description"
}
