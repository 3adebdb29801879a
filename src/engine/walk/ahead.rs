//! Programs behind the point where a walk had to stop that only look at files: they are asked in the script of what is
//! planned, so that judging what that script said needs no other one.

use std::sync::Arc;

use super::Walk;
use super::arguments::Rendering;
use super::item::early_program;
use super::item_settings::adjust;
use crate::model::event::TaskKind;
use crate::model::playbook::{Item, Task};
use crate::model::probe::Program;
use crate::model::template::Evaluated;
use crate::model::value::Value;
use crate::module::registry;

/// Modules that only judge or tell what is known, and leave nothing to the tasks behind them.
const JUDGES: [&str; 3] = ["assert", "debug", "fail"];

/// A task, and its program.
pub(super) type Ahead = (Arc<Task>, Program);

impl Walk<'_> {
    /// From the point on where the walk stopped up to the first task that may do anything else than to judge or to look.
    /// Whether what stands between is judged before or after makes no difference to what they say.
    pub(super) fn programs_ahead(&mut self) -> Vec<Ahead> {
        let mut programs = Vec::new();
        let Some(stopped) = self.stopped.clone() else {
            return programs;
        };
        let (setting, Some((section, key))) = (self.setting, stopped.split_first()) else {
            return programs;
        };
        let Some(section) = setting.play.sections.get(*section) else {
            return programs;
        };
        if self.kind != TaskKind::Task {
            return programs;
        }
        // A task whose outcome has to be awaited may be among what is planned itself.
        let is_planned = self.planned.iter().any(|task| task.key == stopped);
        let behind = from(&section.items, key).iter();
        for item in behind.skip(usize::from(is_planned)) {
            let Item::Task(task) = item else {
                break;
            };
            if !setting.tags.select(&task.keywords.tags) {
                continue;
            }
            if !JUDGES.contains(&task.module) {
                match self.program_ahead(task) {
                    Some(Some(program)) => programs.push((Arc::clone(task), program)),
                    Some(None) => {}
                    None => break,
                }
            }
            if let Some(name) = &task.register {
                self.set_variable(name.clone(), Value::unknown("its program has run"));
            }
        }
        programs
    }

    /// The program of a task that only looks at files. `Some(None)`: the task is skipped. `None`: it may be anything else.
    fn program_ahead(&mut self, task: &Task) -> Option<Option<Program>> {
        if task.module != "command" || task.repeat.is_some() {
            return None;
        }
        let scope = self.scope(&task.keywords, &task.origin);
        match Self::holds(&task.keywords.when, &scope) {
            Ok(Evaluated::Known(true)) => {}
            Ok(Evaluated::Known(false)) => return Some(None),
            _ => return None,
        }
        let Ok(Evaluated::Known(settings)) = self.settings(task, &scope) else {
            return None;
        };
        if self.planned_target.as_ref() != Some(&settings.target) {
            return None;
        }
        let module = registry::find(task.module)?;
        let Ok(Rendering::Ready(parameters)) = self.parameters(task, module.spec(), &scope) else {
            return None;
        };
        let mut decision = self.decide(module, &parameters, &settings.target).ok()?;
        adjust(&mut decision, &settings);
        early_program(task, &settings, &decision).map(|(program, _)| Some(program.clone()))
    }
}

/// The items of a list from a place on, which may be in one of its blocks.
fn from<'i>(items: &'i [Item], key: &[usize]) -> &'i [Item] {
    match key {
        [] => &[],
        [index] => items.get(*index..).unwrap_or_default(),
        [index, below @ ..] => match items.get(*index) {
            Some(Item::Block(block)) => from(&block.items, below),
            _ => &[],
        },
    }
}
