//! Lists of tasks: tasks, blocks, includes, imports, `meta`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Loader;
use super::keywords::{self, BLOCK, HANDLER, INCLUDE, TASK};
use crate::load::files;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry, Node};
use crate::model::playbook::{Block, Include, Item, Keywords, Meta, MetaWord, Origin, Task};
use crate::model::source::At;
use crate::model::template::scan::is_template;
use crate::module::registry;

/// What a list of tasks stands in.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'s> {
    pub(super) origin: &'s Arc<Origin>,
    pub(super) keywords: &'s Keywords,
    /// Whether these are handlers.
    pub(super) handlers: bool,
}

/// The words that bring in other tasks.
const BRINGERS: &[&str] = &[
    "include_tasks",
    "import_tasks",
    "include_role",
    "import_role",
];

const META: &[(&str, MetaWord)] = &[
    ("flush_handlers", MetaWord::FlushHandlers),
    ("end_host", MetaWord::EndHost),
    ("end_play", MetaWord::EndPlay),
    ("clear_host_errors", MetaWord::ClearHostErrors),
    ("noop", MetaWord::Noop),
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
        let Some((_, word)) = META.iter().find(|(name, _)| *name == word) else {
            self.report(
                Diagnostic::error(format!("`meta` does not know `{word}`"))
                    .at(&entry.value.at)
                    .nearest(&word, META.iter().map(|(name, _)| *name)),
            );
            return None;
        };
        Some(Item::Meta(Arc::new(Meta {
            at: entry.key_at.clone(),
            word: *word,
            keywords,
            origin: Arc::clone(surroundings.origin),
        })))
    }

    fn bring(
        &mut self,
        entries: &[Entry],
        entry: &Entry,
        surroundings: &Surroundings<'_>,
    ) -> Vec<Item> {
        let word = short(&entry.key);
        let others: Vec<Entry> = entries
            .iter()
            .filter(|other| other.key != entry.key)
            .cloned()
            .collect();
        self.check_keys(&others, INCLUDE, &format!("`{word}`"));
        let is_role = word.ends_with("role");
        let keywords = self.keywords(&others, surroundings.keywords);
        let Some(file) = self.brought(entry, is_role) else {
            return Vec::new();
        };
        let repeat = self.repeat(&others);
        let literal = file
            .as_str()
            .filter(|name| !is_template(name))
            .map(str::to_owned);
        if word.starts_with("import") {
            if let Some(repeat) = repeat {
                self.report(
                    Diagnostic::error(format!("`{word}` cannot be looped"))
                        .at(&repeat.over.at)
                        .help(format!(
                            "use `{}`, which is decided while the play runs",
                            word.replace("import", "include")
                        )),
                );
            }
            let Some(name) = literal else {
                self.report(
                    Diagnostic::error(format!("`{word}` cannot hold a template"))
                        .at(&file.at)
                        .help(format!(
                            "use `{}`, which is decided while the play runs",
                            word.replace("import", "include")
                        )),
                );
                return Vec::new();
            };
            let inner = Surroundings {
                keywords: &keywords,
                ..*surroundings
            };
            return self.brought_items(&name, is_role, &file.at, &inner);
        }
        // An include's own tags and conditions are its own; the tasks in it get what the include stands in,
        // and its variables.
        let items = literal.map(|name| {
            let inner_keywords = handed_down(surroundings.keywords, &keywords);
            let inner = Surroundings {
                keywords: &inner_keywords,
                ..*surroundings
            };
            Arc::new(self.brought_items(&name, is_role, &file.at, &inner))
        });
        vec![Item::Include(Arc::new(Include {
            at: entry.key_at.clone(),
            name: entries
                .iter()
                .find(|other| other.key == "name")
                .map(|other| other.value.clone()),
            file,
            is_role,
            items,
            inner: handed_down(surroundings.keywords, &keywords),
            keywords,
            repeat,
            origin: Arc::clone(surroundings.origin),
        }))]
    }

    /// The file or role that is to be brought in: a text, or a mapping with `file` or `name`.
    fn brought(&mut self, entry: &Entry, is_role: bool) -> Option<Node> {
        let key = if is_role { "name" } else { "file" };
        match &entry.value.content {
            Content::Map(arguments) => {
                for argument in arguments.iter().filter(|argument| argument.key != key) {
                    self.report(
                        Diagnostic::error(format!(
                            "`{}` has no parameter `{}`",
                            short(&entry.key),
                            argument.key
                        ))
                        .at(&argument.key_at)
                        .nearest(&argument.key, [key]),
                    );
                }
                let found = entry.value.get(key).cloned();
                if found.is_none() {
                    self.report(
                        Diagnostic::error(format!("`{}` needs `{key}`", short(&entry.key)))
                            .at(&entry.key_at),
                    );
                }
                found
            }
            _ => self.text_node(short(&entry.key), &entry.value),
        }
    }

    fn brought_items(
        &mut self,
        name: &str,
        is_role: bool,
        at: &At,
        surroundings: &Surroundings<'_>,
    ) -> Vec<Item> {
        if is_role {
            return self.role_items(name, at, surroundings.keywords, &Arc::default());
        }
        let path = find_tasks(name, surroundings.origin);
        self.task_file(&path, Some(at), surroundings)
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
        if self.diagnostics.len() == known {
            self.try_to_decide(module, &arguments, &entry.key_at);
        }
        let keywords = self.keywords(&rest, surroundings.keywords);
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
            notify: node.get("notify").map(Self::list).unwrap_or_default(),
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

/// What the tasks of an include get: all that it stands in, and of its own words those that say as whom, with
/// what and how often its tasks run. Its conditions and tags are its own.
fn handed_down(outer: &Keywords, own: &Keywords) -> Keywords {
    Keywords {
        when: outer.when.clone(),
        tags: outer.tags.clone(),
        ..own.clone()
    }
}

/// A name without its collection.
fn short(key: &str) -> &str {
    key.strip_prefix("ansible.builtin.").unwrap_or(key)
}

/// Where a file of tasks is: beside the role's tasks, then beside the playbook.
pub fn find_tasks(name: &str, origin: &Origin) -> PathBuf {
    let candidates: Vec<PathBuf> = origin
        .search
        .iter()
        .flat_map(|folder| [folder.join("tasks").join(name), folder.join(name)])
        .collect();
    let first = candidates.first().cloned();
    // A message about a missing file names the likeliest place: beside the playbook.
    let fallback = candidates
        .last()
        .cloned()
        .or(first)
        .unwrap_or_else(|| PathBuf::from(name));
    files::find(candidates).unwrap_or(fallback)
}
