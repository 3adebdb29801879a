//! What is desired, what the file says, what the server runs with: where they differ, and how each difference is
//! closed.

use indexmap::IndexMap;

use super::live::Live;
use super::shown;
use crate::model::change::Field;
use crate::redis::catalogue;
use crate::redis::conf::{
    Apply, Argument, Change, Directive, Document, Effective, Identity, Value, diff, drift,
    in_safe_order,
};

/// The three, as far as they are files.
pub(super) struct Files<'a> {
    /// What the task wants, as directives.
    pub(super) wanted: &'a Document,
    pub(super) before: &'a Document,
    pub(super) after: &'a Document,
    /// Seconds since 1970 at which the file was last written; `None` where an earlier task of this run writes it.
    pub(super) modified: Option<i64>,
}

/// A directive that CONFIG SET brings to what is wanted.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) identity: Identity,
    /// As a person reads it: `client-output-buffer-limit replica`.
    pub(super) directive: String,
    /// As the server tells it.
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    pub(super) before: Vec<u8>,
    /// What CONFIG GET will answer, where that is certain.
    pub(super) told: Option<String>,
    pub(super) field: Field,
}

/// A directive that only a restart brings.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) directive: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    /// CONFIG GET does not tell it.
    pub(super) unseen: bool,
}

impl Pending {
    /// `io-threads 1 -> 4`
    pub(super) fn shown(&self) -> String {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        match (&self.before, &self.after) {
            (None, None) => self.directive.clone(),
            (before, after) => format!("{} {} -> {}", self.directive, side(before), side(after)),
        }
    }
}

/// All differences.
#[derive(Debug, Default)]
pub(super) struct Convergence {
    /// In the order in which they are set.
    pub(super) items: Vec<Item>,
    pub(super) pending: Vec<Pending>,
    /// What the file says, and a server that was started since does not have: something else decides it.
    pub(super) overridden: Vec<Pending>,
    pub(super) notes: Vec<String>,
}

/// What a whole file leaves out holds by default again.
pub(super) fn with_defaults(
    desired: &Document,
    dropped: &[&Identity],
    live: Option<&Live<'_>>,
) -> Document {
    let mut text = desired.to_bytes();
    let server = live.and_then(|live| live.server);
    for identity in dropped {
        let default =
            catalogue::lookup(&identity.name).and_then(|known| known.default(server.as_ref()));
        if let Some(default) = default {
            if text.last().is_some_and(|last| *last != b'\n') {
                text.push(b'\n');
            }
            let directive = Directive::new(&identity.name, [Argument::from(default)]);
            text.extend_from_slice(directive.to_line().as_bytes());
            text.push(b'\n');
        }
    }
    Document::parse(text)
}

/// Compares by meaning.
pub(super) fn converge(files: &Files<'_>, live: &Live<'_>) -> Convergence {
    let wanted = Effective::of_document(files.wanted);
    let (before, after) = (
        Effective::of_document(files.before),
        Effective::of_document(files.after),
    );
    let mut result = Convergence::default();
    let server = live.server.as_ref();
    let differences: Vec<Change> = drift(&wanted, &live.effective, server)
        .into_iter()
        .filter(|change| change.identity.name != "replicaof")
        .filter(|change| !result.left_to_the_guard(change, &wanted, live))
        .collect();
    for change in in_safe_order(&differences) {
        match (change.apply, item(change, &wanted, live)) {
            (Apply::Nothing, _) => {}
            (Apply::Live, Some(item)) => result.items.push(item),
            _ => {
                let unchanged = value(&before, &change.identity) == value(&after, &change.identity);
                let read_since = live
                    .started()
                    .zip(files.modified)
                    .is_some_and(|(started, modified)| started > modified);
                let pending = pending(change, false);
                if unchanged && read_since {
                    result.overridden.push(pending);
                } else {
                    result.pending.push(pending);
                }
            }
        }
    }
    for change in diff(&before, &after, server) {
        let unseen = live.effective.get(&change.identity).is_none();
        if unseen && change.apply != Apply::Nothing && change.identity.name != "replicaof" {
            result.pending.push(pending(&change, true));
        }
    }
    for directive in &live.owed {
        if !result
            .pending
            .iter()
            .any(|pending| pending.directive == *directive)
        {
            result.pending.push(Pending {
                directive: directive.clone(),
                before: None,
                after: None,
                unseen: true,
            });
        }
    }
    result.tell_drift(&wanted, &before, live);
    result
}

fn value<'e>(effective: &'e Effective, identity: &Identity) -> Option<&'e Value> {
    effective.get(identity).map(|setting| &setting.value)
}

/// How CONFIG SET makes a change.
fn item(change: &Change, wanted: &Effective, live: &Live<'_>) -> Option<Item> {
    let (_, value) = change.config_set()?;
    let is = live.effective.get(&change.identity)?;
    let becomes = wanted.get(&change.identity)?;
    let mut field = shown::field(&change.directive, Some(is), Some(becomes), change.secret);
    field.note = Some("live".to_owned());
    Some(Item {
        identity: change.identity.clone(),
        directive: change.directive.clone(),
        name: is.name.clone(),
        value: value.to_vec(),
        before: is.config_set_value(),
        told: told(&becomes.value),
        field,
    })
}

/// The answer of CONFIG GET to a value, where it has one form only.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Memory(bytes) => Some(bytes.to_string()),
        Value::Percent(percent) => Some(format!("{percent}%")),
        Value::Word(word) => Some(word.clone()),
        _ => None,
    }
}

fn pending(change: &Change, unseen: bool) -> Pending {
    Pending {
        directive: change.directive.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        unseen,
    }
}

impl Convergence {
    /// What a guard holds is no difference, unless more is wanted than it has taken already.
    fn left_to_the_guard(&mut self, change: &Change, wanted: &Effective, live: &Live<'_>) -> bool {
        let name = change.identity.name.as_str();
        let Some(guard) = live.guard.as_ref().filter(|guard| guard.holds(name)) else {
            return false;
        };
        let bytes = |effective: &Effective| match value(effective, &change.identity) {
            Some(Value::Memory(bytes)) => Some(*bytes),
            _ => None,
        };
        if name == "maxmemory"
            && let (Some(wanted), Some(is)) = (bytes(wanted), bytes(&live.effective))
            && wanted != 0
            && wanted < is
        {
            return false;
        }
        let is = change.before.as_deref().unwrap_or("its value");
        self.notes.push(format!(
            "{} is held at {is} by the guard of this host ({}), and is left to it",
            change.directive, guard.state
        ));
        true
    }

    /// What somebody set in the server, and neither the file nor the task has.
    fn tell_drift(&mut self, wanted: &Effective, before: &Effective, live: &Live<'_>) {
        // What an included file says is not known, and it may be just this.
        if before
            .settings()
            .any(|setting| setting.identity.name == "include")
        {
            return;
        }
        let mut told: IndexMap<String, String> = IndexMap::new();
        for change in drift(before, &live.effective, live.server.as_ref()) {
            let name = change.identity.name.as_str();
            let held = live.guard.as_ref().is_some_and(|guard| guard.holds(name));
            if change.apply != Apply::Live || held || wanted.get(&change.identity).is_some() {
                continue;
            }
            let side = |value: &Option<String>| value.clone().unwrap_or_default();
            told.insert(
                change.directive.clone(),
                format!(
                    "drift: {} is {} in the file and {} in the server; the task does not name it, so both stay",
                    change.directive,
                    side(&change.after),
                    side(&change.before)
                ),
            );
        }
        self.notes.extend(told.into_values());
    }
}
