# shellcheck shell=bash
# The client's side of SSH: one key for all users of all hosts, and the hosts' real keys.

CLIENT_KEY=$STATE/client_key
KNOWN_HOSTS=$STATE/known_hosts
WRONG_KNOWN_HOSTS=$STATE/known_hosts.wrong
SSH_CONFIG=$STATE/ssh_config
SSH_OPTIONS="-o UserKnownHostsFile=$KNOWN_HOSTS -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"

client_files() {
    [ -f "$CLIENT_KEY" ] || ssh-keygen -q -t ed25519 -N '' -C 'cachesmith test client' -f "$CLIENT_KEY"
    local name key
    for name in $(known_hosts_of_fleet); do
        key=$STATE/hosts/$name/ssh_host_ed25519_key
        [ -f "$key" ] || ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$key"
        printf '%s,%s %s\n' "$name" "$(address_of "$name")" "$(cut -d' ' -f1,2 "$key.pub")"
    done >"$KNOWN_HOSTS"
    # The same hosts, each with a key that is not its own: the client's.
    sed "s#ssh-ed25519 .*#$(cut -d' ' -f1,2 "$CLIENT_KEY.pub")#" "$KNOWN_HOSTS" >"$WRONG_KNOWN_HOSTS"
    {
        for name in $(known_hosts_of_fleet); do
            printf 'Host %s\n    HostName %s\n' "$name" "$(address_of "$name")"
        done
        printf 'Host *\n    User root\n    IdentityFile %s\n    IdentitiesOnly yes\n    BatchMode yes\n' "$CLIENT_KEY"
        printf '    UserKnownHostsFile %s\n    GlobalKnownHostsFile /dev/null\n    StrictHostKeyChecking yes\n' "$KNOWN_HOSTS"
    } >"$SSH_CONFIG"
}

fleet_ssh() { # [user@]name, command...
    local target=$1
    shift
    require_host "${target#*@}"
    exec ssh -F "$SSH_CONFIG" "$target" "$@"
}
