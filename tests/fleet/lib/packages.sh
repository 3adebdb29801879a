# shellcheck shell=bash
# An apt repository a suite, in a folder that every host sees at /srv/packages.

build_packages() { # folder, suite, root
    local folder=$1 suite=$2 root=$3 work line
    work=$folder/work
    mkdir "$work"
    sources_for "$suite" "$root" >"$work/sources.list"
    apt_beside "$root" "$work" update
    while read -r line; do
        line=${line%%#*}
        # shellcheck disable=SC2086 # the words of the line are the packages
        [ -z "$line" ] || apt_beside "$root" "$work" --download-only install $line
    done <"$FLEET_DIR/packages/$suite"
    mv "$work"/apt/archives/*.deb "$folder/"
    rm -rf "$work"
    build_sample "$folder" 1.0 'greeting = hello'
    build_sample "$folder" 2.0 'greeting = welcome'
    index_packages "$folder"
}

# A tiny package of our own in more than one version, for tests of versions, holds and configuration files.
build_sample() { # folder, version, content of its configuration file
    local folder=$1 version=$2 work=$1/sample
    mkdir -p "$work/DEBIAN" "$work/etc" "$work/usr/share/cachesmith-sample"
    printf '%s\n' "$3" >"$work/etc/cachesmith-sample.conf"
    printf '%s\n' "$version" >"$work/usr/share/cachesmith-sample/version"
    printf '/etc/cachesmith-sample.conf\n' >"$work/DEBIAN/conffiles"
    cat >"$work/DEBIAN/control" <<CONTROL
Package: cachesmith-sample
Version: $version
Architecture: all
Maintainer: Cachesmith tests <tests@localhost>
Description: a small package that tests install, hold, upgrade and remove
CONTROL
    chmod -R u=rwX,go=rX "$work"
    dpkg-deb --root-owner-group --build "$work" "$folder/cachesmith-sample_${version}_all.deb"
    rm -rf "$work"
}

# Writes the index that apt reads, as apt-ftparchive would, from what dpkg-deb says of each package.
index_packages() { # folder
    local folder=$1 package
    for package in "$folder"/*.deb; do
        dpkg-deb --field "$package"
        printf 'Filename: ./%s\n' "$(basename -- "$package")"
        printf 'Size: %s\n' "$(stat --format %s "$package")"
        printf 'SHA256: %s\n\n' "$(sha256sum <"$package" | cut -d' ' -f1)"
    done >"$folder/Packages"
    {
        printf 'Origin: cachesmith-tests\nDate: %s\nSHA256:\n' "$(date --utc --rfc-email)"
        printf ' %s %s Packages\n' "$(sha256sum <"$folder/Packages" | cut -d' ' -f1)" "$(stat --format %s "$folder/Packages")"
    } >"$folder/Release"
}
