# shellcheck shell=bash disable=SC2034 # the other files of this folder use these
# Where things are, and what they are called. Every name on the machine comes from the subnet, so fleets with
# another state folder and another subnet live side by side.

STATE=${CACHESMITH_FLEET_STATE:-/run/cachesmith-fleet}
CACHE=${CACHESMITH_FLEET_CACHE:-${XDG_CACHE_HOME:-/var/cache}/cachesmith-fleet}

# The first three numbers of a /24. A fleet that is up keeps the one it was made with.
DEFAULT_SUBNET=10.83.64
SUBNET=${CACHESMITH_FLEET_SUBNET:-}
if [ -s "$STATE/subnet" ]; then
    recorded=$(<"$STATE/subnet")
    [ -z "$SUBNET" ] || [ "$SUBNET" = "$recorded" ] ||
        fail "the fleet in $STATE has subnet $recorded, not $SUBNET: give it another CACHESMITH_FLEET_STATE, or take it down first"
    SUBNET=$recorded
fi
SUBNET=${SUBNET:-$DEFAULT_SUBNET}
[[ $SUBNET =~ ^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$ ]] ||
    fail "CACHESMITH_FLEET_SUBNET is the first three numbers of a /24, like $DEFAULT_SUBNET, not '$SUBNET'"

IFS=. read -r first second third <<<"$SUBNET"
ID=$(printf '%02x%02x%02x' "$first" "$second" "$third")
unset first second third

# How much the disks of all hosts may hold together. They live in RAM: a size as mount(8) takes it for tmpfs.
DISK_SIZE=${CACHESMITH_FLEET_DISK:-4096m}

# The last number of addresses: the bridge's own, and those of the ill-behaved ones (faults.sh).
BRIDGE_NUMBER=1
HANGING_NUMBER=250
REFUSING_NUMBER=251
SILENT_NUMBER=252

# Seconds that a host may take until it answers.
BOOT_LIMIT=90
