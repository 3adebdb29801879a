# shellcheck shell=bash
# What goes wrong with hosts and networks, to be had on demand.

# The namespace of the ill-behaved addresses. No host can be called that.
FAULTS=_faults

faults_up() {
    [ -e "/sys/class/net/$BRIDGE" ] || fail "there is no fleet up: fleet up SET first"
    if ! group_is_running "$FAULTS"; then
        end_group "$FAULTS"
        plug_in "$FAULTS" "$HANGING_NUMBER" "$REFUSING_NUMBER"
        # On the first connection it hands its socket to a program that never looks at it: the kernel goes on
        # accepting connections, and nobody ever says a word. Nothing listens at the refusing address.
        make_group "$FAULTS"
        (
            enter_group "$FAULTS"
            exec {LOCK}>&-
            exec setsid ip netns exec "$NAMESPACE_PREFIX$FAULTS" \
                systemd-socket-activate --listen="$SUBNET.$HANGING_NUMBER:22" sleep infinity
        ) </dev/null >"$STATE/faults.log" 2>&1 &
        disown $!
        # A machine that is not there: packets leave for an address that no card has.
        ip neighbour replace "$SUBNET.$SILENT_NUMBER" lladdr 02:00:00:00:00:fe dev "$BRIDGE" nud permanent
        local _
        for _ in $(seq 100); do
            ip netns exec "$NAMESPACE_PREFIX$FAULTS" ss -Hltn "sport = :22" | grep -q . && break
            sleep 0.05
        done
        group_is_running "$FAULTS" || fail "nothing listens at $SUBNET.$HANGING_NUMBER: $(<"$STATE/faults.log")"
    fi
    faults_inventory | tee "$STATE/faults.yml"
}

faults_down() {
    if [ -n "$UNIFIED" ]; then end_group "$FAULTS"; fi
    unplug "$FAULTS"
    [ ! -e "/sys/class/net/$BRIDGE" ] || ip neighbour delete "$SUBNET.$SILENT_NUMBER" dev "$BRIDGE" 2>/dev/null || true
    rm -f "$STATE/faults.yml" "$STATE/faults.log"
}

# An inventory of its own, so that nobody meets these by accident.
faults_inventory() {
    local name
    cat <<YAML
faults:
  vars:
    ansible_user: root
    ansible_ssh_private_key_file: $CLIENT_KEY
    ansible_ssh_common_args: "$SSH_OPTIONS"
  hosts:
    # Accepts connections and never answers.
    hanging: { ansible_host: $SUBNET.$HANGING_NUMBER }
    # Nothing listens.
    refusing: { ansible_host: $SUBNET.$REFUSING_NUMBER }
    # No machine: packets vanish.
    silent: { ansible_host: $SUBNET.$SILENT_NUMBER }
YAML
    name=$(running_hosts | sed -n 1p)
    [ -n "$name" ] || return 0
    cat <<YAML
    # $name, with a key in the known hosts file that is not the one it has.
    impostor:
      ansible_host: $(address_of "$name")
      ansible_ssh_common_args: "${SSH_OPTIONS/"$KNOWN_HOSTS"/"$WRONG_KNOWN_HOSTS"}"
YAML
}

# Stops every process of a host, as a machine that swaps itself to death looks from outside: connections open,
# nothing answers.
host_freeze() { # name
    require_host "$1"
    printf '1\n' >"$UNIFIED/$FLEET_GROUP/$1/cgroup.freeze"
}

host_thaw() { # name
    require_host "$1"
    printf '0\n' >"$UNIFIED/$FLEET_GROUP/$1/cgroup.freeze"
}

# Unplugs a host's network cable, and plugs it in again.
host_cut() { # name
    ip link set "$(cable_of "$(host_column "$1" address)")" down
}

host_mend() { # name
    ip link set "$(cable_of "$(host_column "$1" address)")" up
}
