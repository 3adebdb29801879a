//! Handlers: run once each, in the order in which they are defined, when they were notified.

use super::blocks::below;
use super::memory::Key;
use super::{Flow, Walk};
use crate::model::event::TaskKind;
use crate::model::node::Node;
use crate::model::playbook::{Item, Task};

/// Keeps rounds of handlers apart from tasks, and from each other.
const ROUND: usize = 3_000_000;

impl Walk<'_> {
    /// Runs what was notified; names that a handler notifies while it runs are run in the same round if they come
    /// later, and otherwise in the next.
    pub(super) fn flush_handlers(&mut self, key: &Key) -> Flow {
        let play = std::sync::Arc::clone(&self.setting.play);
        let kind = std::mem::replace(&mut self.kind, TaskKind::Handler);
        let mut flow = Flow::Continue;
        while flow == Flow::Continue
            && self
                .notified
                .iter()
                .any(|(name, _)| answers(&play.handlers, name))
        {
            let round = below(key, ROUND + self.flushes);
            self.flushes += 1;
            flow = self.round(&play.handlers, &round);
        }
        self.kind = kind;
        if flow == Flow::Continue {
            self.notified.clear();
        }
        flow
    }

    fn round(&mut self, items: &[Item], key: &Key) -> Flow {
        for (index, item) in items.iter().enumerate() {
            let key = below(key, index);
            let flow = match item {
                Item::Task(handler) => {
                    let Some(name) = self
                        .notified
                        .iter()
                        .map(|(name, _)| name)
                        .find(|name| listens(handler, name))
                        .cloned()
                    else {
                        continue;
                    };
                    let unsure = self
                        .notified
                        .iter()
                        .find(|(known, _)| *known == name)
                        .and_then(|(_, unsure)| unsure.clone());
                    let flow = match unsure {
                        Some(unknown) if !self.collecting() => {
                            self.settle_handler(handler, &key, unknown)
                        }
                        _ => self.task(handler, &key),
                    };
                    if flow == Flow::Continue || flow == Flow::Failed {
                        self.notified.retain(|(name, _)| !listens(handler, name));
                    }
                    flow
                }
                Item::Block(block) => self.round(&block.items, &key),
                Item::Include(include) => match &include.items {
                    Some(items) => self.round(items, &key),
                    None => Flow::Continue,
                },
                Item::Meta(_) => Flow::Continue,
            };
            if flow != Flow::Continue {
                return flow;
            }
        }
        // Whatever is left was notified by a handler that came too late, or belongs to no handler.
        Flow::Continue
    }

    /// A handler of which it is not known whether it was notified.
    fn settle_handler(
        &mut self,
        handler: &std::sync::Arc<Task>,
        key: &Key,
        unknown: crate::model::value::Unknown,
    ) -> Flow {
        match self.settle(handler, key, None, Err(unknown)) {
            Some(outcome) if outcome.failed => Flow::Failed,
            Some(_) => Flow::Continue,
            None => Flow::Stop,
        }
    }
}

/// Whether any handler answers to a name.
fn answers(items: &[Item], name: &str) -> bool {
    items.iter().any(|item| match item {
        Item::Task(handler) => listens(handler, name),
        Item::Block(block) => answers(&block.items, name),
        Item::Include(include) => include
            .items
            .as_ref()
            .is_some_and(|items| answers(items, name)),
        Item::Meta(_) => false,
    })
}

/// Whether a handler answers to a name: its own, its role's and its own, or one that it listens to.
fn listens(handler: &Task, name: &str) -> bool {
    let own = handler.name.as_ref().and_then(Node::as_str);
    own == Some(name)
        || handler.listen.iter().any(|topic| topic == name)
        || handler.origin.role.as_ref().is_some_and(|role| {
            name.strip_prefix(role.as_str())
                .and_then(|rest| rest.strip_prefix(" : "))
                == own
                && own.is_some()
        })
}
