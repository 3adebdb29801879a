//! Restarts that put to use what has been taken back: last, and only where they are needed.

use super::decide::{Leave, Take, Verdict};
use super::made::Made;
use super::server::{Server, Servers};
use crate::model::change::{Change, ChangeKind, Difference, Undo};
use crate::model::step::{Action, Step};
use crate::redis::conf::{Apply, Document, Effective, diff};
use crate::redis::info::Role;

/// Adds them, in the order in which the run made them.
pub(super) fn add<'r>(
    made: &[Made<'r>],
    servers: &Servers<'r>,
    verdict: &mut Verdict<'r>,
    leave: &Leave,
) {
    let mut added: Vec<&[Step]> = Vec::new();
    let mut served: Vec<&str> = Vec::new();
    for made in made {
        let Undo::Again { steps, server } = &made.change.undo else {
            continue;
        };
        if added.contains(&steps.as_slice()) {
            continue;
        }
        let known = server.as_deref().and_then(|place| servers.at(place));
        let owed = leave.owed.contains(&made.change.resource);
        let mut notes = Vec::new();
        let needed = match (&known, server) {
            (Some(known), Some(place)) => {
                served.push(place);
                notes = pending(known, verdict);
                let is_down = known.now().is_none() && !verdict.takes.is_empty();
                is_down || known.was_restarted() && !notes.is_empty()
            }
            _ => verdict
                .takes
                .iter()
                .any(|take| take.made.place() < made.place()),
        };
        if !needed && !owed || server.is_some() && server_goes(verdict) {
            continue;
        }
        if let Some(known) = known {
            if !leave.force && is_followed(known) {
                verdict.refuse(
                    made,
                    made.change.resource.clone(),
                    "it is a primary that keeps nothing on disk and has replicas: it would come back empty, and they would copy its emptiness",
                );
                continue;
            }
            notes = notes
                .iter()
                .map(|name| format!("{name} needs it"))
                .collect();
            notes.extend(data_loss(known));
        }
        added.push(steps);
        verdict.restarts |= !servers.is_empty();
        verdict.takes.push(Take {
            made: *made,
            origins: vec![made.origin()],
            change: Change {
                kind: ChangeKind::Run,
                resource: made.change.resource.clone(),
                difference: Difference::None,
                notes,
                steps: steps.clone(),
                undo: made.change.undo.clone(),
                effects: Vec::new(),
            },
            aspects: Vec::new(),
            servers: Vec::new(),
        });
    }
    for server in servers.iter() {
        let place = server.now().map(|now| now.address.place());
        let is_served = place.is_some_and(|place| served.contains(&place.as_str()));
        if !is_served && !server.pending.is_empty() {
            let reason = format!(
                "{} needs a restart of the server, which the run did not make",
                server.pending.join(", ")
            );
            verdict.lose(server.last(), reason);
        }
    }
}

/// What only a restart brings back, seen in CONFIG GET or not.
fn pending(server: &Server<'_>, verdict: &Verdict<'_>) -> Vec<String> {
    let mut pending = server.pending.clone();
    let Some(now) = server.now() else {
        return pending;
    };
    let Some(file) = now.info.text("config_file") else {
        return pending;
    };
    let version = now.info.server();
    for take in &verdict.takes {
        let (Some(run), Some(restored)) = (
            written(&take.made.change.steps, file),
            written(&take.change.steps, file),
        ) else {
            continue;
        };
        for change in diff(&run, &restored, version.as_ref()) {
            let unseen = now.effective.get(&change.identity).is_none();
            if unseen && change.apply != Apply::Nothing && change.identity.name != "replicaof" {
                pending.push(change.directive.clone());
            }
        }
    }
    pending
}

/// What steps write into a configuration file.
fn written(steps: &[Step], file: &str) -> Option<Effective> {
    steps.iter().find_map(|step| match &step.action {
        Action::WriteFile { path, content, .. } if path == file => {
            Some(Effective::of_document(&Document::parse(content.as_bytes())))
        }
        _ => None,
    })
}

/// Whether the package of a server goes, so that nothing is left to be restarted.
pub(super) fn server_goes(verdict: &Verdict<'_>) -> bool {
    verdict.takes.iter().any(|take| {
        let resource = take.change.resource.as_str();
        take.change.kind == ChangeKind::Remove
            && resource.starts_with("package")
            && ["redis", "valkey"]
                .iter()
                .any(|name| resource.contains(name))
    })
}

fn is_followed(server: &Server<'_>) -> bool {
    server.now().is_some_and(|now| {
        now.info.role() == Some(Role::Primary)
            && now.info.count("connected_slaves").unwrap_or(0) > 0
            && !server.keeps_data()
    })
}

fn data_loss(server: &Server<'_>) -> Option<String> {
    let keys = server.now()?.info.keys().total;
    (keys > 0).then(|| match server.keeps_data() {
        true => format!("{keys} keys are loaded again from disk"),
        false => format!("all {keys} keys are lost: nothing is kept on disk"),
    })
}
