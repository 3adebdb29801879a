//! What is left of a play behind the point where a walk had to stop.

use std::sync::Arc;

use super::Walk;
use super::ahead::Ahead;
use super::blocks::{ALWAYS, RESCUE, below};
use super::memory::Key;
use crate::model::event::TaskKind;
use crate::model::playbook::{Item, MetaWord, SectionKind, Task};

/// Modules that ask nothing of a host and change nothing on it.
const TALKERS: [&str; 4] = ["assert", "debug", "fail", "set_fact"];

impl Walk<'_> {
    /// Whether all that is left, whatever comes of what is planned, only judges what is known by then: no script of this play
    /// follows that of the planned steps, should it succeed. Programs that are asked `ahead` have spoken by then, too.
    pub(super) fn rest_is_talk(&self, pending_handlers: &[String], ahead: &[Ahead]) -> bool {
        let Some(stopped) = &self.stopped else {
            return false;
        };
        let mut sections = self.setting.play.sections.iter().enumerate();
        self.kind == TaskKind::Task
            && pending_handlers.is_empty()
            && sections.all(|(index, section)| {
                let has_checks =
                    section.kind == SectionKind::PostChecks && !section.items.is_empty();
                !has_checks && are_talk(&section.items, &vec![index], 0, stopped, ahead)
            })
    }
}

/// Of these tasks, those from the point on where the walk stopped. Keys are in the order in which tasks run.
fn are_talk(items: &[Item], key: &Key, offset: usize, stopped: &Key, ahead: &[Ahead]) -> bool {
    let is_ahead = |task: &Arc<Task>| {
        task.keywords.notify.is_empty() && ahead.iter().any(|(other, _)| Arc::ptr_eq(other, task))
    };
    items.iter().enumerate().all(|(index, item)| {
        let key = below(key, offset + index);
        let is_behind = key >= *stopped;
        match item {
            Item::Task(task) => !is_behind || is_talk(task) || is_ahead(task),
            Item::Block(block) => {
                are_talk(&block.items, &key, 0, stopped, ahead)
                    && are_talk(&block.rescue, &key, RESCUE, stopped, ahead)
                    && are_talk(&block.always, &key, ALWAYS, stopped, ahead)
            }
            Item::Include(_) => !is_behind && !stopped.starts_with(&key),
            Item::Meta(meta) => !is_behind || meta.word != MetaWord::ResetConnection,
        }
    })
}

fn is_talk(task: &Task) -> bool {
    TALKERS.contains(&task.module) && task.keywords.notify.is_empty()
}
