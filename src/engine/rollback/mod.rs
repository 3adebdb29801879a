//! Taking back what a run did.
//!
//! Every change was recorded with its inverse and with what its resource was before and after. A rollback asks the
//! hosts what these resources are now, and decides, purely, change by change from the last to the first: what is as it
//! was before is left alone; what is as the run left it is taken back; what is neither has been changed by somebody
//! else since, and the host is refused. What was restarted is restarted again at the end where what was restored needs
//! it. A host takes it all in one script, and whatever is done is recorded as changes like any others, so a rollback
//! can be rolled back.

mod accounts;
mod carry;
mod decide;
mod folder;
mod guards;
mod host;
mod made;
mod report;
mod restart;
mod roles;
mod running;
mod server;
mod states;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use tokio::sync::Semaphore;

use super::context::Context;
use crate::journal::Recorded;
use crate::model::event::HostReport;

/// What is to be taken back, and how.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The run whose changes they are.
    pub run: String,
    /// The number under which it is told, as if it were a play.
    pub play: usize,
    /// Only what was done for these hosts; `None`: for all.
    pub hosts: Option<BTreeSet<String>>,
    /// Whether what somebody else has changed since is taken back all the same.
    pub force: bool,
    /// How many hosts are worked on at once.
    pub forks: usize,
}

/// What became of one host.
#[derive(Clone, Debug)]
pub struct Undone {
    pub report: HostReport,
    /// Whether anything was, or in a plan would be, taken back.
    pub changed: bool,
}

/// The hosts on which anything was done for the hosts that are wished, in the order in which it was.
pub fn hosts(recorded: &[Recorded], wish: &Wish) -> Vec<String> {
    by_host(recorded, wish).into_keys().collect()
}

/// Takes back what a run did: on all hosts side by side, on each from the last change to the first. In a plan nothing
/// is done. Tells each task and host as a run does; that it begins and ends is told by whoever calls.
///
/// The run may be the one that is under way: `context.journal.recorded()` tells what it has done so far.
pub async fn roll_back(
    context: &Arc<Context>,
    recorded: Vec<Recorded>,
    wish: &Wish,
) -> Vec<Undone> {
    let names = Arc::new(task_numbers(&recorded));
    let places = Arc::new(Semaphore::new(wish.forks.max(1)));
    let wish = Arc::new(wish.clone());
    let recorded = Arc::new(recorded);
    let mut hosts = tokio::task::JoinSet::new();
    for (order, (host, numbers)) in by_host(&recorded, &wish).into_iter().enumerate() {
        let (context, wish) = (Arc::clone(context), Arc::clone(&wish));
        let (names, recorded) = (Arc::clone(&names), Arc::clone(&recorded));
        let places = Arc::clone(&places);
        hosts.spawn(async move {
            let _place = places.acquire().await;
            let own: Vec<&Recorded> = numbers
                .iter()
                .filter_map(|number| recorded.get(*number))
                .collect();
            let undone = host::HostUndo::new(&context, &wish, &names, host, own)
                .run()
                .await;
            (order, undone)
        });
    }
    let mut undone = BTreeMap::new();
    while let Some(joined) = hosts.join_next().await {
        match joined {
            Ok((order, host)) => {
                undone.insert(order, host);
            }
            // A mistake of ours must not pass for a host that was rolled back.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    undone.into_values().collect()
}

/// Which of the intentions are for each host, by their places in the list.
fn by_host(recorded: &[Recorded], wish: &Wish) -> IndexMap<String, Vec<usize>> {
    let mut hosts: IndexMap<String, Vec<usize>> = IndexMap::new();
    for (place, recorded) in recorded.iter().enumerate() {
        let is_wished = |hosts: &BTreeSet<String>| hosts.contains(recorded.owner());
        if wish.hosts.as_ref().is_none_or(is_wished) {
            hosts
                .entry(recorded.intention.host.clone())
                .or_default()
                .push(place);
        }
    }
    hosts
}

/// A number for each task, the same on all hosts: tasks are told from the last to the first.
fn task_numbers(recorded: &[Recorded]) -> BTreeMap<String, usize> {
    let mut numbers = BTreeMap::new();
    for recorded in recorded.iter().rev() {
        let next = numbers.len();
        numbers
            .entry(recorded.intention.task.clone())
            .or_insert(next);
    }
    numbers
}
