//! `gate` of a play: what has to hold between two waves.

use super::Loader;
use super::tasks::Surroundings;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry, Node};
use crate::model::playbook::Item;
use crate::model::rolling::{Gate, GateCommand};
use crate::model::template::scan::is_template;
use crate::model::value::Value;

const KEYS: &[&str] = &[
    "post_checks",
    "redis",
    "retries",
    "delay",
    "soak",
    "every",
    "command",
    "time_limit",
    "pause",
];

/// Two and a half minutes: as long as a server of some GiB takes to load and to synchronize.
const RETRIES: u64 = 30;
const DELAY: u64 = 5;
const EVERY: u64 = 10;
const TIME_LIMIT: u64 = 300;

/// What a person is asked where the playbook says only that one is.
const QUESTION: &str = "Go on with the next wave?";

/// Units of durations, in seconds.
const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];

impl Loader<'_> {
    /// One gate, or several that are passed one after another.
    pub(super) fn gates(
        &mut self,
        play: &Node,
        node: &Node,
        surroundings: &Surroundings<'_>,
    ) -> Vec<Gate> {
        Self::list(node)
            .iter()
            .filter_map(|gate| self.gate(play, gate, surroundings))
            .collect()
    }

    fn gate(&mut self, play: &Node, node: &Node, surroundings: &Surroundings<'_>) -> Option<Gate> {
        let Some(entries) = node.as_map() else {
            self.wrong("gate", "a mapping", node);
            return None;
        };
        for entry in entries {
            if !KEYS.contains(&entry.key.as_str()) {
                self.report(
                    Diagnostic::error(format!("`gate` has no key `{}`", entry.key))
                        .at(&entry.key_at)
                        .nearest_or_all(&entry.key, KEYS.iter().copied()),
                );
            }
        }
        let checks = node.get("post_checks");
        let mut number = |key: &str, usual: u64| {
            node.get(key)
                .and_then(|value| self.duration(key, value))
                .unwrap_or(usual)
        };
        let (delay, soak, every) = (
            number("delay", DELAY),
            number("soak", 0),
            number("every", EVERY),
        );
        let time_limit = number("time_limit", TIME_LIMIT);
        let gate = Gate {
            at: node.at.clone(),
            post_checks: checks
                .and_then(|value| self.boolean("post_checks", value))
                .unwrap_or(true),
            redis: node
                .get("redis")
                .and_then(|value| self.redis_gate(value, surroundings)),
            retries: node
                .get("retries")
                .and_then(|value| self.count("retries", value))
                .unwrap_or(RETRIES),
            delay,
            soak,
            every: every.max(1),
            command: node
                .get("command")
                .and_then(|value| self.gate_command(value, time_limit)),
            pause: node.get("pause").and_then(|value| self.pause(value)),
        };
        let asks_hosts =
            node.get("redis").is_some() || gate.post_checks && play.get("post_checks").is_some();
        let asks = asks_hosts || node.get("command").is_some() || node.get("pause").is_some();
        if !asks {
            self.report(
                Diagnostic::error("this gate asks nothing, and everything passes it")
                    .at(&node.at)
                    .help("give the play `post_checks`, or the gate `redis: true`, a `command` or a `pause`"),
            );
        }
        for key in ["soak", "every"] {
            if let (false, Some(value)) = (asks_hosts, node.get(key)) {
                self.report(
                    Diagnostic::error(format!("`{key}` is about checks, and this gate has none"))
                        .at(&value.at)
                        .help("give the play `post_checks`, or the gate `redis: true`"),
                );
            }
        }
        Some(gate)
    }

    /// `redis`: yes, or the parameters of `redis_gate`.
    fn redis_gate(&mut self, node: &Node, surroundings: &Surroundings<'_>) -> Option<Item> {
        let content = match &node.content {
            Content::Map(_) => node.content.clone(),
            _ if self.boolean("redis", node)? => Content::Map(Vec::new()),
            _ => return None,
        };
        let entry = |key: &str, content: Content| Entry {
            key: key.to_owned(),
            key_at: node.at.clone(),
            value: Node {
                content,
                ..node.clone()
            },
        };
        let name = Content::Scalar("The server serves as before".into());
        // Whatever tags a run is for, its gates hold.
        let tags = Content::Scalar("always".into());
        let task = Node {
            content: Content::Map(vec![
                entry("name", name),
                entry("tags", tags),
                entry("redis_gate", content),
            ]),
            ..node.clone()
        };
        let list = Node {
            content: Content::List(vec![task]),
            ..node.clone()
        };
        self.items(&list, surroundings).into_iter().next()
    }

    fn gate_command(&mut self, node: &Node, time_limit: u64) -> Option<GateCommand> {
        let words: Option<Vec<String>> = node.as_list().and_then(|list| {
            list.iter()
                .map(|item| match &item.content {
                    Content::Scalar(Value::String(text)) if is_template(text) => None,
                    Content::Scalar(value) => value.scalar_text(),
                    _ => None,
                })
                .collect()
        });
        let argv = words.filter(|words| !words.is_empty());
        if argv.is_none() {
            self.report(
                Diagnostic::error("`command` of a gate must be a list: a program and its arguments, without templates")
                    .at(&node.at)
                    .help("for example `command: [./smoke-test, --strict]`; it runs on this machine, and its environment names the hosts"),
            );
        }
        Some(GateCommand {
            argv: argv?,
            time_limit,
        })
    }

    /// `pause`: yes, or what is to be asked.
    fn pause(&mut self, node: &Node) -> Option<String> {
        match &node.content {
            Content::Scalar(value @ Value::String(_)) if value.truth().is_none() => {
                self.literal("pause", node)
            }
            _ => self.boolean("pause", node)?.then(|| QUESTION.to_owned()),
        }
    }

    fn count(&mut self, key: &str, node: &Node) -> Option<u64> {
        let number = match &node.content {
            Content::Scalar(Value::Int(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(key, "an integer from 0 on", node);
        }
        number
    }

    /// Seconds: a number of them, or `30s`, `5m`, `1h30m`.
    fn duration(&mut self, key: &str, node: &Node) -> Option<u64> {
        let seconds = match &node.content {
            Content::Scalar(Value::Int(number)) => u64::try_from(*number).ok(),
            Content::Scalar(Value::String(text)) => duration(text),
            _ => None,
        };
        if seconds.is_none() {
            self.report(
                Diagnostic::error(format!("`{key}` must be a duration"))
                    .at(&node.at)
                    .help("write seconds such as `30`, or `90s`, `5m`, `1h30m`"),
            );
        }
        seconds
    }
}

fn duration(text: &str) -> Option<u64> {
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if let Ok(number) = rest.parse() {
        return Some(number);
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let unit = rest[end..].chars().next()?;
        let (_, factor) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
        let number: u64 = rest[..end].parse().ok()?;
        seconds = seconds.checked_add(number.checked_mul(*factor)?)?;
        rest = rest[end + unit.len_utf8()..].trim_start();
    }
    (!text.trim().is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read() {
        let cases = [
            ("30", Some(30)),
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("1h30m", Some(5400)),
            ("1h 30m", Some(5400)),
            ("", None),
            ("m", None),
            ("5x", None),
            ("5 m 3", None),
            ("99999999999999999999s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
