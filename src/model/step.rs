//! Instructions to a host, and what became of them.

use serde::{Deserialize, Serialize};

use super::blob::Blob;
use super::probe::{Program, RedisAddress};
use super::replication::Handover;
use super::secret::Secret;

/// One instruction. Steps are carried out in order; the first that fails ends the script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub action: Action,
    /// What must still be so for the step to be right; where it is not, the script stops and all is decided anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
}

impl Step {
    pub fn new(action: Action) -> Self {
        Self {
            action,
            guard: None,
        }
    }

    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }
}

/// What a step does. Few, so that each is exact, atomic where it can be, and has an inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Writes a file beside its target, flushes it to disk and renames it over the target. Attributes that are
    /// not given stay as the target's; a new file gets 0644 (or what `attributes` says) and the session's user.
    WriteFile {
        path: String,
        content: Blob,
        attributes: Attributes,
        /// A program that must accept the new content before it takes the target's place; the argument `%s`
        /// stands for the path of the new content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validate: Option<Vec<String>>,
        /// Keeps the old file under this path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backup: Option<String>,
    },
    /// Sets mode, owner and group of what is there.
    SetAttributes {
        path: String,
        attributes: Attributes,
    },
    /// Makes one directory; its parent exists.
    MakeDirectory {
        path: String,
        attributes: Attributes,
    },
    /// Makes a link, replacing a link or file at `path` atomically.
    Link {
        path: String,
        target: String,
        hard: bool,
    },
    /// Removes a file, a link or a whole directory.
    Remove { path: String },
    /// Sets access and modification time, seconds since 1970; creates an empty file where there is none.
    Touch { path: String, modified: Option<i64> },
    /// Puts down on the host who changes it, for people: the last run. That it cannot be is no failure.
    RecordRun {
        run: String,
        by: String,
        what: String,
    },
    /// Keeps a note of ours on the host, whole, and on its disk before the next step: written beside its place, flushed and
    /// renamed. Folders that it needs are made.
    KeepNote {
        path: String,
        lines: Vec<String>,
        /// An account that is not root leaves it out.
        by_root_alone: bool,
    },
    /// Takes a note away, and the two folders that held it where they are empty. It does not fail.
    RemoveNote { path: String },
    /// Runs a program with no terminal, in a process group of its own, under a time limit.
    Program {
        program: Box<Program>,
        /// Exit codes that are not a failure; empty: every code is accepted.
        accepted: Vec<i32>,
    },
    /// Writes a kernel value and reads it back; fails when the kernel holds another value afterwards.
    KernelValue { key: String, value: String },
    /// Sets directives of a running server with CONFIG SET, in this order.
    ConfigSet {
        #[serde(with = "with_password")]
        address: RedisAddress,
        settings: Vec<ConfigSetting>,
        /// Whether the server takes all of them in one command, or none. Where it does not, they are set one by
        /// one, and those before the first that fails are put back.
        at_once: bool,
    },
    /// Lowers `maxmemory` of a running server below what it uses, slowly. Where it is stopped, the value stays.
    LowerMaxmemory {
        #[serde(with = "with_password")]
        address: RedisAddress,
        pace: Pace,
    },
    /// Gives an account of a running server these rules, and no others, with ACL SETUSER; `None`: removes it.
    RedisUser {
        #[serde(with = "with_password")]
        address: RedisAddress,
        name: String,
        /// As ACL SETUSER takes them, with the SHA-256 of passwords.
        rules: Option<Vec<String>>,
    },
    /// Makes a replica the primary, without losing a write that was confirmed: writes are paused, the replica gets the
    /// last of them, and both swap roles. Its output tells how long writes were paused, and who is the primary now.
    Failover {
        #[serde(with = "with_password")]
        primary: RedisAddress,
        handover: Box<Handover>,
    },
    /// Restarts the machine and ends the script; the engine waits for it to come back.
    Reboot { time_limit: u64 },
}

/// One directive of a running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigSetting {
    pub name: String,
    pub value: Blob,
    /// What it was.
    pub before: Blob,
    /// Nobody may see the values, not even in a server's words about them.
    #[serde(default)]
    pub secret: bool,
}

impl RedisAddress {
    /// Where, and with which password, a server is asked once it has new settings.
    #[must_use]
    pub fn after(&self, settings: &[ConfigSetting]) -> Self {
        let mut after = self.clone();
        for setting in settings {
            match (setting.name.as_str(), setting.value.as_text()) {
                ("port", Some(port)) if after.socket.is_none() && after.tls.is_none() => {
                    after.port = port.parse().unwrap_or(after.port);
                }
                ("tls-port", Some(port)) if after.socket.is_none() && after.tls.is_some() => {
                    after.port = port.parse().unwrap_or(after.port);
                }
                ("requirepass", Some(password)) if after.user.is_none() => {
                    after.password = (!password.is_empty()).then(|| Secret::new(password));
                }
                _ => {}
            }
        }
        after
    }

    /// For a person, and to tell servers of a host apart: `127.0.0.1:6379` or a socket's path.
    pub fn place(&self) -> String {
        match (&self.socket, &self.host) {
            (Some(socket), _) => socket.clone(),
            (None, host) => format!("{}:{}", host.as_deref().unwrap_or("127.0.0.1"), self.port),
        }
    }
}

/// How slowly `maxmemory` is lowered. The next step is taken when the server has come below the last one and has
/// had the time that its evictions may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Where it ends. Bytes.
    pub to: u64,
    /// Per cent of the used memory that one step may take.
    pub percent: u64,
    /// Bytes that one step may take at most.
    pub most_bytes: u64,
    /// Keys that may be evicted in a second, beside those that were before.
    pub evictions_per_second: u64,
    /// Seconds after which it is stopped.
    pub time_limit: u64,
}

/// Mode, owner and group; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl Attributes {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was observed when the step was decided and must still be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Nothing stands at the path.
    Absent { path: String },
    /// Something stands at the path.
    Exists { path: String },
    /// The regular file at the path (links followed) has this SHA-256.
    Sha256 { path: String, sha256: String },
    /// The kernel value is this one.
    KernelValue { key: String, value: String },
    /// The main process of the unit is the one that was looked at: its number, and when it started in ticks since
    /// the boot.
    MainProcess {
        unit: String,
        pid: u32,
        started: u64,
    },
    /// A running server answers CONFIG GET with these values.
    Config {
        #[serde(with = "with_password")]
        address: RedisAddress,
        values: Vec<(String, Blob)>,
    },
    /// An account of a running server has these rules in ACL LIST; `None`: it is not there.
    RedisUser {
        #[serde(with = "with_password")]
        address: RedisAddress,
        name: String,
        rules: Option<Vec<String>>,
    },
}

/// Steps are kept sealed, and an undo needs the password that the step had: here it is kept with the address.
pub mod with_password {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::model::probe::RedisAddress;
    use crate::model::secret::Secret;

    #[derive(Serialize, Deserialize)]
    struct Login {
        at: RedisAddress,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    }

    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(
        address: &RedisAddress,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let password = address.password.as_ref();
        Login {
            at: address.clone(),
            password: password.map(|secret| secret.expose().to_owned()),
        }
        .serialize(serializer)
    }

    /// # Errors
    /// The deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RedisAddress, D::Error> {
        let login = Login::deserialize(deserializer)?;
        Ok(RedisAddress {
            password: login.password.map(Secret::new),
            ..login.at
        })
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub status: StepStatus,
    /// The exit code of a program.
    pub code: i32,
    pub stdout: Blob,
    pub stderr: Blob,
    /// Milliseconds that it took.
    pub milliseconds: u64,
    /// Whether what its program wrote did not come: programs' output is told at the script's end, and the script was
    /// killed, or its connection cut, before that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub output_lost: bool,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Done,
    Failed,
    /// The program ran into its time limit and was ended.
    TimedOut,
    /// Nothing was done: the host is no longer as it was observed.
    GuardFailed,
    /// Nothing was done: an earlier step ended the script, or the connection was lost before it began.
    NotRun,
    /// The connection was lost while it ran: it may or may not have been done.
    Lost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_kept_and_read_again_has_its_password_and_shows_it_nowhere() {
        let address = RedisAddress {
            port: 6379,
            password: Some(Secret::new("hunter2")),
            ..RedisAddress::default()
        };
        let setting = ConfigSetting {
            name: "requirepass".to_owned(),
            value: Blob::from("hunter3"),
            before: Blob::from("hunter2"),
            secret: true,
        };
        let step = Step::new(Action::ConfigSet {
            address: address.clone(),
            settings: vec![setting],
            at_once: true,
        })
        .guarded(Guard::Config {
            address,
            values: vec![("requirepass".to_owned(), Blob::from("hunter2"))],
        });
        let kept = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<Step>(&kept).unwrap(), step);
        assert!(!format!("{step:?}").contains("hunter"));
    }
}
