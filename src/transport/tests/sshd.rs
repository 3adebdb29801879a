//! An sshd of our own, on a port of the loopback interface, with its own keys and configuration.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::transport::limits::Limits;
use crate::transport::session::Session;
use crate::transport::target::{SshTarget, Target, TargetKind};

/// A running server; it ends when it is dropped.
pub(super) struct Sshd {
    directory: TempDir,
    server: Child,
    pub(super) port: u16,
}

impl Sshd {
    /// Starts a server with further lines of configuration, or says why this machine cannot.
    pub(super) fn start(configuration: &str) -> Option<Self> {
        match Self::try_start(configuration) {
            Ok(sshd) => Some(sshd),
            Err(reason) => {
                println!("skipped: {reason}");
                None
            }
        }
    }

    fn try_start(configuration: &str) -> Result<Self, String> {
        let program = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .ok_or("there is no sshd on this machine")?;
        if user() != "root" {
            return Err("an sshd that lets us in without questions wants root".to_owned());
        }
        let directory = tempfile::Builder::new().prefix("sshd-").tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        for key in ["host", "other-host", "key", "other-key"] {
            make_key(&at(key));
        }
        let port = free_port();
        let known = |key: &str| {
            let public = fs::read_to_string(at(&format!("{key}.pub"))).unwrap();
            format!("[127.0.0.1]:{port} {public}")
        };
        fs::write(at("known_hosts"), known("host")).unwrap();
        fs::write(at("wrong_known_hosts"), known("other-host")).unwrap();
        fs::copy(at("key.pub"), at("authorized_keys")).unwrap();
        // Lines of the test first: the first value counts. Another home, so that this machine's own shell files stay out.
        let lines = format!(
            "{configuration}\nListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n\
             SetEnv HOME=/\n",
            at("host"),
            at("authorized_keys"),
        );
        fs::write(at("sshd_config"), lines).unwrap();
        // Where Debian's build keeps its empty root directory.
        fs::create_dir_all("/run/sshd").map_err(|error| error.to_string())?;
        let server = Command::new(program)
            .args(["-D", "-e", "-f", &at("sshd_config")])
            .stdin(Stdio::null())
            .stderr(fs::File::create(at("sshd.log")).unwrap())
            .spawn()
            .map_err(|error| error.to_string())?;
        let sshd = Self {
            directory,
            server,
            port,
        };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(sshd);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "sshd does not listen: {}",
            fs::read_to_string(sshd.path("sshd.log")).unwrap()
        );
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// How we reach it, with the right key and the right known_hosts file, and without this machine's own ssh_config.
    pub(super) fn ssh_target(&self) -> SshTarget {
        SshTarget {
            port: Some(self.port),
            user: Some("root".to_owned()),
            private_key_file: Some(self.path("key")),
            common_args: self.words("known_hosts"),
            ..SshTarget::new("127.0.0.1")
        }
    }

    /// Words that name a known_hosts file and no ssh_config.
    pub(super) fn words(&self, known_hosts: &str) -> Vec<String> {
        let file = self.path(known_hosts);
        [
            "-F",
            "none",
            "-o",
            &format!("UserKnownHostsFile={}", file.display()),
        ]
        .map(str::to_owned)
        .into()
    }

    pub(super) async fn connect(&self, limits: &Limits) -> Session {
        Session::connect(&target(self.ssh_target()), limits, None)
            .await
            .unwrap()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

pub(super) fn target(ssh: SshTarget) -> Target {
    Target {
        name: "cache01".to_owned(),
        kind: TargetKind::Ssh(ssh),
    }
}

/// A port that nobody listens on.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

pub(super) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn make_key(path: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", path])
        .status()
        .unwrap();
    assert!(made.success());
}
