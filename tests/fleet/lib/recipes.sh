# shellcheck shell=bash
# Cached images are named for what they are made from, so a changed recipe makes a new image, and one that is
# there is whole: it is built beside its place and then renamed.

# The files that a base root is made from, and what those of the later stages add.
root_recipe() {
    find "$FLEET_DIR/root" "$FLEET_DIR/lib/roots.sh" \( -type f -o -type l \) -print0
}

packages_recipe() {
    printf '%s\0' "$FLEET_DIR/lib/packages.sh" "$FLEET_DIR/lib/sources.sh" "$FLEET_DIR/packages/$1"
}

server_recipe() {
    printf '%s\0' "$FLEET_DIR/lib/servers.sh" "$FLEET_DIR/lib/sources.sh" "$FLEET_DIR/inside/compile-server"
}

layer_recipe() {
    printf '%s\0' "$FLEET_DIR/lib/layers.sh" "$FLEET_DIR/inside/build-layer" "$FLEET_DIR/flavours/$1"
}

# Twelve hexadecimal digits for the contents of the files named on standard input, and for the words given.
fingerprint() {
    {
        printf '%s\n' "$@"
        sort -z | xargs -0 cat
    } | sha256sum | cut -c1-12
}

root_of() { # suite
    printf '%s/roots/%s-%s\n' "$CACHE" "$1" "$(root_recipe | fingerprint)"
}

packages_of() { # suite
    printf '%s/packages/%s-%s\n' "$CACHE" "$1" "$(packages_recipe "$1" | fingerprint "$(root_of "$1")")"
}

server_of() { # suite, source package
    printf '%s/servers/%s-%s-%s\n' "$CACHE" "$1" "$2" "$(server_recipe | fingerprint "$(root_of "$1")")"
}

layer_of() { # suite, flavour
    printf '%s/layers/%s-%s-%s\n' "$CACHE" "$1" "$2" "$(layer_recipe "$2" | fingerprint "$(packages_of "$1")" "$(server_of "$1" any)")"
}

# Makes one image: calls a builder with an empty folder and its arguments, and puts the folder in its place.
make_image() {
    local place=$1 builder=$2 log
    shift 2
    [ ! -d "$place" ] || return 0
    say "building ${place#"$CACHE"/} (once)"
    rm -rf -- "$place.part"
    mkdir -p -- "$place.part"
    log=$place.log
    # Not as the condition of an if: bash would go on after a failed command inside.
    set +e
    (set -e; "$builder" "$place.part" "$@") >"$log" 2>&1
    local status=$?
    set -e
    if [ "$status" -ne 0 ]; then
        tail -n 20 -- "$log" >&2
        rm -rf -- "$place.part"
        fail "could not build ${place#"$CACHE"/}; all of its output is in $log"
    fi
    mv -- "$place.part" "$place"
    rm -f -- "$log"
}

# Fleets share the images: one builds them at a time.
lock_cache() {
    mkdir -p "$CACHE"/{roots,packages,servers,layers}
    exec {CACHE_LOCK}>"$CACHE/lock"
    flock "$CACHE_LOCK"
}

unlock_cache() {
    exec {CACHE_LOCK}>&-
}

# Removes the images that no recipe of now makes any more, and what a failed build left.
prune_cache() {
    local kept image suite flavour source
    [ -z "$(find "$UNIFIED" -maxdepth 1 -name 'cachesmith-fleet-*')" ] || fail "hosts stand on these images: take the fleets down first"
    lock_cache
    kept=$(for suite in $(names_in packages); do
        root_of "$suite"
        packages_of "$suite"
        for flavour in $(names_in flavours); do
            for source in $(compiled_in "$flavour"); do server_of "$suite" "$source"; done
            layer_of "$suite" "$flavour"
        done
    done)
    for image in "$CACHE"/{roots,packages,servers,layers}/*; do
        [ -e "$image" ] || continue
        grep -qxF -- "$image" <<<"$kept" && continue
        say "removing ${image#"$CACHE"/}"
        rm -rf -- "$image"
    done
    unlock_cache
}
