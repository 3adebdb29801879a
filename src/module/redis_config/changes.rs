//! What is done to the running server: CONFIG SET, and a limit of memory that is lowered step by step.

use indexmap::IndexMap;

use super::converge::Item;
use super::live::Live;
use super::lowering::Lowering;
use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Effect, Undo};
use crate::model::probe::{Observation, Probe, Program, RedisAddress, RedisState};
use crate::model::step::{Action, ConfigSetting, Guard, Step};
use crate::module::shared::program::run_program;
use crate::module::shared::redis_address::place;
use crate::redis::conf::split;

/// Seconds beyond a wait after which something is wrong.
const WAIT_MARGIN: u64 = 60;

/// All changes of a running server, in order.
pub(super) fn changes(
    live: &Live<'_>,
    items: &[Item],
    lowering: Option<&Lowering>,
    notes: Vec<String>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let (limit, others): (Vec<&Item>, Vec<&Item>) = items
        .iter()
        .partition(|item| lowering.is_some() && item.identity.name == "maxmemory");
    if !others.is_empty() {
        changes.push(set(live, &others, notes));
    }
    if let (Some(lowering), Some(item)) = (lowering, limit.first()) {
        if lowering.warm_up > 0 {
            changes.push(wait(lowering.warm_up));
        }
        changes.push(lower(live, item, lowering));
    }
    changes
}

/// CONFIG SET of all, in one command where the server takes all or none.
fn set(live: &Live<'_>, items: &[&Item], notes: Vec<String>) -> Change {
    let settings = settings(items);
    let values = settings
        .iter()
        .filter_map(|setting| known(live, &setting.name))
        .collect();
    let at_once = live.server.is_some_and(|server| server.sets_many_at_once());
    let back: Vec<ConfigSetting> = settings.iter().rev().map(reversed).collect();
    let address_after = live.address.after(&settings);
    let told: Vec<(String, Blob)> = items
        .iter()
        .filter(|item| {
            settings
                .iter()
                .filter(|setting| setting.name == item.name)
                .count()
                == 1
        })
        .filter_map(|item| Some((item.name.clone(), Blob::from(item.told.clone()?))))
        .collect();
    let mut undo = Step::new(Action::ConfigSet {
        address: address_after.clone(),
        settings: back,
        at_once,
    });
    if !told.is_empty() {
        undo = undo.guarded(Guard::Config {
            address: address_after.clone(),
            values: told,
        });
    }
    Change {
        kind: ChangeKind::Update,
        resource: format!("server at {}", place(&live.address)),
        difference: Difference::Fields(items.iter().map(|item| item.field.clone()).collect()),
        notes,
        effects: effects(live, items, &address_after, &settings),
        steps: vec![
            Step::new(Action::ConfigSet {
                address: live.address.clone(),
                settings,
                at_once,
            })
            .guarded(Guard::Config {
                address: live.address.clone(),
                values,
            }),
        ],
        undo: Undo::Steps(vec![undo]),
    }
}

/// Counters of frequency are 0 for all keys that were there before (redis#15375): at once, the busiest would go first.
fn wait(seconds: u64) -> Change {
    Change {
        kind: ChangeKind::Wait,
        resource: "the counters of allkeys-lfu".to_owned(),
        difference: Difference::None,
        notes: vec![format!(
            "{seconds} seconds, before memory is cut: keys that are there count as never used until they are used (`lfu_warm_up`)"
        )],
        steps: vec![run_program(Program {
            time_limit: Some(seconds + WAIT_MARGIN),
            ..Program::new(["sleep", &seconds.to_string()])
        })],
        undo: Undo::Steps(Vec::new()),
        effects: Vec::new(),
    }
}

fn lower(live: &Live<'_>, item: &Item, lowering: &Lowering) -> Change {
    let settings = settings(&[item]);
    let values = vec![(item.name.clone(), Blob::from(item.before.clone()))];
    Change {
        kind: ChangeKind::Update,
        resource: format!("maxmemory of the server at {}", place(&live.address)),
        difference: Difference::Fields(vec![item.field.clone()]),
        notes: vec![format!(
            "{}; in steps, within {} s at most",
            lowering.announcement, lowering.pace.time_limit
        )],
        effects: effects(live, &[item], &live.address, &settings),
        steps: vec![
            Step::new(Action::LowerMaxmemory {
                address: live.address.clone(),
                pace: lowering.pace.clone(),
            })
            .guarded(Guard::Config {
                address: live.address.clone(),
                values,
            }),
        ],
        // Evicted keys do not come back, but the limit does; where the lowering was stopped, too.
        undo: Undo::Steps(vec![Step::new(Action::ConfigSet {
            address: live.address.clone(),
            settings: settings.iter().map(reversed).collect(),
            at_once: true,
        })]),
    }
}

/// One for each name: the classes of `client-output-buffer-limit` go together.
fn settings(items: &[&Item]) -> Vec<ConfigSetting> {
    let mut settings: IndexMap<&str, ConfigSetting> = IndexMap::new();
    for item in items {
        let join = |one: &Blob, other: &[u8]| Blob::from([one.as_bytes(), other].join(&b' '));
        settings
            .entry(&item.name)
            .and_modify(|setting| {
                setting.value = join(&setting.value, &item.value);
                setting.before = join(&setting.before, &item.before);
            })
            .or_insert_with(|| ConfigSetting {
                name: item.name.clone(),
                value: Blob::from(item.value.clone()),
                before: Blob::from(item.before.clone()),
                secret: item.field.secret,
            });
    }
    settings.into_values().collect()
}

fn reversed(setting: &ConfigSetting) -> ConfigSetting {
    ConfigSetting {
        value: setting.before.clone(),
        before: setting.value.clone(),
        ..setting.clone()
    }
}

/// The value that CONFIG GET answered, where it was whole text.
fn known(live: &Live<'_>, name: &str) -> Option<(String, Blob)> {
    let value = live.config.get(name)?;
    (!value.contains('\u{fffd}')).then(|| (name.to_owned(), Blob::from(value.as_str())))
}

/// What the server will answer, for the tasks after this one in a plan; in an apply it is asked again.
fn effects(
    live: &Live<'_>,
    items: &[&Item],
    address_after: &RedisAddress,
    settings: &[ConfigSetting],
) -> Vec<Effect> {
    let probe = Probe::Redis(live.address.clone());
    let mut effects = Vec::new();
    if *address_after == live.address {
        effects.push(Effect::Becomes(
            probe.clone(),
            Observation::Redis(predicted(live, items, settings)),
        ));
        effects.push(Effect::AskAgain(probe));
    } else {
        let reason = format!(
            "the server at {} has its new settings",
            place(&live.address)
        );
        effects.push(Effect::Unknown {
            probe,
            reason: reason.clone(),
        });
        effects.push(Effect::FactsChange {
            part: "redis".to_owned(),
            reason,
        });
    }
    effects
}

fn predicted(live: &Live<'_>, items: &[&Item], settings: &[ConfigSetting]) -> RedisState {
    let mut config = live.config.clone();
    for setting in settings {
        let told = items
            .iter()
            .find(|item| item.name == setting.name)
            .and_then(|item| item.told.clone());
        let value = told.unwrap_or_else(|| merged(config.get(&setting.name), setting));
        config.insert(setting.name.clone(), value);
    }
    let config: String = config
        .iter()
        .map(|(name, value)| format!("{name}\n{value}\n"))
        .collect();
    let info: String = live
        .state
        .info
        .lines()
        .map(|line| {
            let told = |field: &str, name: &str| {
                let item = items.iter().find(|item| item.name == name)?;
                line.starts_with(field)
                    .then(|| format!("{field}{}", item.told.clone().unwrap_or_default()))
            };
            told("maxmemory:", "maxmemory")
                .or_else(|| told("maxmemory_policy:", "maxmemory-policy"))
                .unwrap_or_else(|| line.to_owned())
                + "\n"
        })
        .collect();
    RedisState {
        alive: true,
        info,
        config,
        ..RedisState::default()
    }
}

/// A value that names some classes of clients changes these among all; any other is taken whole.
fn merged(before: Option<&String>, setting: &ConfigSetting) -> String {
    let new = setting.value.to_lossy().into_owned();
    if setting.name != "client-output-buffer-limit" {
        return new;
    }
    let words = |text: &str| split(text.as_bytes()).unwrap_or_default();
    let mut classes: IndexMap<String, String> = IndexMap::new();
    for text in [before.map_or("", String::as_str), &new] {
        for four in words(text).as_chunks::<4>().0 {
            let rest: Vec<String> = four[1..].iter().map(ToString::to_string).collect();
            let class = four[0].lower().replace("replica", "slave");
            classes.insert(class, rest.join(" "));
        }
    }
    let classes: Vec<String> = classes
        .iter()
        .map(|(class, limits)| format!("{class} {limits}"))
        .collect();
    classes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;

    fn setting(name: &str, value: &str) -> ConfigSetting {
        ConfigSetting {
            name: name.to_owned(),
            value: Blob::from(value),
            before: Blob::default(),
            secret: false,
        }
    }

    #[test]
    fn a_server_is_found_again_after_its_address_or_password_changes() {
        let address = RedisAddress {
            host: Some("127.0.0.1".to_owned()),
            port: 6379,
            ..RedisAddress::default()
        };
        let after = address.after(&[setting("port", "7000"), setting("requirepass", "x")]);
        assert_eq!((after.port, after.password), (7000, Some(Secret::new("x"))));
        let by_account = RedisAddress {
            user: Some("ops".to_owned()),
            password: Some(Secret::new("own")),
            ..address
        };
        let settings = [setting("requirepass", "x"), setting("timeout", "1")];
        assert_eq!(by_account.after(&settings), by_account);
    }

    #[test]
    fn classes_of_clients_that_are_not_named_stay() {
        let before = "normal 0 0 0 slave 1 1 60 pubsub 2 2 60".to_owned();
        let value = "replica 5 5 60";
        assert_eq!(
            merged(Some(&before), &setting("client-output-buffer-limit", value)),
            "normal 0 0 0 slave 5 5 60 pubsub 2 2 60"
        );
        assert_eq!(merged(Some(&before), &setting("save", "60 1")), "60 1");
    }
}
