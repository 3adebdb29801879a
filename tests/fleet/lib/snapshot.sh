# shellcheck shell=bash
# What is on a host, as sorted lines: files, packages, units and kernel values. Two snapshots are compared with
# diff: of one host before and after, or of two hosts. What to leave out is data: the files of snapshot/.

without_comments() {
    sed -e '/^#/d' -e '/^$/d' -- "$1"
}

fleet_snapshot() { # name
    require_host "$1"
    local -a kernel
    mapfile -t kernel < <(without_comments "$FLEET_DIR/snapshot/kernel")
    ssh -F "$SSH_CONFIG" "$1" sh -s "${kernel[@]}" <"$FLEET_DIR/inside/snapshot" |
        awk -F '\t' -v OFS='\t' '
            FILENAME == ARGV[1] { ignored[$0]; next }
            FILENAME == ARGV[2] { volatile[$0]; next }
            $1 == "file" { for (pattern in ignored) if ($2 ~ pattern) next }
            $1 == "file" { for (pattern in volatile) if ($2 ~ pattern) { print $1, $2, $3, $4, $5; next } }
            { print }
        ' <(without_comments "$FLEET_DIR/snapshot/ignored") <(without_comments "$FLEET_DIR/snapshot/volatile") -
}
