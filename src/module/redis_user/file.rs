//! The file that holds a server's accounts: its `aclfile`, or its configuration.

use crate::module::redis_config::live::Live;
use crate::module::shared::paths;
use crate::module::shared::target::{Links, Target};
use crate::module::{Failure, Look, Stop};
use crate::redis::conf::{Argument, Directive, Document, Effective, Identity, merge};

/// A file with `user` lines.
pub(super) struct UserFile {
    pub(super) target: Target,
    document: Document,
    /// It is an `aclfile`, of which the server takes every line apart at spaces, without quotes or comments.
    pub(super) is_list: bool,
}

impl UserFile {
    /// # Errors
    /// Where the server's `aclfile` cannot be read, beside what [`Look::observe`] says.
    pub(super) fn of(
        look: &Look<'_>,
        config: Target,
        document: Document,
        live: Option<&Live<'_>>,
    ) -> Result<Self, Stop> {
        let Some(path) = list(&document, live) else {
            return Ok(Self {
                target: config,
                document,
                is_list: false,
            });
        };
        let target = Target::find(look, &path, Links::Follow)?;
        let Some(content) = target.content()? else {
            return Err(Failure::new(format!("there is no file `{path}`, which `aclfile` names"))
                .help("no server starts without it: make an empty one that the server's account can read")
                .into());
        };
        Ok(Self {
            document: Document::parse(content.as_bytes()),
            target,
            is_list: true,
        })
    }

    /// The rules of an account, as words.
    pub(super) fn rules_of(&self, name: &str) -> Option<Vec<String>> {
        if self.is_list {
            let lines = self.lines();
            let line = lines.iter().rfind(|line| is_of(line, name))?;
            return Some(
                line.split_ascii_whitespace()
                    .skip(2)
                    .map(str::to_owned)
                    .collect(),
            );
        }
        let effective = Effective::of_document(&self.document);
        let setting = effective.get(&Identity::of(&directive(name, &[])))?;
        Some(
            setting
                .arguments
                .iter()
                .skip(1)
                .map(|word| word.as_text().unwrap_or_default().to_owned())
                .collect(),
        )
    }

    /// The file with other rules of an account, or without it.
    ///
    /// # Errors
    /// Where the file cannot be taken apart.
    pub(super) fn with(&self, name: &str, rules: Option<&[String]>) -> Result<Vec<u8>, Stop> {
        if self.is_list {
            return Ok(self.list_with(name, rules).into_bytes());
        }
        let mut document = self.document.clone();
        if let Some(rules) = rules {
            let desired = Document::parse(directive(name, rules).to_line());
            document = merge(&document, &desired, &[])
                .map_err(|error| Stop::failed(error.to_string()))?
                .document;
        } else {
            let gone = Identity::of(&directive(name, &[]));
            document.lines.retain(|line| {
                line.directive()
                    .is_none_or(|directive| Identity::of(directive) != gone)
            });
        }
        Ok(document.to_bytes())
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.document.to_bytes()).into_owned();
        text.lines().map(str::to_owned).collect()
    }

    /// Where it stood last, for that is what the server obeys; its repeats go.
    fn list_with(&self, name: &str, rules: Option<&[String]>) -> String {
        let new = rules.map(|rules| format!("user {name} {}", rules.join(" ")));
        let lines = self.lines();
        let place = lines.iter().rposition(|line| is_of(line, name));
        let mut kept: Vec<String> = Vec::new();
        for (index, line) in lines.into_iter().enumerate() {
            if !is_of(&line, name) {
                kept.push(line);
            } else if place == Some(index) {
                kept.extend(new.clone());
            }
        }
        if place.is_none() {
            kept.extend(new);
        }
        kept.iter().flat_map(|line| [line, "\n"]).collect()
    }
}

/// The path of the server's `aclfile`, if it has one.
fn list(document: &Document, live: Option<&Live<'_>>) -> Option<String> {
    let effective = Effective::of_document(document);
    let said = |name: &str| match live {
        Some(live) => live.config.get(name).cloned(),
        None => {
            let setting = effective.named(name)?;
            Some(setting.arguments.first()?.as_text()?.to_owned())
        }
    };
    let path = said("aclfile").filter(|path| !path.is_empty())?;
    Some(if path.starts_with('/') {
        path
    } else {
        // The server looks for it in the directory of its data.
        paths::join(&said("dir").unwrap_or_default(), &path)
    })
}

fn is_of(line: &str, name: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("user"))
        && words.next() == Some(name)
}

fn directive(name: &str, rules: &[String]) -> Directive {
    let words = std::iter::once(name).chain(rules.iter().map(String::as_str));
    Directive::new("user", words.map(Argument::from))
}
