//! The real sudo of this machine with rules of our own. They are seen in a mount namespace only, so nothing on this machine
//! changes: a made sudoers, a made shadow, a directory for tickets. We run as root; a wrapper makes us `daemon` first.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use tempfile::TempDir;

use super::sshd::user;
use crate::model::secret::Secret;
use crate::transport::target::Become;

pub(super) const PASSWORD: &str = "correct $horse 'battery'";

/// The same as sha512crypt: `openssl passwd -6 -salt cachesmith`.
const SHADOW: &str = "$6$cachesmith$.GZ2yLZUIN5oTbzxT/pWZRb12ooNpeUWf5cGbN7nlBuAurKS3.WDEfrbDpqmb/2AdxMyWBA3Fi1KPpjrplvaa/";

/// sudo with rules of our own.
pub(super) struct Sudo {
    pub(super) directory: TempDir,
}

impl Sudo {
    pub(super) fn with(rules: &str) -> Option<Self> {
        let has = |program: &str| {
            let found = Command::new("sh")
                .args(["-c", "command -v \"$1\"", "sh", program])
                .output();
            found.is_ok_and(|output| output.status.success())
        };
        if let Some(missing) = ["sudo", "unshare", "setpriv"]
            .iter()
            .find(|program| !has(program))
        {
            println!("skipped: there is no {missing} on this machine");
            return None;
        }
        let version = Command::new("sudo").arg("-V").output().unwrap().stdout;
        if String::from_utf8_lossy(&version).contains("sudo-rs") {
            println!("skipped: sudo-rs keeps its tickets elsewhere and knows fewer rules");
            return None;
        }
        if user() != "root" {
            println!("skipped: a made sudoers file wants root");
            return None;
        }
        if !Command::new("unshare")
            .args(["-m", "true"])
            .status()
            .unwrap()
            .success()
        {
            println!("skipped: mount namespaces are not allowed here");
            return None;
        }
        let directory = tempfile::Builder::new().prefix("sudo-").tempdir().unwrap();
        let write = |name: &str, text: &str, mode: u32| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let path = "Defaults secure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n";
        write("sudoers", &format!("{path}{rules}\n"), 0o440);
        write(
            "shadow",
            &format!(
                "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\ndaemon:{SHADOW}:19000:0:99999:7:::\n"
            ),
            0o600,
        );
        fs::create_dir(directory.path().join("tickets")).unwrap();
        fs::create_dir_all("/run/sudo").unwrap();
        let at = directory.path().display();
        write(
            "sudo",
            &format!(
                "#!/bin/sh\nexec unshare -m sh -c 'mount --bind {at}/sudoers /etc/sudoers && mount --bind {at}/shadow /etc/shadow && \
                 mount --bind {at}/tickets /run/sudo && exec setpriv --reuid daemon --regid daemon --clear-groups sudo \"$@\"' sh \"$@\"\n"
            ),
            0o755,
        );
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Some(Self { directory })
    }

    /// Becomes `nobody` from `daemon`.
    pub(super) fn as_nobody(&self, password: Option<&str>) -> Become {
        Become {
            exe: self.directory.path().join("sudo").display().to_string(),
            password: password.map(Secret::new),
            ..Become::user("nobody")
        }
    }
}
