//! A replica takes over: the change, and the one that takes it back.

use super::standing::Standing;
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::RedisAddress;
use crate::model::replication::{Handover, Keeper};
use crate::model::step::{Action, Step};

/// A replica takes over from this server, which follows it from then on.
pub(super) fn failover(
    standing: &Standing<'_>,
    address: &RedisAddress,
    handover: &Handover,
) -> Change {
    let host = standing
        .successor
        .as_ref()
        .map(|(_, host)| host.as_str())
        .unwrap_or_default();
    let to = handover
        .to
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    let by = match handover.keeper {
        Keeper::Nobody => "FAILOVER",
        Keeper::Sentinel => "SENTINEL FAILOVER",
        Keeper::Cluster => "CLUSTER FAILOVER",
    };
    let mut notes = vec![format!(
        "{by}: writes wait until {host} has all of them, at most {} seconds; none that was confirmed is lost",
        handover.pause
    )];
    if handover.keeper == Keeper::Sentinel && !handover.others.is_empty() {
        notes.push("Sentinel chooses which of the replicas takes over".to_owned());
    }
    Change {
        kind: ChangeKind::Run,
        resource: format!("failover to {host} ({to})"),
        difference: Difference::Fields(vec![Field::new("role", Some("primary"), Some("replica"))]),
        notes,
        steps: vec![Step::new(Action::Failover {
            primary: address.clone(),
            handover: Box::new(handover.clone()),
        })],
        undo: back_and_forth(standing, address, handover),
        effects: vec![Effect::HandsOver {
            port: standing.port,
            socket: standing.socket.unwrap_or_default().to_owned(),
            to,
        }],
    }
}

/// A failover with what the server's file says of it afterwards.
pub(super) fn joined(failover: Change, pinned: Change) -> Change {
    let fields = |difference| match difference {
        Difference::Fields(fields) => fields,
        _ => Vec::new(),
    };
    let undo = match (failover.undo, pinned.undo) {
        (Undo::Steps(back), Undo::Steps(mut file)) => {
            file.extend(back);
            Undo::Steps(file)
        }
        // The file was read, so its change has a way back.
        (undo, _) => undo,
    };
    Change {
        difference: Difference::Fields(
            [fields(failover.difference), fields(pinned.difference)].concat(),
        ),
        notes: [failover.notes, pinned.notes].concat(),
        steps: [failover.steps, pinned.steps].concat(),
        undo,
        effects: [failover.effects, pinned.effects].concat(),
        ..failover
    }
}

/// This server becomes the primary again: the one that took over is told so, from here.
fn back_and_forth(standing: &Standing<'_>, address: &RedisAddress, handover: &Handover) -> Undo {
    if handover.keeper == Keeper::Sentinel && !handover.others.is_empty() {
        return Undo::Impossible(
            "Sentinel chooses the next primary among several replicas; nothing is lost by the one that it chose"
                .to_owned(),
        );
    }
    let (Some(now), false) = (handover.to.first(), standing.own.is_empty()) else {
        return Undo::Impossible(
            "it is not known under which address the new primary knows this server".to_owned(),
        );
    };
    Undo::Steps(vec![Step::new(Action::Failover {
        primary: RedisAddress {
            host: Some(now.address.clone()),
            port: now.port,
            user: address.user.clone(),
            password: address.password.clone(),
            ..RedisAddress::default()
        },
        handover: Box::new(Handover {
            to: standing.own.clone(),
            ..handover.clone()
        }),
    })])
}
