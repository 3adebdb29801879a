//! What the facts say of a server: its role, its replicas, and who takes over from it.

use crate::model::probe::RedisAddress;
use crate::model::replication::{Endpoint, Handover, Keeper};
use crate::model::secret::Secret;
use crate::model::value::{Map, Value};
use crate::module::shared::redis_address::port;
use crate::module::{Failure, Look, Stop};

/// A server that runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::module) struct Standing<'a> {
    pub(in crate::module) unit: Option<&'a str>,
    /// 0: it listens at its socket alone, or with TLS.
    pub(in crate::module) port: u16,
    pub(in crate::module) socket: Option<&'a str>,
    pub(in crate::module) config_file: Option<&'a str>,
    /// `primary` or `replica`; `None`: it could not be asked.
    pub(in crate::module) role: Option<&'a str>,
    pub(in crate::module) replicas: usize,
    pub(in crate::module) keeps_data: bool,
    pub(in crate::module) keeper: Keeper,
    follows: Option<Endpoint>,
    /// The play knows the servers of all its hosts.
    pub(in crate::module) in_topology: bool,
    /// Who takes over, and the inventory's name of its host.
    pub(in crate::module) successor: Option<(Handover, String)>,
    /// All that could take over: the inventory's names of their hosts, and how the primary knows them.
    pub(in crate::module) candidates: Vec<(String, Vec<Endpoint>)>,
    /// All names under which other servers may know this one.
    pub(in crate::module) own: Vec<Endpoint>,
    /// Why nobody can take over.
    pub(in crate::module) no_successor: Option<&'a str>,
}

/// How a server may be restarted.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::module) enum Way {
    InPlace,
    /// It follows this primary, and has to know that when it starts.
    Pin(Endpoint),
    /// A replica takes over first.
    HandOver(Box<Handover>),
}

/// Seconds that clients may have to wait with their writes.
pub(in crate::module) const PAUSE: u64 = 10;
/// Seconds for a replica to have all data.
pub(in crate::module) const TIME_LIMIT: u64 = 300;

impl<'a> Standing<'a> {
    /// All servers that run on the host.
    ///
    /// # Errors
    /// [`Stop::Unknown`] while something is about to change what is there.
    pub(in crate::module) fn all(look: &Look<'a>) -> Result<Vec<Self>, Stop> {
        let instances = look
            .fact(&["redis", "instances"])?
            .and_then(Value::as_list)
            .unwrap_or_default();
        Ok(instances
            .iter()
            .filter_map(Value::as_map)
            .filter(|map| map.get("running").and_then(Value::truth) == Some(true))
            .map(Self::of)
            .collect())
    }

    fn of(map: &'a Map) -> Self {
        let text = |name: &str| map.get(name).and_then(Value::as_str);
        let list = |map: &'a Map, name: &str| -> Vec<Endpoint> {
            let list = map.get(name).and_then(Value::as_list).unwrap_or_default();
            let endpoints = list.iter().filter_map(Value::as_str);
            endpoints.filter_map(Endpoint::parse).collect()
        };
        let keeper = match text("keeper") {
            Some("sentinel") => Keeper::Sentinel,
            Some("cluster") => Keeper::Cluster,
            _ => Keeper::Nobody,
        };
        let successor = map
            .get("successor")
            .and_then(Value::as_map)
            .and_then(|found| {
                let text = |name: &str| found.get(name).and_then(Value::as_str);
                let handover = Handover {
                    keeper,
                    to: list(found, "names"),
                    others: list(found, "others"),
                    sentinels: list(found, "sentinels"),
                    sentinel_name: text("sentinel_name").unwrap_or_default().to_owned(),
                    pause: PAUSE,
                    time_limit: TIME_LIMIT,
                };
                Some((handover, text("host")?.to_owned()))
            });
        let candidates = map
            .get("successor")
            .and_then(|found| found.get("candidates")?.as_list())
            .unwrap_or_default()
            .iter()
            .filter_map(|one| {
                let one = one.as_map()?;
                let host = one.get("host").and_then(Value::as_str)?;
                Some((host.to_owned(), list(one, "names")))
            })
            .collect();
        Self {
            candidates,
            unit: text("unit"),
            port: port(map.get("port")).unwrap_or(0),
            socket: text("socket"),
            config_file: text("config_file"),
            role: text("role"),
            replicas: map
                .get("replicas")
                .and_then(Value::as_list)
                .map_or(0, <[Value]>::len),
            keeps_data: map.get("keeps_data").and_then(Value::truth) == Some(true),
            keeper,
            follows: text("follows").and_then(Endpoint::parse),
            in_topology: map.contains_key("known_as"),
            successor,
            own: list(map, "known_as"),
            no_successor: text("no_successor"),
        }
    }

    /// Whether it is a primary that replicas follow, or did until a moment ago.
    pub(in crate::module) fn is_followed(&self) -> bool {
        self.role == Some("primary") && (self.replicas > 0 || self.is_known_to_be_followed())
    }

    /// Replicas of other hosts say that they follow it, whether they are connected just now or not.
    pub(in crate::module) fn is_known_to_be_followed(&self) -> bool {
        self.successor.is_some() || self.no_successor.is_some()
    }

    /// Whether others follow it, or it follows another in a play that knows the servers of all its hosts.
    pub(super) fn is_entangled(&self) -> bool {
        self.is_followed() || self.in_topology && self.follows.is_some()
    }

    /// How it may be restarted. `what` begins the sentence of a refusal: "a restart of redis-server.service".
    ///
    /// # Errors
    /// Where all data would be lost.
    pub(in crate::module) fn way(
        &self,
        what: &str,
        is_followed: bool,
        keeps_data: bool,
        restart_primary: bool,
    ) -> Result<Way, Stop> {
        if is_followed {
            if let Some((handover, _)) = &self.successor {
                return Ok(Way::HandOver(Box::new(handover.clone())));
            }
            return if keeps_data || restart_primary {
                Ok(Way::InPlace)
            } else {
                Err(self.refusal(what))
            };
        }
        Ok(match &self.follows {
            Some(primary)
                if self.role == Some("replica")
                    && self.in_topology
                    && self.keeper != Keeper::Cluster =>
            {
                Way::Pin(primary.clone())
            }
            _ => Way::InPlace,
        })
    }

    /// Why it may not be restarted in place.
    fn refusal(&self, what: &str) -> Stop {
        let replicas = match self.replicas {
            1 => "a replica".to_owned(),
            count => format!("{count} replicas"),
        };
        let mut failure = Failure::new(format!(
            "{what}: this is a primary that keeps nothing on disk and has {replicas}: it would come back empty, and they would copy its emptiness"
        ));
        failure = match self.no_successor {
            Some(why) => failure.help(format!("nobody can take over: {why}")),
            None => failure.help(
                "say `topology: redis` in the play: a replica then takes over before the primary restarts, which comes last",
            ),
        };
        failure
            .help("or let it save its data first (`save` or `appendonly` in its configuration)")
            .help("`restart_primary: yes` does it all the same, and all its data is lost")
            .into()
    }

    /// What a person calls it.
    pub(in crate::module) fn name(&self) -> String {
        match (self.unit, self.port, self.socket) {
            (Some(unit), ..) => unit.to_owned(),
            (None, 0, Some(socket)) => format!("the server at {socket}"),
            (None, port, _) => format!("the server on port {port}"),
        }
    }

    /// Where it is asked.
    ///
    /// # Errors
    /// Where it answers to TLS alone.
    pub(in crate::module) fn address(
        &self,
        password: Option<Secret>,
    ) -> Result<RedisAddress, Stop> {
        if self.port == 0 && self.socket.is_none() {
            return Err(Failure::new(format!(
                "{} answers neither at a port without TLS nor at a unix socket, so it cannot be told to hand over",
                self.name()
            ))
            .help("give it a `unixsocket`")
            .into());
        }
        Ok(RedisAddress {
            host: (self.port != 0).then(|| "127.0.0.1".to_owned()),
            socket: (self.port == 0)
                .then(|| self.socket.map(str::to_owned))
                .flatten(),
            port: self.port,
            password,
            ..RedisAddress::default()
        })
    }
}
