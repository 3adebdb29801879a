//! Decisions in the compact form in which cases expect them.

use cachesmith::model::blob::Blob;
use cachesmith::model::change::{Change, ChangeKind, Difference, Field, Undo};
use cachesmith::model::probe::Probe;
use cachesmith::model::step::{Action, Attributes, Guard, Step};
use cachesmith::model::value::{Map, Value};
use cachesmith::module::{Check, Decision, Stop};

/// YAML of a value, with a newline at its end.
pub(crate) fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).unwrap_or_else(|error| error.to_string())
}

/// All of what was decided, for a person who compares or copies it.
pub(crate) fn outcome(decided: &Result<Decision, Stop>, missing: &[Probe]) -> String {
    let mut map = Map::new();
    match decided {
        Ok(decision) => {
            if decision.changes.is_empty() {
                map.insert("unchanged".to_owned(), true.into());
            } else {
                let changes = decision.changes.iter().map(change).map(Value::Map);
                map.insert("changes".to_owned(), Value::List(changes.collect()));
            }
            for (name, part) in [("result", &decision.result), ("facts", &decision.facts)] {
                if !part.is_empty() {
                    map.insert(name.to_owned(), Value::Map(part.clone()));
                }
            }
            if let Some(message) = &decision.message {
                map.insert("message".to_owned(), message.as_str().into());
            }
            if !decision.checks.is_empty() {
                map.insert("checks".to_owned(), checks(&decision.checks));
            }
            if let Some(number) = decision.output_of {
                map.insert("output_of".to_owned(), (number as u64).into());
            }
        }
        Err(Stop::Missing) => {
            map.insert("missing".to_owned(), of_serde(&missing));
        }
        Err(Stop::Unknown(unknown)) => {
            map.insert("unknown".to_owned(), (&*unknown.reason).into());
        }
        Err(Stop::Failed(failure)) => {
            map.insert("failed".to_owned(), failure.message.as_str().into());
            map.insert("help".to_owned(), failure.help.join("\n").into());
            map.insert("result".to_owned(), Value::Map(failure.result.clone()));
        }
    }
    yaml(&Value::Map(map))
}

pub(crate) fn checks(checks: &[Check]) -> Value {
    of_serde(&checks)
}

fn of_serde(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value)
        .and_then(serde_json::from_value)
        .unwrap_or_default()
}

/// A change with all that a case may expect of it.
pub(crate) fn change(change: &Change) -> Map {
    let kind = match change.kind {
        ChangeKind::Create => "create",
        ChangeKind::Update => "update",
        ChangeKind::Remove => "remove",
        ChangeKind::Run => "run",
        ChangeKind::Wait => "wait",
    };
    let mut map = Map::new();
    map.insert("kind".to_owned(), kind.into());
    map.insert("resource".to_owned(), change.resource.as_str().into());
    let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    let fields = match &change.difference {
        Difference::None => &Vec::new(),
        Difference::Fields(fields) => fields,
        Difference::Text {
            before,
            after,
            fields,
        } => {
            map.insert("before".to_owned(), text(before));
            map.insert("after".to_owned(), text(after));
            fields
        }
    };
    let texts = |texts: Vec<String>| Value::List(texts.into_iter().map(Value::from).collect());
    map.insert(
        "fields".to_owned(),
        texts(fields.iter().map(field).collect()),
    );
    map.insert("notes".to_owned(), texts(change.notes.clone()));
    let known = Known::of(change);
    map.insert("steps".to_owned(), texts(known.steps(&change.steps)));
    let undo = match &change.undo {
        Undo::Steps(steps) => texts(known.steps(steps)),
        Undo::Again { steps, .. } => {
            Value::from_iter([("again".to_owned(), texts(known.steps(steps)))])
        }
        Undo::Impossible(reason) => {
            Value::from_iter([("impossible".to_owned(), reason.as_str().into())])
        }
    };
    map.insert("undo".to_owned(), undo);
    map
}

/// `name: before -> after`, with a dash for what is not there.
fn field(field: &Field) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let mut line = format!(
        "{}: {} -> {}",
        field.name,
        text(&field.before),
        text(&field.after)
    );
    if field.secret {
        line.push_str(" (secret)");
    }
    if let Some(note) = &field.note {
        line.push_str(&format!(" ({note})"));
    }
    line
}

/// Contents that have a name in a change: its text before and its text after.
struct Known {
    before: Option<Blob>,
    after: Option<Blob>,
}

impl Known {
    fn of(change: &Change) -> Self {
        let (before, after) = match &change.difference {
            Difference::Text { before, after, .. } => (before.clone(), after.clone()),
            _ => (None, None),
        };
        Self {
            before: before.map(Blob::from),
            after: after.map(Blob::from),
        }
    }

    fn steps(&self, steps: &[Step]) -> Vec<String> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&self, step: &Step) -> String {
        let (path, text) = match &step.action {
            Action::WriteFile {
                path,
                content,
                attributes: given,
                validate,
                backup,
            } => {
                let mut text = format!(
                    "write {path} {}{}",
                    self.content(content),
                    attributes(given)
                );
                if let Some(argv) = validate {
                    text.push_str(&format!(" validated by `{}`", words(argv)));
                }
                if let Some(backup) = backup {
                    text.push_str(&format!(" backup {backup}"));
                }
                (path.as_str(), text)
            }
            Action::SetAttributes {
                path,
                attributes: given,
            } => (path.as_str(), format!("set {path}{}", attributes(given))),
            Action::MakeDirectory {
                path,
                attributes: given,
            } => (path.as_str(), format!("mkdir {path}{}", attributes(given))),
            Action::Link { path, target, hard } => {
                let word = if *hard { "hard link" } else { "link" };
                (path.as_str(), format!("{word} {path} -> {target}"))
            }
            Action::Remove { path } => (path.as_str(), format!("remove {path}")),
            Action::Touch { path, modified } => (
                path.as_str(),
                match modified {
                    Some(time) => format!("touch {path} {time}"),
                    None => format!("touch {path}"),
                },
            ),
            Action::RecordRun { run, .. } => ("", format!("record {run}")),
            Action::KeepNote { path, lines, .. } => {
                (path.as_str(), format!("note {path} {}", lines.join(" ")))
            }
            Action::RemoveNote { path } => (path.as_str(), format!("no note {path}")),
            Action::Program { program, accepted } => {
                let mut text = format!("run {}", words(&program.argv));
                for (name, value) in &program.environment {
                    text.push_str(&format!(" with {name}={value}"));
                }
                if let Some(directory) = &program.directory {
                    text.push_str(&format!(" in {directory}"));
                }
                if let Some(stdin) = &program.stdin {
                    text.push_str(&format!(" given {}", self.content(stdin)));
                }
                if let Some(limit) = program.time_limit {
                    text.push_str(&format!(" within {limit} s"));
                }
                if accepted.is_empty() {
                    text.push_str(" accepting any code");
                } else if *accepted != [0] {
                    text.push_str(&format!(" accepting {accepted:?}"));
                }
                ("", text)
            }
            Action::KernelValue { key, value } => (key.as_str(), format!("kernel {key} = {value}")),
            Action::ConfigSet {
                settings, at_once, ..
            } => {
                let way = if *at_once { "at once" } else { "one by one" };
                let pairs: Vec<String> = settings
                    .iter()
                    .map(|setting| format!("{} {}", setting.name, value(&setting.value)))
                    .collect();
                ("", format!("config set {way}: {}", pairs.join(", ")))
            }
            Action::LowerMaxmemory { pace, .. } => (
                "",
                format!(
                    "lower maxmemory to {} by {} % and {} bytes, {} evictions a second, within {} s",
                    pace.to,
                    pace.percent,
                    pace.most_bytes,
                    pace.evictions_per_second,
                    pace.time_limit
                ),
            ),
            Action::RedisUser { name, rules, .. } => (
                "",
                match rules {
                    Some(rules) => format!("account {name} {}", rules.join(" ")),
                    None => format!("no account {name}"),
                },
            ),
            Action::Failover { primary, handover } => (
                "",
                format!(
                    "failover ({}) of {}:{} to {}",
                    handover.keeper.word(),
                    primary.host.as_deref().unwrap_or_default(),
                    primary.port,
                    handover
                        .to
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(" or "),
                ),
            ),
            Action::Reboot { time_limit } => ("", format!("reboot within {time_limit} s")),
        };
        match &step.guard {
            Some(guard) => format!("{text} when {}", self.guard(guard, path)),
            None => text,
        }
    }

    /// `before`, `after`, or the text in quotes.
    fn content(&self, content: &Blob) -> String {
        if self.after.as_ref() == Some(content) {
            "after".to_owned()
        } else if self.before.as_ref() == Some(content) {
            "before".to_owned()
        } else {
            match content.as_text() {
                Some(text) => format!("{text:?}"),
                None => format!("{} bytes {}", content.len(), content.sha256()),
            }
        }
    }

    fn guard(&self, guard: &Guard, own: &str) -> String {
        let named = |path: &str| {
            if path == own {
                String::new()
            } else {
                format!("{path} ")
            }
        };
        match guard {
            Guard::Absent { path } => format!("{}absent", named(path)),
            Guard::Exists { path } => format!("{}exists", named(path)),
            Guard::Sha256 { path, sha256 } => {
                let is = |blob: &Option<Blob>| blob.as_ref().is_some_and(|b| b.sha256() == *sha256);
                let what = if is(&self.before) {
                    "before".to_owned()
                } else if is(&self.after) {
                    "after".to_owned()
                } else {
                    format!("sha256 {sha256}")
                };
                format!("{}is {what}", named(path))
            }
            Guard::MainProcess { unit, pid, .. } => format!("{unit} runs process {pid}"),
            Guard::KernelValue { key, value } => format!("{}is {value}", named(key)),
            Guard::RedisUser { name, rules, .. } => match rules {
                Some(rules) => format!("{name} has {}", rules.join(" ")),
                None => format!("there is no {name}"),
            },
            Guard::Config { values, .. } => values
                .iter()
                .map(|(name, is)| format!("{name} is {}", value(is)))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// A value of a directive; an empty one would not be seen.
fn value(value: &Blob) -> String {
    if value.is_empty() {
        "\"\"".to_owned()
    } else {
        value.to_lossy().into_owned()
    }
}

fn attributes(attributes: &Attributes) -> String {
    let mut text = String::new();
    if let Some(mode) = attributes.mode {
        text.push_str(&format!(" mode {mode:04o}"));
    }
    if let Some(owner) = &attributes.owner {
        text.push_str(&format!(" owner {owner}"));
    }
    if let Some(group) = &attributes.group {
        text.push_str(&format!(" group {group}"));
    }
    text
}

/// Words as a shell would need them; a text of several lines by its first.
fn words(argv: &[String]) -> String {
    let plain = |word: &str| {
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
        !word.is_empty() && word.chars().all(safe)
    };
    let words: Vec<String> =
        argv.iter()
            .map(|word| match word.split_once('\n') {
                Some((first, _)) => format!("({first} ...)"),
                None if plain(word) => word.clone(),
                None => shlex::try_quote(word)
                    .map_or_else(|_| word.clone(), std::borrow::Cow::into_owned),
            })
            .collect();
    words.join(" ")
}
