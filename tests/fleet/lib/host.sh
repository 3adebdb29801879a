# shellcheck shell=bash
# One host: boot it, wait for it, end it.

disk_of() { # name
    printf '%s/disk/%s\n' "$STATE" "$1"
}

# Starts a host in the background; wait_for_host tells whether it came up.
start_host() { # name
    local name=$1 suite log pid
    suite=$(host_column "$name" suite)
    log=$STATE/hosts/$name/console.log
    plug_in "$name" "$(host_column "$name" address)"
    mkdir -p "$(disk_of "$name")"/{upper,work} "$STATE/hosts/$name/root"
    make_group "$name"
    (
        enter_group "$name"
        enter_memory_limit "$name" "$(host_column "$name" limit)"
        # No lock must live on in a host: not ours, and none that whoever called us holds.
        for descriptor in /proc/self/fd/*; do
            descriptor=${descriptor##*/}
            [ "$descriptor" -le 2 ] || [ "$descriptor" -eq 255 ] || eval "exec $descriptor>&-"
        done
        exec setsid unshare --mount --propagation private -- bash "$FLEET_DIR/inside/boot-host" \
            "$name" "$STATE" "$(disk_of "$name")" "/run/netns/$NAMESPACE_PREFIX$name" \
            "$(root_of "$suite")" "$(layer_of "$suite" "$(host_column "$name" flavour)")" "$(packages_of "$suite")"
    ) </dev/null >"$log" 2>&1 &
    pid=$!
    disown "$pid"
    # From here on the group tells whether the host lives.
    until group_is_running "$name" || ! kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
}

# Waits until systemd has started everything and SSH lets us in.
wait_for_host() { # name
    local name=$1 state='' limit=$((SECONDS + BOOT_LIMIT))
    while [ "$SECONDS" -lt "$limit" ]; do
        group_is_running "$name" || {
            tail -n 20 "$STATE/hosts/$name/console.log" >&2
            say "$name ended while it booted; that was the end of its console, $STATE/hosts/$name/console.log"
            return 1
        }
        state=$(ssh -F "$SSH_CONFIG" -o ConnectTimeout=2 "$name" systemctl is-system-running --wait 2>/dev/null) || true
        case $state in
            running) return 0 ;;
            degraded)
                say "$name is up, but some of its units failed: fleet ssh $name systemctl --failed"
                return 0
                ;;
        esac
        sleep 0.1
    done
    tail -n 20 "$STATE/hosts/$name/console.log" >&2
    say "$name did not come up within $BOOT_LIMIT seconds (${state:-no answer}); its console is $STATE/hosts/$name/console.log"
    return 1
}

# Ends a host at once, as a power cut does. Its disk stays.
end_host() { # name
    end_group "$1"
    unplug "$1"
}

boot_hosts() { # names...
    local name
    local -a pids=()
    raise_kernel_limits
    for name in "$@"; do start_host "$name"; done
    for name in "$@"; do
        wait_for_host "$name" &
        pids+=($!)
    done
    wait_for_all "${pids[@]}"
}
