//! Running servers: where they answer, and what they say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::secret::Secret;

/// Where a server answers, and who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RedisAddress {
    /// A unix socket; when absent, `host` and `port`.
    pub socket: Option<String>,
    pub host: Option<String>,
    pub port: u16,
    pub user: Option<String>,
    /// It is asked with TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFiles>,
    /// Travels in the script's standard input and reaches the client by its environment, never by argv.
    #[serde(skip)]
    pub password: Option<Secret>,
}

/// Files on a server's host with which a client knows a server that speaks TLS, and shows it who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsFiles {
    /// Certificates of authorities: a file, and a folder. Both empty: those that the host trusts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ca_file: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ca_folder: String,
    /// The client's own certificate, and the file of its key. Empty: the server asks for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub certificate: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
}

impl TlsFiles {
    /// Each file with the name that it has in facts and settings.
    pub fn named(&self) -> [(&'static str, &str); 4] {
        [
            ("ca_file", self.ca_file.as_str()),
            ("ca_folder", self.ca_folder.as_str()),
            ("certificate", self.certificate.as_str()),
            ("key", self.key.as_str()),
        ]
    }

    /// From names as [`Self::named`] has them.
    pub fn from_named<'t>(named: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut files = Self::default();
        for (name, path) in named {
            let file = match name {
                "ca_file" => &mut files.ca_file,
                "ca_folder" => &mut files.ca_folder,
                "certificate" => &mut files.certificate,
                "key" => &mut files.key,
                _ => continue,
            };
            path.clone_into(file);
        }
        files
    }

    /// What the client is told: `redis-cli` and `valkey-cli` have the same options.
    pub fn client_words(&self) -> Vec<String> {
        let mut words = vec!["--tls".to_owned()];
        let options = ["--cacert", "--cacertdir", "--cert", "--key"];
        for (option, (_, path)) in options.into_iter().zip(self.named()) {
            if !path.is_empty() {
                words.extend([option.to_owned(), path.to_owned()]);
            }
        }
        words
    }
}

/// What a running server said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedisState {
    /// Whether it answered PING with PONG, and took the password that it was given.
    pub alive: bool,
    /// It wants no password although one was given.
    #[serde(default)]
    pub open: bool,
    /// Its error, or the client's, when it did not answer as hoped.
    pub error: Option<String>,
    /// The text of `INFO all`.
    pub info: String,
    /// The raw answer to `CONFIG GET *`: a name and a value line in turn.
    pub config: String,
}

/// What is asked about an account of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RedisUserQuestion {
    pub address: RedisAddress,
    pub name: String,
    /// Rules as ACL SETUSER takes them, without passwords, that the server is to say in its own words: an account with
    /// them, which cannot log in, comes and goes within one transaction, so that no client ever meets it. Empty: none.
    pub rules: Vec<String>,
}

/// What a server says of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisUserState {
    /// The account's rules as ACL LIST has them, with the SHA-256 of its passwords; `None`: there is none.
    pub rules: Option<Vec<String>>,
    /// The rules of the question in the server's own words; `None`: none were asked about, or it refused them.
    pub read: Option<Vec<String>>,
    /// Why the server does not take these rules.
    pub refused: Option<String>,
    /// Why it told nothing.
    pub error: Option<String>,
}

/// What a host knows of a server, beside what the server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerHealth {
    /// The text of `INFO all` at a second look; empty where there was none.
    pub later: String,
    /// The answer to `LATENCY LATEST`: four lines an event.
    pub latency: String,
    /// Processes that the OOM killer has ended since the boot, of all control groups.
    pub oom_kills: Option<u64>,
    /// `MemTotal` and `MemAvailable` of the machine. Bytes.
    pub memory_total: Option<u64>,
    pub memory_available: Option<u64>,
    /// `vm.max_map_count`: mappings that a process may have.
    pub most_maps: Option<u64>,
    /// The server's process; `None` where it is not one of this host, or has ended.
    pub process: Option<ServerProcess>,
}

/// The process of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerProcess {
    pub pid: u32,
    /// `VmRSS` and `VmSwap`. Bytes.
    pub resident: Option<u64>,
    pub swapped: Option<u64>,
    /// Whether it may get transparent huge pages (`THP_enabled`: it has not told the kernel not to).
    pub huge_pages: Option<bool>,
    pub oom_score_adj: Option<i32>,
    /// The soft limit of open files, [`u64::MAX`] for none.
    pub open_files: Option<u64>,
    /// Mappings that it has.
    pub maps: Option<u64>,
    /// Its systemd unit; empty where it has none.
    pub unit: String,
    /// What systemd says of the unit's last end (`success`, `oom-kill`), and how often it started it again by itself.
    pub result: String,
    pub restarts: Option<u64>,
    /// Counters of its control group since that was made: `high`, `max`, `oom`, `oom_kill`.
    #[serde(default)]
    pub group_events: BTreeMap<String, u64>,
}
