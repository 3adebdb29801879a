//! Hosts of a play before any of them is asked: in their order, with what decides which wave they get.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::Inventory;
use crate::model::inventory::pattern::Patterns;
use crate::model::playbook::Play;
use crate::model::rolling::{Named, Order};
use crate::model::template::{Layer, Scope, Shared, Templates};
use crate::model::value::{Map, Value};
use crate::rollout::{self, Candidate};

/// How many hosts a message names.
const NAMED: usize = 5;

/// What is known of hosts before they are asked anything: the variables that people wrote.
pub struct Before {
    pub inventory: Arc<Inventory>,
    pub templates: Arc<Templates>,
    pub extra: Arc<Map>,
    pub shared: Arc<Shared>,
}

impl Before {
    /// The variables that a play sees of a host before its facts are known.
    pub fn scope(&self, play: &Play, host: &str) -> Scope {
        let known = self.inventory.host(host);
        let inventory = known
            .map(|host| self.inventory.variables(host))
            .unwrap_or_default();
        let magic = match known {
            Some(known) => self.inventory.magic(known),
            None => Map::from_iter([("inventory_hostname".to_owned(), host.into())]),
        };
        let layers = vec![
            Layer::templated(Arc::clone(&play.role_defaults)),
            Layer::templated(inventory),
            Layer::templated(Arc::clone(&play.vars)),
            Layer::templated(Arc::clone(&play.vars_files)),
            Layer::templated(Arc::clone(&play.role_vars)),
            Layer::raw(magic),
            Layer::templated(Arc::clone(&self.extra)),
        ];
        Scope::new(
            Arc::clone(&self.templates),
            layers,
            Arc::clone(&self.shared),
        )
    }
}

/// The hosts of a play, which come in the inventory's order, in the order in which they are cut into waves. `seed`
/// decides how they are shuffled.
///
/// # Errors
/// A variable by which hosts are ordered or spread that some of them lack, with their names; a canary that is no host
/// of the play.
pub fn candidates(
    before: &Before,
    play: &Play,
    hosts: Vec<String>,
    seed: u64,
) -> Result<Vec<Candidate>> {
    let rolling = &play.rolling;
    let canaries = canaries(before, play)?;
    let by: &[Named] = match &rolling.order {
        Order::By(variables) => variables,
        _ => &[],
    };
    let scopes: Vec<Scope> = match (by, rolling.spread_by.as_slice()) {
        ([], []) => Vec::new(),
        _ => hosts.iter().map(|host| before.scope(play, host)).collect(),
    };
    let mut candidates: Vec<Candidate> = hosts
        .into_iter()
        .map(|name| Candidate {
            // A limit may leave the canaries out.
            stage: usize::from(!canaries.is_empty() && !canaries.contains(&name)),
            ..Candidate::new(name)
        })
        .collect();
    let mut wrong = Vec::new();
    for (key, named) in by
        .iter()
        .map(|named| ("order", named))
        .chain(rolling.spread_by.iter().map(|named| ("spread_by", named)))
    {
        let mut lacking = Vec::new();
        for (candidate, scope) in candidates.iter_mut().zip(&scopes) {
            match word(scope, &named.name) {
                Ok(Some(value)) if key == "order" => candidate.by.push(value),
                Ok(Some(value)) => candidate.spread.push(value),
                Ok(None) => lacking.push(candidate.name.clone()),
                Err(problem) => {
                    wrong.push(
                        Diagnostic::error(format!(
                            "`{}` of {}: {problem}",
                            named.name, candidate.name
                        ))
                        .at(&named.at)
                        .help(format!(
                            "`{key}` needs one word or number for each host, and is decided before a host is asked anything"
                        )),
                    );
                    break;
                }
            }
        }
        if !lacking.is_empty() {
            wrong.push(undefined(key, named, &lacking));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::new(ErrorKind::Input, wrong));
    }
    rollout::order(&mut candidates, &rolling.order, seed);
    Ok(candidates)
}

/// The names of the hosts that come first, whatever limit there is.
fn canaries(before: &Before, play: &Play) -> Result<HashSet<String>> {
    let Some(node) = &play.rolling.canary else {
        return Ok(HashSet::new());
    };
    let chosen = before.inventory.select(&Patterns::from_node(node)?)?;
    let of_play = before
        .inventory
        .select(&Patterns::from_node(&play.hosts)?)?;
    let of_play: HashSet<&str> = of_play.iter().map(|host| host.name()).collect();
    let canaries: HashSet<String> = chosen
        .iter()
        .map(|host| host.name())
        .filter(|name| of_play.contains(name))
        .map(str::to_owned)
        .collect();
    if canaries.is_empty() {
        return Err(Diagnostic::error("`canary` names no host of this play")
            .at(&node.at)
            .related(&play.hosts.at, "the hosts of the play")
            .into());
    }
    Ok(canaries)
}

/// A variable's value as one word; `None` where it is not there.
fn word(scope: &Scope, name: &str) -> std::result::Result<Option<String>, String> {
    match scope.variable(name) {
        Ok(None | Some(Value::Null)) => Ok(None),
        Ok(Some(value)) => match value.scalar_text() {
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => Ok(Some(text)),
            None => Err(format!("it is {}", value.kind())),
        },
        Err(error) => Err(error.message),
    }
}

fn undefined(key: &str, named: &Named, hosts: &[String]) -> Diagnostic {
    let mut names = hosts[..hosts.len().min(NAMED)].join(", ");
    if hosts.len() > NAMED {
        names.push_str(&format!(" and {} more", hosts.len() - NAMED));
    }
    Diagnostic::error(format!(
        "the variable `{}` is not defined for {names}",
        named.name
    ))
    .at(&named.at)
    .help(format!(
        "`{key}` is decided before a host is asked anything: set `{}` in the inventory for every host of the play",
        named.name
    ))
}
