//! One case: what is given, and how it is run.

use cachesmith::model::change::{Change, ChangeKind, Effect, Undo};
use cachesmith::model::node::Node;
use cachesmith::model::probe::{Observation, Probe, ProgramResult};
use cachesmith::model::value::{Map, Value};
use cachesmith::module::world::World;
use cachesmith::module::{Decision, Kind, Look, Module, Parameters, Rendered, Stop, registry};

use crate::Problem;
use crate::expect::Expect;
use crate::local::{local_file, only};
use crate::observed::{Pair, observations, read};

/// What a case may say.
const KEYS: &[&str] = &[
    "name",
    "parameters",
    "rendered",
    "expressions",
    "files",
    "facts",
    "observed",
    "predicted",
    "pending",
    "answers",
    "answers_afterwards",
    "afterwards",
    "repeats",
    "expect",
];

/// What a task with certain parameters comes to on a host of which certain things are known.
pub(crate) struct Case {
    pub(crate) name: String,
    module: &'static dyn Module,
    parameters: Parameters,
    facts: Map,
    observed: Vec<Pair>,
    /// What earlier tasks of the same run make of the host.
    predicted: Vec<Pair>,
    /// Packages that an earlier task of the same run brings.
    pending: Option<String>,
    /// What programs say that are too long to be written into a case.
    answers: Vec<Spoken>,
    /// The same after the changes.
    answers_afterwards: Vec<Spoken>,
    /// What is observed after the changes where they leave it open.
    afterwards: Vec<Pair>,
    /// The task changes something every time, as its words say.
    repeats: bool,
    expect: Expect,
}

impl Case {
    pub(crate) fn read(module: &str, node: &Node) -> Result<Self, Problem> {
        let value = with_unknowns(node.to_value());
        let map = value.as_map().ok_or("a case is a mapping")?;
        only(map, KEYS, "a case")?;
        let module = registry::find(module).ok_or(format!("there is no module `{module}`"))?;
        let truth = |key: &str| map.get(key).and_then(Value::truth) == Some(true);
        Ok(Self {
            name: map
                .get("name")
                .and_then(Value::scalar_text)
                .ok_or("`name` is wanted")?,
            module,
            parameters: parameters(module, map)?,
            facts: map
                .get("facts")
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_default(),
            observed: observations(map.get("observed"))?,
            predicted: observations(map.get("predicted"))?,
            pending: map.get("pending").and_then(Value::scalar_text),
            answers: spoken(map.get("answers"))?,
            answers_afterwards: spoken(map.get("answers_afterwards"))?,
            afterwards: observations(map.get("afterwards"))?,
            repeats: truth("repeats"),
            expect: Expect::read(map.get("expect").ok_or("`expect` is wanted")?)?,
        })
    }

    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut world = self.world();
        let (decided, missing) = self.decide(&mut world, &self.answers);
        if matches!(decided, Err(Stop::Missing)) && missing.is_empty() {
            return Err("it says that something is missing, and asks for nothing".to_owned());
        }
        self.expect.compare(&decided, &missing)?;
        match decided {
            Ok(decision) if !decision.changes.is_empty() => {
                self.check_undo(&decision)?;
                self.check_that_it_settles(&decision)?;
                let known = [&self.observed[..], &self.predicted].concat();
                crate::simulate::judge(&self.facts, &known, &decision.changes).map_err(|problem| {
                    let shown = crate::show::outcome(&Ok(decision), &[]);
                    format!("{problem}\nit decided:\n{shown}")
                })
            }
            _ => Ok(()),
        }
    }

    /// Decides, and answers for the programs that the case knows by a part of their words.
    fn decide(
        &self,
        world: &mut World,
        answers: &[Spoken],
    ) -> (Result<Decision, Stop>, Vec<Probe>) {
        loop {
            let look = Look::new(world);
            let decided = self.module.decide(&self.parameters, &look);
            let missing = look.into_missing();
            let mut answered = false;
            for probe in &missing {
                if let Some(spoken) = answers.iter().find(|spoken| spoken.answers(probe)) {
                    world.observe(probe.clone(), Observation::Program(spoken.said.clone()));
                    answered = true;
                }
            }
            if !answered {
                return (decided, missing);
            }
        }
    }

    /// The world in which the case is decided.
    fn world(&self) -> World {
        let mut world = World::default();
        world.facts = std::sync::Arc::new(self.facts.clone());
        for (probe, answer) in &self.observed {
            world.observe(probe.clone(), answer.clone());
        }
        let mut effects: Vec<Effect> = self
            .predicted
            .iter()
            .map(|(probe, answer)| Effect::Becomes(probe.clone(), answer.clone()))
            .collect();
        if let Some(name) = &self.pending {
            effects.push(Effect::PackagesChange {
                names: vec![name.clone()],
                reason: format!("package {name}"),
            });
        }
        world.predict(&earlier(effects));
        world
    }

    fn check_undo(&self, decision: &Decision) -> Result<(), Problem> {
        for (number, change) in decision.changes.iter().enumerate() {
            let there_is_none = match &change.undo {
                Undo::Steps(steps) | Undo::Again { steps, .. } => steps.is_empty(),
                Undo::Impossible(_) => true,
            };
            let nothing_to_undo = change.kind == ChangeKind::Wait;
            if there_is_none && !nothing_to_undo && !self.expect.says_undo(number) {
                return Err(format!(
                    "there is no way back from the change of {}, and the case does not say so",
                    change.resource
                ));
            }
        }
        Ok(())
    }

    /// After the changes have been made there is nothing left to do.
    fn check_that_it_settles(&self, decision: &Decision) -> Result<(), Problem> {
        let mut world = World::default();
        world.facts = std::sync::Arc::new(self.facts.clone());
        for (probe, answer) in self.observed.iter().chain(&self.predicted) {
            world.observe(probe.clone(), answer.clone());
        }
        for change in &decision.changes {
            world.confirm(change);
        }
        for (probe, answer) in &self.afterwards {
            world.observe(probe.clone(), answer.clone());
        }
        let (again, missing) = self.decide(&mut world, &self.answers_afterwards);
        let settled = matches!(&again, Ok(again) if again.changes.is_empty());
        match (settled, self.repeats) {
            (true, true) => {
                Err("it says `repeats`, and after its changes nothing is left".to_owned())
            }
            (false, false) => Err(format!(
                "after its changes it is not settled; deciding again gives:\n{}",
                crate::show::outcome(&again, &missing)
            )),
            _ => Ok(()),
        }
    }
}

/// What a program says that has certain words among its own or in its input.
struct Spoken {
    about: String,
    said: ProgramResult,
}

impl Spoken {
    fn answers(&self, probe: &Probe) -> bool {
        let Probe::Program(program) = probe else {
            return false;
        };
        let input = program.stdin.as_ref().and_then(|stdin| stdin.as_text());
        program.argv.iter().any(|word| word.contains(&self.about))
            || input.is_some_and(|text| text.contains(&self.about))
    }
}

/// A list of `about` with `code`, `stdout` and `stderr`.
fn spoken(list: Option<&Value>) -> Result<Vec<Spoken>, Problem> {
    let list = list.and_then(Value::as_list).unwrap_or_default();
    list.iter()
        .map(|item| {
            let map = item.as_map().ok_or("an answer is a mapping")?;
            only(map, &["about", "code", "stdout", "stderr"], "an answer")?;
            let text = |name: &str| item.get(name).and_then(Value::scalar_text);
            Ok(Spoken {
                about: text("about").ok_or("`about` is wanted")?,
                said: ProgramResult {
                    code: text("code").and_then(|code| code.parse().ok()).unwrap_or(0),
                    stdout: text("stdout").unwrap_or_default().into(),
                    stderr: text("stderr").unwrap_or_default().into(),
                    timed_out: false,
                },
            })
        })
        .collect()
}

/// `{known after: something}` stands for a value that is known only then.
fn with_unknowns(value: Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.into_iter().map(with_unknowns).collect()),
        Value::Map(map) => match map.first() {
            Some((key, Value::String(reason))) if map.len() == 1 && key == "known after" => {
                Value::unknown(reason.as_str())
            }
            _ => map
                .into_iter()
                .map(|(key, value)| (key, with_unknowns(value)))
                .collect(),
        },
        other => other,
    }
}

fn earlier(effects: Vec<Effect>) -> Change {
    Change {
        kind: ChangeKind::Run,
        resource: "an earlier task".to_owned(),
        difference: cachesmith::model::change::Difference::None,
        notes: Vec::new(),
        steps: Vec::new(),
        undo: Undo::Steps(Vec::new()),
        effects,
    }
}

/// The parameters as the loader gives them: principal names, known words, nothing required missing.
fn parameters(module: &dyn Module, case: &Map) -> Result<Parameters, Problem> {
    let spec = module.spec();
    let mut values = Map::new();
    let given = match (case.get("parameters"), spec.free_form) {
        (None, _) => Map::new(),
        (Some(Value::Map(map)), _) => map.clone(),
        (Some(value), Some(name)) => Map::from_iter([(name.to_owned(), value.clone())]),
        (Some(_), None) => return Err("`parameters` is a mapping".to_owned()),
    };
    for (name, value) in given {
        let Some(parameter) = spec.parameter(&name) else {
            if spec.takes_any() {
                values.insert(name, value);
                continue;
            }
            return Err(format!("`{}` has no parameter `{name}`", spec.name));
        };
        let word = value.as_str().unwrap_or_default();
        if !parameter.choices.is_empty() && !word.is_empty() && !parameter.choices.contains(&word) {
            return Err(format!("`{name}` is one of {:?}", parameter.choices));
        }
        values.insert(parameter.name.to_owned(), value);
    }
    for parameter in spec
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
    {
        if !values.contains_key(parameter.name) {
            return Err(format!("`{}` is required", parameter.name));
        }
    }
    for group in spec.one_of {
        if group
            .iter()
            .filter(|name| values.contains_key(**name))
            .count()
            != 1
        {
            return Err(format!("exactly one of {group:?} is wanted"));
        }
    }
    let mut parameters = Parameters::new(spec, values.clone());
    let named = |name: &str| {
        let value = values.get(name).and_then(Value::scalar_text);
        value.ok_or(format!(
            "`{name}` is given, and is no parameter of the case"
        ))
    };
    for (name, text) in section(case, "rendered")? {
        expect_kind(module, name, Kind::Template)?;
        let text = text.scalar_text().ok_or("a rendered template is a text")?;
        parameters.add_rendered(
            name,
            Rendered {
                name: named(name)?,
                text,
            },
        );
    }
    for (name, texts) in section(case, "expressions")? {
        parameters.add_expressions(name, read(texts)?);
    }
    for (name, file) in section(case, "files")? {
        expect_kind(module, name, Kind::LocalFile)?;
        parameters.add_file(name, local_file(&named(name)?, file)?);
    }
    Ok(parameters)
}

fn section<'a>(case: &'a Map, key: &str) -> Result<Vec<(&'a String, &'a Value)>, Problem> {
    match case.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Map(map)) => Ok(map.iter().collect()),
        Some(_) => Err(format!("`{key}` is a mapping")),
    }
}

fn expect_kind(module: &dyn Module, name: &str, kind: Kind) -> Result<(), Problem> {
    match module.spec().parameter(name) {
        Some(parameter) if parameter.kind == kind => Ok(()),
        _ => Err(format!("`{name}` is no parameter of kind {kind:?}")),
    }
}
