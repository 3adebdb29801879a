//! Lists of tasks, blocks with `rescue` and `always`, includes, `meta`.

use std::sync::Arc;

use super::memory::{Done, Key, Outcome};
use super::task::WHOLE;
use super::{Flow, Next, Walk};
use crate::model::event::{TaskKind, TaskStatus};
use crate::model::node::Node;
use crate::model::playbook::{Block, Include, Item, Loop, Meta, MetaWord};
use crate::model::template::{Evaluated, Layer, Scope};
use crate::model::value::{Map, Value};
use crate::module::Failure;

/// Offsets in keys that keep the parts of a block and the rounds of handlers apart.
pub(super) const RESCUE: usize = 1_000_000;
pub(super) const ALWAYS: usize = 2_000_000;

/// A key one level deeper.
pub(super) fn below(key: &Key, index: usize) -> Key {
    let mut deeper = key.clone();
    deeper.push(index);
    deeper
}

impl Walk<'_> {
    pub(super) fn items(&mut self, items: &[Item], key: &Key) -> Flow {
        self.items_from(items, key, 0)
    }

    fn items_from(&mut self, items: &[Item], key: &Key, offset: usize) -> Flow {
        for (index, item) in items.iter().enumerate() {
            let key = below(key, offset + index);
            let flow = match item {
                Item::Task(task) => self.task(task, &key),
                Item::Block(block) => self.block(block, &key),
                Item::Include(include) => self.include(include, &key),
                Item::Meta(meta) => self.meta(meta, &key),
            };
            if flow == Flow::Stop {
                self.stopped.get_or_insert(key);
            }
            if flow != Flow::Continue {
                return flow;
            }
        }
        Flow::Continue
    }

    fn block(&mut self, block: &Block, key: &Key) -> Flow {
        let mut flow = self.items_from(&block.items, key, 0);
        if flow == Flow::Failed && !block.rescue.is_empty() {
            // A failure that is rescued is told, and does not count as one.
            let of_block = self
                .settled
                .iter_mut()
                .filter(|(settled, _)| settled.starts_with(key));
            for report in of_block.filter_map(|(_, done)| done.report.as_mut()) {
                report.ignored |= report.status == TaskStatus::Failed;
            }
            if let Some((task, result)) = self.failure.take() {
                for (name, value) in [("task", task), ("result", result)] {
                    let name = format!("ansible_failed_{name}");
                    self.set_variable(name, Value::Map(value));
                }
            }
            flow = self.items_from(&block.rescue, key, RESCUE);
        }
        if matches!(flow, Flow::Continue | Flow::Failed) {
            match self.items_from(&block.always, key, ALWAYS) {
                Flow::Continue => {}
                other => flow = other,
            }
        }
        flow
    }

    pub(super) fn include(&mut self, include: &Arc<Include>, key: &Key) -> Flow {
        // As with tasks: what was notified runs, whatever tags were asked for.
        if self.kind != TaskKind::Handler && !self.setting.tags.select(&include.keywords.tags) {
            return Flow::Continue;
        }
        let scope = self.scope(&include.keywords, &include.origin);
        let Some(repeat) = &include.repeat else {
            return self.include_once(include, key, &scope, &[]);
        };
        let items = match self.loop_items(repeat, &scope) {
            Ok(Evaluated::Known(items)) => items,
            Ok(Evaluated::Unknown(unknown)) => return self.unknown_include(include, key, unknown),
            Err(failure) => return self.failed_include(include, key, &failure),
        };
        for (index, item) in items.iter().enumerate() {
            let layer = loop_layer(repeat, index, items.len(), item);
            let inner = scope.with([Layer::raw(layer.clone())]);
            let flow = self.include_once(include, &below(key, index), &inner, &[layer]);
            if flow != Flow::Continue {
                return flow;
            }
        }
        Flow::Continue
    }

    fn include_once(
        &mut self,
        include: &Arc<Include>,
        key: &Key,
        scope: &Scope,
        layers: &[Map],
    ) -> Flow {
        match Self::holds(&include.keywords.when, scope) {
            Ok(Evaluated::Known(true)) => {}
            Ok(Evaluated::Known(false)) => return Flow::Continue,
            Ok(Evaluated::Unknown(unknown)) => return self.unknown_include(include, key, unknown),
            Err(failure) => return self.failed_include(include, key, &failure),
        }
        let items = match self.brought(include, scope) {
            Ok(Evaluated::Known(items)) => items,
            Ok(Evaluated::Unknown(unknown)) => return self.unknown_include(include, key, unknown),
            Err(failure) => return self.failed_include(include, key, &failure),
        };
        // A loop's variable is seen by the tasks that are brought in.
        let before: Vec<(String, Option<Value>)> = layers
            .iter()
            .flat_map(|layer| layer.iter())
            .map(|(name, value)| (name.clone(), self.set_variable(name.clone(), value.clone())))
            .collect();
        let flow = self.items(&items, key);
        for (name, value) in before {
            match value {
                Some(value) => self.set_variable(name, value),
                None => Arc::make_mut(&mut self.variables).shift_remove(&name),
            };
        }
        flow
    }

    /// The tasks that an include brings.
    pub(super) fn brought(
        &self,
        include: &Include,
        scope: &Scope,
    ) -> Result<Evaluated<Arc<Vec<Item>>>, Failure> {
        if let Some(items) = &include.items {
            return Ok(Evaluated::Known(Arc::clone(items)));
        }
        let name = scope
            .node(&include.file)
            .map_err(|diagnostic| Failure::from(&*diagnostic))?;
        if let Value::Unknown(unknown) = name {
            return Ok(Evaluated::Unknown(unknown));
        }
        let name = name.scalar_text().unwrap_or_default();
        let items = self.setting.resources.tasks(&name, include)?;
        Ok(Evaluated::Known(items))
    }

    fn meta(&mut self, meta: &Meta, key: &Key) -> Flow {
        if !self.setting.tags.select(&meta.keywords.tags) {
            return Flow::Continue;
        }
        // What ends a play for all is decided by one host for all, as in Ansible.
        if matches!(meta.word, MetaWord::EndBatch | MetaWord::EndPlay)
            && !meta.keywords.when.is_empty()
        {
            return self.end_together(meta, key);
        }
        let scope = self.scope(&meta.keywords, &meta.origin);
        match Self::holds(&meta.keywords.when, &scope) {
            Ok(Evaluated::Known(true)) => {}
            Ok(Evaluated::Known(false)) => return Flow::Continue,
            // In a plan the way on is open; the tasks that follow are told as if it did not end here.
            Ok(Evaluated::Unknown(_)) => {
                return if self.must_wait() {
                    Flow::Stop
                } else {
                    Flow::Continue
                };
            }
            Err(failure) => return self.failed_meta(meta, key, &failure),
        }
        match meta.word {
            MetaWord::FlushHandlers => self.flush_handlers(key),
            MetaWord::EndHost | MetaWord::EndBatch | MetaWord::EndPlay => self.end(meta.word),
            MetaWord::ResetConnection => self.reset_connection(key),
            MetaWord::Noop => Flow::Continue,
        }
    }

    /// The session is opened anew once what is planned before has been made.
    fn reset_connection(&mut self, key: &Key) -> Flow {
        if self.is_plan() || self.memory.done.contains_key(key) {
            return Flow::Continue;
        }
        self.stop.get_or_insert(Next::Reconnect(key.clone()));
        Flow::Stop
    }

    fn end(&mut self, word: MetaWord) -> Flow {
        self.ends_play |= word == MetaWord::EndPlay;
        Flow::End
    }

    /// `end_play` and `end_batch` with a condition: the first host that comes to it decides for all of its wave.
    fn end_together(&mut self, meta: &Meta, key: &Key) -> Flow {
        let shared = below(key, WHOLE);
        if !self.memory.leads.contains(&shared) {
            return match self.memory.once.get(&shared) {
                Some(done) if done.outcome.skipped => Flow::Continue,
                Some(_) => self.end(meta.word),
                None => {
                    self.stop.get_or_insert(Next::AwaitOnce(shared));
                    Flow::Stop
                }
            };
        }
        let scope = self.scope(&meta.keywords, &meta.origin);
        let ends = match Self::holds(&meta.keywords.when, &scope) {
            Ok(Evaluated::Known(ends)) => ends,
            Ok(Evaluated::Unknown(_)) if self.must_wait() => return Flow::Stop,
            // In a plan the way on is open; the tasks that follow are told as if it did not end here.
            Ok(Evaluated::Unknown(_)) => false,
            Err(failure) => return self.failed_meta(meta, key, &failure),
        };
        if !self.collecting() {
            let mut outcome = Outcome::unchanged();
            outcome.skipped = !ends;
            let report = None;
            self.once.push((shared, Done { outcome, report }));
        }
        if ends {
            self.end(meta.word)
        } else {
            Flow::Continue
        }
    }
}

/// The variables of one turn of a loop.
pub(super) fn loop_layer(repeat: &Loop, index: usize, count: usize, item: &Value) -> Map {
    let mut layer = Map::new();
    layer.insert(repeat.variable.clone(), item.clone());
    let number = |n: usize| Value::from(u64::try_from(n).unwrap_or(u64::MAX));
    if let Some(name) = &repeat.index_variable {
        layer.insert(name.clone(), number(index));
    }
    if repeat.extended {
        let mut extended = Map::new();
        extended.insert("index".to_owned(), number(index + 1));
        extended.insert("index0".to_owned(), number(index));
        extended.insert("revindex".to_owned(), number(count - index));
        extended.insert("revindex0".to_owned(), number(count - index - 1));
        extended.insert("first".to_owned(), (index == 0).into());
        extended.insert("last".to_owned(), (index + 1 == count).into());
        extended.insert("length".to_owned(), number(count));
        layer.insert("ansible_loop".to_owned(), Value::Map(extended));
    }
    layer
}

/// A text for an item of a loop, where no label says otherwise.
pub(super) fn item_text(item: &Value, label: Option<&Node>, scope: &Scope) -> String {
    let value = match label {
        Some(label) => scope.node(label).unwrap_or_else(|_| label.to_value()),
        None => item.clone(),
    };
    value.scalar_text().unwrap_or_else(|| match &value {
        Value::Unknown(unknown) => format!("({unknown})"),
        other => serde_json::to_string(other).unwrap_or_default(),
    })
}
