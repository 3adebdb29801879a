//! `modules`: what modules there are, and their parameters.

use super::Exit;
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::module::registry;
use crate::view::Console;

pub(super) fn run(name: Option<&str>, console: &mut Console) -> Result<Exit> {
    match name {
        None => {
            for spec in registry::specs() {
                console.text(&format!("{:22} {}", spec.name, spec.summary));
            }
        }
        Some(name) => {
            let Some(module) = registry::find(name) else {
                return Err(Error::input(
                    Diagnostic::error(format!("there is no module `{name}`"))
                        .nearest(name, registry::specs().map(|spec| spec.name)),
                ));
            };
            console.text(&text(module.spec()));
        }
    }
    Ok(Exit::Done)
}

/// A module's documentation as text.
fn text(spec: &crate::module::Spec) -> String {
    let mut text = format!("{}: {}\n", spec.name, spec.summary);
    if !spec.aliases.is_empty() {
        text.push_str(&format!("also called {}\n", spec.aliases.join(", ")));
    }
    for parameter in spec.parameters {
        let required = if parameter.required {
            " (required)"
        } else {
            ""
        };
        text.push_str(&format!(
            "\n  {}{required}\n      {}\n",
            parameter.name, parameter.help
        ));
        if !parameter.choices.is_empty() {
            text.push_str(&format!("      one of: {}\n", parameter.choices.join(", ")));
        }
        if !parameter.default.is_empty() {
            text.push_str(&format!("      default: {}\n", parameter.default));
        }
        if !parameter.aliases.is_empty() {
            text.push_str(&format!(
                "      also written: {}\n",
                parameter.aliases.join(", ")
            ));
        }
    }
    text.trim_end().to_owned()
}
