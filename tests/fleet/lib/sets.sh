# shellcheck shell=bash
# Sets: small data files that say which hosts there are. sets/test explains the columns.

# The files of one of our folders, on one line.
names_in() { # folder
    find "$FLEET_DIR/$1" -type f -printf '%f\n' | sort | paste -sd ' '
}

# The file of a set, by name or by path.
set_file() {
    if [[ $1 != */* && -f $FLEET_DIR/sets/$1 ]]; then
        printf '%s\n' "$FLEET_DIR/sets/$1"
    elif [ -f "$1" ]; then
        printf '%s\n' "$1"
    else
        fail "there is no set '$1': give a file, or one of: $(names_in sets)"
    fi
}

# Prints the hosts of a set, one a line, in six columns; stops at the first line that makes no sense.
read_set() {
    local file=$1 line number=0 name suite flavour ram address limit rest at
    local -A seen=()
    while read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=${line%%#*}
        read -r name suite flavour ram address limit rest <<<"$line"
        [ -n "$name" ] || continue
        limit=${limit:--}
        at=$file:$number
        [[ $name =~ ^[a-z][a-z0-9-]{0,30}$ ]] || fail "$at: '$name' is no host name"
        [ -f "$FLEET_DIR/packages/$suite" ] || fail "$at: no suite '$suite': there are $(names_in packages)"
        [ -f "$FLEET_DIR/flavours/$flavour" ] || fail "$at: no flavour '$flavour': there are $(names_in flavours)"
        [[ $ram =~ ^[0-9]+$ ]] || fail "$at: RAM is a number of MiB, not '$ram'"
        [[ $address =~ ^[0-9]{1,3}$ && $address -ge 2 && $address -le 249 ]] ||
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

require_host() { # name
    [ -f "$STATE/hosts/$1/description" ] || fail "there is no host '$1': there are $(known_hosts_of_fleet | tr '\n' ' ')"
}

# One column of a host's line: suite, flavour, ram, address (its last number) or limit.
host_column() { # name, column
    require_host "$1"
    local name suite flavour ram address limit
    read -r name suite flavour ram address limit <"$STATE/hosts/$1/description"
    case $2 in
        suite | flavour | ram | address | limit) printf '%s\n' "${!2}" ;;
        *) fail "no column '$2' for $name" ;;
    esac
}

# The whole address of a host.
address_of() { # name
    printf '%s.%s\n' "$SUBNET" "$(host_column "$1" address)"
}
