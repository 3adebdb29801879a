# shellcheck shell=bash
# Where packages come from: the same places that this machine's own apt uses, for the suite that is asked for.

# Prints "address release" lines of this machine's own apt, for the release that it runs.
machine_sources() {
    local VERSION_CODENAME='' ID=''
    # shellcheck source=/dev/null
    . /etc/os-release
    [ "$ID" = debian ] || return 0
    # shellcheck disable=SC2016 # the names in the format are apt's
    apt-get indextargets --format '$(CREATED_BY) $(COMPONENT) $(REPO_URI) $(RELEASE)' |
        awk -v own="$VERSION_CODENAME" '$1 == "Packages" && $2 == "main" && index($4, own) == 1 { print $3, $4 }' |
        sort -u
}

# The archive to debootstrap from; nothing where debootstrap should use its own default.
mirror() {
    if [ -n "${CACHESMITH_FLEET_MIRROR:-}" ]; then
        printf '%s\n' "$CACHESMITH_FLEET_MIRROR"
    else
        machine_sources | awk '$2 !~ /-/ { print $1; exit }'
    fi
}

# The apt sources of a suite: this machine's with the release exchanged, or else the one that a root was made from.
sources_for() { # suite, root
    local suite=$1 root=$2 lines own
    lines=$([ -n "${CACHESMITH_FLEET_MIRROR:-}" ] || machine_sources)
    if [ -z "$lines" ]; then
        printf 'deb [signed-by=%s] %s %s main\n' "$DEBIAN_KEYS" "$(<"$root/usr/lib/test-host/mirror")" "$suite"
        return
    fi
    own=$(awk '$2 !~ /-/ { print $2; exit }' <<<"$lines")
    awk -v keys="$DEBIAN_KEYS" -v own="$own" -v suite="$suite" \
        '{ sub("^" own, suite, $2); print "deb [signed-by=" keys "] " $1 " " $2 " main" }' <<<"$lines"
}

# Sets the proxy variables that debootstrap reads to those that this machine's apt is configured with.
use_apt_proxy() {
    local http https
    eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
    [ -z "${http:-}" ] || export http_proxy=$http
    [ -z "${https:-}" ] || export https_proxy=$https
}

# Runs this machine's apt-get, with its proxies and certificates, as if it stood in a root: with the packages that
# are installed there, and the sources in WORK/sources.list. What it downloads is in WORK/apt/archives.
apt_beside() { # root, work folder, arguments of apt-get...
    local root=$1 work=$2
    shift 2
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
    apt-get --yes --quiet --no-install-recommends \
        -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o "Dir::State=$work/apt" -o "Dir::State::Status=$root/var/lib/dpkg/status" \
        -o "Dir::Cache=$work/apt" -o APT::Sandbox::User=root "$@"
}
