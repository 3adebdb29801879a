//! The facts of many hosts, asked side by side; nothing else is asked and nothing is changed.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use super::context::Context;
use super::exchange::{self, Trouble};
use super::names::Names;
use super::run::setting;
use crate::model::facts::Facts;
use crate::model::node::Node;
use crate::model::playbook::{Keywords, Play};
use crate::model::probe::{Observation, Probe};
use crate::model::rolling::Rolling;
use crate::model::source::{At, Source};
use crate::model::value::Map;
use crate::module::Failure;
use crate::transport::script::lease::{self, Order, Said};

/// What is known of one host.
#[derive(Debug)]
pub struct Known {
    pub facts: Box<Facts>,
    /// What playbooks and templates see of it.
    pub variables: Map,
}

/// Asks all hosts, `forks` of them at once, and sends what each answers as soon as it does. With `as_root` they are
/// asked as root where the inventory does not say otherwise.
pub async fn survey(
    context: &Arc<Context>,
    hosts: Vec<String>,
    as_root: bool,
    forks: usize,
    answers: &UnboundedSender<(String, Result<Known, Trouble>)>,
) {
    let play = Arc::new(questions(as_root));
    let places = Arc::new(Semaphore::new(forks.max(1)));
    let taking_part = Names {
        all: hosts.clone(),
        left: hosts.clone(),
    };
    let names = Arc::new(taking_part.variables(&hosts));
    let mut asking = tokio::task::JoinSet::new();
    for host in hosts {
        let (context, play) = (Arc::clone(context), Arc::clone(&play));
        let (places, names, answers) = (Arc::clone(&places), Arc::clone(&names), answers.clone());
        asking.spawn(async move {
            let _place = places.acquire().await;
            let answer = if context.is_interrupted() {
                Err(Trouble::Interrupted)
            } else {
                ask(&context, &play, &host, &names).await
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
    let play = Arc::new(questions(as_root));
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
    play: &Arc<Play>,
    host: &str,
    names: &Arc<Map>,
) -> Result<Known, Trouble> {
    let (setting, connection) = setting(context, play, 0, host, names);
    let wishes = setting.sizing_wishes().map_err(Trouble::Failed)?;
    let target = &setting.facts_target;
    let answers =
        exchange::observe(context, target, connection.as_deref(), &[Probe::Facts]).await?;
    match answers.into_iter().next() {
        Some(Observation::Facts(facts)) => Ok(Known {
            variables: super::facts::variables(&facts, wishes.as_ref()),
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
fn questions(as_root: bool) -> Play {
    let at = At::start(&Source::new("command line", ""));
    Play {
        name: "facts".to_owned(),
        key: "facts".to_owned(),
        hosts: Node::scalar("all", &at),
        folder: std::path::PathBuf::new(),
        pattern: "all".to_owned(),
        gather_facts: true,
        connection: None,
        topology: false,
        vars: Arc::default(),
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
