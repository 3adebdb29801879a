//! The host, the playbook, and what has to hold after any fault.

use std::collections::BTreeMap;

use crate::shims;
use crate::support::{Run, command, fleet, inventory, on, playbook, run_of};

/// It has a server that holds data.
pub(crate) const HOST: &str = "bw2";

/// A change of each kind: files, a directory, a kernel value, the running server, a restart that a directive needs, and
/// one that a handler owes.
pub(crate) fn play() -> String {
    let (new, after) = ("new line ".repeat(4000), "after ".repeat(4000));
    playbook(
        "faults",
        &format!(
            r#"- name: A bit of everything
  hosts: {HOST}
  tasks:
    - name: A directory
      file: {{ path: /etc/fault, state: directory, mode: "0750" }}
    - name: A file in it
      copy: {{ dest: /etc/fault/new, content: "{new}" }}
    - name: A file that was there
      copy: {{ dest: /etc/fault-old, content: "{after}", mode: "0600" }}
      notify: owed
    - name: A kernel value
      sysctl: {{ name: net.core.somaxconn, value: "5000", sysctl_file: /etc/sysctl.d/50-fault.conf }}
    - name: The server
      redis_config:
        dest: /etc/redis/redis.conf
        directives: {{ timeout: 61, io-threads: 2 }}
  handlers:
    - name: owed
      service: {{ name: fault-served, state: restarted }}
"#
        ),
    )
}

/// A host as new, with a file and data that are there before.
pub(crate) fn fresh() {
    fleet(&["reset", HOST]);
    on(
        HOST,
        "printf '[Service]\\nExecStart=/usr/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/fault-served.service; /usr/bin/systemctl daemon-reload; /usr/bin/systemctl enable --now --quiet fault-served",
    );
    on(
        HOST,
        "printf 'before %.0s' $(seq 1 3000) >/etc/fault-old; for i in $(seq 1 50); do echo SET key:$i $i; done | redis-cli >/dev/null; redis-cli SAVE",
    );
    shims::install(HOST);
}

/// The files that the play writes, with their hashes; `-` for what is not there.
pub(crate) fn files() -> BTreeMap<String, String> {
    let said = on(
        HOST,
        "for f in /etc/fault/new /etc/fault-old /etc/sysctl.d/50-fault.conf /etc/redis/redis.conf; do printf '%s ' $f; sha256sum <$f 2>/dev/null | cut -d' ' -f1 | grep . || echo -; done",
    );
    said.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, sum)| (name.to_owned(), sum.trim().to_owned()))
        .collect()
}

/// What the play wants of the host beside its files.
pub(crate) fn rest() -> String {
    on(
        HOST,
        "stat -c '%a %n' /etc/fault /etc/fault-old; /usr/bin/cat /proc/sys/net/core/somaxconn; redis-cli CONFIG GET timeout; redis-cli CONFIG GET io-threads; redis-cli DBSIZE",
    )
}

/// Which processes run: a restart shows in them.
pub(crate) fn processes() -> (String, String) {
    let pid = |unit: &str| {
        on(
            HOST,
            &format!(
                "/usr/bin/systemctl show --property=MainPID --property=ActiveEnterTimestampMonotonic {unit}"
            ),
        )
    };
    (pid("fault-served"), pid("redis-server"))
}

pub(crate) fn apply(arguments: &[&str]) -> std::process::Command {
    let mut command = command(&["apply"]);
    command
        .arg(play())
        .args(["--yes", "-i", &inventory()])
        .args(arguments);
    command
}

pub(crate) fn resume() -> Run {
    run_of(&command(&["resume", "last", "--yes"]).output().unwrap())
}

/// What an undisturbed run makes of the host.
pub(crate) struct Wanted {
    pub(crate) before: BTreeMap<String, String>,
    pub(crate) after: BTreeMap<String, String>,
    pub(crate) rest: String,
}

impl Wanted {
    pub(crate) fn find() -> Self {
        fresh();
        let before = files();
        run_of(&apply(&[]).output().unwrap()).expect(0);
        Self {
            before,
            after: files(),
            rest: rest(),
        }
    }

    /// Each file is the old or the new one, whole.
    pub(crate) fn nothing_is_torn(&self, fault: &str) {
        for (name, sum) in files() {
            assert!(
                self.before.get(&name) == Some(&sum) || self.after.get(&name) == Some(&sum),
                "{fault}: {name} is neither the old nor the new file"
            );
        }
    }

    /// The host is where an undisturbed run brings it, with all restarts; nothing of ours is left beside.
    pub(crate) fn is_reached(&self, fault: &str, processes_before: &(String, String)) {
        assert_eq!(files(), self.after, "{fault}");
        assert_eq!(rest(), self.rest, "{fault}");
        let now = processes();
        assert_ne!(
            now.0, processes_before.0,
            "{fault}: the handler's restart was lost"
        );
        assert_ne!(
            now.1, processes_before.1,
            "{fault}: the server's restart was lost"
        );
        let left = on(
            HOST,
            "ls /var/lib/cachesmith; find /etc /tmp /run -xdev -name '*.cachesmith-*' -not -path '/run/cachesmith*' 2>/dev/null",
        );
        assert_eq!(left, "last-run\n", "{fault}: something is left");
        let again = run_of(&apply(&["--json"]).output().unwrap()).expect(0);
        let host = again.host(HOST);
        assert_eq!(host["counts"]["changed"], 0, "{fault}: {}", again.stdout);
    }
}
