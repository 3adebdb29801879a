//! What is recorded of planned changes before they are made, and what became of them.

use super::host::HostPlay;
use super::walk::{Planned, Target};
use crate::journal::{Became, Fate, Intention, ServerBefore};
use crate::model::aspect::Aspect;
use crate::model::change::{Change, Effect};
use crate::model::probe::{Observation, Probe, RedisAddress, RedisState};
use crate::model::step::{Action, Outcome, StepStatus};
use crate::module::world::{Answer, World};
use crate::redis::config_get;
use crate::redis::info::Info;

impl HostPlay<'_> {
    /// What is about to be done, task by task.
    pub(super) fn intentions(&self, target: &Target, planned: &[Planned]) -> Vec<Intention> {
        let secrets = self.context().templates.secrets();
        let mut world = self.worlds.get(target).cloned().unwrap_or_default();
        let host = &self.setting.host;
        planned
            .iter()
            .filter(|task| is_recorded(task))
            .map(|task| {
                let changes = &task.decision.changes;
                let servers = servers(changes, &world);
                let aspects = changes
                    .iter()
                    .map(|change| {
                        let aspects = aspects(change, &world);
                        world.predict(change);
                        aspects
                    })
                    .collect();
                Intention {
                    host: target.host.clone(),
                    account: target.account.clone(),
                    behalf: (*host != target.host).then(|| host.clone()),
                    connection: self.connection_of(target).map(str::to_owned),
                    task: secrets.text(&task.name),
                    changes: changes.clone(),
                    aspects,
                    servers,
                    undoes: Vec::new(),
                    hidden: task.no_log,
                    secrets: secrets.within(changes),
                }
            })
            .collect()
    }
}

/// Whether a task changes something. What only looks is not recorded: there is nothing to take back.
fn is_recorded(task: &Planned) -> bool {
    !task.decision.changes.is_empty() && !task.only_looks
}

/// What became of the changes of these tasks, whose steps came to `outcomes`. `first`: the number of the first
/// intention.
pub(super) fn became(first: usize, planned: &[Planned], outcomes: &[Outcome]) -> Vec<Became> {
    let mut outcomes = outcomes.iter();
    planned
        .iter()
        .map(|task| (task, fates(&task.decision.changes, &mut outcomes)))
        .filter(|(task, _)| is_recorded(task))
        .enumerate()
        .map(|(number, (_, fates))| Became {
            intention: first + number,
            fates: fates.into_iter().enumerate().collect(),
        })
        .collect()
}

/// What became of each of these changes; the outcomes are those of all their steps, in order.
pub(super) fn fates<'o>(
    changes: &[Change],
    outcomes: &mut impl Iterator<Item = &'o Outcome>,
) -> Vec<Fate> {
    changes
        .iter()
        .map(|change| {
            let own: Vec<StepStatus> = outcomes
                .take(change.steps.len())
                .map(|outcome| outcome.status)
                .collect();
            let nothing = |status: &StepStatus| {
                matches!(status, StepStatus::NotRun | StepStatus::GuardFailed)
            };
            if own.len() < change.steps.len() {
                Fate::Unknown
            } else if own.iter().all(|status| *status == StepStatus::Done) {
                Fate::Done
            } else if own.iter().all(nothing) {
                Fate::NotRun
            } else {
                Fate::Unknown
            }
        })
        .collect()
}

/// What a change is about, before it and after.
pub(super) fn aspects(change: &Change, world: &World) -> Vec<Aspect> {
    let mut aspects: Vec<Aspect> = Vec::new();
    // A version that was expected from an index that is brought up to date first need not be the one that comes.
    let is_sure = !change
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::IndexChanges { .. }));
    for effect in &change.effects {
        let aspect = match effect {
            Effect::Becomes(probe, _) if is_alias(probe, world) => None,
            Effect::Becomes(probe, after) => {
                let after = Some(after).filter(|_| is_sure || !matches!(probe, Probe::Package(_)));
                Aspect::new(probe, known(world, probe), after)
            }
            Effect::Attributes { path, after } => {
                let probe = Probe::File(path.clone());
                let before = known(world, &probe).cloned();
                let after = before.clone().map(|mut observation| {
                    if let Observation::File(crate::model::probe::FileState::Present(info)) =
                        &mut observation
                    {
                        after.apply(info);
                    }
                    observation
                });
                Aspect::new(&probe, before.as_ref(), after.as_ref())
            }
            _ => None,
        };
        if let Some(aspect) = aspect {
            // Of two answers about one path, the one that tells more comes first.
            match aspects.iter_mut().find(|other| other.probe == aspect.probe) {
                Some(other) if other.after.is_none() => *other = aspect,
                Some(_) => {}
                None => aspects.push(aspect),
            }
        }
    }
    aspects
}

/// A unit's other names come and go with its own.
fn is_alias(probe: &Probe, world: &World) -> bool {
    let Probe::Unit(name) = probe else {
        return false;
    };
    let Some(Observation::Unit(unit)) = known(world, probe) else {
        return false;
    };
    let own = unit.fragment.rsplit('/').next().unwrap_or_default();
    !own.is_empty() && own != name && !name.contains('@')
}

/// What is known of a probe; of a path the answer with its content first.
fn known<'w>(world: &'w World, probe: &Probe) -> Option<&'w Observation> {
    let ask = |probe: &Probe| match world.answer(probe) {
        Answer::Known(observation) => Some(observation),
        Answer::Missing | Answer::Unknown(_) => None,
    };
    match probe {
        Probe::File(path) | Probe::Content(path) => {
            ask(&Probe::Content(path.clone())).or_else(|| ask(&Probe::File(path.clone())))
        }
        probe => ask(probe),
    }
}

/// The servers that these changes may reach, as they are before.
fn servers(changes: &[Change], world: &World) -> Vec<ServerBefore> {
    let reach_servers = changes.iter().any(|change| {
        let by_steps = change.steps.iter().any(|step| {
            matches!(
                step.action,
                Action::ConfigSet { .. } | Action::LowerMaxmemory { .. }
            )
        });
        by_steps
            || change
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::ServersChange { .. }))
    });
    if !reach_servers {
        return Vec::new();
    }
    let mut servers: Vec<ServerBefore> = world
        .servers()
        .filter_map(|(address, state)| server(address, state))
        .collect();
    servers.sort_by(|left, right| left.address.cmp(&right.address));
    servers
}

/// A server as it answered; `None` where it did not tell its configuration.
pub(super) fn server(address: &RedisAddress, state: &RedisState) -> Option<ServerBefore> {
    let config = config_get::parse(&state.config).ok()?;
    (state.alive && !config.is_empty()).then(|| ServerBefore {
        address: address.clone(),
        run_id: Info::parse(&state.info)
            .text("run_id")
            .unwrap_or_default()
            .to_owned(),
        config: state.config.clone(),
    })
}
