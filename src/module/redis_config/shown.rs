//! The difference of two configurations for a person, without any secret in it.

use std::collections::HashSet;

use crate::model::blob::Blob;
use crate::model::change::Field;
use crate::redis::conf::{Apply, Effective, Setting, diff};
use crate::redis::version::Server;

/// What changes, and how it reaches a running server.
pub(super) struct Shown {
    pub(super) fields: Vec<Field>,
    /// Directives that CONFIG SET can change.
    pub(super) live: Vec<String>,
    /// Directives that hold after a restart only.
    pub(super) restart: Vec<String>,
}

/// How the running server gets what differs, where it was asked.
pub(super) struct Reach {
    pub(super) live: HashSet<String>,
    pub(super) restart: HashSet<String>,
}

/// Compares by meaning.
pub(super) fn shown(
    before: &Effective,
    after: &Effective,
    server: Option<&Server>,
    reach: Option<&Reach>,
) -> Shown {
    let mut shown = Shown {
        fields: Vec::new(),
        live: Vec::new(),
        restart: Vec::new(),
    };
    for change in diff(before, after, server) {
        let mut field = field(
            &change.directive,
            before.get(&change.identity),
            after.get(&change.identity),
            change.secret,
        );
        let note = match (change.apply, reach) {
            (_, Some(reach)) if reach.live.contains(&change.directive) => Some("live"),
            (_, Some(reach)) if reach.restart.contains(&change.directive) => Some("restart"),
            (Apply::Nothing, _) => Some("the default"),
            // The server has it already.
            (_, Some(_)) => None,
            (Apply::Live, None) => {
                shown.live.push(change.directive);
                Some("live")
            }
            (Apply::Restart, None) => {
                shown.restart.push(change.directive);
                Some("restart")
            }
        };
        field.note = note.map(str::to_owned);
        shown.fields.push(field);
    }
    shown
}

/// One thing before and after.
pub(super) fn field(
    directive: &str,
    before: Option<&Setting>,
    after: Option<&Setting>,
    secret: bool,
) -> Field {
    if secret {
        let mut field = Field::new(
            directive,
            before.and_then(fingerprint),
            after.and_then(fingerprint),
        );
        field.secret = true;
        return field;
    }
    let text = |setting: Option<&Setting>| setting.map(|setting| setting.value.shown());
    Field::new(directive, text(before), text(after))
}

/// A secret in a form that tells one from another and nothing else.
fn fingerprint(setting: &Setting) -> Option<String> {
    let value = setting.config_set_value();
    (!value.is_empty()).then(|| format!("sha256 {}", &Blob::from(value).sha256()[..8]))
}
