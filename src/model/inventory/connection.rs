//! How a host is reached, from its variables.

use std::net::IpAddr;
use std::time::Duration;

use super::become_settings::Become;
use super::settings::Settings;
use super::ssh_arguments::SshArguments;
use crate::error::Result;
use crate::model::diagnostic::Diagnostic;

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionKind {
    Ssh,
    /// This machine's own shell.
    Local,
}

/// Everything that a host's variables say about reaching it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub kind: ConnectionKind,
    /// The name or address to connect to: `ansible_host`, else the name in the inventory.
    pub address: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub private_key_file: Option<String>,
    /// Whether an unknown or changed host key refuses the connection; `None` leaves it to the default.
    pub host_key_checking: Option<bool>,
    /// How long opening the connection may take.
    pub connect_timeout: Option<Duration>,
    /// `ansible_ssh_args`, `ansible_ssh_common_args` and `ansible_ssh_extra_args`, as settings.
    pub arguments: SshArguments,
    /// Becoming another user, once connected.
    pub becoming: Become,
}

const CONNECTION: &str = "ansible_connection";

/// The port of SSH, where nothing else is said.
const SSH_PORT: u16 = 22;

/// The names of Ansible's connections that mean the two kinds here.
const KINDS: [(&str, ConnectionKind); 5] = [
    ("ssh", ConnectionKind::Ssh),
    ("smart", ConnectionKind::Ssh),
    ("ansible.builtin.ssh", ConnectionKind::Ssh),
    ("local", ConnectionKind::Local),
    ("ansible.builtin.local", ConnectionKind::Local),
];

/// Settings of a connection over SSH that are refused: the name, why, and what to do instead.
const REFUSED: [(&str, &str, &str); 9] = [
    ("ansible_password", PASSWORD, USE_KEYS),
    ("ansible_ssh_pass", PASSWORD, USE_KEYS),
    ("ansible_ssh_password", PASSWORD, USE_KEYS),
    ("ansible_private_key", INLINE_KEY, USE_KEY_FILE),
    ("ansible_ssh_private_key", INLINE_KEY, USE_KEY_FILE),
    ("ansible_private_key_passphrase", PASSPHRASE, USE_AGENT),
    ("ansible_ssh_private_key_passphrase", PASSPHRASE, USE_AGENT),
    (
        "ansible_ssh_executable",
        "the program `ssh` is always the one on your PATH",
        "put the wanted `ssh` first on your PATH",
    ),
    (
        "ansible_ssh_retries",
        "a connection that fails is not tried again",
        "set `ConnectionAttempts` in `ansible_ssh_common_args`: `-o ConnectionAttempts=3`",
    ),
];
const PASSWORD: &str =
    "login by password is not possible, because OpenSSH asks for passwords on a terminal only";
const USE_KEYS: &str = "log in with a key: put its public half on the host with `ssh-copy-id`, and remove this variable";
const INLINE_KEY: &str = "a private key is read from a file or from the agent only";
const USE_KEY_FILE: &str = "use `ansible_ssh_private_key_file`";
const PASSPHRASE: &str = "a passphrase is asked for by the agent only";
const USE_AGENT: &str = "add the key with `ssh-add` before";

/// Whether a variable says how a host is reached, or as whom things are done there.
pub fn is_setting(name: &str) -> bool {
    const PREFIXES: [&str; 2] = ["ansible_ssh_", "ansible_become"];
    const NAMES: [&str; 7] = [
        CONNECTION,
        "ansible_host",
        "ansible_host_key_checking",
        "ansible_port",
        "ansible_private_key_file",
        "ansible_timeout",
        "ansible_user",
    ];
    let refused = || REFUSED.iter().any(|(refused, ..)| *refused == name);
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name) || refused()
}

impl Connection {
    /// Reads the connection settings of a host from its rendered variables.
    ///
    /// Settings that only matter to Ansible's way of working (`ansible_python_interpreter`, `ansible_pipelining`,
    /// `ansible_remote_tmp`, `ansible_scp_*` and the like) mean nothing here: nothing is needed on a host and no
    /// file is copied with them.
    ///
    /// # Errors
    /// A connection or method that is not supported, a password for SSH, a value of the wrong kind; each with the place
    /// of the variable.
    pub fn read(settings: &Settings<'_>) -> Result<Self> {
        let kind = kind(settings)?;
        if kind == ConnectionKind::Ssh {
            refuse(settings)?;
        }
        let address = settings
            .argument(&["ansible_host", "ansible_ssh_host"])?
            .unwrap_or_else(|| settings.host.to_owned());
        let port = settings.number(&["ansible_port", "ansible_ssh_port"], u16::MAX.into())?;
        let seconds = settings.number(&["ansible_timeout", "ansible_ssh_timeout"], 86_400)?;
        Ok(Self {
            kind,
            address,
            // The number was limited to what fits.
            port: port.and_then(|port| u16::try_from(port).ok()),
            user: settings.argument(&["ansible_user", "ansible_ssh_user"])?,
            private_key_file: settings
                .argument(&["ansible_private_key_file", "ansible_ssh_private_key_file"])?,
            host_key_checking: settings
                .boolean(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"])?,
            connect_timeout: seconds.map(|seconds| Duration::from_secs(seconds.into())),
            arguments: arguments(settings)?,
            becoming: Become::read(settings)?,
        })
    }
}

impl Connection {
    /// What tells its machine from others before it is connected to: hosts that have it in common are names of one
    /// machine. What only ssh's own configuration or a name server could tell is not in it.
    pub fn machine(&self) -> String {
        if self.kind == ConnectionKind::Local {
            return "this machine".to_owned();
        }
        let said = |keyword: &str| {
            let mut options = self.arguments.options.iter();
            options
                .find(|option| option.keyword.eq_ignore_ascii_case(keyword))
                .map(|option| option.value.as_str())
        };
        let address = said("HostName").unwrap_or(&self.address);
        // One address can be written in many ways.
        let address = match address.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => address.to_lowercase(),
        };
        let port = self.port.or_else(|| said("Port")?.parse().ok());
        let mut machine = format!("{address} {}", port.unwrap_or(SSH_PORT));
        // Another way can lead to another machine with the same private address.
        for keyword in ["ProxyJump", "ProxyCommand"] {
            if let Some(value) = said(keyword) {
                machine.push_str(&format!(" {keyword}={value}"));
            }
        }
        if let Some(file) = &self.arguments.config_file {
            machine.push_str(&format!(" -F {file}"));
        }
        machine
    }
}

fn kind(settings: &Settings<'_>) -> Result<ConnectionKind> {
    let Some(name) = settings.text(&[CONNECTION])? else {
        return Ok(ConnectionKind::Ssh);
    };
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == name) {
        return Ok(*kind);
    }
    let mut diagnostic = Diagnostic::error(format!(
        "host `{}` would be reached by `{name}`, which is not supported",
        settings.host
    ));
    if name.contains("paramiko") {
        diagnostic =
            diagnostic.help("use `ssh`: it reads the same keys and more of your configuration");
    }
    let known = KINDS.iter().map(|(known, _)| *known);
    let diagnostic = diagnostic.nearest(&name, known.filter(|known| !known.contains('.')));
    Err(settings.place_at(CONNECTION, diagnostic).into())
}

fn refuse(settings: &Settings<'_>) -> Result<()> {
    for (name, why, instead) in REFUSED {
        if settings.find(&[name])?.is_some() {
            let summary = format!("`{name}` of host `{}`: {why}", settings.host);
            return Err(settings.error(name, summary, instead));
        }
    }
    const SHELL: &str = "ansible_shell_type";
    if let Some(shell) = settings.text(&[SHELL])?
        && matches!(shell.as_str(), "powershell" | "cmd")
    {
        return Err(settings.error(
            SHELL,
            format!(
                "host `{}` has the shell `{shell}`, and a POSIX shell is needed",
                settings.host
            ),
            "take this host out of the pattern",
        ));
    }
    Ok(())
}

fn arguments(settings: &Settings<'_>) -> Result<SshArguments> {
    let mut arguments = SshArguments::default();
    for name in [
        "ansible_ssh_args",
        "ansible_ssh_common_args",
        "ansible_ssh_extra_args",
    ] {
        if let Some((_, words)) = settings.words(&[name])? {
            arguments.add(&words).map_err(|problem| {
                settings.error(
                    name,
                    format!("`{name}` of host `{}`: {problem}", settings.host),
                    "only arguments that say how to connect count here, such as `-o`, `-J`, `-i`, `-F`, `-C`",
                )
            })?;
        }
    }
    const PROVIDER: &str = "ansible_ssh_pkcs11_provider";
    if let Some(provider) = settings.text(&[PROVIDER])? {
        arguments
            .push("PKCS11Provider", &provider)
            .map_err(|problem| settings.error(PROVIDER, problem, "write the path of a library"))?;
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::{Map, Value};

    fn read(pairs: &[(&str, Value)]) -> Result<Connection> {
        let variables: Map = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        Connection::read(&Settings {
            host: "cache01",
            variables: &variables,
            place: &|_| None,
        })
    }

    #[test]
    fn nothing_said_means_ssh_to_the_name() {
        let connection = read(&[]).unwrap();
        assert_eq!(connection.kind, ConnectionKind::Ssh);
        assert_eq!(connection.address, "cache01");
        assert_eq!(connection.port, None);
        assert_eq!(connection.becoming, Become::default());
    }

    #[test]
    fn settings_are_read_with_their_older_names() {
        let connection = read(&[
            ("ansible_host", "192.0.2.1".into()),
            ("ansible_ssh_host", "192.0.2.2".into()),
            ("ansible_port", "2222".into()),
            ("ansible_user", "ops".into()),
            ("ansible_ssh_private_key_file", "~/.ssh/cache".into()),
            ("ansible_ssh_common_args", "-o ProxyJump=bastion -C".into()),
            ("ansible_host_key_checking", "no".into()),
            ("ansible_ssh_timeout", 5.into()),
            ("ansible_become", "yes".into()),
            ("ansible_become_pass", "old".into()),
            ("ansible_become_password", "hunter2".into()),
            ("ansible_become_flags", "-H -S".into()),
            ("ansible_python_interpreter", "/usr/bin/python3".into()),
        ])
        .unwrap();
        assert_eq!(connection.address, "192.0.2.2");
        assert_eq!(connection.port, Some(2222));
        assert_eq!(connection.arguments.options.len(), 2);
        assert_eq!(connection.host_key_checking, Some(false));
        assert_eq!(connection.connect_timeout, Some(Duration::from_secs(5)));
        assert_eq!(connection.becoming.enabled, Some(true));
        assert_eq!(
            connection.becoming.flags,
            Some(vec!["-H".into(), "-S".into()])
        );
        let password = connection.becoming.password.clone().unwrap();
        assert_eq!(password.expose(), "old");
        assert!(!format!("{connection:?}").contains("old\""));
    }

    #[test]
    fn names_of_one_machine_are_known_by_its_address_port_and_way() {
        let machine = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(&str, Value)> = pairs
                .iter()
                .map(|(name, value)| (*name, Value::from(*value)))
                .collect();
            read(&pairs).unwrap().machine()
        };
        let host = ("ansible_host", "192.0.2.1");
        let one = machine(&[host]);
        assert_eq!(machine(&[host, ("ansible_port", "22")]), one);
        assert_eq!(machine(&[host, ("ansible_user", "ops")]), one);
        assert_eq!(
            machine(&[("ansible_ssh_common_args", "-o HostName=192.0.2.1")]),
            one
        );
        assert_ne!(machine(&[host, ("ansible_port", "2222")]), one);
        assert_ne!(
            machine(&[host, ("ansible_ssh_common_args", "-p 2222")]),
            one
        );
        assert_ne!(
            machine(&[host, ("ansible_ssh_common_args", "-J bastion")]),
            one
        );
        assert_ne!(machine(&[]), one);
        assert_eq!(machine(&[]), machine(&[("ansible_host", "CACHE01")]));
        let long = machine(&[("ansible_host", "2001:DB8:0:0::7")]);
        assert_eq!(machine(&[("ansible_host", "2001:db8::7")]), long);
        let local = [("ansible_connection", "local")];
        assert_eq!(machine(&local), machine(&[local[0], host]));
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (name, value) in [
            ("ansible_connection", Value::from("docker")),
            ("ansible_password", "x".into()),
            ("ansible_become_method", "su".into()),
            ("ansible_port", 70_000.into()),
            ("ansible_port", "http".into()),
            ("ansible_host", "-oProxyCommand=x".into()),
            ("ansible_user", "a\nb".into()),
            ("ansible_become", "perhaps".into()),
            ("ansible_ssh_common_args", "-L 1:a:2".into()),
            ("ansible_ssh_common_args", "-o 'x".into()),
            ("ansible_shell_type", "powershell".into()),
            ("ansible_host", Value::unknown("a package is installed")),
        ] {
            assert!(read(&[(name, value.clone())]).is_err(), "{name} {value:?}");
        }
    }

    #[test]
    fn passwords_are_no_matter_on_this_machine() {
        let connection = read(&[
            ("ansible_connection", "local".into()),
            ("ansible_password", "x".into()),
        ]);
        assert_eq!(connection.unwrap().kind, ConnectionKind::Local);
    }
}
