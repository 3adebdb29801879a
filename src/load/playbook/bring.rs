//! `include_tasks`, `import_tasks`, `include_role` and `import_role`: tasks from elsewhere.

use std::path::PathBuf;
use std::sync::Arc;

use super::Loader;
use super::keywords::INCLUDE;
use super::tasks::Surroundings;
use crate::load::files;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry, Node};
use crate::model::playbook::{Include, Item, Keywords, Origin};
use crate::model::source::At;
use crate::model::template::scan::is_template;

/// The words that bring in other tasks.
pub(super) const BRINGERS: &[&str] = &[
    "include_tasks",
    "import_tasks",
    "include_role",
    "import_role",
];

impl Loader<'_> {
    pub(super) fn bring(
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
        let mut keywords = self.keywords(&others, surroundings.keywords);
        if word.starts_with("include") {
            let own = &keywords.vars[surroundings.keywords.vars.len()..];
            keywords.include_parameters.extend_from_slice(own);
        }
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
            let items = self.brought_items(&name, is_role, &file.at, &inner);
            if is_role {
                self.export_role(&name, &file.at);
            }
            return items;
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
pub(super) fn short(key: &str) -> &str {
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
