//! One server, as its host's facts have it.

use std::collections::BTreeSet;

use crate::model::facts::{Facts, RedisInstance};
use crate::model::replication::{Endpoint, Keeper};
use crate::redis::config_get;
use crate::redis::info::{Info, Replica, Role};
use crate::redis::version::Server;

/// A running server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member {
    /// The inventory's name of its host.
    pub host: String,
    pub unit: String,
    pub port: u16,
    pub socket: String,
    /// `None`: it could not be asked.
    pub role: Option<Role>,
    /// Why it could not be asked.
    pub unreachable: String,
    pub keeper: Keeper,
    pub server: Option<Server>,
    /// How others reach it most likely: what it announces, else the address from which its host reaches the world.
    pub main: Option<Endpoint>,
    /// All names under which others may know it.
    pub endpoints: BTreeSet<Endpoint>,
    /// Whom a replica follows.
    pub follows: Option<Endpoint>,
    /// Whether a replica's link to its primary is up.
    pub link_up: bool,
    /// Those that follow it, as it sees them.
    pub replicas: Vec<Replica>,
    /// The history that its data belongs to: the same on a primary and on those that follow it.
    pub history: String,
    /// Whether its data are there again after a restart.
    pub keeps_data: bool,
}

impl Member {
    /// Its host's name and its port, or its socket where it has no port.
    #[must_use]
    pub fn name(&self) -> String {
        match self.port {
            0 => format!("{}:{}", self.host, self.socket),
            port => format!("{}:{port}", self.host),
        }
    }

    /// All names under which others may know it, the likeliest first.
    #[must_use]
    pub fn names(&self) -> Vec<Endpoint> {
        let rest = self
            .endpoints
            .iter()
            .filter(|own| Some(*own) != self.main.as_ref());
        self.main.iter().chain(rest).cloned().collect()
    }

    /// All servers that run on a host.
    #[must_use]
    pub fn all_of(host: &str, facts: &Facts) -> Vec<Self> {
        let running = facts
            .redis_instances
            .iter()
            .filter(|instance| instance.pid != 0);
        running
            .map(|instance| Self::of(host, facts, instance))
            .collect()
    }

    /// Who sees to it that there is a primary of a server's data.
    pub(crate) fn keeper(instance: &RedisInstance, info: &Info) -> Keeper {
        match (info.flag("cluster_enabled"), instance.sentinels) {
            (Some(true), _) => Keeper::Cluster,
            (_, 0) => Keeper::Nobody,
            _ => Keeper::Sentinel,
        }
    }

    fn of(host: &str, facts: &Facts, instance: &RedisInstance) -> Self {
        let info = Info::parse(&instance.info);
        let config = config_get::parse(&instance.config).unwrap_or_default();
        let said = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| config.get(*name));
            found.filter(|text| !text.is_empty() && *text != "0")
        };
        let announced = said(["replica-announce-ip", "slave-announce-ip"]);
        let announced_port = said(["replica-announce-port", "slave-announce-port"]);
        let in_cluster = info.flag("cluster_enabled") == Some(true);
        let cluster_ip = said(["cluster-announce-ip", "cluster-announce-hostname"]);
        let cluster_port = said(["cluster-announce-port", "cluster-announce-tls-port"]);
        let ports: BTreeSet<u16> = [instance.port, instance.tls_port]
            .into_iter()
            .chain(announced_port.and_then(|port| port.parse().ok()))
            .chain(cluster_port.and_then(|port| port.parse().ok()))
            .filter(|port| *port != 0)
            .collect();
        let addresses = facts.addresses.iter().map(|address| &address.address);
        let names = [&facts.hostname, &facts.fqdn];
        let usual = facts.addresses.iter();
        let usual = usual
            .clone()
            .find(|address| address.default)
            .or(usual.clone().next());
        let main = if in_cluster {
            cluster_ip.or(announced)
        } else {
            announced
        };
        let main = main.or(usual.map(|address| &address.address));
        let main_port = if in_cluster {
            cluster_port
        } else {
            announced_port
        };
        let main_port = main_port.and_then(|port| port.parse().ok());
        let main = main
            .zip(main_port.or((instance.port != 0).then_some(instance.port)))
            .map(|(address, port)| Endpoint::new(address, port));
        let names: BTreeSet<&str> = addresses
            .chain(names)
            .chain(announced)
            .chain(cluster_ip)
            .map(String::as_str)
            .chain([host])
            .filter(|name| !name.is_empty())
            .collect();
        let endpoints = names
            .iter()
            .flat_map(|name| ports.iter().map(|port| Endpoint::new(*name, *port)))
            .collect();
        let follows = info
            .text("master_host")
            .zip(info.count("master_port"))
            .and_then(|(name, port)| Some(Endpoint::new(name, u16::try_from(port).ok()?)));
        Self {
            host: host.to_owned(),
            unit: instance.unit.clone(),
            port: instance.port,
            socket: instance.socket.clone(),
            role: info.role(),
            unreachable: instance.unreachable.clone(),
            keeper: Self::keeper(instance, &info),
            server: info.server(),
            main,
            endpoints,
            follows,
            link_up: info.text("master_link_status") == Some("up"),
            replicas: info.replicas(),
            history: info.text("master_replid").unwrap_or_default().to_owned(),
            keeps_data: keeps_data(&config),
        }
    }
}

/// Whether a server with these directives loads its data again when it starts.
pub(crate) fn keeps_data(config: &indexmap::IndexMap<String, String>) -> bool {
    let of = |name: &str| config.get(name).map(String::as_str).unwrap_or_default();
    !of("save").is_empty() || of("appendonly") == "yes"
}
