//! What a rollback does on one host: pure, from what was recorded and what the host answers.

use super::accounts::Accounts;
use super::made::{Answers, Made};
use super::states::{Standing, States};
use super::{folder, guards, restart, roles, server};
use crate::journal::{Fate, Origin, ServerBefore};
use crate::model::aspect::Aspect;
use crate::model::change::{Change, ChangeKind, Difference, Field, Undo};
use crate::model::step::{Action, Step};

/// Why something is left as it is.
pub(super) const MOVED: &str =
    "it has been changed since the run: it is neither as the run left it nor as it was before";

/// One change of the rollback.
#[derive(Debug)]
pub(super) struct Take<'r> {
    /// The change that it takes back, or on whose behalf it is made.
    pub(super) made: Made<'r>,
    /// What it takes back.
    pub(super) origins: Vec<Origin>,
    pub(super) change: Change,
    pub(super) aspects: Vec<Aspect>,
    pub(super) servers: Vec<ServerBefore>,
}

/// Something that is not taken back, and why.
#[derive(Debug)]
pub(super) struct Word<'r> {
    pub(super) made: Made<'r>,
    pub(super) resource: String,
    pub(super) reason: String,
}

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Verdict<'r> {
    /// In the order in which it is done.
    pub(super) takes: Vec<Take<'r>>,
    /// What somebody else has changed since: with any of these the host is left as it is.
    pub(super) refused: Vec<Word<'r>>,
    /// What cannot be taken back.
    pub(super) lost: Vec<Word<'r>>,
    /// Whether a server starts anew: what it has then is looked at again.
    pub(super) restarts: bool,
}

/// What may be done, and what an earlier round of the same rollback did.
#[derive(Debug, Clone, Default)]
pub(super) struct Leave {
    /// What somebody else has changed since is taken back all the same.
    pub(super) force: bool,
    /// A rollback that was cut off still owes these restarts.
    pub(super) owed: Vec<String>,
    /// This rollback has restarted what needed it.
    pub(super) restarted: bool,
}

/// Decides. `made`: all that the run did on the host, in order.
pub(super) fn decide<'r>(made: &[Made<'r>], answers: &Answers, leave: &Leave) -> Verdict<'r> {
    let mut states = States::of(made, answers);
    let mut verdict = Verdict::default();
    if let Some(made) = made.iter().find(|made| handed_over(made.change)) {
        // What it restarts afterwards would be an empty primary: an order that `topology: redis` alone can find.
        verdict.refuse(
            made,
            made.change.resource.clone(),
            "another server has taken over from this one: taking it all back would restart it as an empty primary; change it with another run, in a play with `topology: redis`",
        );
        return verdict;
    }
    let mut servers = server::Servers::of(made, answers, leave);
    let mut accounts = Accounts::of(made, answers);
    for made in made.iter().rev() {
        if server::is_live(made.change) && servers.knows(made.change) {
            servers.take(made, &mut verdict);
            continue;
        }
        if let Some(standing) = accounts.standing(made.change) {
            if standing != Standing::Before {
                account(made, &mut accounts, &mut verdict, leave);
            }
            continue;
        }
        match &made.change.undo {
            Undo::Again { .. } => {}
            Undo::Impossible(reason) => {
                if !is_as_before(made, &states) {
                    verdict.lose(made, reason.clone());
                }
            }
            Undo::Steps(steps) if steps.is_empty() => {}
            Undo::Steps(steps) => one(made, steps, answers, &mut states, &mut verdict, leave),
        }
    }
    // Where a restart alone brought what a server has, no change of it was recorded.
    servers.take_rest(&mut verdict);
    if !leave.restarted {
        restart::add(made, &servers, &mut verdict, leave);
    }
    roles::check(made, answers, &mut verdict, leave);
    verdict
}

/// Whether a replica took over from a server.
fn handed_over(change: &Change) -> bool {
    let is_failover = |step: &Step| matches!(step.action, Action::Failover { .. });
    change.steps.iter().any(is_failover)
}

/// Whether all that a change is about is as it was before.
fn is_as_before(made: &Made<'_>, states: &States) -> bool {
    let aspects = made.aspects();
    !aspects.is_empty()
        && aspects
            .iter()
            .all(|aspect| states.standing(aspect) == Standing::Before)
}

/// One change that has a way back.
fn one<'r>(
    made: &Made<'r>,
    steps: &[Step],
    answers: &Answers,
    states: &mut States,
    verdict: &mut Verdict<'r>,
    leave: &Leave,
) {
    let aspects = made.aspects();
    if aspects.is_empty() && made.fate != Fate::Done && !leave.force {
        let reason = "it is not known whether it was made, and nothing on the host tells";
        verdict.lose(made, reason.to_owned());
        return;
    }
    if is_as_before(made, states) {
        return;
    }
    let moved = aspects
        .iter()
        .find(|aspect| states.has_moved(&aspect.probe));
    if moved.is_some() && !leave.force {
        verdict.refuse(made, made.change.resource.clone(), MOVED);
        return;
    }
    if let Some(reason) = folder::stays(made.change, answers, states) {
        verdict.lose(made, reason);
        return;
    }
    let is_other = aspects
        .iter()
        .any(|aspect| states.standing(aspect) == Standing::Other);
    let steps = if is_other {
        guards::as_now(steps, states)
    } else {
        steps.to_vec()
    };
    states.take_back(aspects);
    verdict.takes.push(Take {
        made: *made,
        origins: vec![made.origin()],
        change: reversed(made.change, steps),
        aspects: aspects.iter().map(Aspect::reversed).collect(),
        servers: Vec::new(),
    });
}

/// An account of a running server.
fn account<'r>(made: &Made<'r>, accounts: &mut Accounts, verdict: &mut Verdict<'r>, leave: &Leave) {
    if !accounts.is_known(made.change) {
        let reason =
            "the server cannot be asked: once it is started again it has what its file says";
        verdict.lose(made, reason.to_owned());
        return;
    }
    if accounts.has_moved(made.change) && !leave.force {
        verdict.refuse(made, made.change.resource.clone(), MOVED);
        return;
    }
    let steps = accounts.take_back(made.change);
    verdict.takes.push(Take {
        made: *made,
        origins: vec![made.origin()],
        change: reversed(made.change, steps),
        aspects: Vec::new(),
        servers: Vec::new(),
    });
}

/// A change the other way round.
fn reversed(change: &Change, steps: Vec<Step>) -> Change {
    let kind = match change.kind {
        ChangeKind::Create => ChangeKind::Remove,
        ChangeKind::Remove => ChangeKind::Create,
        other => other,
    };
    let notes = if change.resource.starts_with("package") && kind == ChangeKind::Remove {
        vec!["its configuration and all that it keeps go too".to_owned()]
    } else {
        Vec::new()
    };
    Change {
        kind,
        resource: change.resource.clone(),
        difference: match &change.difference {
            Difference::None => Difference::None,
            Difference::Fields(fields) => Difference::Fields(fields.iter().map(turned).collect()),
            Difference::Text {
                before,
                after,
                fields,
            } => Difference::Text {
                before: after.clone(),
                after: before.clone(),
                fields: fields.iter().map(turned).collect(),
            },
        },
        notes,
        steps,
        undo: Undo::Steps(change.steps.clone()),
        effects: Vec::new(),
    }
}

fn turned(field: &Field) -> Field {
    Field {
        before: field.after.clone(),
        after: field.before.clone(),
        ..field.clone()
    }
}

impl<'r> Verdict<'r> {
    pub(super) fn lose(&mut self, made: &Made<'r>, reason: String) {
        self.lost.push(Word {
            made: *made,
            resource: made.change.resource.clone(),
            reason,
        });
    }

    pub(super) fn refuse(&mut self, made: &Made<'r>, resource: String, reason: &str) {
        self.refused.push(Word {
            made: *made,
            resource,
            reason: reason.to_owned(),
        });
    }
}
