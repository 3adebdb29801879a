//! A running server as it answers, and the changes that give it other values.

use indexmap::IndexMap;

use super::decide::{Leave, Take, Verdict};
use super::made::{Answers, Made};
use crate::engine::intentions;
use crate::journal::Origin;
use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Field, Undo};
use crate::model::probe::{Observation, Probe, RedisAddress, RedisState};
use crate::model::step::{Action, ConfigSetting, Guard, Step};
use crate::redis::catalogue;
use crate::redis::conf::{self, Effective, drift};
use crate::redis::config_get;
use crate::redis::eviction::{self, Haste};
use crate::redis::guard_status::{self, GuardStatus};
use crate::redis::info::{Info, Role};
use crate::redis::units::human_exact;

/// What guards of servers say.
pub(super) fn guards() -> Probe {
    Probe::Glob(format!("{}/*.status", guard_status::FOLDER))
}

/// A server as it answers.
pub(super) struct Now {
    pub(super) address: RedisAddress,
    state: RedisState,
    pub(super) info: Info,
    config: IndexMap<String, String>,
    pub(super) effective: Effective,
    guard: Option<GuardStatus>,
}

fn statuses(answers: &Answers) -> Vec<GuardStatus> {
    match answers.get(&guards()) {
        Some(Observation::Files(files)) => files
            .iter()
            .filter_map(|(_, content)| guard_status::parse(content.as_text()?))
            .collect(),
        _ => Vec::new(),
    }
}

impl Now {
    /// The server that answers to one of these questions.
    pub(super) fn find(probes: Vec<Probe>, answers: &Answers) -> Option<Self> {
        let statuses = statuses(answers);
        probes.into_iter().find_map(|probe| {
            let Some(Observation::Redis(state)) = answers.get(&probe) else {
                return None;
            };
            let Probe::Redis(address) = probe else {
                return None;
            };
            let config = config_get::parse(&state.config).ok()?;
            if !state.alive || config.is_empty() {
                return None;
            }
            let pairs = config
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            let guard = statuses
                .iter()
                .find(|status| status.is_about(address.port, address.socket.as_deref()));
            Some(Self {
                info: Info::parse(&state.info),
                effective: Effective::of_config_get(pairs),
                state: state.clone(),
                guard: guard.cloned(),
                address,
                config,
            })
        })
    }

    /// Whether a guard on the host holds a directive.
    pub(super) fn is_held(&self, name: &str) -> bool {
        self.guard.as_ref().is_some_and(|guard| guard.holds(name))
    }

    /// Whether a directive has a value, in any spelling.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        let known = Effective::of_config_get([(name, value)]);
        self.config.get(name).is_some_and(|now| now == value)
            || drift(&known, &self.effective, self.info.server().as_ref()).is_empty()
    }

    /// Whether a directive has the value that a start gives it: what its file says, else its default. `file`: its
    /// file, where the run wrote it.
    pub(super) fn is_as_started(&self, name: &str, file: Option<&Effective>) -> bool {
        let Some(file) = file else {
            return false;
        };
        let server = self.info.server();
        let Some(is) = self.effective.named(name) else {
            return false;
        };
        match file.get(&is.identity) {
            Some(said) => said.value == is.value,
            None => catalogue::lookup(name)
                .and_then(|known| known.default(server.as_ref()))
                .is_some_and(|default| self.has(name, &default)),
        }
    }

    /// CONFIG SET of all, and a limit that is lowered below what is used, slowly.
    pub(super) fn restore<'r>(
        &self,
        made: &Made<'r>,
        live: &[&conf::Change],
        wanted: &Effective,
        origins: &[Origin],
        leave: &Leave,
        verdict: &mut Verdict<'r>,
    ) {
        let lowered = lowered_to(&self.info, wanted);
        let (limit, others): (Vec<&conf::Change>, Vec<&conf::Change>) = live
            .iter()
            .partition(|change| lowered.is_some() && change.identity.name == "maxmemory");
        let mut address = self.address.clone();
        if !others.is_empty() {
            let (change, after) = self.config_set(&others);
            address = after;
            verdict.takes.push(self.taking(made, change, origins));
        }
        let (Some(to), Some(limit)) = (lowered, limit.first()) else {
            return;
        };
        let policy = wanted
            .named("maxmemory-policy")
            .or_else(|| self.effective.named("maxmemory-policy"))
            .map(|policy| policy.value.shown())
            .unwrap_or_default();
        if policy == "noeviction" && !leave.force {
            verdict.refuse(
                made,
                format!("maxmemory of the server at {}", self.address.place()),
                &format!(
                    "it would go back to {}, below the {} in use, and with `maxmemory-policy noeviction` every write would be refused",
                    human_exact(to),
                    human_exact(eviction::counted_memory(&self.info))
                ),
            );
            return;
        }
        let change = if policy == "noeviction" {
            self.config_set(&[*limit]).0
        } else {
            self.lowering(&address, limit, to)
        };
        verdict.takes.push(self.taking(made, change, origins));
    }

    fn taking<'r>(&self, made: &Made<'r>, change: Change, origins: &[Origin]) -> Take<'r> {
        Take {
            made: *made,
            origins: origins.to_vec(),
            change,
            aspects: Vec::new(),
            servers: intentions::server(&self.address, &self.state)
                .into_iter()
                .collect(),
        }
    }

    /// The change, and where the server is asked afterwards.
    fn config_set(&self, changes: &[&conf::Change]) -> (Change, RedisAddress) {
        let mut settings: IndexMap<String, ConfigSetting> = IndexMap::new();
        for change in changes {
            let Some(setting) = self.setting(change) else {
                continue;
            };
            let join = |one: &Blob, other: &Blob| {
                Blob::from([one.as_bytes(), other.as_bytes()].join(&b' '))
            };
            // The classes of `client-output-buffer-limit` go together.
            settings
                .entry(setting.name.clone())
                .and_modify(|other| {
                    other.value = join(&other.value, &setting.value);
                    other.before = join(&other.before, &setting.before);
                })
                .or_insert(setting);
        }
        let settings: Vec<ConfigSetting> = settings.into_values().collect();
        let back = settings.iter().rev().map(|setting| ConfigSetting {
            value: setting.before.clone(),
            before: setting.value.clone(),
            ..setting.clone()
        });
        let back = back.collect();
        let after = self.address.after(&settings);
        let at_once = self
            .info
            .server()
            .is_some_and(|server| server.sets_many_at_once());
        let values = settings
            .iter()
            .filter_map(|setting| {
                let value = self.config.get(&setting.name)?;
                (!value.contains('\u{fffd}'))
                    .then(|| (setting.name.clone(), Blob::from(value.as_str())))
            })
            .collect();
        let set = Step::new(Action::ConfigSet {
            address: self.address.clone(),
            settings,
            at_once,
        })
        .guarded(Guard::Config {
            address: self.address.clone(),
            values,
        });
        let undo = Step::new(Action::ConfigSet {
            address: after.clone(),
            settings: back,
            at_once,
        });
        (self.change(changes, vec![set], vec![undo]), after)
    }

    fn lowering(&self, address: &RedisAddress, limit: &conf::Change, to: u64) -> Change {
        let pace = eviction::pace(&self.info, self.info.server(), to, Haste::default());
        let mut undo = Vec::new();
        if let Some(setting) = self.setting(limit) {
            undo.push(Step::new(Action::ConfigSet {
                address: address.clone(),
                settings: vec![ConfigSetting {
                    value: setting.before.clone(),
                    before: setting.value.clone(),
                    ..setting
                }],
                at_once: true,
            }));
        }
        let used = eviction::counted_memory(&self.info);
        let mut change = self.change(
            &[limit],
            vec![Step::new(Action::LowerMaxmemory {
                address: address.clone(),
                pace,
            })],
            undo,
        );
        change.notes.push(format!(
            "about {} of {} in use are evicted, in steps",
            human_exact(used.saturating_sub(to)),
            human_exact(used)
        ));
        change
    }

    fn setting(&self, change: &conf::Change) -> Option<ConfigSetting> {
        let (_, value) = change.config_set()?;
        let is = self.effective.get(&change.identity)?;
        Some(ConfigSetting {
            name: is.name.clone(),
            value: Blob::from(value),
            before: Blob::from(is.config_set_value()),
            secret: change.secret,
        })
    }

    fn change(&self, changes: &[&conf::Change], steps: Vec<Step>, undo: Vec<Step>) -> Change {
        let fields = changes.iter().map(|change| Field {
            note: Some("live".to_owned()),
            ..Field::new(
                change.directive.clone(),
                change.before.clone(),
                change.after.clone(),
            )
        });
        Change {
            kind: ChangeKind::Update,
            resource: format!("server at {}", self.address.place()),
            difference: Difference::Fields(fields.collect()),
            notes: Vec::new(),
            steps,
            undo: Undo::Steps(undo),
            effects: Vec::new(),
        }
    }
}

/// The limit that is wanted, where it is below what is used and the server would evict by itself. Bytes.
fn lowered_to(info: &Info, wanted: &Effective) -> Option<u64> {
    let Some(conf::Value::Memory(to)) = wanted.named("maxmemory").map(|limit| &limit.value) else {
        return None;
    };
    let is_lower = *to != 0 && eviction::counted_memory(info) > *to;
    (is_lower && info.role() != Some(Role::Replica)).then_some(*to)
}
