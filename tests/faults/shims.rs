//! Programs of a host that stop at a wanted call, so that a fault comes at exactly that point.

use crate::support::on;

/// The programs that steps run. Those that only probes run are left as they are.
const PROGRAMS: &[&str] = &[
    "chmod",
    "chown",
    "head",
    "ln",
    "mkdir",
    "mv",
    "redis-cli",
    "rm",
    "rmdir",
    "sync",
    "systemctl",
];

const SHIM: &str = r#"#!/bin/sh
folder=/run/fault
if [ -e "$folder/armed" ]; then
    count=$(($(/usr/bin/cat "$folder/count") + 1))
    echo "$count" >"$folder/count"
    if [ "$count" = "$(/usr/bin/cat "$folder/at")" ]; then
        echo "${0##*/} $*" >"$folder/reached"
        while [ ! -e "$folder/go" ]; do /usr/bin/sleep 0.02; done
    fi
fi
for real in /usr/bin /bin /usr/sbin /sbin; do
    [ ! -x "$real/${0##*/}" ] || exec "$real/${0##*/}" "$@"
done
exit 127
"#;

/// Puts the shims in front of the programs. They do nothing until they are armed.
pub(crate) fn install(host: &str) {
    let names = PROGRAMS.join(" ");
    on(
        host,
        &format!(
            "cat >/usr/local/sbin/fault-shim <<'END'\n{SHIM}END\nchmod 755 /usr/local/sbin/fault-shim\ncd /usr/local/sbin && for name in {names}; do ln -sf fault-shim $name; done"
        ),
    );
}

/// Holds the call with this number.
pub(crate) fn arm(host: &str, at: usize) {
    on(
        host,
        &format!(
            "PATH=/usr/bin:/bin; rm -rf /run/fault; mkdir /run/fault; echo 0 >/run/fault/count; echo {at} >/run/fault/at; touch /run/fault/armed"
        ),
    );
}

/// What is held, if the call has come.
pub(crate) fn reached(host: &str) -> Option<String> {
    let said = on(
        host,
        "PATH=/usr/bin:/bin; cat /run/fault/reached 2>/dev/null; true",
    );
    let said = said.trim();
    (!said.is_empty()).then(|| said.to_owned())
}

/// Lets it go on, and counts no more.
pub(crate) fn release(host: &str) {
    on(
        host,
        "PATH=/usr/bin:/bin; rm -f /run/fault/armed; touch /run/fault/go",
    );
}

/// Waits until no script of a run is left on the host.
pub(crate) fn settle(host: &str) {
    on(
        host,
        "for i in $(seq 1 600); do /usr/bin/ps -e -o comm= | /usr/bin/grep -qx 'sh' || exit 0; /usr/bin/sleep 0.1; done; /usr/bin/ps -ef >&2; exit 1",
    );
}
