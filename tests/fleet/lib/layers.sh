# shellcheck shell=bash
# Layers: what a flavour adds to a base root. Installed with apt itself, as an operator would, but before the
# first boot: a host of the flavour comes up with its server running.

# The control group of builds. No host can be called that.
BUILD_GROUP=_build

build_layer() { # folder, suite, flavour, root, packages
    local folder=$1 suite=$2 flavour=$3 root=$4 repository=$5 source
    local -a install servers=()
    mapfile -t install < <(sed 's/#.*//; /^compile /d' "$FLEET_DIR/flavours/$flavour" | xargs -n 1)
    for source in $(compiled_in "$flavour"); do servers+=("$(server_of "$suite" "$source")/$source-server"); done
    mkdir "$folder"/{content,work,merged}
    unshare --mount --propagation private -- \
        bash "$FLEET_DIR/inside/build-layer" "$folder" "$root" "$repository" "${servers[*]}" "${install[@]}"
    rm -rf "$folder"/{work,merged}
}

# Makes all that one suite needs for the flavours given.
build_suite() { # suite, flavours...
    local suite=$1 flavour source root packages
    shift
    root=$(root_of "$suite")
    packages=$(packages_of "$suite")
    make_image "$root" build_root "$suite"
    make_image "$packages" build_packages "$suite" "$root"
    for flavour in "$@"; do
        for source in $(compiled_in "$flavour"); do
            make_image "$(server_of "$suite" "$source")" build_server "$suite" "$source" "$root"
        done
        make_image "$(layer_of "$suite" "$flavour")" build_layer "$suite" "$flavour" "$root" "$packages"
    done
}

# Makes what a set needs, its suites side by side; without a set, what the sets of this folder need.
build_images() {
    local set lines='' suite flavours
    local -a pids=() sets suites
    if [ -n "$1" ]; then sets=("$(set_file "$1")"); else sets=("$FLEET_DIR"/sets/*); fi
    for set in "${sets[@]}"; do lines+=$(read_set "$set")$'\n'; done
    lock_cache
    BUILDING=yes
    make_group "$BUILD_GROUP"
    mapfile -t suites < <(awk 'NF { print $2 }' <<<"$lines" | sort -u)
    for suite in "${suites[@]}"; do
        flavours=$(awk -v suite="$suite" '$2 == suite { print $3 }' <<<"$lines" | sort -u)
        # shellcheck disable=SC2086 # one word a flavour
        (enter_group "$BUILD_GROUP" && build_suite "$suite" $flavours) &
        pids+=($!)
    done
    wait_for_all "${pids[@]}" || fail "not every image could be built"
    end_build
    unlock_cache
}

# Ends what is left of a build: nothing, unless it was interrupted.
end_build() {
    BUILDING=''
    end_group "$BUILD_GROUP"
    rmdir --ignore-fail-on-non-empty "$UNIFIED/$FLEET_GROUP"
}
