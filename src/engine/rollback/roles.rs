//! Servers whose roles have changed since the run: a file or a restart from before would make a primary of a replica, or
//! the reverse, and one of the two would lose its data.

use super::decide::{Leave, Take, Verdict};
use super::made::{Answers, Made};
use super::restart::server_goes;
use crate::model::change::{ChangeKind, Undo};
use crate::model::fact_parts::FactParts;
use crate::model::facts::{Facts, RedisInstance};
use crate::model::probe::Probe;
use crate::model::replication::Keeper;
use crate::model::step::{Action, Step};
use crate::redis::conf::{Document, Effective};
use crate::redis::config_get;
use crate::redis::info::Role;
use crate::redis::topology::Member;

/// Whom a server follows, as its file has it: `10.0.0.1 6379`; `None`: it is a primary.
type Followed = Option<String>;

/// What the servers of the host are, where a change may reach one.
pub(super) fn question(made: &Made<'_>) -> Option<Probe> {
    let servers = &made.recorded.intention.servers;
    let undo = match &made.change.undo {
        Undo::Steps(steps) | Undo::Again { steps, .. } => steps.as_slice(),
        Undo::Impossible(_) => &[],
    };
    let asks = !servers.is_empty()
        || is_of_a_server(&made.change.resource)
        || undo.iter().any(ends_something);
    asks.then(|| Probe::SomeFacts {
        parts: FactParts::SERVERS,
        server_password: servers
            .iter()
            .find_map(|server| server.address.password.clone()),
    })
}

/// Refuses what would bring an old role back, and what would empty a primary that others follow.
pub(super) fn check<'r>(
    made: &[Made<'r>],
    answers: &Answers,
    verdict: &mut Verdict<'r>,
    leave: &Leave,
) {
    let Some(facts) = answers.facts().filter(|_| !leave.restarted) else {
        return;
    };
    let mut words = Vec::new();
    for (instance, member) in servers(facts) {
        let ends = |take: &&Take<'_>| ends(take, instance);
        let restores = |take: &&Take<'_>| writes(&take.change.steps, &instance.config_file);
        let mut takes = verdict.takes.iter();
        let Some(take) = takes.find(|take| ends(take) || restores(take)) else {
            continue;
        };
        let resource = format!("server on port {}", instance.port);
        if let Some(reason) = moved(made, verdict, instance, &member) {
            words.push((take.made, resource, reason));
            continue;
        }
        let is_followed = member.role == Some(Role::Primary) && !member.replicas.is_empty();
        let loses = is_followed && !member.keeps_data && !leave.force && !server_goes(verdict);
        if let Some(take) = verdict.takes.iter().find(ends).filter(|_| loses) {
            let reason = format!(
                "{}: it is a primary that keeps nothing on disk and has replicas: it would come back empty, and they would copy its emptiness",
                take.change.resource
            );
            words.push((take.made, resource, reason));
        }
    }
    for (made, resource, reason) in words {
        verdict.refuse(&made, resource, &reason);
    }
}

/// The servers that run and could be asked.
fn servers(facts: &Facts) -> Vec<(&RedisInstance, Member)> {
    let running = facts
        .redis_instances
        .iter()
        .filter(|instance| instance.pid != 0);
    running
        .zip(Member::all_of("", facts))
        .filter(|(_, member)| member.role.is_some())
        .collect()
}

/// Whether a path, a package or a unit is named for a server.
fn is_of_a_server(resource: &str) -> bool {
    ["redis", "valkey"]
        .iter()
        .any(|name| resource.contains(name))
}

/// Whether a step restarts or stops a unit, whatever it runs.
fn ends_something(step: &Step) -> bool {
    match &step.action {
        Action::Program { program, .. } => {
            let says = |word: &str| program.argv.iter().any(|said| said == word);
            says("restart") || says("stop")
        }
        _ => false,
    }
}

/// Whether a server is restarted or stopped.
fn ends(take: &Take<'_>, instance: &RedisInstance) -> bool {
    let names_unit = |step: &Step| match &step.action {
        Action::Program { program, .. } => program.argv.contains(&instance.unit),
        _ => false,
    };
    let resource = take.change.resource.as_str();
    // The scripts of a package restart the servers that it brings.
    let by_package = resource.starts_with("package")
        && take.change.kind != ChangeKind::Remove
        && is_of_a_server(resource);
    let ends_unit = |step: &Step| ends_something(step) && names_unit(step);
    by_package || !instance.unit.is_empty() && take.change.steps.iter().any(ends_unit)
}

fn writes(steps: &[Step], file: &str) -> bool {
    !file.is_empty() && written(steps, file).is_some()
}

/// Whom a file that steps write says that its server follows.
fn written(steps: &[Step], file: &str) -> Option<Followed> {
    steps.iter().rev().find_map(|step| match &step.action {
        Action::WriteFile { path, content, .. } if path == file => {
            let said = Effective::of_document(&Document::parse(content.as_bytes()));
            Some(said.named("replicaof").map(|said| said.value.shown()))
        }
        _ => None,
    })
}

/// Why a server may not be led back to the role that it had, if it has another one now.
fn moved(
    made: &[Made<'_>],
    verdict: &Verdict<'_>,
    instance: &RedisInstance,
    member: &Member,
) -> Option<String> {
    // A node of a cluster keeps what it is in a file of its own.
    if member.keeper == Keeper::Cluster {
        return None;
    }
    let file = instance.config_file.as_str();
    let now: Followed = member
        .follows
        .as_ref()
        .filter(|_| member.role == Some(Role::Replica))
        .map(|primary| format!("{} {}", primary.address, primary.port));
    let of_run = |made: &Made<'_>| written(&made.change.steps, file);
    let left = made.iter().rev().find_map(of_run);
    let before = made.iter().find_map(|made| before(made, instance));
    let mut takes = verdict.takes.iter();
    let restored = takes.find_map(|take| written(&take.change.steps, file));
    let after = restored.or(left.clone()).or(before.clone())?;
    // The run itself may have given it the role that it has.
    let by_run = left.as_ref() == Some(&now) && before.is_none_or(|before| before == after);
    (after != now && !by_run).then(|| {
        format!(
            "roles have changed since the run: it is {} now, and what would come back makes it {} when it starts; change it with another run, in a play with `topology: redis`",
            role(&now),
            role(&after)
        )
    })
}

/// Whom it followed before the run, where that was recorded.
fn before(made: &Made<'_>, instance: &RedisInstance) -> Option<Followed> {
    let mut servers = made.recorded.intention.servers.iter();
    let server = servers.find(|server| match &server.address.socket {
        Some(socket) => *socket == instance.socket,
        None => server.address.port == instance.port,
    })?;
    let config = config_get::parse(&server.config).ok()?;
    let followed = config.get("replicaof").or_else(|| config.get("slaveof"))?;
    Some(Some(followed.clone()).filter(|followed| !followed.is_empty()))
}

fn role(followed: &Followed) -> String {
    followed.as_ref().map_or_else(
        || "a primary".to_owned(),
        |primary| format!("a replica of {}", primary.replace(' ', ":")),
    )
}
