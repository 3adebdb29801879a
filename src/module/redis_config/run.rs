//! What becomes of the running server, put together: live changes, restart, and what is told of both.

use std::collections::HashSet;

use super::converge::{Convergence, Files, Pending, converge};
use super::live::Live;
use super::lowering::{self, Request, Wishes};
use super::restart::{self, Mode};
use super::server::Instance;
use super::shown::{Reach, Shown};
use super::{changes, note};
use crate::model::change::{Change, Undo};
use crate::model::value::{Map, Value};
use crate::module::handover::{self, Standing, Way};
use crate::module::shared::target::Target;
use crate::module::{Check, CheckStatus, Decision, Parameters, Stop};
use crate::redis::conf::{Effective, Value as Setting};

/// What is done to the running server.
pub(super) struct Run {
    pub(super) changes: Vec<Change>,
    pub(super) reach: Reach,
    /// Directives that are set live, in order.
    live: Vec<String>,
    pending: Vec<Pending>,
    overridden: Vec<Pending>,
    /// Words that belong to the change of the server, or of the file where the server does not change.
    notes: Vec<String>,
    restart: Option<Restart>,
    run_id: String,
}

/// A restart that may come.
struct Restart {
    change: Change,
    /// It comes for what is pending; otherwise only where anything changes.
    needed: bool,
    way: Way,
    /// What has to be made before it.
    before: Vec<Change>,
}

impl Run {
    /// Decides what the server needs so that it is as the file will be.
    pub(super) fn decide(
        parameters: &Parameters,
        live: &Live<'_>,
        files: &Files<'_>,
        instance: Option<&Instance<'_>>,
        standing: Option<&Standing<'_>>,
        available: Option<u64>,
        path: &str,
    ) -> Result<Self, Stop> {
        let wanted = Effective::of_document(files.wanted);
        let mut found = converge(files, live);
        let mode = Mode::of(parameters)?;
        let keeps_data = restart::keeps_data(live, &wanted);
        let needed = mode != Mode::Never && !found.pending.is_empty();
        let differs = !found.items.is_empty() || files.before.to_bytes() != files.after.to_bytes();
        let unseen = found.pending.iter().any(|pending| pending.unseen);
        let restart = if needed || mode == Mode::Always && differs {
            let pending = &found.pending;
            let (unit, way) =
                restart::unit(parameters, instance, standing, live, keeps_data, pending)?;
            let has_note = live.has_note || unseen;
            Some(Restart {
                change: restart::change(&unit, live, keeps_data, pending, path, has_note, &way),
                needed,
                way,
                before: Vec::new(),
            })
        } else {
            None
        };
        let starts_empty = restart.is_some() && !keeps_data;
        let lowering = if starts_empty {
            // Nothing has to be evicted from what the restart throws away: the limit comes with it.
            let limit = limit_below_use(&found, live);
            found
                .items
                .retain(|item| !(limit && item.identity.name == "maxmemory"));
            None
        } else {
            lower(parameters, &found, live, &wanted, available)?
        };
        if lowering.is_none() {
            warn_of_frequency(&mut found, live);
        }
        let set: HashSet<String> = found
            .items
            .iter()
            .map(|item| item.directive.clone())
            .collect();
        Ok(Self {
            reach: Reach {
                live: set,
                restart: found
                    .pending
                    .iter()
                    .map(|pending| pending.directive.clone())
                    .collect(),
            },
            live: found
                .items
                .iter()
                .map(|item| item.directive.clone())
                .collect(),
            changes: changes::changes(live, &found.items, lowering.as_ref(), Vec::new()),
            pending: found.pending,
            overridden: found.overridden,
            notes: found.notes,
            restart,
            run_id: live.run_id().to_owned(),
        })
    }

    /// Whether a restart is still to come after this task.
    fn is_owed(&self) -> bool {
        !self.pending.is_empty() && self.restart.is_none()
    }

    /// A replica takes over before the restart, if there is one. `file`: the configuration file as it will be.
    pub(super) fn hand_over(
        &mut self,
        standing: Option<&Standing<'_>>,
        live: &Live<'_>,
        file: &Target,
    ) -> Result<(), Stop> {
        if let (Some(restart), Some(standing)) = (&mut self.restart, standing) {
            let way = &restart.way;
            restart.before = handover::changes(standing, way, &live.address, Some(file))?;
        }
        Ok(())
    }

    /// Adds the changes of the server to those of the file, and tells what waits.
    pub(super) fn join(self, decision: &mut Decision, path: &str) {
        let owed = self.is_owed();
        let unseen: Vec<String> = self
            .pending
            .iter()
            .filter(|pending| pending.unseen)
            .map(|pending| pending.directive.clone())
            .collect();
        // Before the file is written: after it, nothing would tell any more what the server lacks.
        if let Some(change) = decision.changes.first_mut().filter(|_| !unseen.is_empty()) {
            change
                .steps
                .insert(0, note::write(path, &self.run_id, &unseen));
            if let Undo::Steps(steps) = &mut change.undo {
                steps.push(note::remove(path));
            }
            change.effects.push(note::effect(path));
        }
        let of_the_file = decision.changes.len();
        decision.changes.extend(self.changes);
        if let Some(restart) = self.restart
            && (restart.needed || !decision.changes.is_empty())
        {
            decision.changes.extend(restart.before);
            decision.changes.push(restart.change);
        }
        let mut notes = self.notes;
        if owed {
            notes.extend(self.pending.iter().map(|pending| {
                format!(
                    "restart pending: {} needs a restart; restart: never",
                    pending.shown()
                )
            }));
        }
        let place = if decision.changes.len() > of_the_file {
            decision.changes.get_mut(of_the_file)
        } else {
            decision.changes.last_mut()
        };
        match place {
            Some(change) => change.notes.extend(notes),
            None if !notes.is_empty() => decision.message = Some(notes.join("; ")),
            None => {}
        }
        decision.checks.extend(
            self.overridden
                .iter()
                .map(|pending| overridden(pending, path)),
        );
    }
}

/// Whether the limit that is set is below what is used.
fn limit_below_use(found: &Convergence, live: &Live<'_>) -> bool {
    found.items.iter().any(|item| {
        let text = std::str::from_utf8(&item.value).unwrap_or_default();
        item.identity.name == "maxmemory"
            && item
                .told
                .as_deref()
                .unwrap_or(text)
                .parse::<u64>()
                .is_ok_and(|bytes| bytes != 0 && bytes < live.counted_memory())
    })
}

fn lower(
    parameters: &Parameters,
    found: &Convergence,
    live: &Live<'_>,
    wanted: &Effective,
    available: Option<u64>,
) -> Result<Option<lowering::Lowering>, Stop> {
    if !found
        .items
        .iter()
        .any(|item| item.identity.name == "maxmemory")
    {
        return Ok(None);
    }
    let bytes = |effective: &Effective| match effective.named("maxmemory").map(|found| &found.value)
    {
        Some(Setting::Memory(bytes)) => Some(*bytes),
        _ => None,
    };
    let (Some(from), Some(to)) = (bytes(&live.effective), bytes(wanted)) else {
        return Ok(None);
    };
    let word = |effective: &Effective| match effective
        .named("maxmemory-policy")
        .map(|found| &found.value)
    {
        Some(Setting::Word(word)) => Some(word.clone()),
        _ => None,
    };
    let policy = word(&live.effective).unwrap_or_default();
    let new_policy = word(wanted);
    let request = Request {
        live,
        from,
        to,
        policy: &policy,
        new_policy: new_policy.as_deref(),
        available,
    };
    lowering::judge(&request, &Wishes::of(parameters)?)
}

/// A switch to frequency makes the keys that are there the first to go.
fn warn_of_frequency(found: &mut Convergence, live: &Live<'_>) {
    let switches = found.items.iter().any(|item| {
        item.identity.name == "maxmemory-policy"
            && item.value.ends_with(b"-lfu")
            && !item.before.ends_with(b"-lfu")
    });
    if switches && live.info.keys().total > 0 {
        found.notes.push(
            "with a policy of frequency, keys that are there count as never used until they are used again"
                .to_owned(),
        );
    }
}

fn overridden(pending: &Pending, path: &str) -> Check {
    Check {
        name: format!("{path}: {}", pending.directive),
        status: CheckStatus::Warned,
        expected: pending.after.clone().unwrap_or_default(),
        found: pending.before.clone().unwrap_or_default(),
        advice: Some(
            "the server was started after the file was written and has another value: its command line or a file that it includes decides"
                .to_owned(),
        ),
    }
}

/// What `register` gets.
pub(super) struct Told(Map);

impl Told {
    pub(super) fn of(shown: &Shown, written: bool, run: Option<&Run>) -> Self {
        let names = |names: &mut dyn Iterator<Item = &String>| {
            Value::List(names.map(|name| name.as_str().into()).collect())
        };
        let (live, restart, needed, restarted) = match run {
            Some(run) => (
                names(&mut run.live.iter()),
                names(&mut run.pending.iter().map(|pending| &pending.directive)),
                run.is_owed(),
                run.restart.is_some(),
            ),
            None => (
                names(&mut shown.live.iter()),
                names(&mut shown.restart.iter()),
                written && !shown.restart.is_empty(),
                false,
            ),
        };
        Self(Map::from_iter([
            ("restart_needed".to_owned(), needed.into()),
            ("restarted".to_owned(), restarted.into()),
            ("live".to_owned(), live),
            ("restart".to_owned(), restart),
        ]))
    }

    pub(super) fn take(&mut self) -> Map {
        std::mem::take(&mut self.0)
    }
}
