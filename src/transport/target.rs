//! Where a script is to run, and as whom.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::simulated::Simulated;
use crate::model::secret::Secret;

/// One host as the inventory describes it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The host's name in the inventory, for messages.
    pub name: String,
    pub kind: TargetKind,
}

/// How a host is reached.
#[derive(Clone)]
pub enum TargetKind {
    Ssh(SshTarget),
    /// This machine, through its own `sh`.
    Local,
    /// Nothing real: something in this process answers.
    Simulated(Arc<dyn Simulated>),
}

impl fmt::Debug for TargetKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssh(ssh) => ssh.fmt(formatter),
            Self::Local => formatter.write_str("Local"),
            Self::Simulated(_) => formatter.write_str("Simulated"),
        }
    }
}

/// What the inventory says about an SSH connection. What it does not say, the user's ssh_config decides.
#[derive(Clone, Debug)]
pub struct SshTarget {
    /// Name or address to connect to, or a `Host` of the user's ssh_config.
    pub host: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    /// The only key to offer; a leading `~` is the home directory.
    pub private_key_file: Option<PathBuf>,
    /// The words of `ansible_ssh_common_args`.
    pub common_args: Vec<String>,
    /// The words of `ansible_ssh_extra_args`.
    pub extra_args: Vec<String>,
    /// False accepts any host key, as Ansible's `host_key_checking` does. True refuses every key that is not known.
    pub host_key_checking: bool,
    /// How long reaching the host may take, up to the end of the key exchange; whole seconds count.
    pub connect_timeout: Duration,
}

impl SshTarget {
    /// A host with nothing said about it: strict host keys, 10 seconds to connect.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            user: None,
            private_key_file: None,
            common_args: Vec::new(),
            extra_args: Vec::new(),
            host_key_checking: true,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// Run as another user, through sudo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Become {
    /// The user to become.
    pub user: String,
    /// The password that sudo asks for (the connecting user's, in sudo's usual rules).
    pub password: Option<Secret>,
    /// The sudo program: a name or a path on the host.
    pub exe: String,
    /// Words for sudo beside those we set; Ansible's default is `-H`.
    pub flags: Vec<String>,
}

impl Become {
    /// Becomes a user with sudo, without a password.
    pub fn user(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            password: None,
            exe: "sudo".to_owned(),
            flags: vec!["-H".to_owned()],
        }
    }
}
