//! The groups as a tree, as `ansible-inventory --graph` draws it.

use std::fmt::Write as _;

use super::Inventory;
use super::group::Group;
use crate::model::value::{Map, Value};

impl Inventory {
    /// A group, the groups inside it and their hosts, one a line, with variables if asked for. A group that is
    /// inside several others is drawn in each. No newline at the end.
    pub fn graph(&self, group: &Group, with_variables: bool) -> String {
        let mut lines = Vec::new();
        self.draw(group, 0, with_variables, &mut lines);
        lines.join("\n")
    }

    fn draw(&self, group: &Group, depth: usize, with_variables: bool, lines: &mut Vec<String>) {
        lines.push(line(&format!("@{}:", group.name()), depth));
        for child in group.children.keys() {
            self.draw(self.group_at(*child), depth + 1, with_variables, lines);
        }
        if group.name() != "all" {
            for host in group.hosts.iter().map(|id| self.host_at(*id)) {
                lines.push(line(host.name(), depth + 1));
                if with_variables {
                    draw_variables(self.shown_variables(host), depth + 2, lines);
                }
            }
        }
        if with_variables {
            draw_variables(self.shown_group_variables(group), depth + 1, lines);
        }
    }
}

fn line(text: &str, depth: usize) -> String {
    if depth == 0 {
        text.to_owned()
    } else {
        format!("{}--{text}", "  |".repeat(depth))
    }
}

fn draw_variables(mut variables: Map, depth: usize, lines: &mut Vec<String>) {
    variables.sort_keys();
    for (name, value) in &variables {
        let text = match value {
            Value::String(text) => text.clone(),
            other => python(other),
        };
        lines.push(line(&format!("{{{name} = {text}}}"), depth));
    }
}

/// A value as Python shows it, because that is what people know from `--graph --vars`.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => python_float(*value),
        Value::String(text) => python_string(text),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(python).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let items: Vec<String> = map
                .iter()
                .map(|(name, value)| format!("{}: {}", python_string(name), python(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Unknown(unknown) => format!("<{unknown}>"),
    }
}

/// `1.0`, `0.25`, `1e+16`, `1e-05`.
fn python_float(value: f64) -> String {
    let text = format!("{value:?}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(rest) => ('-', rest),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

fn python_string(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            letter if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_ascii_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\x{:02x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_look_as_python_shows_them() {
        let map: Value = [
            ("a".to_owned(), Value::Null),
            ("b".to_owned(), Value::List(vec![true.into(), 1.0.into()])),
            ("c'd".to_owned(), "x\ny".into()),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            python(&map),
            r#"{'a': None, 'b': [True, 1.0], "c'd": 'x\ny'}"#
        );
        assert_eq!(python_float(1e16), "1e+16");
        assert_eq!(python_float(0.00001), "1e-05");
        assert_eq!(python_float(0.0001), "0.0001");
    }
}
