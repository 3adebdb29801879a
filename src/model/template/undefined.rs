//! Saying what is not there.

use super::engine::Template;
use super::error::TemplateError;
use super::paths::missing_part;
use super::peers::HOSTVARS;
use super::scan;
use super::scope::Scope;
use crate::model::nearest::nearest;

/// Says which variable, or which part of it, is not there, and what was probably meant.
pub(super) fn name(scope: &Scope, template: &Template, mut error: TemplateError) -> TemplateError {
    let written = error.undefined.clone().unwrap_or_default();
    let mentioned = if written.is_empty() {
        // Something that may be missing had nothing that stands in for it.
        template.paths.clone()
    } else {
        scan::scan_expression(&written)
    };
    for path in &mentioned {
        let name = path[0].as_str();
        let Ok(value) = scope.variable(name) else {
            continue;
        };
        let peers = match (name, path.get(1)) {
            (HOSTVARS, Some(host)) if path.len() > 2 && scope.peer_names().contains(host) => {
                scope.names_of_peer(host)
            }
            (HOSTVARS, _) => scope.peer_names(),
            _ => Vec::new(),
        };
        let (missing, known): (String, Vec<&str>) = match &value {
            None if scope.shared.values.contains_key(name) || name == "omit" => continue,
            None => (name.to_owned(), scope.names()),
            Some(value) => match missing_part(value, &path[1..]) {
                None => continue,
                Some((depth, _)) if name == HOSTVARS && depth < 2 => (
                    path[..=depth + 1].join("."),
                    peers.iter().map(String::as_str).collect(),
                ),
                Some((depth, keys)) => (path[..=depth + 1].join("."), keys),
            },
        };
        // A loop's own variable may have a name that no variable has.
        if value.is_none() && !written.is_empty() && path.len() > 1 && template.makes(name) {
            break;
        }
        error.message = format!("`{missing}` is not defined");
        if written.starts_with(&missing) {
            error.length = missing.chars().count();
        }
        let last = missing.rsplit('.').next().unwrap_or(&missing);
        if let Some(near) = nearest(last, &known) {
            error.help.insert(0, format!("did you mean `{near}`?"));
        }
        break;
    }
    error
        .help
        .push("define it, or give a default: `{{ name | default(value=...) }}`".to_owned());
    error
}
