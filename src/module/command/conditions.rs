//! When a program need not run.

use super::free_form::FreeForm;
use crate::model::change::Effect;
use crate::model::probe::{FileState, Probe, Program};
use crate::model::step::Guard;
use crate::model::value::{Unknown, Value};
use crate::module::{Failure, Look, Parameters, Stop};

/// Succeeds where anything stands at a path that fits the pattern, which is the first argument.
const ANY_MATCH: &str = r#"# whether a pattern leads to anything
IFS=
for path in $1; do
    if [ -e "$path" ] || [ -L "$path" ]; then exit 0; fi
done
exit 1
"#;

/// One condition: its words for a person, the question, and which answer means that there is nothing to do.
struct Condition {
    words: String,
    question: Question,
    /// There is nothing to do where the path exists or the program succeeds (`creates`, `unless`).
    done_when: bool,
}

enum Question {
    Path(String),
    Program(Program),
}

/// All conditions of a task.
pub(super) struct Conditions(Vec<Condition>);

impl Conditions {
    pub(super) fn read(
        parameters: &Parameters,
        options: &FreeForm,
        directory: Option<&str>,
    ) -> Result<Self, Stop> {
        let mut conditions = Vec::new();
        for (name, done_when) in [("creates", true), ("removes", false)] {
            if let Some(path) = super::text(parameters, options, name)? {
                conditions.push(Condition::of_path(&path, directory, done_when));
            }
        }
        for (name, done_when) in [("unless", true), ("onlyif", false)] {
            if let Some(value) = parameters.get(name) {
                let (shown, mut program) = program(value)
                    .ok_or_else(|| parameters.wrong(name, "a text or a list of words", value))?;
                program.directory = directory.map(str::to_owned);
                let verb = if done_when {
                    "succeeds"
                } else {
                    "does not succeed"
                };
                conditions.push(Condition {
                    words: format!("`{shown}` {verb}"),
                    question: Question::Program(program),
                    done_when,
                });
            }
        }
        Ok(Self(conditions))
    }

    /// Why there is nothing to do, if so. What a condition's program says is not known where an earlier task has
    /// decided something: that may be what it looks for.
    ///
    /// # Errors
    /// See [`Look::observe`].
    pub(super) fn nothing_to_do(&self, look: &Look<'_>) -> Result<Option<&str>, Stop> {
        let (paths, programs): (Vec<_>, Vec<_>) = self
            .0
            .iter()
            .partition(|condition| matches!(condition.question, Question::Path(_)));
        let early = look.anything_decided();
        let asked = paths.iter().chain(if early { &[][..] } else { &programs });
        let probes: Vec<Probe> = asked.map(|condition| condition.question.probe()).collect();
        look.ask(&probes)?;
        for condition in &paths {
            if condition.holds(look)? == condition.done_when {
                return Ok(Some(&condition.words));
            }
        }
        // One path can be the step's guard.
        if early && (paths.len() > 1 || !programs.is_empty()) {
            let unknown = look.pending_packages().cloned();
            return Err(Stop::Unknown(
                unknown.unwrap_or_else(|| Unknown::new("the changes before it are made")),
            ));
        }
        for condition in programs {
            if condition.holds(look)? == condition.done_when {
                return Ok(Some(&condition.words));
            }
        }
        Ok(None)
    }

    /// What must still be so when the program runs: another one may have made or removed the path before.
    pub(super) fn guard(&self) -> Option<Guard> {
        self.0
            .iter()
            .find_map(|condition| match &condition.question {
                Question::Path(path) if condition.done_when => {
                    Some(Guard::Absent { path: path.clone() })
                }
                Question::Path(path) => Some(Guard::Exists { path: path.clone() }),
                Question::Program(_) => None,
            })
    }

    /// After the program has run, the conditions have to be asked again.
    pub(super) fn effects(&self, title: &str) -> Vec<Effect> {
        let unknown = |probe: Probe| Effect::Unknown {
            probe,
            reason: format!("`{title}` has run"),
        };
        self.0
            .iter()
            .flat_map(|condition| match &condition.question {
                Question::Path(path) => vec![
                    unknown(Probe::File(path.clone())),
                    unknown(Probe::Content(path.clone())),
                ],
                question @ Question::Program(_) => vec![unknown(question.probe())],
            })
            .collect()
    }
}

impl Condition {
    fn of_path(path: &str, directory: Option<&str>, done_when: bool) -> Self {
        let path = match directory {
            Some(directory) if !path.starts_with('/') => {
                format!("{}/{path}", directory.trim_end_matches('/'))
            }
            _ => path.to_owned(),
        };
        let verb = if done_when {
            "exists"
        } else {
            "does not exist"
        };
        Self {
            words: format!("{path} {verb}"),
            question: if path.contains(['*', '?', '[']) {
                Question::Program(Program::new(["/bin/sh", "-c", ANY_MATCH, "sh", &path]))
            } else {
                Question::Path(path)
            },
            done_when,
        }
    }

    fn holds(&self, look: &Look<'_>) -> Result<bool, Stop> {
        match &self.question {
            Question::Path(path) => Ok(matches!(look.file(path)?, FileState::Present(_))),
            Question::Program(program) => {
                let result = look.program(program)?;
                if result.timed_out {
                    let words = &self.words;
                    return Err(
                        Failure::new(format!("whether {words} took too long to find out"))
                            .help("a condition is a quick program that changes nothing")
                            .into(),
                    );
                }
                Ok(result.code == 0)
            }
        }
    }
}

impl Question {
    fn probe(&self) -> Probe {
        match self {
            Self::Path(path) => Probe::File(path.clone()),
            Self::Program(program) => Probe::Program(Box::new(program.clone())),
        }
    }
}

/// A condition's program, with its words for a person.
fn program(value: &Value) -> Option<(String, Program)> {
    match value {
        Value::List(words) => {
            let words: Vec<String> = words
                .iter()
                .map(Value::scalar_text)
                .collect::<Option<_>>()?;
            (!words.is_empty()).then(|| (words.join(" "), Program::new(words)))
        }
        Value::String(text) if !text.trim().is_empty() => {
            Some((super::title(text), Program::shell(text)))
        }
        _ => None,
    }
}
