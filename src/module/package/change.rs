//! The change that carries out all wishes of a task, and its way back.

use std::cmp::Ordering;

use super::commands::{self, Item};
use super::index::Index;
use super::request::{Request, State};
use super::wish::{After, Wish};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{Observation, PackageState, Probe, Program};
use crate::model::step::{Action, Step};
use crate::model::version_order;

/// Names under which servers are packaged; with them the facts about Redis change.
const SERVERS: &[&str] = &[
    "redis",
    "redis-server",
    "valkey",
    "valkey-server",
    "redis-stack-server",
];

/// Brings the index up to date, and nothing else.
pub(super) fn of_index(index: &Index, request: &Request) -> Change {
    let reason = "the package index is brought up to date";
    Change {
        kind: ChangeKind::Run,
        resource: "package index".to_owned(),
        difference: Difference::Fields(vec![Field::new(
            "age",
            Some(index.age.clone()),
            Some("up to date"),
        )]),
        notes: Vec::new(),
        steps: vec![update_step(index, request)],
        undo: Undo::Impossible("the package index was brought up to date".to_owned()),
        effects: vec![Effect::IndexChanges {
            reason: reason.to_owned(),
        }],
    }
}

/// Whether a package holds a server.
pub(super) fn holds_a_server(name: &str) -> bool {
    SERVERS.contains(&name.split(':').next().unwrap_or(name))
}

fn names(wishes: &[Wish]) -> Vec<&str> {
    wishes.iter().map(|wish| wish.name.as_str()).collect()
}

/// Whether packages only go.
pub(super) fn is_removal(wishes: &[Wish]) -> bool {
    wishes.iter().all(|wish| wish.after == After::Absent)
}

/// The programs that bring or take the packages.
pub(super) fn programs(wishes: &[Wish], index: &Index, request: &Request) -> Vec<Program> {
    match is_removal(wishes) {
        true => vec![commands::remove(
            index.manager,
            &names(wishes),
            &request.options,
        )],
        false => commands::install(index.manager, &items(wishes), &request.options),
    }
}

/// Brings or takes packages, all in one transaction. `ended`: units of servers that end with them.
pub(super) fn of_packages(
    wishes: &[Wish],
    index: &Index,
    request: &Request,
    ended: &[String],
) -> Change {
    let names = names(wishes);
    let removed = is_removal(wishes);
    let new = wishes.iter().all(|wish| wish.before.is_none());
    let mut steps = Vec::new();
    let mut effects = Vec::new();
    if index.due {
        steps.push(update_step(index, request));
        effects.push(Effect::IndexChanges {
            reason: "the package index is brought up to date".to_owned(),
        });
    }
    steps.extend(programs(wishes, index, request).into_iter().map(step));
    effects.extend(ended.iter().map(|unit| Effect::ServersChange {
        reason: format!("{unit} is restarted or stopped by its package"),
    }));
    effects.extend(self::effects(wishes, index, request, removed));
    Change {
        kind: match (removed, new) {
            (true, _) => ChangeKind::Remove,
            (false, true) => ChangeKind::Create,
            (false, false) => ChangeKind::Update,
        },
        resource: match names.as_slice() {
            [one] => format!("package {one}"),
            several => format!("packages {}", several.join(", ")),
        },
        difference: Difference::Fields(wishes.iter().map(|wish| field(wish, index)).collect()),
        notes: notes(wishes, index, request, ended),
        steps,
        undo: undo(wishes, index, request),
        effects,
    }
}

fn update_step(index: &Index, request: &Request) -> Step {
    step(commands::update_index(
        index.manager,
        request.options.lock_timeout,
    ))
}

pub(super) fn step(program: Program) -> Step {
    Step::new(Action::Program {
        program: Box::new(program),
        accepted: vec![0],
    })
}

fn items(wishes: &[Wish]) -> Vec<Item<'_>> {
    wishes
        .iter()
        .filter_map(|wish| match &wish.after {
            After::Installed { exactly, expected } => Some(Item {
                name: &wish.name,
                version: exactly.as_deref(),
                older: matches!((expected, &wish.before), (Some(after), Some(before))
                    if version_order::compare(after, before) == Ordering::Less),
                present: wish.before.is_some(),
            }),
            After::Absent => None,
        })
        .collect()
}

fn field(wish: &Wish, index: &Index) -> Field {
    let after = match (&wish.after, &index.changing) {
        (After::Absent, _) => None,
        (After::Installed { expected, .. }, None) => expected.clone(),
        (After::Installed { expected, .. }, Some(reason)) => Some(match expected {
            Some(version) => format!("{version} or newer"),
            None => format!("known after {reason}"),
        }),
    };
    Field::new(&wish.name, wish.before.clone(), after)
}

fn notes(wishes: &[Wish], index: &Index, request: &Request, ended: &[String]) -> Vec<String> {
    let ends = |unit: &String| format!("{unit} is restarted or stopped by its package");
    let mut notes: Vec<String> = ended.iter().map(ends).collect();
    if index.due {
        notes.push(format!(
            "the package index, {}, is brought up to date first",
            index.age
        ));
    }
    if wishes.iter().any(|wish| wish.held) {
        notes.push("a held package is changed".to_owned());
    }
    if request.options.autoremove {
        notes.push("packages that nothing needs any more are removed too".to_owned());
    }
    notes
}

fn effects(wishes: &[Wish], index: &Index, request: &Request, removed: bool) -> Vec<Effect> {
    let names: Vec<String> = wishes.iter().map(|wish| wish.name.clone()).collect();
    let verb = |count: usize| match (removed, count) {
        (true, 1) => "is removed",
        (true, _) => "are removed",
        (false, 1) => "is installed",
        (false, _) => "are installed",
    };
    let reason = |names: &[&str]| format!("{} {}", names.join(", "), verb(names.len()));
    let mut effects: Vec<Effect> = wishes
        .iter()
        .flat_map(|wish| becomes(wish, index, request.state))
        .collect();
    let servers: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| holds_a_server(name))
        .collect();
    if !servers.is_empty() {
        effects.push(Effect::FactsChange {
            part: "redis".to_owned(),
            reason: reason(&servers),
        });
    }
    let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
    let reason = reason(&borrowed);
    // Last: once it has been carried out, everything is observed again.
    effects.push(Effect::PackagesChange { names, reason });
    effects
}

fn becomes(wish: &Wish, index: &Index, wanted: State) -> [Effect; 2] {
    [
        Probe::Package(wish.name.clone()),
        Probe::PackageOffers(wish.name.clone()),
    ]
    .map(|probe| answered(probe, wish, index, wanted))
}

fn answered(probe: Probe, wish: &Wish, index: &Index, wanted: State) -> Effect {
    let state = |installed: Option<String>| PackageState {
        candidate: installed.clone(),
        installed,
        available: wish.available.clone(),
        held: wish.held,
        ..PackageState::default()
    };
    match &wish.after {
        After::Absent => Effect::Becomes(
            probe,
            Observation::Package(PackageState {
                candidate: wish.available.first().cloned(),
                ..state(None)
            }),
        ),
        // What is the latest in an index that is about to change is not known.
        After::Installed {
            expected: Some(version),
            ..
        } if index.changing.is_none() || wanted != State::Latest => {
            Effect::Becomes(probe, Observation::Package(state(Some(version.clone()))))
        }
        After::Installed { .. } => Effect::Unknown {
            probe,
            reason: match &index.changing {
                Some(reason) => reason.clone(),
                None => format!("{} is installed", wish.name),
            },
        },
    }
}

/// New packages are removed again, with their configuration; others go back to the version they had, where it can still be had.
fn undo(wishes: &[Wish], index: &Index, request: &Request) -> Undo {
    let gone: Vec<String> = wishes
        .iter()
        .filter_map(|wish| {
            let before = wish.before.as_ref()?;
            (!wish.available.contains(before))
                .then(|| format!("{} {before} can no longer be had", wish.name))
        })
        .collect();
    if !gone.is_empty() {
        return Undo::Impossible(gone.join("; "));
    }
    let new: Vec<&str> = wishes
        .iter()
        .filter(|wish| wish.before.is_none())
        .map(|wish| wish.name.as_str())
        .collect();
    let old: Vec<Item<'_>> = wishes
        .iter()
        .filter_map(|wish| {
            Some(Item {
                name: &wish.name,
                version: Some(wish.before.as_deref()?),
                older: wish.after != After::Absent,
                present: wish.after != After::Absent,
            })
        })
        .collect();
    let mut steps = Vec::new();
    if !new.is_empty() {
        steps.push(step(commands::take_back(
            index.manager,
            &new,
            &request.options,
        )));
    }
    if !old.is_empty() {
        steps.extend(
            commands::install(index.manager, &old, &request.options)
                .into_iter()
                .map(step),
        );
    }
    Undo::Steps(steps)
}
