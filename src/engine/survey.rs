//! The facts of many hosts, asked side by side; nothing else is asked and nothing is changed.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use super::context::Context;
use super::exchange::{self, Trouble};
use super::names::Names;
use super::run::setting;
use crate::model::fact_parts::FactParts;
use crate::model::facts::Facts;
use crate::model::node::Node;
use crate::model::playbook::{Keywords, Play};
use crate::model::probe::Observation;
use crate::model::rolling::Rolling;
use crate::model::source::{At, Source};
use crate::model::value::Map;
use crate::model::wish::Wish;
use crate::module::Failure;
use crate::transport::script::lease::{self, Order, Said};

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
    let taking_part = Names {
        all: hosts.clone(),
        left: hosts.clone(),
    };
    let names = Arc::new(taking_part.variables(&hosts));
    let mut asking = tokio::task::JoinSet::new();
    for host in hosts {
        let mut candidates: Vec<Arc<Play>> = plays
            .iter()
            .filter(|(_, hosts)| hosts.contains(&host))
            .map(|(play, _)| Arc::clone(play))
            .collect();
        candidates.push(Arc::clone(&play));
        let context = Arc::clone(context);
        let (places, names, answers) = (Arc::clone(&places), Arc::clone(&names), answers.clone());
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

/// Gives an order about locks to all hosts, as [`survey`] asks them.
pub async fn order(
    context: &Arc<Context>,
    hosts: Vec<String>,
    as_root: bool,
    forks: usize,
    wish: &Order,
    answers: &UnboundedSender<(String, Result<Vec<Said>, Trouble>)>,
) {
    let play = Arc::new(without_tasks(as_root));
    let places = Arc::new(Semaphore::new(forks.max(1)));
    let mut asking = tokio::task::JoinSet::new();
    for host in hosts {
        let (context, play, wish) = (Arc::clone(context), Arc::clone(&play), wish.clone());
        let (places, answers) = (Arc::clone(&places), answers.clone());
        asking.spawn(async move {
            let _place = places.acquire().await;
            let answer = tokio::select! {
                answer = give(&context, &play, &host, &wish) => answer,
                () = context.interruption() => Err(Trouble::Interrupted),
            };
            // Whoever wanted to know may have gone.
            let _ = answers.send((host, answer));
        });
    }
    asking.join_all().await;
}

async fn give(
    context: &Context,
    play: &Arc<Play>,
    host: &str,
    wish: &Order,
) -> Result<Vec<Said>, Trouble> {
    let (setting, connection) = setting(context, play, 0, host, &Arc::default());
    let script = lease::compile_order(wish);
    let target = &setting.facts_target;
    let answer = exchange::send(context, target, connection.as_deref(), &script).await?;
    lease::parse_order(&script, &answer)
        .map_err(|garbled| Trouble::Failed(Failure::new(garbled.to_string())))
}

async fn ask(
    context: &Context,
    plays: &[Arc<Play>],
    host: &str,
    names: &Arc<Map>,
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
    let probe = setting.facts_probe(FactParts::ALL);
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
        rolling: Rolling::default(),
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
