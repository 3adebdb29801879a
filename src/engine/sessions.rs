//! One session per host, opened when it is first needed and kept for the run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::error::Error;
use crate::model::inventory::Inventory;
use crate::model::inventory::connection::{Connection, ConnectionKind};
use crate::model::inventory::settings::Settings;
use crate::model::template::{Layer, Scope, Templates};
use crate::model::value::Map;
use crate::transport::error::{TransportError, TransportErrorKind};
use crate::transport::limits::Limits;
use crate::transport::session::{Counters, Session};
use crate::transport::simulated::Simulation;
use crate::transport::target::{Become, SshTarget, Target, TargetKind};

/// A host's session together with what its variables say about it.
pub struct Line {
    pub session: Session,
    pub connection: Connection,
}

type Cell = Arc<OnceCell<Result<Arc<Line>, Arc<TransportError>>>>;

/// All sessions of a run.
pub struct Sessions {
    inventory: Arc<Inventory>,
    templates: Arc<Templates>,
    extra: Arc<Map>,
    limits: Limits,
    lines: Mutex<HashMap<String, Cell>>,
    reach: Reach,
}

/// How hosts are reached.
#[derive(Clone, Debug)]
pub enum Reach {
    /// As the inventory says.
    AsInventory,
    /// As the inventory says, and through this machine's own shell where it says nothing.
    Local,
    /// They do not exist.
    Simulated(Simulation),
}

impl Sessions {
    pub fn new(
        inventory: Arc<Inventory>,
        templates: Arc<Templates>,
        extra: Arc<Map>,
        limits: Limits,
        reach: Reach,
    ) -> Self {
        Self {
            inventory,
            templates,
            extra,
            limits,
            lines: Mutex::new(HashMap::new()),
            reach,
        }
    }

    /// The session of a host; the first to ask opens it, for a first script as this account, and the others wait for that.
    ///
    /// # Errors
    /// Why the host cannot be reached. It is not tried again during the run.
    pub async fn line(
        &self,
        host: &str,
        connection: Option<&str>,
        account: Option<&str>,
    ) -> Result<Arc<Line>, Arc<TransportError>> {
        let cell = Arc::clone(
            self.lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(host.to_owned())
                .or_default(),
        );
        cell.get_or_init(|| self.open(host, connection, account))
            .await
            .clone()
    }

    async fn open(
        &self,
        host: &str,
        connection: Option<&str>,
        account: Option<&str>,
    ) -> Result<Arc<Line>, Arc<TransportError>> {
        let connection = self.connection(host, connection).map_err(|error| {
            let mut failure =
                TransportError::new(TransportErrorKind::Arguments, host, error.summary());
            failure.help = error
                .diagnostics
                .into_iter()
                .flat_map(|diagnostic| diagnostic.help)
                .collect();
            Arc::new(failure)
        })?;
        let target = Target {
            name: host.to_owned(),
            kind: match &self.reach {
                Reach::Simulated(simulation) => TargetKind::Simulated(simulation.host(host)),
                Reach::Local | Reach::AsInventory => kind(&connection),
            },
        };
        let account = account.map(|account| becoming(&connection, account));
        let session = Session::connect(&target, &self.limits, account.as_ref())
            .await
            .map_err(Arc::new)?;
        Ok(Arc::new(Line {
            session,
            connection,
        }))
    }

    /// How a host is reached, from its variables.
    fn connection(&self, host: &str, keyword: Option<&str>) -> Result<Connection, Error> {
        let known = self.inventory.host(host);
        let mut variables = known
            .map(|host| (*self.inventory.variables(host)).clone())
            .unwrap_or_default();
        if (known.is_none() && is_this_machine(host)) || matches!(self.reach, Reach::Local) {
            variables
                .entry("ansible_connection".to_owned())
                .or_insert_with(|| "local".into());
        }
        // A variable wins over a play's `connection:`, as in Ansible.
        if let Some(keyword) = keyword {
            variables
                .entry("ansible_connection".to_owned())
                .or_insert_with(|| keyword.into());
        }
        let magic = known
            .map(|host| self.inventory.magic(host))
            .unwrap_or_default();
        let scope = Scope::new(
            Arc::clone(&self.templates),
            vec![
                Layer::templated(variables.clone()),
                Layer::raw(magic),
                Layer::templated(Arc::clone(&self.extra)),
            ],
            Arc::default(),
        );
        let mut rendered = Map::new();
        for name in variables
            .keys()
            .chain(self.extra.keys())
            .filter(|name| name.starts_with("ansible_"))
        {
            let value = scope.variable(name).map_err(|error| {
                Error::input(crate::model::diagnostic::Diagnostic::error(format!(
                    "`{name}`: {}",
                    error.message
                )))
            })?;
            if let Some(value) = value {
                rendered.insert(name.clone(), value);
            }
        }
        Connection::read(&Settings {
            host,
            variables: &rendered,
            place: &|name| known.and_then(|host| self.inventory.place(host, name)),
        })
    }

    /// What tells a host's machine from others before it is connected to; `None` where its variables do not say.
    pub fn machine(&self, host: &str) -> Option<String> {
        Some(self.connection(host, None).ok()?.machine())
    }

    /// Whether a host is this machine, reached through its own shell.
    pub fn is_local(&self, host: &str) -> bool {
        let cell = self
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(host)
            .cloned();
        cell.and_then(|cell| {
            cell.get()
                .and_then(|line| line.as_ref().ok().map(|line| line.connection.kind))
        }) == Some(ConnectionKind::Local)
    }

    /// Whether a host's session is open.
    pub fn is_open(&self, host: &str) -> bool {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = lines.get(host).and_then(|cell| cell.get());
        matches!(cell, Some(Ok(_)))
    }

    /// Ends a host's session, so that the next question is asked in a new login.
    pub async fn forget(&self, host: &str) {
        let cell = self
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(host);
        if let Some(Ok(line)) = cell.as_ref().and_then(|cell| cell.get()) {
            line.session.end().await;
        }
    }

    /// Closes a host's session that nobody needs any more, unless somebody uses it: another host may do a task there.
    pub async fn let_go(&self, host: &str) {
        let line = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let is_idle = lines.get(host).is_some_and(|cell| {
                let line = cell.get().and_then(|line| line.as_ref().ok());
                Arc::strong_count(cell) == 1
                    && line.is_some_and(|line| Arc::strong_count(line) == 1)
            });
            is_idle.then(|| lines.remove(host)).flatten()
        };
        if let Some(Ok(line)) = line.as_ref().and_then(|cell| cell.get()) {
            line.session.close().await;
        }
    }

    /// What a host has cost so far.
    pub fn counters(&self, host: &str) -> Counters {
        let cell = self
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(host)
            .cloned();
        cell.and_then(|cell| {
            cell.get()
                .and_then(|line| line.as_ref().ok().map(|line| line.session.counters()))
        })
        .unwrap_or_default()
    }

    /// Closes all sessions.
    pub async fn close(&self) {
        let cells: Vec<Cell> = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.drain().map(|(_, cell)| cell).collect()
        };
        let mut closing = tokio::task::JoinSet::new();
        for cell in cells {
            closing.spawn(async move {
                if let Some(Ok(line)) = cell.get() {
                    line.session.close().await;
                }
            });
        }
        closing.join_all().await;
        self.limits.close_all().await;
    }
}

impl Line {
    /// How the session becomes an account, as the host's variables have it.
    pub fn becoming(&self, account: &str) -> Become {
        becoming(&self.connection, account)
    }
}

fn becoming(connection: &Connection, account: &str) -> Become {
    let settings = &connection.becoming;
    let mut becoming = Become::user(account);
    becoming.password.clone_from(&settings.password);
    if let Some(executable) = &settings.executable {
        becoming.exe.clone_from(executable);
    }
    if let Some(flags) = &settings.flags {
        becoming.flags.clone_from(flags);
    }
    becoming
}

/// Names that mean the machine that Cachesmith runs on, where the inventory does not say otherwise.
fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

fn kind(connection: &Connection) -> TargetKind {
    match connection.kind {
        ConnectionKind::Local => TargetKind::Local,
        ConnectionKind::Ssh => {
            let mut ssh = SshTarget::new(connection.address.clone());
            ssh.port = connection.port;
            ssh.user.clone_from(&connection.user);
            ssh.private_key_file = connection.private_key_file.clone().map(Into::into);
            ssh.common_args = connection
                .arguments
                .options
                .iter()
                .flat_map(|option| {
                    [
                        "-o".to_owned(),
                        format!("{}={}", option.keyword, option.value),
                    ]
                })
                .collect();
            if let Some(file) = &connection.arguments.config_file {
                ssh.common_args.extend(["-F".to_owned(), file.clone()]);
            }
            ssh.host_key_checking = connection.host_key_checking.unwrap_or(true);
            if let Some(limit) = connection.connect_timeout {
                ssh.connect_timeout = limit;
            }
            TargetKind::Ssh(ssh)
        }
    }
}
