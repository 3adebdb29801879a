//! Files of variables: YAML or JSON mappings, read by `vars_files`, `group_vars` and `host_vars`.

use std::path::Path;
use std::sync::Arc;

use super::{files, yaml};
use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::variables::{Variable, Variables};
use crate::model::node::{Content, Node};
use crate::model::source::{At, Source};
use crate::model::value::Value;

/// How a file encrypted by `ansible-vault` begins.
const VAULT: &str = "$ANSIBLE_VAULT;";

/// Reads one file of variables; an empty file holds none.
///
/// # Errors
/// A file that cannot be read, is encrypted, is not YAML, or holds anything else than a mapping.
pub fn read(path: &Path) -> Result<Variables> {
    from_node(&document(&files::read_source(path, None)?)?)
}

/// Parses a text that is YAML or JSON.
///
/// # Errors
/// An encrypted text, or invalid YAML.
pub fn document(source: &Arc<Source>) -> Result<Node> {
    if source.text.starts_with(VAULT) {
        return Err(Diagnostic::error("this file is encrypted, and encrypted files are not read")
            .at(&At::start(source))
            .help("decrypt it with `ansible-vault decrypt`, and keep the file where only you can read it")
            .into());
    }
    yaml::parse(source).or_else(|error| {
        // JSON may be indented with tabs, which YAML forbids.
        if !source.text.trim_start().starts_with(['{', '[']) {
            return Err(error);
        }
        serde_json::from_str::<Value>(&source.text)
            .map(|value| Node::from_value(&value, &At::start(source)))
            .map_err(|_| error)
    })
}

/// The variables that a mapping sets, each at the place of its name.
///
/// # Errors
/// Anything else than a mapping.
pub fn from_node(node: &Node) -> Result<Variables> {
    let entries = match &node.content {
        Content::Map(entries) => entries,
        Content::Scalar(Value::Null) => return Ok(Variables::new()),
        _ => {
            return Err(Diagnostic::error(format!(
                "variables are a mapping of names to values, and this is {}",
                node.kind()
            ))
            .at(&node.at)
            .help("write `name: value`, one a line")
            .into());
        }
    };
    let mut variables = Variables::new();
    for entry in entries {
        variables.set(
            &entry.key,
            Variable {
                value: entry.value.to_value(),
                at: entry.key_at.clone(),
            },
        );
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Variables> {
        from_node(&document(&Source::new("vars.yml", text))?)
    }

    #[test]
    fn mappings_are_variables_with_places() {
        let variables = parse("a: 1\nb: [x]\n").unwrap();
        let b = variables.get("b").unwrap();
        assert_eq!((b.at.line, b.at.column), (2, 1));
        assert_eq!(b.value, Value::List(vec!["x".into()]));
        assert!(parse("").unwrap().is_empty());
        assert!(parse("# nothing\n").unwrap().is_empty());
    }

    #[test]
    fn json_may_be_indented_with_tabs() {
        let variables = parse("{\n\t\"a\": 1,\n\t\"b\": {\n\t\t\"c\": \"yes\"\n\t}\n}\n").unwrap();
        assert_eq!(variables.get("a").unwrap().value, Value::Int(1));
        let b = &variables.get("b").unwrap().value;
        assert_eq!(b.get("c"), Some(&"yes".into()));
    }

    #[test]
    fn other_contents_are_refused() {
        for text in ["- a\n", "text\n", "$ANSIBLE_VAULT;1.1;AES256\n31\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
