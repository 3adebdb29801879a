//! Where a host's sizing was written: the variable, and all that its templates mention.

use super::context::Context;
use super::walk::Setting;
use crate::model::value::Value;
use crate::model::wish::{Wish, names_in};

/// Every variable that people wrote and that takes part in the sizing of a host, the deciding one first.
pub(super) fn wishes(context: &Context, setting: &Setting) -> Vec<Wish> {
    let mut names = vec![super::facts::SIZING.to_owned()];
    let mut wishes = Vec::new();
    let mut next = 0;
    while let Some(name) = names.get(next).cloned() {
        next += 1;
        let Some((value, place)) = written(context, setting, &name) else {
            continue;
        };
        for further in names_in(&value) {
            if !names.contains(&further) {
                names.push(further);
            }
        }
        wishes.push(Wish::new(&name, &value, place));
    }
    wishes
}

/// The value that counts, as it was written, and its place: the strongest first.
fn written(context: &Context, setting: &Setting, name: &str) -> Option<(Value, String)> {
    if let Some(value) = setting.extra.get(name) {
        return Some((value.clone(), "the command line (`-e`)".to_owned()));
    }
    let play = &setting.play;
    let named = |whose: &str| format!("{whose} of the play `{}`", play.name);
    for (values, whose) in [
        (&play.role_vars, "roles"),
        (&play.vars_files, "variable files"),
    ] {
        if let Some(value) = values.get(name) {
            return Some((value.clone(), named(whose)));
        }
    }
    if let Some(value) = play.vars.get(name) {
        let at = play.vars_at.iter().find(|(known, _)| known == name);
        let place = at.map_or_else(|| named("variables"), |(_, at)| at.to_string());
        return Some((value.clone(), place));
    }
    let host = context.inventory.host(&setting.host)?;
    if let Some(origin) = context.inventory.origin(host, name).last() {
        return Some((
            origin.value.clone(),
            format!("{} ({})", origin.at, origin.level),
        ));
    }
    let value = play.role_defaults.get(name)?;
    Some((value.clone(), named("defaults of roles")))
}
