//! What a task asks of packages.

use regex::Regex;

use crate::model::value::Value;
use crate::module::handover::RESTART_PRIMARY;
use crate::module::shared::seconds::seconds;
use crate::module::{Failure, Parameters, Stop};

/// Seconds to wait for another package manager, unless a task says otherwise.
pub(super) const LOCK_TIMEOUT: u64 = 60;

/// All that the parameters say.
pub(super) struct Request {
    pub(super) packages: Vec<Wanted>,
    pub(super) state: State,
    /// Whether the index is to be brought up to date: `None` where the task does not say.
    pub(super) update_index: Option<bool>,
    /// Seconds for which an index counts as up to date.
    pub(super) index_valid_for: u64,
    pub(super) options: Options,
    /// All data of a primary may be lost.
    pub(super) restart_primary: bool,
}

/// How packages are brought and taken.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) purge: bool,
    pub(super) autoremove: bool,
    /// `None`: as the host is configured.
    pub(super) recommends: Option<bool>,
    pub(super) allow_downgrade: bool,
    pub(super) allow_held: bool,
    pub(super) only_upgrade: bool,
    pub(super) default_release: Option<String>,
    pub(super) dpkg_options: Vec<String>,
    /// Seconds to wait for another package manager to finish.
    pub(super) lock_timeout: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Present,
    Latest,
    Absent,
}

/// One package by its name, perhaps in a certain version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    /// As written, with `*` and `?` for any text and any character.
    pub(super) version: Option<String>,
}

impl Request {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Stop> {
        let state = match parameters.string("state")?.as_deref() {
            None | Some("present" | "installed") => State::Present,
            Some("latest") => State::Latest,
            Some("absent" | "removed") => State::Absent,
            Some(_) => {
                return Err(parameters.wrong(
                    "state",
                    "present, latest or absent",
                    &Value::default(),
                ));
            }
        };
        let packages = parameters
            .strings("name")?
            .iter()
            .map(|text| Wanted::parse(text))
            .collect::<Result<Vec<_>, _>>()?;
        let index_valid_for = seconds(parameters, "cache_valid_time")?.unwrap_or(0);
        let update_index = if parameters.has("update_cache") {
            Some(parameters.boolean("update_cache", false)?)
        } else if parameters.has("cache_valid_time") {
            Some(true)
        } else {
            None
        };
        if packages.is_empty() && update_index != Some(true) {
            return Err(Failure::new("there is no package to manage")
                .help(
                    "name one with `name`, or bring the index up to date with `update_cache: true`",
                )
                .into());
        }
        if state == State::Absent
            && let Some(wanted) = packages.iter().find(|wanted| wanted.version.is_some())
        {
            return Err(Failure::new(format!(
                "a version says nothing when package {} is to be absent",
                wanted.name
            ))
            .help("leave the version out")
            .into());
        }
        Ok(Self {
            packages,
            state,
            update_index,
            index_valid_for,
            options: Options::read(parameters)?,
            restart_primary: parameters.boolean(RESTART_PRIMARY.name, false)?,
        })
    }
}

impl Options {
    fn read(parameters: &Parameters) -> Result<Self, Stop> {
        Ok(Self {
            purge: parameters.boolean("purge", false)?,
            autoremove: parameters.boolean("autoremove", false)?,
            recommends: match parameters.has("install_recommends") {
                true => Some(parameters.boolean("install_recommends", true)?),
                false => None,
            },
            allow_downgrade: parameters.boolean("allow_downgrade", false)?,
            allow_held: parameters.boolean("allow_change_held_packages", false)?,
            only_upgrade: parameters.boolean("only_upgrade", false)?,
            default_release: parameters.string("default_release")?,
            dpkg_options: match parameters.has("dpkg_options") {
                true => parameters.strings("dpkg_options")?,
                false => vec!["force-confdef".to_owned(), "force-confold".to_owned()],
            },
            lock_timeout: seconds(parameters, "lock_timeout")?.unwrap_or(LOCK_TIMEOUT),
        })
    }
}

impl Wanted {
    /// Reads `redis-server`, `redis-server:amd64` or `redis-server=5:7.0.*`.
    fn parse(text: &str) -> Result<Self, Stop> {
        let (name, version) = match text.split_once('=') {
            Some((name, version)) => (name.trim(), Some(version.trim())),
            None => (text.trim(), None),
        };
        let usual =
            |character: char| character.is_ascii_alphanumeric() || "+-._:".contains(character);
        let begins = name.starts_with(|character: char| character.is_ascii_alphanumeric());
        if !begins || !name.chars().all(usual) || name.ends_with('-') {
            return Err(Failure::new(format!("`{text}` is no name of a package"))
                .help("write `name` or `name=version`; only a version may hold `*`")
                .into());
        }
        if version.is_some_and(|version| {
            version.is_empty()
                || !version
                    .chars()
                    .all(|character| usual(character) || "~*?".contains(character))
        }) {
            return Err(Failure::new(format!("`{text}` has no usable version"))
                .help("write `name=version`, for example `redis-server=5:7.0.*`")
                .into());
        }
        Ok(Self {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        })
    }

    /// Whether a version is one that is wanted; any is where none was named.
    pub(super) fn accepts(&self, version: &str) -> bool {
        match &self.version {
            None => true,
            Some(pattern) if !pattern.contains(['*', '?']) => pattern == version,
            Some(pattern) => {
                let expression = regex::escape(pattern)
                    .replace(r"\*", ".*")
                    .replace(r"\?", ".");
                Regex::new(&format!("^{expression}$"))
                    .is_ok_and(|expression| expression.is_match(version))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_taken_apart() {
        let wanted = Wanted::parse("redis-server=5:7.0.*").unwrap();
        assert_eq!(wanted.name, "redis-server");
        assert!(wanted.accepts("5:7.0.15-1~deb12u1"));
        assert!(!wanted.accepts("5:7.2.0-1"));
        assert!(!wanted.accepts("15:7.0.1"));
        assert!(
            Wanted::parse("libstdc++6:amd64")
                .unwrap()
                .accepts("anything")
        );
        for wrong in [
            "",
            "-y",
            "redis-",
            "redis*",
            "a b",
            "redis=",
            "redis=1 2",
            "redis/stable",
        ] {
            assert!(Wanted::parse(wrong).is_err(), "{wrong}");
        }
    }
}
