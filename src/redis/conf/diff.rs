//! The difference of two configurations, by meaning: what changes, from what to what, and whether it can change
//! without a restart. Secrets are never part of it.

use std::fmt;

use indexmap::IndexMap;
use serde::Serialize;

use super::effective::{Effective, Setting};
use super::identity::Identity;
use crate::redis::catalogue;
use crate::redis::version::Server;

/// How a change reaches a running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Apply {
    /// It is what the server does by default anyway.
    Nothing,
    /// CONFIG SET can do it.
    Live,
    /// Only a restart does it, or it is not known whether anything less would.
    Restart,
}

impl fmt::Display for Apply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nothing => "already so by default",
            Self::Live => "live",
            Self::Restart => "restart needed",
        })
    }
}

/// One thing whose value differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The directive as it was written, with the part of it that differs: `maxmemory`,
    /// `client-output-buffer-limit replica`.
    pub directive: String,
    pub identity: Identity,
    /// For a person; nothing where it is not set. A secret is shown as `(secret)`.
    pub before: Option<String>,
    /// As `before`.
    pub after: Option<String>,
    /// What the server does where it is not set, if that is known.
    pub default: Option<String>,
    pub secret: bool,
    pub apply: Apply,
    /// The name and value for CONFIG SET.
    #[serde(skip)]
    pair: Option<Pair>,
}

impl Change {
    /// The name and value that CONFIG SET needs to make this change, where it can. The value may be a secret.
    #[must_use]
    pub fn config_set(&self) -> Option<(&str, &[u8])> {
        let pair = self.pair.as_ref().filter(|_| self.apply == Apply::Live)?;
        Some((&pair.name, &pair.value))
    }
}

/// `maxmemory 0 -> 6 GiB (6442450944)`; what is not set is shown by its default.
impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<String>| match (value, &self.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => format!("not set (default {default})"),
            (None, None) => "not set".to_owned(),
        };
        write!(
            formatter,
            "{} {} -> {}",
            self.directive,
            side(&self.before),
            side(&self.after)
        )
    }
}

/// What CONFIG SET takes. Its value stays out of debugging output, for it may be a secret.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    name: String,
    value: Vec<u8>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (hidden)", self.name)
    }
}

/// Everything that differs between two configurations, in the order of `after`, then what it no longer sets.
#[must_use]
pub fn diff(before: &Effective, after: &Effective, server: Option<&Server>) -> Vec<Change> {
    let mut identities: IndexMap<&Identity, ()> = after
        .settings()
        .map(|setting| (&setting.identity, ()))
        .collect();
    identities.extend(before.settings().map(|setting| (&setting.identity, ())));
    identities
        .keys()
        .filter_map(|identity| change(identity, before.get(identity), after.get(identity), server))
        .collect()
}

/// What a running server does otherwise than `desired` says. What CONFIG GET does not tell (`user`, `include`,
/// `rename-command`, ...) is left out, and so are relative directories, which a server answers as absolute ones.
#[must_use]
pub fn drift(desired: &Effective, live: &Effective, server: Option<&Server>) -> Vec<Change> {
    let relative = |setting: &Setting| {
        setting.identity.name == "dir"
            && setting
                .arguments
                .first()
                .is_some_and(|path| !path.as_bytes().starts_with(b"/"))
    };
    desired
        .settings()
        .filter(|setting| !relative(setting))
        .filter_map(|setting| {
            change(
                &setting.identity,
                Some(live.get(&setting.identity)?),
                Some(setting),
                server,
            )
        })
        .collect()
}

/// The changes in the order in which a running server should get them: first what makes evictions cheap, then the
/// policy, then the limit that makes it evict; what steers defragmentation before defragmentation itself.
#[must_use]
pub fn in_safe_order(changes: &[Change]) -> Vec<&Change> {
    let rank = |change: &&Change| match change.identity.name.as_str() {
        name if name.starts_with("lazyfree-") || name == "replica-lazy-flush" => 0,
        "maxmemory-policy" => 2,
        "maxmemory" => 3,
        "activedefrag" => 5,
        name if name.starts_with("active-defrag-") => 4,
        _ => 1,
    };
    let mut ordered: Vec<&Change> = changes.iter().collect();
    ordered.sort_by_key(rank);
    ordered
}

fn change(
    identity: &Identity,
    before: Option<&Setting>,
    after: Option<&Setting>,
    server: Option<&Server>,
) -> Option<Change> {
    if before.map(|setting| &setting.value) == after.map(|setting| &setting.value) {
        return None;
    }
    let default = default_setting(identity, server);
    let written = after.or(before)?;
    let directive = match &identity.part {
        Some(part) => format!("{} {part}", written.name),
        None => written.name.clone(),
    };
    let secret = identity.is_secret();
    let shown = |setting: Option<&Setting>| setting.map(|setting| show(setting, secret));
    let becomes = after.or(default.as_ref());
    let was = before.or(default.as_ref());
    let same = becomes.is_some()
        && becomes.map(|setting| &setting.value) == was.map(|setting| &setting.value);
    let live = becomes.is_some() && catalogue::is_live_settable(&identity.name, server);
    let pair = becomes.map(|setting| Pair {
        name: written.name.clone(),
        value: setting.config_set_value(),
    });
    Some(Change {
        directive,
        identity: identity.clone(),
        before: shown(before),
        after: match (shown(before), shown(after)) {
            (Some(_), Some(_)) if secret => Some("(another secret)".to_owned()),
            (_, after) => after,
        },
        default: shown(default.as_ref()),
        secret,
        apply: match (same, live) {
            (true, _) => Apply::Nothing,
            (false, true) => Apply::Live,
            (false, false) => Apply::Restart,
        },
        pair,
    })
}

/// The value for a person. A secret that is empty may be seen to be so, for that is what matters about it.
fn show(setting: &Setting, secret: bool) -> String {
    let empty = setting.arguments.iter().all(super::Argument::is_empty);
    if secret && !empty {
        "(secret)".to_owned()
    } else {
        setting.value.shown()
    }
}

/// What holds where a directive is not set, read like any value.
fn default_setting(identity: &Identity, server: Option<&Server>) -> Option<Setting> {
    let default = catalogue::lookup(&identity.name)?.default(server)?;
    Effective::of_config_get([(identity.name.as_str(), default.as_str())])
        .get(identity)
        .cloned()
}
