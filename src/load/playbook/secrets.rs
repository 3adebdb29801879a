//! The secrets among the variables that a playbook gives to its tasks.

use crate::model::playbook::{Item, Keywords, Origin, Play};
use crate::model::redaction::Secrets;

/// Learns the secrets of a play.
pub fn of_play(play: &Play, secrets: &Secrets) {
    secrets.learn(&play.vars);
    secrets.learn(&play.vars_files);
    secrets.learn(&play.role_defaults);
    secrets.learn(&play.role_vars);
    for section in &play.sections {
        of_items(&section.items, secrets);
    }
    of_items(&play.handlers, secrets);
}

/// Learns the secrets of roles, blocks and tasks.
pub fn of_items(items: &[Item], secrets: &Secrets) {
    let learn = |keywords: &Keywords, origin: &Origin| {
        let of_role = [
            &origin.role_defaults,
            &origin.role_vars,
            &origin.role_parameters,
        ];
        for vars in keywords.vars.iter().chain(of_role) {
            secrets.learn(vars);
        }
    };
    for item in items {
        match item {
            Item::Task(task) => learn(&task.keywords, &task.origin),
            Item::Block(block) => {
                for part in [&block.items, &block.rescue, &block.always] {
                    of_items(part, secrets);
                }
            }
            Item::Include(include) => {
                learn(&include.keywords, &include.origin);
                if let Some(items) = &include.items {
                    of_items(items, secrets);
                }
            }
            Item::Meta(_) => {}
        }
    }
}
