//! Many hosts that cost little: one sshd in a network of its own, where each address of the loopback is a host. What is
//! below `/var/lib` and `/srv` is each host's own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::state;

/// What every connection runs: the shell, where the host's own folders are.
const ENTER: &str = r#"#!/bin/sh
set -- $SSH_CONNECTION
exec unshare --mount --propagation private sh -c '
mount --bind "$1/var" /var/lib && mount --bind "$1/srv" /srv && exec sh -c "$SSH_ORIGINAL_COMMAND"
' sh "PLACE/hosts/$3"
"#;

pub(crate) struct Crowd {
    place: PathBuf,
    network: String,
    sshd: Child,
    hosts: usize,
}

fn run(program: &str, arguments: &[&str]) {
    let said = Command::new(program).args(arguments).output().unwrap();
    assert!(
        said.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&said.stderr)
    );
}

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn name(number: usize) -> String {
    format!("many{number:03}")
}

fn address(number: usize) -> String {
    format!("127.1.0.{number}")
}

impl Crowd {
    /// At most 250.
    pub(crate) fn up(hosts: usize) -> Self {
        let place = state().join("many");
        let _ = std::fs::remove_dir_all(&place);
        let network = format!("cachesmith-many-{}", std::process::id());
        for number in 1..=hosts {
            for folder in ["var", "srv"] {
                std::fs::create_dir_all(place.join("hosts").join(address(number)).join(folder))
                    .unwrap();
            }
        }
        let path = place.display().to_string();
        for key in ["host_key", "user_key"] {
            let file = format!("{path}/{key}");
            run(
                "ssh-keygen",
                &["-q", "-t", "ed25519", "-N", "", "-f", &file],
            );
        }
        let key = std::fs::read_to_string(place.join("host_key.pub")).unwrap();
        std::fs::write(place.join("known_hosts"), format!("127.1.0.* {key}")).unwrap();
        executable(&place.join("enter"), &ENTER.replace("PLACE", &path));
        std::fs::write(
            place.join("sshd_config"),
            format!(
                "HostKey {path}/host_key\nPidFile none\nAuthorizedKeysFile {path}/user_key.pub\nStrictModes no\n\
                 PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n\
                 UseDNS no\nMaxStartups 1000\nForceCommand {path}/enter\n"
            ),
        )
        .unwrap();
        std::fs::create_dir_all("/run/sshd").unwrap();
        run("ip", &["netns", "add", &network]);
        run("ip", &["-n", &network, "link", "set", "lo", "up"]);
        let sshd = Command::new("ip")
            .args(["netns", "exec", &network, "/usr/sbin/sshd", "-D", "-f"])
            .arg(place.join("sshd_config"))
            .arg("-E")
            .arg(place.join("sshd.log"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let crowd = Self {
            place,
            network,
            sshd,
            hosts,
        };
        crowd.await_sshd();
        crowd
    }

    fn await_sshd(&self) {
        let begun = Instant::now();
        let listens = || {
            let said = Command::new("ip")
                .args(["netns", "exec", &self.network, "ss", "-Hltn", "sport = :22"])
                .output()
                .unwrap();
            !said.stdout.is_empty()
        };
        while !listens() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no sshd");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn inventory(&self) -> PathBuf {
        let path = self.place.display();
        let mut text = format!(
            "all:\n  vars:\n    ansible_user: root\n    ansible_ssh_private_key_file: {path}/user_key\n    \
             ansible_ssh_common_args: \"-F none -o UserKnownHostsFile={path}/known_hosts -o GlobalKnownHostsFile=/dev/null -o IdentitiesOnly=yes\"\n  hosts:\n"
        );
        for number in 1..=self.hosts {
            text.push_str(&format!(
                "    {}: {{ ansible_host: {} }}\n",
                name(number),
                address(number)
            ));
        }
        let file = self.place.join("hosts.yml");
        std::fs::write(&file, text).unwrap();
        file
    }

    /// The same program, in the network of these hosts.
    pub(crate) fn controller(&self, program: &Command) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.network])
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir(program.get_current_dir().unwrap())
            .stdin(Stdio::null());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("XDG_STATE_HOME", self.place.join("state"));
        command
    }

    /// Takes the way to a host away (`add`), or gives it back (`delete`).
    pub(crate) fn no_way(&self, word: &str, number: usize) {
        let to = format!("{}/32", address(number));
        run(
            "ip",
            &[
                "-n",
                &self.network,
                "route",
                word,
                "unreachable",
                &to,
                "table",
                "local",
            ],
        );
    }

    /// A file of a host, below `srv` or `var`.
    pub(crate) fn file(&self, number: usize, path: &str) -> PathBuf {
        self.place.join("hosts").join(address(number)).join(path)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
        let _ = Command::new("ip")
            .args(["netns", "delete", &self.network])
            .status();
        let _ = std::fs::remove_dir_all(&self.place);
    }
}
