//! Results with fields that only the host could tell, once its changes have been made.

use super::Walk;
use super::arguments::Rendering;
use super::item_settings::Settings;
use super::judge::Raw;
use crate::model::playbook::Task;
use crate::model::template::Scope;
use crate::model::value::Value;
use crate::module::{Stop, registry};

impl Walk<'_> {
    /// Fills in what a registered result left open, such as the number that the host chose for a new account: the same
    /// decision is made once more, now that the host is as it should be. False: the host has to be asked first.
    pub(super) fn complete(
        &mut self,
        task: &Task,
        scope: &Scope,
        settings: &Settings,
        raw: &mut Raw,
    ) -> bool {
        let open = |value: &Value| value.first_unknown().is_some();
        if task.register.is_none() || raw.failure.is_some() || !raw.result.values().any(open) {
            return true;
        }
        let Some(module) = registry::find(task.module) else {
            return true;
        };
        let Ok(Rendering::Ready(parameters)) = self.parameters(task, module.spec(), scope) else {
            return true;
        };
        match self.decide(module, &parameters, &settings.target) {
            Err(Stop::Missing) => false,
            // What it says now may not be whole either: a later task may have changed the same.
            Err(Stop::Unknown(_) | Stop::Failed(_)) => true,
            Ok(again) => {
                for (name, value) in &mut raw.result {
                    if open(value)
                        && let Some(known) = again.result.get(name)
                    {
                        value.clone_from(known);
                    }
                }
                true
            }
        }
    }
}
