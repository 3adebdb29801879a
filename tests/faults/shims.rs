//! Programs of a host that stop at a wanted call, so that a fault comes at exactly that point.

use std::time::{Duration, Instant};

use crate::inside::{inside, on_disk};

/// The programs that steps run. Those that only probes run are left as they are.
const PROGRAMS: &[&str] = &[
    "chmod",
    "chown",
    "cp",
    "head",
    "install",
    "ln",
    "mkdir",
    "mv",
    "redis-cli",
    "rm",
    "rmdir",
    "sync",
    "systemctl",
    "useradd",
];

/// Calls count from when the host is held until it is given back.
const SHIM: &str = r#"#!/bin/sh
folder=/var/fault
if [ -e "$folder/armed" ]; then
    for lease in /var/lib/cachesmith/lease*; do
        [ -e "$lease" ] || break
        count=$(($(/usr/bin/cat "$folder/count") + 1))
        echo "$count" >"$folder/count"
        wanted=$(/usr/bin/cat "$folder/wanted")
        # shellcheck disable=SC2254 # it is a pattern
        case "$count ${0##*/} $*" in
        $wanted) ;;
        *) break ;;
        esac
        [ ! -e "$folder/reached" ] || break
        echo "${0##*/} $*" >"$folder/reached.new"
        /usr/bin/mv "$folder/reached.new" "$folder/reached"
        while [ ! -e "$folder/go" ]; do
            if [ -e "$folder/die" ]; then
                /usr/bin/pkill -KILL -x sh
                kill -KILL $$
            fi
            /usr/bin/sleep 0.02
        done
        break
    done
fi
for real in /usr/bin /bin /usr/sbin /sbin; do
    [ ! -x "$real/${0##*/}" ] || exec "$real/${0##*/}" "$@"
done
exit 127
"#;

/// Puts the shims in front of the programs. They do nothing until they are armed.
pub(crate) fn install(host: &str) {
    let names = PROGRAMS.join(" ");
    inside(
        host,
        &format!(
            "cat >/usr/local/sbin/fault-shim <<'END'\n{SHIM}END\nchmod 755 /usr/local/sbin/fault-shim\ncd /usr/local/sbin && for name in {names}; do ln -sf fault-shim $name; done"
        ),
    );
}

/// Holds the first call that this pattern of the shell fits: its number, its program and its arguments.
pub(crate) fn arm(host: &str, wanted: &str) {
    inside(
        host,
        &format!(
            "rm -rf /var/fault; mkdir /var/fault; echo 0 >/var/fault/count; echo '{wanted}' >/var/fault/wanted; touch /var/fault/armed"
        ),
    );
}

/// What is held, if the call has come.
pub(crate) fn reached(host: &str) -> Option<String> {
    let said = std::fs::read_to_string(on_disk(host, "/var/fault/reached")).ok()?;
    Some(said.trim().to_owned())
}

/// Lets it go on, and counts no more.
pub(crate) fn release(host: &str) {
    inside(host, "rm -f /var/fault/armed; touch /var/fault/go");
}

/// Ends the script that is held with all of its shells, none of which gets to clean up.
pub(crate) fn kill_script(host: &str) {
    inside(host, "rm -f /var/fault/armed; touch /var/fault/die");
}

/// Waits until no script of a run is left on the host.
pub(crate) fn settle(host: &str) {
    let begun = Instant::now();
    while !inside(host, "pgrep -lx sh || true").is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "a script does not end: {}",
            inside(host, "ps -ef")
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
