//! The difference of two configurations for a person, without any secret in it.

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

/// Compares by meaning.
pub(super) fn shown(before: &Effective, after: &Effective, server: Option<&Server>) -> Shown {
    let mut shown = Shown {
        fields: Vec::new(),
        live: Vec::new(),
        restart: Vec::new(),
    };
    for change in diff(before, after, server) {
        let mut field = if change.secret {
            let of = |effective: &Effective| effective.get(&change.identity).and_then(fingerprint);
            let mut field = Field::new(&change.directive, of(before), of(after));
            field.secret = true;
            field
        } else {
            Field::new(&change.directive, change.before, change.after)
        };
        let note = match change.apply {
            Apply::Nothing => "the default",
            Apply::Live => {
                shown.live.push(change.directive);
                "live"
            }
            Apply::Restart => {
                shown.restart.push(change.directive);
                "restart"
            }
        };
        field.note = Some(note.to_owned());
        shown.fields.push(field);
    }
    shown
}

/// A secret in a form that tells one from another and nothing else.
fn fingerprint(setting: &Setting) -> Option<String> {
    let value = setting.config_set_value();
    (!value.is_empty()).then(|| format!("sha256 {}", &Blob::from(value).sha256()[..8]))
}
