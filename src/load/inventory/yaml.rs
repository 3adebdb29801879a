//! YAML inventories: groups with `hosts`, `vars` and `children`.

use std::borrow::Cow;

use super::hosts;
use crate::error::Result;
use crate::load::variables;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::builder::Builder;
use crate::model::inventory::group::GroupId;
use crate::model::inventory::variables::Variables;
use crate::model::nearest::nearest;
use crate::model::node::{Content, Entry, Node};
use crate::model::value::Value;

/// The words of a group.
const SECTIONS: [&str; 3] = ["hosts", "vars", "children"];

/// Reads a tree into an inventory. Order counts: hosts and groups are listed in the order in which they are named.
///
/// # Errors
/// Whatever is not a group, a section of a group, a host or a variable, with its place.
pub(super) fn read(builder: &mut Builder, tree: &Node) -> Result<()> {
    let Some(groups) = tree.as_map() else {
        return Err(Diagnostic::error(format!(
            "an inventory is a mapping of groups, and this is {}",
            tree.kind()
        ))
        .at(&tree.at)
        .help("begin with `all:`, and below it `hosts:` and one host a line, as `name:`")
        .into());
    };
    if let Some(plugin) = tree.get("plugin") {
        let name = plugin.as_str().unwrap_or("?");
        return Err(Diagnostic::error(format!("the inventory plugin `{name}` cannot be run"))
            .at(&plugin.at)
            .help("save what it finds as a file: `ansible-inventory -i THIS_FILE --list --export --yaml --output inventory.yml`")
            .help("or write a program that prints the JSON of `ansible-inventory --list`")
            .into());
    }
    for entry in groups {
        group(builder, entry)?;
    }
    Ok(())
}

fn group(builder: &mut Builder, entry: &Entry) -> Result<GroupId> {
    let id = builder.group(&entry.key, &entry.key_at)?;
    let sections = match &entry.value.content {
        Content::Map(sections) => sections,
        Content::Scalar(Value::Null) => return Ok(id),
        _ => return Err(not_a_group(entry).into()),
    };
    for section in sections {
        match section.key.as_str() {
            "hosts" => hosts_of(builder, id, section)?,
            "vars" => vars_of(builder, id, section)?,
            "children" => children_of(builder, id, section)?,
            _ => return Err(unknown_section(entry, section).into()),
        }
    }
    Ok(id)
}

fn not_a_group(entry: &Entry) -> Diagnostic {
    let name = &entry.key;
    let diagnostic = Diagnostic::error(format!(
        "group `{name}` is {}, and must be a mapping",
        entry.value.kind()
    ))
    .at(&entry.value.at);
    match (&entry.value.content, name.as_str()) {
        (_, "hosts" | "vars" | "children") => diagnostic.help(format!(
            "indent `{name}:` below the name of a group, such as `all:`"
        )),
        (Content::List(_), _) => diagnostic.help(format!(
            "write `hosts:` below `{name}:`, and below it one host a line, as `name:`"
        )),
        _ => diagnostic.help(format!(
            "below `{name}:` stand `hosts:`, `vars:` or `children:`"
        )),
    }
}

fn unknown_section(group: &Entry, section: &Entry) -> Diagnostic {
    let (outer, inner) = (&group.key, &section.key);
    let diagnostic = Diagnostic::error(format!("`{inner}` is not a part of a group"));
    if SECTIONS.contains(&outer.as_str()) {
        return diagnostic
            .at(&section.key_at)
            .related(&group.key_at, "this would be the name of a group")
            .help(format!(
                "indent `{outer}:` below the name of a group, such as `all:`"
            ));
    }
    let diagnostic = diagnostic.at(&section.key_at);
    if section.value.as_map().is_some() && nearest(inner, &SECTIONS).is_none() {
        diagnostic.help(format!(
            "a group inside a group is written below `children:`, so `{outer}: {{children: {{{inner}: ...}}}}`"
        ))
    } else {
        diagnostic.nearest(inner, SECTIONS)
    }
}

/// The entries of a section; a single word stands for one entry without a value.
fn entries(section: &Entry) -> Result<Cow<'_, [Entry]>> {
    match &section.value.content {
        Content::Map(entries) => Ok(Cow::Borrowed(entries)),
        Content::Scalar(Value::Null) => Ok(Cow::Borrowed(&[])),
        Content::Scalar(Value::String(name))
            if !name.contains(char::is_whitespace) && section.key != "vars" =>
        {
            Ok(Cow::Owned(vec![Entry {
                key: name.clone(),
                key_at: section.value.at.clone(),
                value: Node::scalar(Value::Null, &section.value.at),
            }]))
        }
        _ => {
            let word = &section.key;
            let kind = section.value.kind();
            let help = match word.as_str() {
                "vars" => "write `name: value`, one a line".to_owned(),
                _ => "write one name a line, each with a colon after it: `name:`".to_owned(),
            };
            Err(
                Diagnostic::error(format!("`{word}` is {kind}, and must be a mapping"))
                    .at(&section.value.at)
                    .help(help)
                    .into(),
            )
        }
    }
}

fn hosts_of(builder: &mut Builder, group: GroupId, section: &Entry) -> Result<()> {
    for entry in entries(section)?.iter() {
        let (names, port) = hosts::expand(&entry.key, &entry.key_at)?;
        let empty = entry.value.is_null()
            || matches!(&entry.value.content, Content::Scalar(Value::String(text)) if text.is_empty());
        if !empty && entry.value.as_map().is_none() {
            return Err(Diagnostic::error(format!(
                "host `{}` is {}, and must be a mapping of variables",
                entry.key,
                entry.value.kind()
            ))
            .at(&entry.value.at)
            .help(format!(
                "write `{}:` and below it `name: value`; for an address, `ansible_host: ...`",
                entry.key
            ))
            .into());
        }
        let set = if empty {
            None
        } else {
            Some(variables::from_node(&entry.value)?)
        };
        for name in names {
            let host = builder.host(&name, group, port, &entry.key_at)?;
            for (name, variable) in set.iter().flat_map(Variables::iter) {
                builder.set_host(host, name, variable.clone());
            }
        }
    }
    Ok(())
}

fn vars_of(builder: &mut Builder, group: GroupId, section: &Entry) -> Result<()> {
    entries(section)?;
    for (name, variable) in variables::from_node(&section.value)?.iter() {
        builder.set_group(group, name, variable.clone())?;
    }
    Ok(())
}

fn children_of(builder: &mut Builder, parent: GroupId, section: &Entry) -> Result<()> {
    for entry in entries(section)?.iter() {
        let child = group(builder, entry)?;
        builder.child(parent, child, &entry.key_at)?;
    }
    Ok(())
}
