//! One source of packages: a line of `sources.list(5)`, or a part of a stanza of a `.sources` file.

use std::fmt;

use crate::module::{Failure, Stop};

/// A source of packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `deb` or `deb-src`.
    kind: String,
    /// `arch=amd64` and its like, sorted.
    options: Vec<String>,
    pub(super) uri: String,
    suite: String,
    components: Vec<String>,
}

impl Entry {
    /// Reads a line; `None` where it is empty, a comment, or none of the form.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        let line = line.split('#').next()?.trim();
        let (kind, rest) = line.split_once(char::is_whitespace)?;
        if !matches!(kind, "deb" | "deb-src") {
            return None;
        }
        let rest = rest.trim();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", rest),
        };
        let mut options: Vec<String> = options.split_whitespace().map(str::to_owned).collect();
        options.sort();
        let mut words = rest.split_whitespace().map(str::to_owned);
        Some(Self {
            kind: kind.to_owned(),
            options,
            uri: words.next()?,
            suite: words.next()?,
            components: words.collect(),
        })
    }

    /// Reads what a task gives.
    ///
    /// # Errors
    /// With the form that is understood.
    pub(super) fn of_parameter(text: &str) -> Result<Self, Stop> {
        let wrong = |failure: Failure| -> Stop {
            failure
                .help("write `deb [signed-by=/etc/apt/keyrings/x.asc] https://host/path suite component`")
                .into()
        };
        if text.trim_start().starts_with("ppa:") {
            return Err(wrong(Failure::new(
                "a personal package archive is not looked up; `ppa:` is not understood",
            )));
        }
        if text.contains(['\n', '\0']) {
            return Err(wrong(Failure::new("`repo` is one line")));
        }
        let entry = Self::of_line(text)
            .ok_or_else(|| wrong(Failure::new(format!("`{text}` is no source of packages"))))?;
        let plain = entry.suite.ends_with('/');
        if plain != entry.components.is_empty() {
            return Err(wrong(Failure::new(format!(
                "`{text}` needs {}",
                if plain {
                    "no component, for its suite is a path"
                } else {
                    "a component, such as `main`"
                }
            ))));
        }
        Ok(entry)
    }

    /// Every source that the enabled stanzas of a `.sources` file name (`sources.list(5)`, DEB822 style).
    pub(super) fn of_stanzas(text: &str) -> Vec<Self> {
        let mut entries = Vec::new();
        for stanza in stanzas(text) {
            let words = |name: &str| -> Vec<String> {
                stanza
                    .iter()
                    .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                    .flat_map(|(_, value)| value.split_whitespace().map(str::to_owned))
                    .collect()
            };
            if words("Enabled").first().is_some_and(|word| word == "no") {
                continue;
            }
            for kind in words("Types") {
                for uri in words("URIs") {
                    for suite in words("Suites") {
                        entries.push(Self {
                            kind: kind.clone(),
                            options: Vec::new(),
                            uri: uri.clone(),
                            suite,
                            components: words("Components"),
                        });
                    }
                }
            }
        }
        entries
    }

    /// Whether packages come from here where they come from the other, options aside.
    pub(super) fn is_covered_by(&self, other: &Self) -> bool {
        let bare = |uri: &str| uri.trim_end_matches('/').to_owned();
        self.kind == other.kind
            && bare(&self.uri) == bare(&other.uri)
            && self.suite == other.suite
            && self
                .components
                .iter()
                .all(|component| other.components.contains(component))
    }

    /// The file that Ansible would put it into, without its directory: made of the address.
    pub(super) fn file_name(&self) -> String {
        let address = self
            .uri
            .split_once("://")
            .map_or(self.uri.as_str(), |(_, rest)| rest);
        let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
        let words: Vec<&str> = address
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        format!("{}.list", words.join("_"))
    }

    /// Whether the address holds a password.
    pub(super) fn has_password(&self) -> bool {
        let after_scheme = self.uri.split_once("://").map_or("", |(_, rest)| rest);
        let host = after_scheme.split('/').next().unwrap_or_default();
        host.rsplit_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.kind)?;
        if !self.options.is_empty() {
            write!(formatter, " [{}]", self.options.join(" "))?;
        }
        write!(formatter, " {} {}", self.uri, self.suite)?;
        for component in &self.components {
            write!(formatter, " {component}")?;
        }
        Ok(())
    }
}

/// Stanzas as fields; a line that begins with white space goes on with the field before.
fn stanzas(text: &str) -> Vec<Vec<(String, String)>> {
    let mut stanzas = vec![Vec::new()];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.trim().is_empty() {
            stanzas.push(Vec::new());
            continue;
        }
        let Some(stanza) = stanzas.last_mut() else {
            continue;
        };
        if line.starts_with(char::is_whitespace) {
            if let Some((_, value)) = stanza.last_mut() {
                let value: &mut String = value;
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            stanza.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    stanzas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_are_written() {
        let one =
            Entry::of_line("deb [signed-by=/x arch=amd64]  http://a.org/b  suite main  # why");
        let other = Entry::of_line("deb [ arch=amd64 signed-by=/x ] http://a.org/b suite main");
        assert!(one.is_some());
        assert_eq!(one, other);
        for none in [
            "# deb http://a.org suite main",
            "",
            "deb http://a.org",
            "rpm http://a b c",
            "deb [x http://a b c",
        ] {
            assert_eq!(Entry::of_line(none), None, "{none}");
        }
    }

    #[test]
    fn the_file_has_the_name_that_ansible_gives_it() {
        let name = |line: &str| Entry::of_line(line).unwrap().file_name();
        assert_eq!(
            name("deb http://archive.canonical.com/ubuntu hardy partner"),
            "archive_canonical_com_ubuntu.list"
        );
        assert_eq!(name("deb https://me:x@a.org/deb ./"), "a_org_deb.list");
    }

    #[test]
    fn stanzas_are_taken_apart() {
        let entries = Entry::of_stanzas(
            "# Debian\nTypes: deb deb-src\nURIs: http://deb.example.org/debian/\nSuites: bookworm\n bookworm-updates\n\
             Components: main contrib\n\nEnabled: no\nTypes: deb\nURIs: http://a.org\nSuites: x\nComponents: main\n",
        );
        assert_eq!(entries.len(), 4);
        let wanted =
            Entry::of_line("deb http://deb.example.org/debian bookworm-updates main").unwrap();
        assert!(entries.iter().any(|entry| wanted.is_covered_by(entry)));
        let more =
            Entry::of_line("deb http://deb.example.org/debian bookworm main non-free").unwrap();
        assert!(!entries.iter().any(|entry| more.is_covered_by(entry)));
    }
}
