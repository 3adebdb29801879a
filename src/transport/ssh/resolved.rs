//! What ssh makes of a host: its configuration applied, for messages.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::log::authenticating;
use crate::transport::shell_words::{join, quote};
use crate::transport::target::SshTarget;

/// How long `ssh -G` may take: it may run the user's `Match exec` programs.
const PATIENCE: Duration = Duration::from_secs(3);

/// The values of a host that messages need. What ssh did not tell comes from the inventory.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    host: String,
    /// 0 where it is not known.
    port: u16,
    user: String,
    /// The words after `ssh` with which a person would log in.
    login: Vec<String>,
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

    pub(super) fn read(target: &SshTarget, text: &str) -> Self {
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
            login: login(target),
            known_hosts: value("userknownhostsfile")
                .and_then(|files| files.split(' ').next().map(str::to_owned))
                .unwrap_or_else(|| "~/.ssh/known_hosts".to_owned()),
        }
    }

    /// The jump host that a log tells of, as far as it names it.
    pub(super) fn jump_host(&self, log: &str) -> Self {
        let unnamed = Self {
            host: "the jump host".to_owned(),
            port: 0,
            user: "the user".to_owned(),
            login: Vec::new(),
            known_hosts: self.known_hosts.clone(),
        };
        let named = |host: &str, port: &str, user: Option<&str>| {
            let as_user = user.map_or_else(String::new, |user| format!("{user}@"));
            Some(Self {
                host: host.to_owned(),
                port: port.parse().ok()?,
                user: user.unwrap_or("the user").to_owned(),
                login: vec!["-p".to_owned(), port.to_owned(), format!("{as_user}{host}")],
                ..unnamed.clone()
            })
        };
        let login = authenticating(log).and_then(|(address, user)| {
            let (host, port) = address.rsplit_once(':')?;
            named(host, port, Some(user))
        });
        let refused = log.lines().find_map(|line| {
            let (_, rest) = line.split_once("connect to host ")?;
            let (host, rest) = rest.split_once(" port ")?;
            named(host, rest.split_once(':')?.0, None)
        });
        let unresolved = log.lines().find_map(|line| {
            let (_, rest) = line.split_once("Could not resolve hostname ")?;
            named(rest.split_once(": ")?.0, "0", None)
        });
        refused.or(unresolved).or(login).unwrap_or(unnamed)
    }

    /// Name or address alone.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Address and port.
    pub(super) fn destination(&self) -> String {
        if self.port == 0 {
            self.host.clone()
        } else if self.host.contains(':') {
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
        format!("ssh {}", join(&self.login))
    }

    /// The command that shows the host's keys.
    pub(super) fn keyscan_command(&self) -> String {
        format!("ssh-keyscan{} {}", self.port_flag(), quote(&self.host))
    }

    fn port_flag(&self) -> String {
        if self.port == 22 || self.port == 0 {
            String::new()
        } else {
            format!(" -p {}", self.port)
        }
    }
}

/// The words after `ssh` with which a person would log in as we do.
fn login(target: &SshTarget) -> Vec<String> {
    let mut words = [target.common_args.as_slice(), &target.extra_args].concat();
    if let Some(port) = target.port {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    let as_user = target
        .user
        .as_ref()
        .map_or_else(String::new, |user| format!("{user}@"));
    words.push(format!("{as_user}{}", target.host));
    words
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
