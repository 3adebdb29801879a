//! The twin hosts, and what is asked of them beside the tasks.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use regex::Regex;

use crate::cases::{PLACE, Results};

/// What the programs keep on a host for themselves.
const OWN: &[&str] = &[
    "/root/.ansible",
    "/root/twins/.results",
    "/var/lib/cachesmith",
];

/// The end of the name of a copy that `backup` keeps: Ansible's is made of a process's number and the time, ours of the
/// content's hash.
fn backup() -> &'static Regex {
    static BACKUP: OnceLock<Regex> = OnceLock::new();
    BACKUP.get_or_init(|| {
        Regex::new(r"\.(?:\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d|[0-9a-f]{12})~(\t)").unwrap()
    })
}

/// One of two hosts that start out the same.
pub struct Twin {
    pub name: String,
    address: String,
}

/// The folder of the fleet that is up.
pub fn state() -> PathBuf {
    PathBuf::from(
        std::env::var("CACHESMITH_FLEET_STATE")
            .expect("script/test twins sets CACHESMITH_FLEET_STATE"),
    )
}

fn fleet() -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleet/fleet"));
    command.stdin(Stdio::null());
    command
}

/// Makes the hosts as new.
pub fn reset(twins: &[Twin; 2]) {
    let output = fleet()
        .arg("reset")
        .args(twins.iter().map(|twin| &twin.name))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "fleet reset: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

impl Twin {
    pub fn new(name: &str) -> Self {
        let text = std::fs::read_to_string(state().join("inventory.yml"))
            .expect("the fleet has an inventory");
        let address = text
            .lines()
            .skip_while(|line| line.trim() != format!("{name}:"))
            .nth(1)
            .and_then(|line| line.trim().strip_prefix("ansible_host:"))
            .unwrap_or_else(|| panic!("the fleet has no host {name}"));
        Self {
            name: name.to_owned(),
            address: address.trim().to_owned(),
        }
    }

    /// The address of this machine, as its hosts see it.
    pub fn gateway(&self) -> String {
        let (net, _) = self.address.rsplit_once('.').unwrap();
        format!("{net}.1")
    }

    /// Sets or deletes its default route, from outside: no host may do that itself.
    pub fn route(&self, action: &str) {
        let numbers: Vec<u8> = self
            .address
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect();
        let net: String = numbers[..3]
            .iter()
            .map(|part| format!("{part:02x}"))
            .collect();
        let namespace = format!("cachesmith-{net}-{}", self.name);
        let output = Command::new("ip")
            .args([
                "-n",
                &namespace,
                "route",
                action,
                "default",
                "via",
                &self.gateway(),
            ])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "ip: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// An inventory with this host alone, called `twin`.
    pub fn inventory(&self) -> String {
        format!(
            "cache:\n  hosts:\n    twin:\n      from_inventory: inventory\n{}",
            self.connection()
        )
    }

    /// An inventory without hosts, by which each host of another is this one.
    pub fn connection(&self) -> String {
        let state = state();
        let state = state.display();
        let address = &self.address;
        format!(
            "all:\n  vars:\n    ansible_host: {address}\n    ansible_user: root\n    \
             ansible_python_interpreter: /usr/bin/python3\n    ansible_ssh_private_key_file: {state}/client_key\n    \
             ansible_ssh_common_args: \"-o UserKnownHostsFile={state}/known_hosts -o GlobalKnownHostsFile=/dev/null \
             -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes\"\n"
        )
    }

    /// Runs a script of sh as root.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        let mut child = fleet()
            .args(["ssh", &self.name, "sh -s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(script.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}: {}{}",
            self.name,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What is on it, as lines, without what the programs keep for themselves.
    pub fn snapshot(&self) -> BTreeSet<String> {
        let output = fleet().args(["snapshot", &self.name]).output().unwrap();
        assert!(
            output.status.success(),
            "fleet snapshot: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| {
                let path = line
                    .strip_prefix("file\t")
                    .and_then(|rest| rest.split('\t').next());
                !path.is_some_and(|path| {
                    OWN.iter().any(|own| {
                        path.strip_prefix(own)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    })
                })
            })
            .map(|line| backup().replace(line, ".COPY~$1").into_owned())
            .collect()
    }

    /// The values that were kept on it.
    pub fn results(&self) -> Results {
        let text = self.run(&format!(
            "cd {PLACE}/.results && for f in *.json; do [ ! -e \"$f\" ] || {{ echo \"${{f%.json}}\"; tr -d '\\n' <\"$f\"; echo; }}; done"
        ));
        let mut lines = text.lines();
        let mut results = Results::new();
        while let (Some(name), Some(json)) = (lines.next(), lines.next()) {
            let value = serde_json::from_str(json)
                .unwrap_or_else(|error| panic!("{name} on {}: {error} in {json}", self.name));
            let (case, host) = name.split_once('@').unwrap();
            let hosts = results.entry(case.to_owned()).or_default();
            hosts.insert(host.to_owned(), value);
        }
        results
    }
}
