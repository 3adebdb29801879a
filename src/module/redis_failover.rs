//! `redis_failover`: a replica takes over from a primary, by choice.

use super::handover::{self, PAUSE, Standing, TIME_LIMIT, Way};
use super::shared::redis_address::{PASSWORD, PORT, SOCKET, USER};
use super::shared::seconds::seconds;
use super::shared::target::{Links, Target};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::replication::{Handover, Keeper};

/// Makes a replica the primary in place of this host's server, without losing a write that was confirmed.
///
/// In a play with `topology: redis` this happens by itself before a primary restarts; this module is for everything else
/// that makes a server go away, such as an upgrade of its package. Plain replication hands over with `FAILOVER` (Redis
/// 6.2 and later, Valkey), and both servers' files say so afterwards; a Sentinel is told `SENTINEL FAILOVER`, a node of
/// a cluster `CLUSTER FAILOVER`. A server that is no primary, or that nobody follows, is left alone. `register` gets
/// `failed_over`.
#[derive(Debug)]
pub struct RedisFailover;

static SPEC: Spec = Spec {
    name: "redis_failover",
    aliases: &["valkey_failover"],
    summary: "Makes a replica the primary in place of the host's own server.",
    parameters: &[
        Parameter::new(
            "to",
            Kind::String,
            "The host whose replica takes over, as the inventory calls it.",
        )
        .default("the one with the most of the primary's data"),
        Parameter::new(
            "pause",
            Kind::Integer,
            "Seconds that clients may have to wait with their writes; then everything stays as it was.",
        )
        .default("10"),
        Parameter::new(
            "timeout",
            Kind::Integer,
            "Seconds to wait for the replica to have all data before, and for the old primary to follow afterwards.",
        )
        .default("300"),
        SOCKET,
        PORT,
        USER,
        PASSWORD,
    ],
    free_form: None,
    one_of: &[],
};

impl Module for RedisFailover {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let servers = Standing::all(look)?;
        let Some(standing) = chosen(&servers, parameters)? else {
            return Err(Failure::new("no server runs there that could hand over").into());
        };
        if standing.role.is_none() {
            return Err(Failure::new(format!(
                "{} could not be asked for its role",
                standing.name()
            ))
            .help("`cachesmith facts` says why")
            .into());
        }
        if !standing.is_followed() {
            let mut decision = Decision::unchanged().with("failed_over", false);
            decision.message = Some(match standing.role {
                Some("replica") => "it is a replica".to_owned(),
                _ => "nobody follows it".to_owned(),
            });
            return Ok(decision);
        }
        let Some((handover, host)) = &standing.successor else {
            return Err(nobody(standing));
        };
        let (mut handover, mut host) = (handover.clone(), host.clone());
        if let Some(to) = parameters.string("to")?.filter(|to| *to != host) {
            choose(standing, &to, &mut handover)?;
            host = to;
        }
        handover.pause = seconds(parameters, "pause")?.unwrap_or(PAUSE).max(1);
        handover.time_limit = seconds(parameters, "timeout")?.unwrap_or(TIME_LIMIT);
        let file = match standing.config_file {
            Some(path) if standing.keeper != Keeper::Cluster || !parameters.has("password") => {
                Some(Target::find(look, path, Links::Follow)?)
            }
            _ => None,
        };
        let password = match parameters.secret("password")? {
            Some(password) if !password.expose().is_empty() => Some(password),
            _ => handover::own_password(file.as_ref())?,
        };
        let mut address = standing.address(password)?;
        address.user = parameters.string("user")?.filter(|user| !user.is_empty());
        let way = Way::HandOver(Box::new(handover));
        let mut standing = standing.clone();
        if let Some((_, name)) = &mut standing.successor {
            name.clone_from(&host);
        }
        let changes = handover::changes(&standing, &way, &address, file.as_ref())?;
        Ok(Decision {
            changes,
            ..Decision::default()
        }
        .with("failed_over", true)
        .with("to", host))
    }
}

/// The server that is meant: at the given port or socket, else the only primary with replicas, else the only one.
fn chosen<'s, 'a>(
    servers: &'s [Standing<'a>],
    parameters: &Parameters,
) -> Result<Option<&'s Standing<'a>>, Stop> {
    let port = parameters.integer("port")?;
    let socket = parameters.string("socket")?;
    if port.is_some() || socket.is_some() {
        return Ok(servers.iter().find(|server| {
            port.is_none_or(|port| i64::from(server.port) == port)
                && socket
                    .as_deref()
                    .is_none_or(|socket| server.socket == Some(socket))
        }));
    }
    let mut followed = servers.iter().filter(|server| server.is_followed());
    match (followed.next(), followed.next()) {
        (Some(_), Some(_)) => Err(Failure::new("several primaries run here")
            .help("name the one that is meant with `port`")
            .into()),
        (Some(one), None) => Ok(Some(one)),
        (None, _) => Ok(servers.first()),
    }
}

/// Another replica than the best takes over.
fn choose(standing: &Standing<'_>, to: &str, handover: &mut Handover) -> Result<(), Stop> {
    let found = standing.candidates.iter().find(|(host, _)| host == to);
    let Some((_, names)) = found else {
        let able: Vec<&str> = standing
            .candidates
            .iter()
            .map(|(host, _)| host.as_str())
            .collect();
        return Err(
            Failure::new(format!("{to} has no replica of {}", standing.name()))
                .help(format!("these hosts have one: {}", able.join(", ")))
                .into(),
        );
    };
    if standing.keeper == Keeper::Sentinel {
        return Err(Failure::new("Sentinel chooses by itself who takes over")
            .help("leave `to` out, or give the replica the lowest `replica-priority`")
            .into());
    }
    handover.others.retain(|other| !names.contains(other));
    handover.others.append(&mut handover.to);
    handover.to.clone_from(names);
    Ok(())
}

fn nobody(standing: &Standing<'_>) -> Stop {
    match standing.no_successor {
        Some(why) => Stop::failed(format!("nobody can take over: {why}")),
        None => Failure::new(
            "`redis_failover` needs to know the servers of all hosts, and this play does not ask them",
        )
        .help("say `topology: redis` in the play")
        .into(),
    }
}
