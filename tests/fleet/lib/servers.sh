# shellcheck shell=bash
# Servers compiled as their makers release them (the upstream part of Debian's source package), with the jemalloc
# that ships inside. Debian's packages use the system's jemalloc, which cannot defragment, and what depends on the
# difference needs hosts of both kinds.

COMPILER_PACKAGES=(gcc g++ make libc6-dev libsystemd-dev pkg-config xz-utils)

build_server() { # folder, suite, source package, root
    local folder=$1 suite=$2 source=$3 root=$4
    mkdir -p "$folder"/{source,apt,content,work,merged}
    # What the makers release is the same in all of a release's archives, and not each of them keeps it.
    sources_for "$suite" "$root" |
        awk -v suite="$suite" '{ print } $4 == suite { sub(/^deb /, "deb-src "); print }' >"$folder/sources.list"
    apt_beside "$root" "$folder" update
    (cd "$folder/source" && apt_beside "$root" "$folder" source --download-only --tar-only "$source")
    apt_beside "$root" "$folder" --download-only install "${COMPILER_PACKAGES[@]}"
    unshare --mount --propagation private -- bash "$FLEET_DIR/inside/compile-server" "$folder" "$root" "$source"
    rm -rf "$folder"/{source,apt,content,work,merged,sources.list}
}

# The source packages that a flavour wants compiled: its lines that begin with 'compile'.
compiled_in() { # flavour
    awk '$1 == "compile" { print $2 }' "$FLEET_DIR/flavours/$1"
}
