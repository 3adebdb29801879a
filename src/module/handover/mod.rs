//! What has to come before a server is restarted or stopped, so that nothing is lost: a replica takes over from a
//! primary, and who follows somebody says so in its file.
//!
//! A primary that keeps nothing on disk comes back empty, and its replicas copy its emptiness. The facts tell who has
//! replicas; in a play with `topology: redis` they also tell who takes over.

mod change;
mod pin;
mod standing;

pub(super) use standing::{PAUSE, Standing, TIME_LIMIT, Way};

use super::shared::target::{Links, Target};
use super::{Failure, Look, Stop};
use crate::model::change::Change;
use crate::model::probe::RedisAddress;
use crate::model::replication::Keeper;
use crate::model::secret::Secret;
use crate::redis::conf::{Document, Effective};

/// The parameter that gives up the data of a primary.
pub(super) const RESTART_PRIMARY: super::Parameter = super::Parameter::new(
    "restart_primary",
    super::Kind::Boolean,
    "Whether a primary that keeps nothing on disk may be restarted while replicas follow it: all of them end empty.",
)
.default("no");

/// Whether anything may have to come before the end of a server of this host, as far as facts know them.
///
/// # Errors
/// [`Stop::Unknown`] while something is about to change what is there.
pub(super) fn concerned(look: &Look<'_>) -> Result<bool, Stop> {
    Ok(Standing::all(look)?.iter().any(Standing::is_entangled))
}

/// Whether a server of a unit runs.
///
/// # Errors
/// [`Stop::Unknown`] while something is about to change what is there.
pub(super) fn runs(look: &Look<'_>, unit: &str) -> Result<bool, Stop> {
    let mut servers = Standing::all(look)?.into_iter();
    Ok(servers.any(|standing| standing.unit == Some(unit)))
}

/// All that comes before a server of a unit restarts or stops, as far as facts know the server.
///
/// # Errors
/// Where its data would be lost on all hosts.
pub(super) fn before_unit(
    look: &Look<'_>,
    unit: &str,
    what: &str,
    restart_primary: bool,
) -> Result<Vec<Change>, Stop> {
    let servers = match Standing::all(look) {
        // Servers are about to change: other services have nothing to do with that.
        Err(Stop::Unknown(_)) if !["redis", "valkey"].iter().any(|name| unit.contains(name)) => {
            Vec::new()
        }
        servers => servers?,
    };
    let mut servers = servers.into_iter();
    match servers.find(|standing| standing.unit == Some(unit)) {
        Some(standing) => before(look, &standing, what, restart_primary),
        None => Ok(Vec::new()),
    }
}

/// All that comes before all servers of the host stop.
///
/// # Errors
/// Where the data of one would be lost on all hosts.
pub(super) fn before_all(
    look: &Look<'_>,
    what: &str,
    restart_primary: bool,
) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::new();
    for standing in Standing::all(look)? {
        changes.extend(before(look, &standing, what, restart_primary)?);
    }
    Ok(changes)
}

fn before(
    look: &Look<'_>,
    standing: &Standing<'_>,
    what: &str,
    restart_primary: bool,
) -> Result<Vec<Change>, Stop> {
    let way = standing.way(
        what,
        standing.is_followed(),
        standing.keeps_data,
        restart_primary,
    )?;
    if way == Way::InPlace {
        return Ok(Vec::new());
    }
    let file = match standing.config_file {
        Some(path) => Some(Target::find(look, path, Links::Follow)?),
        None => None,
    };
    let address = standing.address(own_password(file.as_ref())?)?;
    changes(standing, &way, &address, file.as_ref())
}

/// The changes of a way. `file`: the server's configuration file as it will be by then.
///
/// # Errors
/// Where the server could not know after its restart whom it has to follow.
pub(super) fn changes(
    standing: &Standing<'_>,
    way: &Way,
    address: &RedisAddress,
    file: Option<&Target>,
) -> Result<Vec<Change>, Stop> {
    let primary = match way {
        Way::InPlace => return Ok(Vec::new()),
        Way::Pin(primary) => primary.clone(),
        Way::HandOver(handover) => handover
            .to
            .first()
            .cloned()
            .ok_or_else(|| Stop::failed("nobody is there to take over"))?,
    };
    let failover = match way {
        Way::HandOver(handover) => Some(change::failover(standing, address, handover)),
        _ => None,
    };
    if standing.keeper == Keeper::Cluster {
        // A node keeps what it is in a file of its own.
        return Ok(failover.into_iter().collect());
    }
    let Some(file) = file.filter(|file| file.info().is_some()) else {
        return Err(Failure::new(format!(
            "{} has no configuration file that could say whom it follows, so it would come back as an empty primary",
            standing.name()
        ))
        .help("start it with a configuration file")
        .into());
    };
    Ok(match (failover, pin::pin(file, &primary)?) {
        // A change is made whole: nobody can stop between the two.
        (Some(failover), Some(pinned)) => vec![change::joined(failover, pinned)],
        (failover, pinned) => failover.into_iter().chain(pinned).collect(),
    })
}

/// The password that the server's own file holds.
pub(super) fn own_password(file: Option<&Target>) -> Result<Option<Secret>, Stop> {
    let Some(content) = file.map(Target::content).transpose()?.flatten() else {
        return Ok(None);
    };
    let effective = Effective::of_document(&Document::parse(content.as_bytes()));
    let word = effective
        .named("requirepass")
        .and_then(|setting| setting.arguments.first()?.as_text());
    Ok(word.filter(|word| !word.is_empty()).map(Secret::new))
}
