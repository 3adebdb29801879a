# shellcheck shell=bash
# The network: a bridge on this machine, a namespace a host, and a cable (veth) between the two.
# Nothing is routed: hosts reach each other and this machine, and nothing else.

BRIDGE=cs$ID
NAMESPACE_PREFIX=cachesmith-$ID-

cable_of() { # last number of the address
    printf 'cs%sh%s\n' "$ID" "$1"
}

# The address of a network card, from the address it serves: a host that starts again is found at once, because
# nobody's table of neighbours becomes wrong. The same goes for the bridge, which would take that of a cable.
card_of() { # last number of the address
    printf '02:00:%s:%02x\n' "${ID:0:2}:${ID:2:2}:${ID:4:2}" "$1"
}

bridge_up() {
    ! ip link show "$BRIDGE" >/dev/null 2>&1 || return 0
    local routes
    routes=$(ip route show root "$SUBNET.0/24"; ip route show match "$SUBNET.0/24" | sed '/^default/d')
    [ -z "$routes" ] ||
        fail "this machine already has a route for $SUBNET.0/24 ($routes): choose another CACHESMITH_FLEET_SUBNET"
    ip link add "$BRIDGE" address "$(card_of "$BRIDGE_NUMBER")" type bridge forward_delay 0
    ip address add "$SUBNET.$BRIDGE_NUMBER/24" dev "$BRIDGE"
    ip link set "$BRIDGE" up
}

# A namespace with one cable to the bridge and the addresses given.
plug_in() { # name, numbers...
    local namespace=$NAMESPACE_PREFIX$1 number cable
    shift
    cable=$(cable_of "$1")
    # What an earlier, interrupted start may have left.
    unplug "${namespace#"$NAMESPACE_PREFIX"}"
    ip netns add "$namespace"
    ip link add "$cable" type veth peer name eth0 address "$(card_of "$1")" netns "$namespace"
    ip link set "$cable" master "$BRIDGE" up
    ip -netns "$namespace" link set lo up
    for number in "$@"; do ip -netns "$namespace" address add "$SUBNET.$number/24" dev eth0; done
    ip -netns "$namespace" link set eth0 up
}

# Deletes a namespace; its cable goes with it.
unplug() { # name
    local namespace=$NAMESPACE_PREFIX$1
    [ ! -e "/run/netns/$namespace" ] || ip netns delete "$namespace"
}

network_down() {
    local namespace link
    for namespace in /run/netns/"$NAMESPACE_PREFIX"*; do
        [ ! -e "$namespace" ] || ip netns delete "$(basename -- "$namespace")"
    done
    # The cables of a namespace end with it, but a moment later.
    for link in /sys/class/net/"$BRIDGE"h*; do
        [ ! -e "$link" ] || ip link delete "$(basename -- "$link")" 2>/dev/null || true
    done
    [ ! -e "/sys/class/net/$BRIDGE" ] || ip link delete "$BRIDGE"
    # The folder of namespaces is a mount that 'ip netns add' makes; the last one out removes it.
    if mountpoint --quiet /run/netns && [ -z "$(ls /run/netns)" ]; then
        umount /run/netns && rmdir /run/netns
    fi
}

# Runs a program of this machine in a host's network, where the host's servers listen on 127.0.0.1. It stays outside of
# the host in all else: its memory and processes are not the host's.
fleet_beside() { # name, command...
    local name=$1
    shift
    require_host "$name"
    exec nsenter --net="/run/netns/$NAMESPACE_PREFIX$name" -- "$@"
}
