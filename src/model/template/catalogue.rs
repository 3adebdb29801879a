//! What templates can use: every filter, test and function, with a sentence about each.
//!
//! The tables are what `docs/templates.md` is made of, what mistakes are checked against, and what is registered.

use std::fmt::Write as _;

use tera::{Kwargs, State, Tera, TeraResult, Value};

use super::{filters, functions, value_tests};

/// An argument; all of them are given by name.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    pub name: &'static str,
    pub is_required: bool,
    /// A few words.
    pub help: &'static str,
}

impl Argument {
    pub const fn required(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            is_required: true,
            help,
        }
    }

    pub const fn optional(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            is_required: false,
            help,
        }
    }
}

/// A filter, a test or a function.
#[derive(Clone, Copy, Debug)]
pub struct Entry<Call> {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// One sentence.
    pub help: &'static str,
    /// None for what Tera brings.
    pub call: Option<Call>,
}

impl<Call> Entry<Call> {
    /// One of our own.
    pub const fn ours(
        name: &'static str,
        arguments: &'static [Argument],
        help: &'static str,
        call: Call,
    ) -> Self {
        Self {
            name,
            arguments,
            help,
            call: Some(call),
        }
    }

    /// One that Tera brings.
    pub const fn teras(
        name: &'static str,
        arguments: &'static [Argument],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            arguments,
            help,
            call: None,
        }
    }
}

pub type FilterCall = fn(&Value, &Kwargs, &State<'_>) -> TeraResult<Value>;
pub type TestCall = fn(&Value, &Kwargs) -> TeraResult<bool>;

/// Entries about one subject.
#[derive(Clone, Copy, Debug)]
pub struct Group<Call: 'static> {
    pub title: &'static str,
    pub entries: &'static [Entry<Call>],
}

/// What an entry is called and takes, without its code.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    pub name: &'static str,
    pub arguments: &'static [Argument],
}

/// What a name in a template is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Filter,
    Test,
    Function,
}

impl Use {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Test => "test",
            Self::Function => "function",
        }
    }

    /// Everything that there is of this kind.
    pub fn signatures(self) -> Vec<Signature> {
        fn all<Call>(groups: &'static [Group<Call>]) -> Vec<Signature> {
            groups
                .iter()
                .flat_map(|group| group.entries)
                .map(|entry| Signature {
                    name: entry.name,
                    arguments: entry.arguments,
                })
                .collect()
        }
        match self {
            Self::Filter => all(filters::GROUPS),
            Self::Test => all(value_tests::GROUPS),
            Self::Function => all(functions::GROUPS),
        }
    }
}

/// Registers what is ours.
pub(super) fn register(tera: &mut Tera) {
    filters::register_inner(tera);
    for entry in filters::GROUPS.iter().flat_map(|group| group.entries) {
        if let Some(call) = entry.call {
            tera.register_filter(
                entry.name,
                move |value: &Value, arguments: Kwargs, state: &State<'_>| {
                    call(value, &arguments, state)
                },
            );
        }
    }
    for entry in value_tests::GROUPS.iter().flat_map(|group| group.entries) {
        if let Some(call) = entry.call {
            tera.register_test(
                entry.name,
                move |value: &Value, arguments: Kwargs, _: &State<'_>| call(value, &arguments),
            );
        }
    }
}

/// The lists in `docs/templates.md`, as Markdown.
pub fn document() -> String {
    let mut text = String::new();
    section(&mut text, "Filters", "value | ", filters::GROUPS);
    section(&mut text, "Tests", "value is ", value_tests::GROUPS);
    section(&mut text, "Functions", "", functions::GROUPS);
    text
}

fn section<Call>(text: &mut String, title: &str, before: &str, groups: &[Group<Call>]) {
    let _ = writeln!(text, "## {title}");
    for group in groups {
        let _ = write!(text, "\n### {}\n\n| | |\n| --- | --- |\n", group.title);
        for entry in group.entries {
            let arguments: Vec<String> = entry
                .arguments
                .iter()
                .map(|argument| {
                    format!("{}=", argument.name) + if argument.is_required { "" } else { "?" }
                })
                .collect();
            let call = if arguments.is_empty() && !before.is_empty() {
                entry.name.to_owned()
            } else {
                format!("{}({})", entry.name, arguments.join(", "))
            };
            let mut help = entry.help.to_owned();
            for argument in entry.arguments {
                let _ = write!(help, " `{}`: {}.", argument.name, argument.help);
            }
            let _ = writeln!(
                text,
                "| `{}` | {} |",
                call.replace('|', "\\|"),
                help.replace('|', "\\|")
            );
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_tera_has_what_is_said_to_be_its_own() {
        for kind in [Use::Filter, Use::Test, Use::Function] {
            let mut names: Vec<&str> = kind.signatures().iter().map(|entry| entry.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{kind:?}");
        }
        let mut tera = Tera::default();
        register(&mut tera);
        for name in Use::Filter.signatures() {
            tera.add_raw_template(name.name, &format!("{{{{ 1 | {} }}}}", name.name))
                .unwrap();
        }
        for name in Use::Test.signatures() {
            tera.add_raw_template(name.name, &format!("{{{{ 1 is {} }}}}", name.name))
                .unwrap();
        }
        for name in Use::Function.signatures() {
            tera.add_raw_template(name.name, &format!("{{{{ {}() }}}}", name.name))
                .unwrap();
        }
    }

    /// `UPDATE=1 cargo test --lib the_page_lists` writes the lists anew.
    #[test]
    fn the_page_lists_what_there_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/templates.md");
        let page = std::fs::read_to_string(path).unwrap();
        let start = page.find("## Filters").unwrap();
        let made = format!("{}{}", &page[..start], document().trim_end()) + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, made).unwrap();
        } else {
            assert_eq!(page, made, "run with UPDATE=1 to write it anew");
        }
    }
}
