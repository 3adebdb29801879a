//! Lists of tasks: tasks, blocks, includes, imports, `meta`.

use std::path::Path;
use std::sync::Arc;

use super::Loader;
use super::bring::{BRINGERS, short};
use super::keywords::{self, BLOCK, HANDLER, TASK};
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Entry, Node};
use crate::model::playbook::{Block, Item, Keywords, Meta, MetaWord, Origin, Task};
use crate::model::source::At;
use crate::module::registry;

/// What a list of tasks stands in.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'s> {
    pub(super) origin: &'s Arc<Origin>,
    pub(super) keywords: &'s Keywords,
    /// Whether these are handlers.
    pub(super) handlers: bool,
}

const META: &[(&str, MetaWord)] = &[
    ("flush_handlers", MetaWord::FlushHandlers),
    ("end_host", MetaWord::EndHost),
    ("end_batch", MetaWord::EndBatch),
    ("end_play", MetaWord::EndPlay),
    ("reset_connection", MetaWord::ResetConnection),
    ("noop", MetaWord::Noop),
];

/// Ansible's words that are not obeyed here, with what to do instead.
const REFUSED_META: &[(&str, &str)] = &[
    (
        "clear_facts",
        "facts are asked anew whenever a change may have altered them; remove this line",
    ),
    (
        "clear_host_errors",
        "a host that failed has left the run; use `rescue` or `ignore_errors` where it may go on",
    ),
    (
        "refresh_inventory",
        "the inventory is read once, before the first connection; run a second playbook after this one",
    ),
    (
        "end_role",
        "put the rest of the role's tasks into a block with the opposite condition",
    ),
];

impl Loader<'_> {
    /// A list of tasks.
    pub(super) fn items(&mut self, node: &Node, surroundings: &Surroundings<'_>) -> Vec<Item> {
        let Some(list) = node.as_list() else {
            if !node.is_null() {
                self.report(
                    Diagnostic::error(format!("tasks are a list, and this is {}", node.kind()))
                        .at(&node.at)
                        .help("begin each task with `- `"),
                );
            }
            return Vec::new();
        };
        list.iter()
            .flat_map(|item| self.item(item, surroundings))
            .collect()
    }

    fn item(&mut self, node: &Node, surroundings: &Surroundings<'_>) -> Vec<Item> {
        let Some(entries) = node.as_map() else {
            self.report(
                Diagnostic::error(format!("a task is a mapping, and this is {}", node.kind()))
                    .at(&node.at)
                    .help("write the module's name as a key, for example `- ping:` or `- command: uptime`"),
            );
            return Vec::new();
        };
        let entries: Vec<Entry> = entries.to_vec();
        if node.get("block").is_some() {
            return vec![self.block(node, &entries, surroundings)];
        }
        if let Some(entry) = entries
            .iter()
            .find(|entry| BRINGERS.contains(&short(&entry.key)))
        {
            return self.bring(&entries, entry, surroundings);
        }
        if let Some(entry) = entries.iter().find(|entry| short(&entry.key) == "meta") {
            return self
                .meta(&entries, entry, surroundings)
                .into_iter()
                .collect();
        }
        self.task(node, &entries, surroundings)
            .map(|task| Item::Task(Arc::new(task)))
            .into_iter()
            .collect()
    }

    fn block(&mut self, node: &Node, entries: &[Entry], surroundings: &Surroundings<'_>) -> Item {
        self.check_keys(entries, BLOCK, "a block");
        if surroundings.handlers {
            self.report(
                Diagnostic::error("a block cannot be a handler")
                    .at(&node.at)
                    .help("let each of its tasks be a handler, and `listen` to one name"),
            );
        }
        let keywords = self.keywords(entries, surroundings.keywords);
        let inner = Surroundings {
            keywords: &keywords,
            ..*surroundings
        };
        let mut part = |key: &str| {
            node.get(key)
                .map(|items| self.items(items, &inner))
                .unwrap_or_default()
        };
        let (items, rescue, always) = (part("block"), part("rescue"), part("always"));
        Item::Block(Arc::new(Block {
            at: node.at.clone(),
            name: node.get("name").cloned(),
            items,
            rescue,
            always,
        }))
    }

    fn meta(
        &mut self,
        entries: &[Entry],
        entry: &Entry,
        surroundings: &Surroundings<'_>,
    ) -> Option<Item> {
        for other in entries {
            if other.key != entry.key && !matches!(other.key.as_str(), "name" | "when" | "tags") {
                self.report(
                    Diagnostic::error(format!("`meta` has no keyword `{}`", other.key))
                        .at(&other.key_at)
                        .nearest(&other.key, ["name", "tags", "when"]),
                );
            }
        }
        let keywords = self.keywords(entries, surroundings.keywords);
        let word = self.literal("meta", &entry.value)?;
        let Some((_, known)) = META.iter().find(|(name, _)| *name == word) else {
            let refused = REFUSED_META.iter().find(|(name, _)| *name == word);
            self.report(
                match refused {
                    Some((_, help)) => {
                        Diagnostic::error(format!("`meta: {word}` is not supported")).help(*help)
                    }
                    None => Diagnostic::error(format!("`meta` does not know `{word}`"))
                        .nearest(&word, META.iter().map(|(name, _)| *name)),
                }
                .at(&entry.value.at),
            );
            return None;
        };
        if surroundings.handlers && *known != MetaWord::Noop {
            self.report(
                Diagnostic::error(format!("`meta: {word}` cannot be a handler"))
                    .at(&entry.value.at)
                    .help("put it among the tasks"),
            );
            return None;
        }
        Some(Item::Meta(Arc::new(Meta {
            at: entry.key_at.clone(),
            word: *known,
            keywords,
            origin: Arc::clone(surroundings.origin),
        })))
    }

    /// All tasks of a file.
    pub(super) fn task_file(
        &mut self,
        path: &Path,
        asked_at: Option<&At>,
        surroundings: &Surroundings<'_>,
    ) -> Vec<Item> {
        let Some(node) = self.read(path, asked_at) else {
            return Vec::new();
        };
        let items = self.items(&node, surroundings);
        self.reading.pop();
        items
    }

    fn task(
        &mut self,
        node: &Node,
        entries: &[Entry],
        surroundings: &Surroundings<'_>,
    ) -> Option<Task> {
        let place = if surroundings.handlers { HANDLER } else { TASK };
        let what = if surroundings.handlers {
            "a handler"
        } else {
            "a task"
        };
        let (modules, rest): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| {
            !keywords::is_keyword(&entry.key) && registry::find(&entry.key).is_some()
        });
        let rest: Vec<Entry> = rest.into_iter().cloned().collect();
        let entry = match modules.as_slice() {
            [entry] => *entry,
            [] => {
                self.no_module(node, &rest, place, what);
                return None;
            }
            [first, second, ..] => {
                self.report(
                    Diagnostic::error(format!(
                        "{what} names two modules, `{}` and `{}`",
                        first.key, second.key
                    ))
                    .at(&second.key_at)
                    .related(&first.key_at, "the first module")
                    .help("write a task of its own for each"),
                );
                return None;
            }
        };
        self.check_keys(&rest, place, what);
        let module = registry::find(&entry.key)?;
        let spec = module.spec();
        let known = self.diagnostics.len();
        let arguments = self.arguments(spec, entry, node.get("args"));
        let is_right = self.diagnostics.len() == known;
        let keywords = self.keywords(&rest, surroundings.keywords);
        // Whoever ignores errors expects one.
        if is_right && keywords.ignore_errors.is_none() {
            self.try_to_decide(module, &arguments, &entry.key_at);
        }
        let register = node
            .get("register")
            .and_then(|value| self.variable_name("register", value));
        Some(Task {
            at: node
                .get("name")
                .map_or(&entry.key_at, |name| &name.at)
                .clone(),
            name: node
                .get("name")
                .and_then(|name| self.text_node("name", name)),
            module: spec.name,
            arguments,
            keywords,
            register,
            listen: node
                .get("listen")
                .map(|value| self.words("listen", value))
                .unwrap_or_default(),
            changed_when: node
                .get("changed_when")
                .map(|value| self.conditions("changed_when", value))
                .unwrap_or_default(),
            failed_when: node
                .get("failed_when")
                .map(|value| self.conditions("failed_when", value))
                .unwrap_or_default(),
            repeat: self.repeat(&rest),
            until: node
                .get("until")
                .map(|value| self.conditions("until", value))
                .unwrap_or_default(),
            retries: node
                .get("retries")
                .and_then(|value| self.maybe_number("retries", value)),
            delay: node
                .get("delay")
                .and_then(|value| self.maybe_number("delay", value)),
            origin: Arc::clone(surroundings.origin),
        })
    }

    /// A task without a module that we know: the key that is no keyword is probably a misspelt one.
    fn no_module(&mut self, node: &Node, entries: &[Entry], place: u8, what: &str) {
        let strange: Vec<&Entry> = entries
            .iter()
            .filter(|entry| !keywords::is_keyword(&entry.key))
            .collect();
        let Some(entry) = strange.first() else {
            if let Some(part) = entries
                .iter()
                .find(|entry| matches!(entry.key.as_str(), "rescue" | "always"))
            {
                self.report(
                    Diagnostic::error(format!("`{}` belongs to a block", part.key))
                        .at(&part.key_at)
                        .help("add `block:` with the tasks that it is for"),
                );
                return;
            }
            self.report(
                Diagnostic::error(format!("{what} names no module"))
                    .at(&entries
                        .first()
                        .map_or(&node.at, |entry| &entry.key_at)
                        .clone())
                    .help("add what is to be done, for example `command: uptime`"),
            );
            return;
        };
        let mut diagnostic =
            Diagnostic::error(format!("there is no module or keyword `{}`", entry.key))
                .at(&entry.key_at);
        diagnostic = match keywords::instead_of(&entry.key) {
            Some(help) => diagnostic.help(help),
            None => diagnostic
                .nearest(
                    short(&entry.key),
                    registry::specs()
                        .flat_map(|spec| spec.aliases.iter().copied().chain([spec.name]))
                        .chain(keywords::of(place))
                        .chain(BRINGERS.iter().copied()),
                )
                .help(
                    "`cachesmith modules` lists the modules; what none of them does, `command` can",
                ),
        };
        self.report(diagnostic);
    }
}
