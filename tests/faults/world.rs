//! A host, what it is told to become, and what has to hold after any fault.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::inside::inside;
use crate::shims;
use crate::support::{Run, command, fleet, inventory, run_of, state};

/// A play that does not come to a boundary in this time hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// A change of each kind: a directory, files, of which two are written together, a link, an account, a kernel value, the running server, a restart that a
/// directive needs, and restarts that handlers owe. What the template says is known only when the tasks before it are
/// done, so that there is more than one script, and the second handler is earned in a later one.
const PLAY: &str = r#"- name: A bit of everything
  hosts: HOST
  tasks:
    - name: A directory
      file: { path: /etc/fault, state: directory, mode: "0750" }
    - name: A file in it
      copy: { dest: /etc/fault/new, content: "NEW" }
    - name: Another one
      copy: { dest: /etc/fault/other, content: "OTHER" }
    - name: A file that was there
      copy: { dest: /etc/fault-old, content: "AFTER", mode: "0600", backup: yes }
      notify: first
    - name: A link
      file: { path: /etc/fault-link, src: fault/new, state: link }
    - name: An account
      user: { name: fault, system: yes, shell: /usr/sbin/nologin }
    - name: A kernel value
      sysctl: { name: net.core.somaxconn, value: "5000", sysctl_file: /etc/sysctl.d/50-fault.conf }
    - name: Looked at on the way
      shell: stat -c %s /etc/fault/new
      changed_when: false
      register: looked
    - name: A template
      template: { src: TEMPLATE, dest: /etc/fault-rendered }
      notify: second
    - name: The server
      redis_config:
        dest: /etc/redis/redis.conf
        directives: { timeout: 61, io-threads: 2 }
  handlers:
    - name: first
      service: { name: fault-first, state: restarted }
    - name: second
      service: { name: fault-second, state: restarted }
"#;

/// What the host is before: two services, files, and a server that holds data.
const SETUP: &str = r#"set -e
for unit in fault-first fault-second; do
    printf '[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/$unit.service
done
systemctl daemon-reload
systemctl enable --now --quiet fault-first fault-second
printf 'before %.0s' $(seq 1 3000) >/etc/fault-old
for i in $(seq 1 50); do echo SET key:$i $i; done | redis-cli >/dev/null
redis-cli SAVE >/dev/null
mkdir -p /root/before
cp -p /etc/redis/redis.conf /etc/fault-old /proc/sys/net/core/somaxconn /root/before/
"#;

/// Puts it back, faster than a new disk and a boot would.
const BACK: &str = r#"set -e
rm -rf /etc/fault /etc/fault-rendered /etc/fault-link /etc/fault-old.* /etc/sysctl.d/50-fault.conf /var/lib/cachesmith /var/fault
! id fault >/dev/null 2>&1 || userdel fault
cp -p /root/before/fault-old /etc/fault-old
cp -p /root/before/redis.conf /etc/redis/redis.conf
cat /root/before/somaxconn >/proc/sys/net/core/somaxconn
systemctl reset-failed
systemctl restart fault-first fault-second redis-server
systemctl reset-failed
"#;

const LOOK: &str = r#"for f in /etc/fault/new /etc/fault/other /etc/fault-old /etc/fault-rendered /etc/sysctl.d/50-fault.conf /etc/redis/redis.conf; do
    printf 'file %s ' $f
    sha256sum <$f 2>/dev/null | cut -d' ' -f1 | grep . || echo -
done
for unit in fault-first fault-second redis-server; do echo "process $unit $(systemctl show --value --property=MainPID $unit)"; done
stat -c 'is %a %U %n' /etc/fault /etc/fault-old /etc/fault-rendered 2>&1
echo "is $(readlink /etc/fault-link) $(id -nG fault 2>&1) $(cat /proc/sys/net/core/somaxconn)"
for ask in 'CONFIG GET timeout' 'CONFIG GET io-threads' DBSIZE; do echo "is" $(redis-cli $ask); done
ls -A /var/lib/cachesmith 2>/dev/null | sed 's/^/left /'
find /etc /root /run /tmp /var/lib/cachesmith /var/tmp -xdev \( -name '.cachesmith-*' -o -name '*.cachesmith-new' -o -name '.new-*' \) 2>/dev/null | sed 's/^/left /'
"#;

/// What a host is.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// Hashes of the files that the play writes; `-` for what is not there.
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) processes: BTreeMap<String, String>,
    is: Vec<String>,
    /// What is kept of runs, and what they forgot to take away.
    pub(crate) left: Vec<String>,
}

impl Look {
    pub(crate) fn at(host: &str) -> Self {
        let mut look = Self::default();
        for line in inside(host, LOOK).lines() {
            let (kind, rest) = line.split_once(' ').unwrap();
            let pair = || rest.split_once(' ').unwrap();
            match kind {
                "file" => look.files.insert(pair().0.into(), pair().1.into()),
                "process" => look.processes.insert(pair().0.into(), pair().1.into()),
                "is" => {
                    look.is.push(rest.to_owned());
                    None
                }
                _ => {
                    look.left.push(rest.to_owned());
                    None
                }
            };
        }
        look
    }
}

/// A host with its playbook, a controller of its own, and what an undisturbed run makes of it.
pub(crate) struct World {
    pub(crate) host: &'static str,
    playbook: PathBuf,
    controller: PathBuf,
    before: Look,
    after: Look,
}

impl World {
    pub(crate) fn new(host: &'static str) -> Self {
        Self::with(host, host)
    }

    /// `hosts`: what stands behind `hosts:` in its play, where that is more than this host.
    pub(crate) fn with(host: &'static str, hosts: &str) -> Self {
        // Another test may have set it up: it is put back before each run.
        if inside(host, "ls -d /root/before 2>/dev/null || true").is_empty() {
            fleet(&["reset", host]);
            inside(host, SETUP);
            shims::install(host);
        }
        let folder = state().join("playbooks");
        std::fs::create_dir_all(&folder).unwrap();
        let playbook = folder.join(format!("faults-{host}.yml"));
        let template = folder.join("faults.tera");
        std::fs::write(&template, "It has {{ looked.stdout }} bytes.\n".repeat(500)).unwrap();
        let text = PLAY
            .replace("HOST", hosts)
            .replace("NEW", &"new line ".repeat(4000))
            .replace("OTHER", &"other line ".repeat(4000))
            .replace("AFTER", &"after ".repeat(4000))
            .replace("TEMPLATE", &template.display().to_string());
        std::fs::write(&playbook, text).unwrap();
        let mut world = Self {
            host,
            playbook,
            controller: state().join(format!("controller-{host}")),
            before: Look::default(),
            after: Look::default(),
        };
        world.before = world.fresh();
        run_of(&world.apply(&[]).output().unwrap()).expect(0);
        world.after = Look::at(host);
        assert_eq!(world.after.left, ["last-run"]);
        world.has_converged("nothing happened");
        world
    }

    /// The host as it was before any run.
    pub(crate) fn fresh(&self) -> Look {
        inside(self.host, BACK);
        Look::at(self.host)
    }

    fn with_controller(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.env("XDG_STATE_HOME", &self.controller);
        command
    }

    pub(crate) fn apply(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_controller(&["apply"]);
        command
            .arg(&self.playbook)
            .args(["--yes", "-i", &inventory()])
            .args(arguments);
        command
    }

    /// The same from another controller, which knows nothing of the first one's runs.
    pub(crate) fn apply_elsewhere(&self) -> Run {
        let mut command = self.apply(&["--json"]);
        command.env("XDG_STATE_HOME", self.controller.join("another"));
        run_of(&command.output().unwrap())
    }

    pub(crate) fn resume(&self, fault: &str) {
        let resumed = self.with_controller(&["resume", "last", "--yes"]).output();
        let resumed = run_of(&resumed.unwrap());
        assert_eq!(
            resumed.code, 0,
            "{fault}:\n{}\n{}",
            resumed.stdout, resumed.stderr
        );
    }

    /// A whole run, which has to come to its end.
    pub(crate) fn apply_again(&self, fault: &str) {
        let run = run_of(&self.apply(&[]).output().unwrap());
        assert_eq!(run.code, 0, "{fault}:\n{}\n{}", run.stdout, run.stderr);
    }

    /// Starts an apply and waits until the host holds a call. `None`: there is no such call any more.
    pub(crate) fn held(&self, at: usize) -> Option<(Child, String)> {
        self.held_by(&format!("{at} *"), &[])
    }

    /// A fresh host, and an apply of which this call is held there: words of the program and its arguments, as a pattern.
    pub(crate) fn held_in(&self, call: &str, arguments: &[&str]) -> (Child, String, Look) {
        let before = self.fresh();
        let (controller, call) = self
            .held_by(&format!("* {call}"), arguments)
            .unwrap_or_else(|| panic!("no step calls {call}"));
        (controller, call, before)
    }

    fn held_by(&self, wanted: &str, arguments: &[&str]) -> Option<(Child, String)> {
        shims::arm(self.host, wanted);
        let mut controller = self
            .apply(&["--json"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        loop {
            if let Some(call) = shims::reached(self.host) {
                return Some((controller, call));
            }
            if let Some(status) = controller.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0), "an undisturbed run");
                shims::release(self.host);
                return None;
            }
            assert!(begun.elapsed() < LIMIT, "`{wanted}` was not reached");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the controller; what it had begun on the host comes to its end.
    pub(crate) fn kill(&self, controller: &mut Child) {
        controller.kill().unwrap();
        controller.wait().unwrap();
        shims::release(self.host);
        shims::settle(self.host);
    }

    /// Each file is the old or the new one, whole, and the server has its data.
    #[track_caller]
    pub(crate) fn nothing_is_torn(&self, fault: &str) {
        for (name, sum) in Look::at(self.host).files {
            assert!(
                self.before.files.get(&name) == Some(&sum)
                    || self.after.files.get(&name) == Some(&sum),
                "{fault}: {name} is neither the old nor the new file"
            );
        }
        let backups = inside(
            self.host,
            "for f in /etc/fault-old.*; do [ ! -e $f ] || cmp $f /root/before/fault-old; done",
        );
        assert_eq!(backups, "", "{fault}: a backup is torn");
    }

    /// The host is where an undisturbed run brings it, with all restarts since `before`, and nothing of ours is left
    /// beside.
    #[track_caller]
    pub(crate) fn is_reached(&self, fault: &str, before: &Look) {
        let now = Look::at(self.host);
        assert_eq!(now.files, self.after.files, "{fault}");
        assert_eq!(now.is, self.after.is, "{fault}");
        for (unit, process) in &before.processes {
            assert_ne!(
                now.processes.get(unit),
                Some(process),
                "{fault}: the restart of {unit} was lost"
            );
        }
        assert_eq!(now.left, ["last-run"], "{fault}: something is left");
    }

    /// A further run finds nothing to do.
    #[track_caller]
    pub(crate) fn has_converged(&self, fault: &str) {
        let again = run_of(&self.apply(&["--json"]).output().unwrap());
        assert_eq!(again.code, 0, "{fault}: {}", again.stdout);
        let counts = &again.host(self.host)["counts"];
        assert_eq!(counts["changed"], 0, "{fault}: {}", again.stdout);
        assert_eq!(Look::at(self.host).left, ["last-run"], "{fault}");
    }
}
