//! The running kernel's values.

use super::settings::{fold, value_in};
use super::wanted::{Key, Wanted, is_live, whole_number};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{KernelValue, Observation, Probe};
use crate::model::step::{Action, Guard, Step};
use crate::module::shared::host_level::report;
use crate::module::{Check, Failure, Look, Stop};

/// A key whose value is settled: what it is, and what it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) key: String,
    /// The live value; `None` where it is not looked at.
    pub(super) live: Option<String>,
    /// What the running kernel shall have.
    pub(super) live_after: Option<String>,
    /// What the file shall set; `None`: nothing.
    pub(super) kept: Option<String>,
    pub(super) at_least: bool,
}

/// Settles every key of a task. Keys that are left out are not in the result; `notes` say which and why.
pub(super) fn settle(
    wanted: &Wanted,
    file: &str,
    look: &Look<'_>,
    notes: &mut Vec<String>,
    host_level: &mut Vec<Check>,
) -> Result<Vec<Settled>, Stop> {
    let mut settled = Vec::new();
    for key in &wanted.keys {
        match settle_one(key, wanted, file, look)? {
            Outcome::Settled(one) => settled.push(one),
            Outcome::LeftOut(why) => notes.push(why),
            Outcome::HostLevel(check) => host_level.push(check),
        }
        if key.value.is_some() && !is_live(key) && wanted.live {
            notes.push(format!(
                "{} stands for several values: it holds from the next boot, and live values are not looked at",
                key.key
            ));
        }
    }
    Ok(settled)
}

enum Outcome {
    Settled(Settled),
    LeftOut(String),
    /// It is the machine's outside.
    HostLevel(Check),
}

fn settle_one(key: &Key, wanted: &Wanted, file: &str, look: &Look<'_>) -> Result<Outcome, Stop> {
    let mut settled = Settled {
        key: key.key.clone(),
        live: None,
        live_after: None,
        kept: key.value.clone(),
        at_least: key.at_least,
    };
    let Some(value) = key.value.as_ref().filter(|_| is_live(key)) else {
        return Ok(Outcome::Settled(settled));
    };
    let observed = look.kernel_value(&key.key)?;
    let Some(live) = observed.value.as_deref().map(fold) else {
        let reason = format!("this kernel has no value {}", key.key);
        if key.optional {
            return Ok(Outcome::LeftOut(format!("{reason}, so it is left out")));
        }
        if wanted.host_level {
            return Ok(Outcome::HostLevel(told(key, value, None)));
        }
        return Err(Failure::new(reason)
            .help("the kernel module that brings it may not be loaded, or the name may be wrong")
            .help("`ignoreerrors: true` leaves out what a kernel does not have")
            .into());
    };
    let mut after = value.clone();
    if key.at_least {
        let mut highest = whole_number(&key.key, value)?.max(whole_number(&key.key, &live)?);
        after = highest.to_string();
        if let Some(kept) = value_in(file, &key.key).and_then(|kept| kept.parse().ok()) {
            highest = highest.max(kept);
        }
        settled.kept = Some(highest.to_string());
    }
    if wanted.live && live != after && !observed.writable {
        let reason = format!(
            "{} is {live} here and cannot be changed to {after}",
            key.key
        );
        if key.optional {
            return Ok(Outcome::LeftOut(format!("{reason}, so it is left out")));
        }
        if wanted.host_level {
            return Ok(Outcome::HostLevel(told(key, value, Some(&live))));
        }
        return Err(Failure::new(reason)
            .help("in a container it belongs to the machine that runs it: set it there")
            .help("for an ordinary host, the task needs `become: true`")
            .help("`ignoreerrors: true` leaves out what cannot be changed")
            .into());
    }
    settled.live = Some(live);
    settled.live_after = Some(after);
    Ok(Outcome::Settled(settled))
}

/// What is told of a value that only the machine outside can set.
fn told(key: &Key, value: &str, live: Option<&str>) -> Check {
    let expected = match key.at_least {
        true => format!("at least {value}"),
        false => value.to_owned(),
    };
    report(
        &key.key,
        expected,
        live,
        &format!("sysctl -w {}='{value}'", key.key),
    )
}

/// The change of a live value, where it is another one.
pub(super) fn change(settled: &Settled) -> Option<Change> {
    let before = settled.live.as_ref()?;
    let after = settled.live_after.as_ref()?;
    (before != after).then(|| {
        let step = |from: &str, to: &str| {
            Step::new(Action::KernelValue {
                key: settled.key.clone(),
                value: to.to_owned(),
            })
            .guarded(Guard::KernelValue {
                key: settled.key.clone(),
                value: from.to_owned(),
            })
        };
        let mut field = Field::new(&settled.key, Some(before), Some(after));
        field.note = Some("live".to_owned());
        Change {
            kind: ChangeKind::Update,
            resource: settled.key.clone(),
            difference: Difference::Fields(vec![field]),
            notes: Vec::new(),
            steps: vec![step(before, after)],
            undo: Undo::Steps(vec![step(after, before)]),
            effects: vec![Effect::Becomes(
                Probe::KernelValue(settled.key.clone()),
                Observation::KernelValue(KernelValue {
                    value: Some(after.clone()),
                    writable: true,
                }),
            )],
        }
    })
}
