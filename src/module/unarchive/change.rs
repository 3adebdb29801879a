//! The change that unpacks.

use super::compare::Wrong;
use super::script::Unpack;
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::Probe;
use crate::model::step::{Action, Guard, Step};
use crate::module::shared::paths;
use crate::module::shared::program::run_program;

/// So many members are shown.
const MOST_SHOWN: usize = 20;

/// So many new members are removed again by the undo.
const MOST_REMOVED: usize = 200;

/// Unpacking because something is not there, with no look at the members.
pub(super) fn unseen(unpack: &Unpack, creates: &str) -> Change {
    let mut change = change(unpack);
    change.difference = Difference::Fields(vec![Field::new(
        creates,
        Some("absent"),
        Some("from the archive"),
    )]);
    change.undo = Undo::Impossible(format!(
        "which files of `{}` were new is not looked at with `creates`",
        unpack.archive.name
    ));
    change.steps[0].guard = Some(Guard::Absent {
        path: creates.to_owned(),
    });
    change.effects.extend(unknown(unpack, creates));
    change
}

/// Unpacking because members are not as they should be; `None`: all are.
pub(super) fn seen(unpack: &Unpack, wrong: &[(String, Wrong)]) -> Option<Change> {
    if wrong.is_empty() {
        return None;
    }
    let mut change = change(unpack);
    let shown = wrong.iter().take(MOST_SHOWN).map(|(name, wrong)| {
        let (before, after) = match wrong {
            Wrong::Missing => ("absent", "from the archive"),
            Wrong::Differs => ("another", "from the archive"),
            Wrong::Attributes => ("another mode or owner", "as it is wanted"),
        };
        Field::new(name.as_str(), Some(before), Some(after))
    });
    change.difference = Difference::Fields(shown.collect());
    if wrong.len() > MOST_SHOWN {
        let rest = wrong.len() - MOST_SHOWN;
        change.notes.push(format!("and {rest} more"));
    }
    change.undo = undo(unpack, wrong);
    change.steps[0].guard = Some(Guard::Exists {
        path: unpack.dest.clone(),
    });
    let there = wrong.iter().filter(|(_, wrong)| *wrong != Wrong::Missing);
    for (name, _) in there {
        change
            .effects
            .extend(unknown(unpack, &paths::join(&unpack.dest, name)));
    }
    change.effects.push(Effect::Unknown {
        probe: Probe::Program(Box::new(unpack.compare())),
        reason: reason(unpack),
    });
    Some(change)
}

fn change(unpack: &Unpack) -> Change {
    Change {
        kind: ChangeKind::Update,
        resource: unpack.dest.clone(),
        difference: Difference::None,
        notes: vec![format!("unpacked from {}", unpack.archive.name)],
        steps: vec![run_program(unpack.place())],
        undo: Undo::Steps(Vec::new()),
        effects: vec![Effect::MayAppear {
            below: unpack.dest.clone(),
            reason: reason(unpack),
        }],
    }
}

fn reason(unpack: &Unpack) -> String {
    format!("the unpacking of {}", unpack.archive.name)
}

fn unknown(unpack: &Unpack, path: &str) -> [Effect; 2] {
    [
        Probe::File(path.to_owned()),
        Probe::Content(path.to_owned()),
    ]
    .map(|probe| Effect::Unknown {
        probe,
        reason: reason(unpack),
    })
}

/// What is new goes again; what was replaced was not read.
fn undo(unpack: &Unpack, wrong: &[(String, Wrong)]) -> Undo {
    if let Some((name, _)) = wrong.iter().find(|(_, wrong)| *wrong != Wrong::Missing) {
        return Undo::Impossible(format!("the old `{name}` is not kept"));
    }
    let mut new: Vec<&str> = Vec::new();
    for (name, _) in wrong {
        // What is below a new directory goes with it.
        let is_below = |directory: &&str| {
            name.strip_prefix(*directory)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if !new.iter().any(is_below) {
            new.push(name);
        }
    }
    let steps = new.iter().map(|name| {
        let path = paths::join(&unpack.dest, name);
        let exists = Guard::Exists { path: path.clone() };
        Step::new(Action::Remove { path }).guarded(exists)
    });
    let steps: Vec<Step> = steps.collect();
    if steps.len() > MOST_REMOVED {
        return Undo::Impossible(format!(
            "`{}` brings too many files to remove them one by one",
            unpack.archive.name
        ));
    }
    Undo::Steps(steps)
}
