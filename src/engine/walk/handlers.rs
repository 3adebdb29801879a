//! Handlers: run once each, in the order in which they are defined, when they were notified.

use std::collections::HashSet;
use std::sync::Arc;

use super::blocks::below;
use super::memory::Key;
use super::{Flow, Walk};
use crate::model::event::TaskKind;
use crate::model::node::Node;
use crate::model::playbook::{Include, Item, Task};
use crate::model::template::Evaluated;
use crate::model::template::scan::is_template;
use crate::model::value::Unknown;

/// Keeps rounds of handlers apart from tasks, and from each other.
pub const ROUND: usize = 3_000_000;

impl Walk<'_> {
    /// Runs every handler that was notified, once. A handler that one of them notifies runs too, unless it has
    /// had its turn already. Where one fails, the host is still owed that one and those behind it.
    pub(super) fn flush_handlers(&mut self, key: &Key) -> Flow {
        let play = Arc::clone(&self.setting.play);
        let kind = std::mem::replace(&mut self.kind, TaskKind::Handler);
        let mut ran = HashSet::new();
        let mut flow = Flow::Continue;
        loop {
            let round = below(key, ROUND + self.flushes);
            let before = ran.len();
            flow = match flow {
                Flow::Continue => self.round(&play.handlers, &round, &mut Vec::new(), &mut ran),
                other => other,
            };
            if flow != Flow::Continue || ran.len() == before {
                break;
            }
            self.flushes += 1;
        }
        self.kind = kind;
        if matches!(flow, Flow::Continue | Flow::Failed) {
            for (name, _) in std::mem::take(&mut self.notified) {
                self.unserved.retain(|unserved| *unserved != name);
                let served = served(&play.handlers, &name, &mut Vec::new(), &ran);
                if flow == Flow::Failed && served != Some(true) {
                    self.unserved.push(name);
                }
            }
        }
        flow
    }

    fn round(
        &mut self,
        items: &[Item],
        key: &Key,
        place: &mut Key,
        ran: &mut HashSet<Key>,
    ) -> Flow {
        for (index, item) in items.iter().enumerate() {
            let key = below(key, index);
            place.push(index);
            let flow = match item {
                Item::Task(handler) => self.handler(handler, &key, place, ran),
                Item::Block(block) => self.round(&block.items, &key, place, ran),
                Item::Include(include) => self.included(include, &key, place, ran),
                Item::Meta(_) => Flow::Continue,
            };
            if flow == Flow::Failed {
                ran.remove(place);
            }
            place.pop();
            if flow != Flow::Continue {
                return flow;
            }
        }
        Flow::Continue
    }

    /// An include among the handlers: all that it brings runs where it was notified itself, otherwise those of its
    /// handlers that were.
    fn included(
        &mut self,
        include: &Arc<Include>,
        key: &Key,
        place: &mut Key,
        ran: &mut HashSet<Key>,
    ) -> Flow {
        if self.notified.is_empty() {
            return Flow::Continue;
        }
        let own = include.name.as_ref().and_then(Node::as_str);
        let calls = self.notified.iter().filter(|(name, _)| own == Some(name));
        let unsure: Vec<Option<Unknown>> = calls.map(|(_, unsure)| unsure.clone()).collect();
        if !unsure.is_empty() {
            if !ran.insert(place.clone()) {
                return Flow::Continue;
            }
            return match unsure.into_iter().flatten().next() {
                Some(unknown) if !self.collecting() => self.unknown_include(include, key, unknown),
                _ => self.include(include, key),
            };
        }
        let scope = self.scope(&include.keywords, &include.origin);
        let items = match self.brought(include, &scope) {
            Ok(Evaluated::Known(items)) => items,
            Ok(Evaluated::Unknown(unknown)) => return self.unknown_include(include, key, unknown),
            Err(failure) => return self.failed_include(include, key, &failure),
        };
        let called = |(name, _): &(String, Option<Unknown>)| any_answers(&items, name);
        if !self.notified.iter().any(called) {
            return Flow::Continue;
        }
        match Self::holds(&include.keywords.when, &scope) {
            Ok(Evaluated::Known(true)) => self.round(&items, key, place, ran),
            Ok(Evaluated::Known(false)) => Flow::Continue,
            Ok(Evaluated::Unknown(unknown)) => self.unknown_include(include, key, unknown),
            Err(failure) => self.failed_include(include, key, &failure),
        }
    }

    /// Runs a handler that was notified and has not had its turn.
    fn handler(
        &mut self,
        handler: &Arc<Task>,
        key: &Key,
        place: &Key,
        ran: &mut HashSet<Key>,
    ) -> Flow {
        let calls: Vec<Option<Unknown>> = self
            .notified
            .iter()
            .filter(|(name, _)| listens(handler, name))
            .map(|(_, unsure)| unsure.clone())
            .collect();
        if calls.is_empty() || !ran.insert(place.clone()) {
            return Flow::Continue;
        }
        // One call that is sure is enough.
        match calls.into_iter().collect::<Option<Vec<Unknown>>>() {
            Some(unsure) if !self.collecting() => match unsure.into_iter().next() {
                Some(unknown) => self.settle_handler(handler, key, unknown),
                None => self.task(handler, key),
            },
            _ => self.task(handler, key),
        }
    }

    /// Whether a handler of the play answers to a name, or may do so.
    pub(super) fn answers(&self, name: &str) -> bool {
        any_answers(&self.setting.play.handlers, name)
    }

    /// A handler of which it is not known whether it was notified.
    fn settle_handler(&mut self, handler: &Arc<Task>, key: &Key, unknown: Unknown) -> Flow {
        match self.settle(handler, key, None, Err(unknown)) {
            Some(outcome) if outcome.failed => Flow::Failed,
            Some(_) => Flow::Continue,
            None => Flow::Stop,
        }
    }
}

/// Whether one of these handlers answers to a name, or may do so: its own name may be a template, or its file
/// known only later.
fn any_answers(items: &[Item], name: &str) -> bool {
    items.iter().any(|item| match item {
        Item::Task(handler) => {
            let own = handler.name.as_ref().and_then(Node::as_str);
            own.is_some_and(is_template) || listens(handler, name)
        }
        Item::Block(block) => any_answers(&block.items, name),
        Item::Include(include) => {
            include.name.as_ref().and_then(Node::as_str) == Some(name)
                || include
                    .items
                    .as_ref()
                    .is_none_or(|items| any_answers(items, name))
        }
        Item::Meta(_) => false,
    })
}

/// Whether all handlers that answer to a name are among those that succeeded. `None`: none is known to answer to it, so
/// it is in a file whose name is a template.
fn served(items: &[Item], name: &str, place: &mut Key, ran: &HashSet<Key>) -> Option<bool> {
    let mut all = None;
    for (index, item) in items.iter().enumerate() {
        place.push(index);
        let one = match item {
            Item::Task(handler) => listens(handler, name).then(|| ran.contains(place)),
            Item::Block(block) => served(&block.items, name, place, ran),
            Item::Include(include)
                if include.name.as_ref().and_then(Node::as_str) == Some(name) =>
            {
                Some(ran.contains(place))
            }
            Item::Include(include) => match &include.items {
                Some(items) => served(items, name, place, ran),
                None => None,
            },
            Item::Meta(_) => None,
        };
        place.pop();
        if let Some(one) = one {
            all = Some(all.unwrap_or(true) && one);
        }
    }
    all
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
