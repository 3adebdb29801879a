//! What ssh makes of a host: its configuration applied, for messages.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::transport::shell_words::quote;
use crate::transport::target::SshTarget;

/// How long `ssh -G` may take: it may run the user's `Match exec` programs.
const PATIENCE: Duration = Duration::from_secs(3);

/// The values of a host that messages need. What ssh did not tell comes from the inventory.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    host: String,
    port: u16,
    user: String,
    given_user: Option<String>,
    known_hosts: String,
}

impl Resolved {
    /// Asks ssh (`ssh -G`, which connects nowhere) what it makes of a command line.
    pub(super) async fn ask(target: &SshTarget, arguments: &[OsString]) -> Self {
        let output = Command::new("ssh")
            .arg("-G")
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let text = match timeout(PATIENCE, output).await {
            Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).into_owned(),
            _ => String::new(),
        };
        Self::read(target, &text)
    }

    fn read(target: &SshTarget, text: &str) -> Self {
        let values: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .collect();
        let value = |name: &str| values.get(name).map(|value| (*value).to_owned());
        Self {
            host: value("hostname").unwrap_or_else(|| target.host.clone()),
            port: value("port")
                .and_then(|port| port.parse().ok())
                .or(target.port)
                .unwrap_or(22),
            user: value("user")
                .or_else(|| target.user.clone())
                .unwrap_or_else(|| "the user".to_owned()),
            given_user: target.user.clone(),
            known_hosts: value("userknownhostsfile")
                .and_then(|files| files.split(' ').next().map(str::to_owned))
                .unwrap_or_else(|| "~/.ssh/known_hosts".to_owned()),
        }
    }

    /// Address and port.
    pub(super) fn destination(&self) -> String {
        if self.host.contains(':') {
            format!("[{}] port {}", self.host, self.port)
        } else {
            format!("{} port {}", self.host, self.port)
        }
    }

    pub(super) fn user(&self) -> String {
        self.user.clone()
    }

    /// The file that new keys are added to.
    pub(super) fn known_hosts(&self) -> String {
        self.known_hosts.clone()
    }

    /// The command with which a person would log in once.
    pub(super) fn ssh_command(&self) -> String {
        let user = self
            .given_user
            .as_ref()
            .map_or_else(String::new, |user| format!("{}@", quote(user)));
        format!("ssh{} {user}{}", self.port_flag(), quote(&self.host))
    }

    /// The command that shows the host's keys.
    pub(super) fn keyscan_command(&self) -> String {
        format!("ssh-keyscan{} {}", self.port_flag(), quote(&self.host))
    }

    fn port_flag(&self) -> String {
        if self.port == 22 {
            String::new()
        } else {
            format!(" -p {}", self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Resolved;
    use crate::transport::target::SshTarget;

    #[test]
    fn what_ssh_says_counts_more_than_the_inventory() {
        let target = SshTarget::new("cache01");
        let resolved = Resolved::read(
            &target,
            "user ann\nhostname 192.0.2.7\nport 2222\nuserknownhostsfile /home/ann/.ssh/known_hosts /home/ann/.ssh/known_hosts2\n",
        );
        assert_eq!(resolved.destination(), "192.0.2.7 port 2222");
        assert_eq!(resolved.known_hosts(), "/home/ann/.ssh/known_hosts");
        assert_eq!(resolved.keyscan_command(), "ssh-keyscan -p 2222 192.0.2.7");
        assert_eq!(resolved.user(), "ann");
    }

    #[test]
    fn without_ssh_the_inventory_is_enough() {
        let mut target = SshTarget::new("2001:db8::7");
        target.user = Some("root".to_owned());
        let resolved = Resolved::read(&target, "");
        assert_eq!(resolved.destination(), "[2001:db8::7] port 22");
        assert_eq!(resolved.ssh_command(), "ssh root@2001:db8::7");
    }
}
