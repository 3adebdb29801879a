//! The facts of many hosts, asked side by side; nothing else is asked and nothing is changed.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use super::context::Context;
use super::exchange::{self, Trouble};
use super::run::setting;
use crate::model::facts::Facts;
use crate::model::node::Node;
use crate::model::playbook::{Keywords, Play};
use crate::model::probe::Observation;
use crate::model::source::{At, Source};
use crate::model::value::{Map, Value};
use crate::model::wish::Wish;
use crate::module::Failure;

/// What is known of one host.
#[derive(Debug)]
pub struct Known {
    pub facts: Box<Facts>,
    /// What playbooks and templates see of it.
    pub variables: Map,
    /// What people wrote about its sizing.
    pub wishes: Vec<Wish>,
}

/// How hosts are asked.
#[derive(Debug)]
pub struct Questions {
    /// As root, where the inventory does not say otherwise.
    pub as_root: bool,
    /// Plays, with their hosts, whose words on the sizing of a host count.
    pub plays: Vec<(Arc<Play>, Vec<String>)>,
    /// How many hosts are asked at once.
    pub forks: usize,
}

/// Asks all hosts, and sends what each answers as soon as it does.
pub async fn survey(
    context: &Arc<Context>,
    hosts: Vec<String>,
    questions: Questions,
    answers: &UnboundedSender<(String, Result<Known, Trouble>)>,
) {
    let forks = questions.forks;
    let play = Arc::new(without_tasks(questions.as_root));
    let plays = Arc::new(questions.plays);
    let places = Arc::new(Semaphore::new(forks.max(1)));
    let names = Value::List(hosts.iter().map(|host| host.as_str().into()).collect());
    let mut asking = tokio::task::JoinSet::new();
    for host in hosts {
        let mut candidates: Vec<Arc<Play>> = plays
            .iter()
            .filter(|(_, hosts)| hosts.contains(&host))
            .map(|(play, _)| Arc::clone(play))
            .collect();
        candidates.push(Arc::clone(&play));
        let context = Arc::clone(context);
        let (places, names, answers) = (Arc::clone(&places), names.clone(), answers.clone());
        asking.spawn(async move {
            let _place = places.acquire().await;
            let answer = if context.is_interrupted() {
                Err(Trouble::Interrupted)
            } else {
                ask(&context, &candidates, &host, &names).await
            };
            // Whoever wanted to know may have gone.
            let _ = answers.send((host, answer));
        });
    }
    asking.join_all().await;
}

async fn ask(
    context: &Context,
    plays: &[Arc<Play>],
    host: &str,
    names: &Value,
) -> Result<Known, Trouble> {
    // The first play that says something of the sizing; else the first of all.
    let mut chosen = None;
    for (index, play) in plays.iter().enumerate() {
        let (setting, connection) = setting(context, play, index, host, names);
        let wishes = setting.sizing_wishes().map_err(Trouble::Failed)?;
        let says = wishes.is_some();
        if says || chosen.is_none() {
            chosen = Some((setting, connection, wishes));
        }
        if says {
            break;
        }
    }
    let Some((setting, connection, wishes)) = chosen else {
        return Err(Trouble::Failed(Failure::new("there is nothing to ask")));
    };
    let target = &setting.facts_target;
    let probe = setting.facts_probe();
    let answers = exchange::observe(context, target, connection.as_deref(), &[probe]).await?;
    match answers.into_iter().next() {
        Some(Observation::Facts(facts)) => Ok(Known {
            variables: super::facts::variables(&facts, wishes.as_ref()),
            wishes: super::wishes::wishes(context, &setting),
            facts,
        }),
        Some(Observation::Failed(reason)) => Err(Trouble::Failed(Failure::new(format!(
            "the host's facts could not be had: {reason}"
        )))),
        _ => Err(Trouble::Failed(Failure::new(
            "the host did not answer what it was asked",
        ))),
    }
}

/// A play without tasks.
fn without_tasks(as_root: bool) -> Play {
    let at = At::start(&Source::new("command line", ""));
    Play {
        name: "facts".to_owned(),
        key: "facts".to_owned(),
        hosts: Node::scalar("all", &at),
        folder: std::path::PathBuf::new(),
        pattern: "all".to_owned(),
        gather_facts: true,
        connection: None,
        vars: Arc::default(),
        vars_at: Vec::new(),
        vars_files: Arc::default(),
        role_defaults: Arc::default(),
        role_vars: Arc::default(),
        serial: Vec::new(),
        max_fail_percentage: None,
        any_errors_fatal: false,
        sections: Vec::new(),
        handlers: Vec::new(),
        role_names: Vec::new(),
        keywords: Keywords {
            become_: as_root.then(|| Node::scalar(true, &at)),
            ..Keywords::default()
        },
        at,
    }
}
