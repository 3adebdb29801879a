//! What a configuration comes to: one value for each thing it sets, after repeats, aliases and accumulation.

use indexmap::IndexMap;

use super::argument::Argument;
use super::document::{Directive, Document};
use super::identity::Identity;
use super::limits;
use super::value::{Value, points};
use crate::redis::catalogue::{self, Kind};

/// One thing that is set, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub identity: Identity,
    /// The directive's name as it was written, in lower case.
    pub name: String,
    /// The arguments that hold; of `save`, those of all lines together; of `client-output-buffer-limit`, of one class.
    pub arguments: Vec<Argument>,
    pub value: Value,
    /// The lines it was read from, counted from 1; the last one holds. Empty if it came from a running server.
    pub lines: Vec<usize>,
}

impl Setting {
    /// The line that sets this, and nothing else.
    #[must_use]
    pub fn to_directive(&self) -> Directive {
        Directive::new(&self.name, self.arguments.iter().cloned())
    }

    /// The value as CONFIG SET takes it: all words in one. It may be a secret.
    #[must_use]
    pub fn config_set_value(&self) -> Vec<u8> {
        self.arguments
            .iter()
            .map(Argument::as_bytes)
            .collect::<Vec<_>>()
            .join(b" ".as_slice())
    }
}

/// Everything that a configuration sets, in the order in which it first does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    settings: IndexMap<Identity, Setting>,
}

impl Effective {
    /// What a file sets. What its `include` lines would add is not known here.
    #[must_use]
    pub fn of_document(document: &Document) -> Self {
        let mut effective = Self::default();
        for (line, directive) in document.directives() {
            effective.add(directive, Some(line));
        }
        effective
    }

    /// What a running server has set, from the names and values that CONFIG GET answers.
    #[must_use]
    pub fn of_config_get<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut effective = Self::default();
        for (name, value) in pairs {
            effective.add(&Directive::new(name, [Argument::from(value)]), None);
        }
        effective
    }

    /// The settings, in the order in which they first occur.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values()
    }

    #[must_use]
    pub fn get(&self, identity: &Identity) -> Option<&Setting> {
        self.settings.get(identity)
    }

    /// The setting of a directive that exists once, by any of its names.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Setting> {
        self.get(&Identity::of_name(name))
    }

    fn add(&mut self, directive: &Directive, line: Option<usize>) {
        match catalogue::lookup(&directive.name).map(|known| known.kind) {
            Some(Kind::Save) => self.add_points(directive, line),
            Some(Kind::BufferLimits) => match limits::groups(&directive.arguments) {
                Some(groups) => {
                    for group in groups {
                        let value = group
                            .limit()
                            .map_or_else(|| Value::Words(group.words.to_vec()), Value::Limit);
                        let identity = Identity::with_part(limits::NAME, group.class);
                        self.put(identity, &directive.name, group.words.to_vec(), value, line);
                    }
                }
                None => self.put_whole(directive, line),
            },
            _ => self.put_whole(directive, line),
        }
    }

    fn put_whole(&mut self, directive: &Directive, line: Option<usize>) {
        let value = Value::read(&directive.name, &directive.arguments);
        self.put(
            Identity::of(directive),
            &directive.name,
            directive.arguments.clone(),
            value,
            line,
        );
    }

    /// The last one wins, but keeps its place among the others.
    fn put(
        &mut self,
        identity: Identity,
        name: &str,
        arguments: Vec<Argument>,
        value: Value,
        line: Option<usize>,
    ) {
        let mut lines = self
            .settings
            .get(&identity)
            .map(|setting| setting.lines.clone())
            .unwrap_or_default();
        lines.extend(line.filter(|line| lines.last() != Some(line)));
        let setting = Setting {
            identity: identity.clone(),
            name: name.to_owned(),
            arguments,
            value,
            lines,
        };
        self.settings.insert(identity, setting);
    }

    /// `save` lines add up; an empty one forgets those before it.
    fn add_points(&mut self, directive: &Directive, line: Option<usize>) {
        let identity = Identity::of(directive);
        let Value::Points(new) = Value::read(&directive.name, &directive.arguments) else {
            return self.put_whole(directive, line);
        };
        let mut arguments = directive.arguments.clone();
        let before = self
            .settings
            .get(&identity)
            .filter(|setting| matches!(setting.value, Value::Points(_)));
        if let (false, Some(before)) = (new.is_empty(), before)
            && !matches!(&before.value, Value::Points(points) if points.is_empty())
        {
            arguments.splice(0..0, before.arguments.iter().cloned());
        }
        let words = arguments
            .iter()
            .flat_map(|argument| super::argument::split(argument.as_bytes()).unwrap_or_default());
        let sum = points(&words.collect::<Vec<_>>()).unwrap_or(new);
        self.put(
            identity,
            &directive.name,
            arguments,
            Value::Points(sum),
            line,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effective(text: &str) -> Effective {
        Effective::of_document(&Document::parse(text))
    }

    fn shown(effective: &Effective, name: &str) -> Option<String> {
        effective.named(name).map(|setting| setting.value.shown())
    }

    #[test]
    fn the_last_repeat_wins_under_any_name() {
        let effective = effective(
            "slave-lazy-flush no\nmaxmemory 1gb\nreplica-lazy-flush yes\nMAXMEMORY 2gb\n",
        );
        assert_eq!(
            shown(&effective, "replica-lazy-flush").as_deref(),
            Some("yes")
        );
        assert_eq!(effective.named("slave-lazy-flush").unwrap().lines, [1, 3]);
        assert_eq!(
            shown(&effective, "maxmemory").as_deref(),
            Some("2 GiB (2147483648)")
        );
        assert_eq!(effective.settings().count(), 2);
    }

    #[test]
    fn points_of_save_add_up_until_an_empty_one() {
        assert_eq!(
            effective("save 900 1\nsave 300 10\n").named("save"),
            {
                let mut other = effective("save \"300 10 900 1\"\nsave 300 10\n")
                    .named("save")
                    .unwrap()
                    .clone();
                other.arguments = ["900", "1", "300", "10"].map(Argument::from).to_vec();
                Some(other)
            }
            .as_ref()
        );
        assert_eq!(
            shown(&effective("save 900 1\nsave \"\"\n"), "save").as_deref(),
            Some("never")
        );
        assert_eq!(
            shown(&effective("save \"\"\nsave 60 5\n"), "save").as_deref(),
            Some("after 60 s if 5 changed")
        );
        assert_eq!(
            effective("save \"\"\nsave 60 5\n")
                .named("save")
                .unwrap()
                .config_set_value(),
            b"60 5"
        );
    }

    #[test]
    fn classes_of_clients_are_apart() {
        let file = effective("client-output-buffer-limit slave 256mb 64mb 60 pubsub 32mb 8mb 60\n");
        let live = Effective::of_config_get([(
            "client-output-buffer-limit",
            "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        )]);
        let replica = Identity::with_part(limits::NAME, "replica".to_owned());
        assert_eq!(
            file.get(&replica).unwrap().value,
            live.get(&replica).unwrap().value
        );
        assert_eq!((file.settings().count(), live.settings().count()), (2, 3));
        assert_eq!(
            file.get(&replica).unwrap().config_set_value(),
            b"slave 256mb 64mb 60"
        );
    }

    #[test]
    fn a_running_server_answers_the_same_values() {
        let live = Effective::of_config_get([
            ("maxmemory", "1073741824"),
            ("save", ""),
            ("bind", "127.0.0.1 ::1"),
            ("replicaof", ""),
            ("oom-score-adj-values", "0 200 800"),
            ("dir", "/var/lib/my redis"),
        ]);
        let file = effective(
            "maxmemory 1gb\nsave \"\"\nbind 127.0.0.1 ::1\nreplicaof no one\noom-score-adj-values 0 200 800\ndir \"/var/lib/my redis\"\n",
        );
        for setting in file.settings() {
            assert_eq!(
                Some(&setting.value),
                live.get(&setting.identity).map(|setting| &setting.value),
                "{}",
                setting.name
            );
        }
    }
}
