# shellcheck shell=bash
# The inventory of the hosts that are up, as Ansible and Cachesmith read it.

fleet_inventory() {
    local name ram group member
    local -A members=()
    printf 'all:\n  vars:\n'
    printf '    ansible_user: root\n'
    printf '    ansible_ssh_private_key_file: %s\n' "$CLIENT_KEY"
    printf '    ansible_ssh_common_args: "%s"\n' "$SSH_OPTIONS"
    printf '    ansible_python_interpreter: /usr/bin/python3\n'
    printf '  hosts:\n'
    for name in $(running_hosts); do
        printf '    %s:\n      ansible_host: %s\n' "$name" "$(address_of "$name")"
        ram=$(host_column "$name" ram)
        for group in cache "suite_$(host_column "$name" suite)" "flavour_$(host_column "$name" flavour)" "ram_$(ram_class "$ram")"; do
            members[$group]+=" $name"
        done
    done
    printf '  children:\n'
    for group in $(printf '%s\n' "${!members[@]}" | sort); do
        printf '    %s:\n      hosts:\n' "$group"
        for member in ${members[$group]}; do printf '        %s: {}\n' "$member"; done
    done
}

# 2048 becomes 2g; what is no whole number of GiB stays in MiB.
ram_class() { # MiB
    if [ $(($1 % 1024)) -eq 0 ]; then printf '%sg\n' $(($1 / 1024)); else printf '%sm\n' "$1"; fi
}
