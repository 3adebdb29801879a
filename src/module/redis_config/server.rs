//! What the facts say of the server that will read the file.

use crate::model::value::{Map, Value};
use crate::module::shared::redis_address::{TlsPort, port};
use crate::module::{Look, Stop};
use crate::redis::version::{Flavour, Server};

/// Whether a server may defragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::module) enum Defragmentation {
    /// It can, and nothing speaks against it.
    Advised,
    /// It can, and something speaks against it.
    Possible,
    /// It does not start with it.
    Impossible,
    /// The server was not asked yet.
    Unknown,
    /// Nothing is known of any server.
    NoServer,
}

impl Defragmentation {
    /// From `redis.defragmentation` (it is proven and safe) and `redis.defragmentation_support`.
    fn of(advised: Option<&Value>, support: Option<&str>) -> Self {
        match (advised.and_then(Value::truth), support) {
            (Some(true), _) => Self::Advised,
            (Some(false), Some("supported")) => Self::Possible,
            (Some(false), Some("unknown")) => Self::Unknown,
            (Some(false), _) => Self::Impossible,
            (None, _) => Self::NoServer,
        }
    }
}

/// The server's product, program and abilities, as far as they are known.
#[derive(Clone, Debug)]
pub(in crate::module) struct Target<'a> {
    pub(in crate::module) server: Option<Server>,
    pub(in crate::module) binary: Option<&'a str>,
    pub(in crate::module) config_file: Option<&'a str>,
    /// The account that its service has.
    pub(in crate::module) user: Option<&'a str>,
    pub(in crate::module) defragmentation: Defragmentation,
    /// What `defragmentation` rests on, in words.
    pub(in crate::module) defragmentation_reason: Option<&'a str>,
    /// Bytes.
    pub(in crate::module) usable_memory: Option<u64>,
    /// Bytes that the host could give away.
    pub(in crate::module) available_memory: Option<u64>,
    instances: Vec<Instance<'a>>,
    /// The ports of TLS of all of them.
    pub(in crate::module) over_tls: Vec<TlsPort>,
}

/// One server of the host: a unit, a process, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::module) struct Instance<'a> {
    pub(in crate::module) running: bool,
    pub(in crate::module) unit: Option<&'a str>,
    pub(in crate::module) config_file: Option<&'a str>,
    pub(in crate::module) user: Option<&'a str>,
    pub(in crate::module) binary: Option<&'a str>,
    /// 0: it does not listen without TLS.
    pub(in crate::module) port: u16,
    /// 0: it does not listen with TLS.
    pub(in crate::module) tls_port: u16,
    pub(in crate::module) socket: Option<&'a str>,
}

impl<'a> Instance<'a> {
    fn of(map: &'a Map) -> Self {
        let text = |name: &str| map.get(name).and_then(Value::as_str);
        Self {
            running: map.get("running").and_then(Value::truth) == Some(true),
            unit: text("unit"),
            config_file: text("config_file"),
            user: text("user"),
            binary: text("binary"),
            port: port(map.get("port")).unwrap_or(0),
            tls_port: port(map.get("tls_port")).unwrap_or(0),
            socket: text("socket"),
        }
    }
}

impl<'a> Target<'a> {
    /// # Errors
    /// [`Stop::Unknown`] while a package is about to bring another server.
    pub(in crate::module) fn of(look: &Look<'a>) -> Result<Self, Stop> {
        let text = |name: &str| -> Result<Option<&'a str>, Stop> {
            Ok(look.fact(&["redis", name])?.and_then(Value::as_str))
        };
        let bytes = |name: &str| -> Result<Option<u64>, Stop> {
            Ok(match look.fact(&["host", "memory", name])? {
                Some(Value::Int(bytes)) => u64::try_from(*bytes).ok(),
                _ => None,
            })
        };
        let flavour = match text("flavour")? {
            Some("redis") => Some(Flavour::Redis),
            Some("valkey") => Some(Flavour::Valkey),
            _ => None,
        };
        let version = text("version")?.and_then(|version| version.parse().ok());
        let instances = look
            .fact(&["redis", "instances"])?
            .and_then(Value::as_list)
            .unwrap_or_default();
        let instances = || instances.iter().filter_map(Value::as_map);
        Ok(Self {
            server: flavour
                .zip(version)
                .map(|(flavour, version)| Server::new(flavour, version)),
            binary: text("binary")?,
            config_file: text("config_file")?,
            defragmentation: Defragmentation::of(
                look.fact(&["redis", "defragmentation"])?,
                text("defragmentation_support")?,
            ),
            defragmentation_reason: text("defragmentation_reason")?,
            user: text("user")?,
            usable_memory: bytes("usable")?,
            available_memory: bytes("available")?,
            instances: instances().map(Instance::of).collect(),
            over_tls: instances().filter_map(TlsPort::of).collect(),
        })
    }

    /// The server that has the file; where the task does not say which file, the only one that runs.
    pub(in crate::module) fn instance(&self, file: &str, is_given: bool) -> Option<&Instance<'a>> {
        let has_it = |instance: &&Instance<'_>| instance.config_file == Some(file);
        let only = || {
            let mut running = self.instances.iter().filter(|instance| instance.running);
            let first = running.next().filter(|_| !is_given);
            first.filter(|_| running.next().is_none())
        };
        self.instances
            .iter()
            .filter(has_it)
            .max_by_key(|instance| instance.running)
            .or_else(only)
    }
}
