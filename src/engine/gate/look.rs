//! One look of a gate at its hosts: the checks of a play, asked without telling each.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Failures, Interrupted};
use crate::engine::exchange::Trouble;
use crate::engine::host::{self, HostPlay};
use crate::engine::once::Board;
use crate::engine::rolling::Rolling;
use crate::engine::run::setting;
use crate::model::event::{HostFailure, Mode, ShownFailure, TaskReport, TaskStatus};
use crate::model::playbook::{Item, Play, Section, SectionKind};
use crate::model::rolling::Gate;
use crate::module::Failure;

/// What a gate asks of hosts, as a play; nothing where it asks none.
pub(super) fn play(play: &Play, gate: &Gate) -> Option<Arc<Play>> {
    let own = play
        .sections
        .iter()
        .filter(|section| gate.post_checks && section.kind == SectionKind::PostChecks);
    let items: Vec<Item> = own
        .flat_map(|section| section.items.clone())
        .chain(gate.redis.clone())
        .collect();
    (!items.is_empty()).then(|| Arc::new(with(play, items)))
}

/// A play with these post-checks and nothing else.
pub(super) fn with(play: &Play, items: Vec<Item>) -> Play {
    Play {
        sections: vec![Section {
            kind: SectionKind::PostChecks,
            items,
        }],
        handlers: Vec::new(),
        ..play.clone()
    }
}

impl Rolling<'_> {
    /// Looks at hosts side by side, and gives those on which something does not hold, in their order.
    pub(super) async fn look_at(
        &self,
        play: &Arc<Play>,
        hosts: &[String],
    ) -> Result<Failures, Interrupted> {
        let board = Arc::new(Board::new(hosts));
        let names = Arc::new(self.names.variables(hosts));
        let mut looking = JoinSet::new();
        let mut waiting = hosts.iter().enumerate();
        let mut failures = Vec::new();
        let mut of = HashMap::new();
        loop {
            while looking.len() < self.forks
                && let Some((place, host)) = waiting.next()
            {
                let (context, play) = (Arc::clone(self.context), Arc::clone(play));
                let (board, names, host) = (Arc::clone(&board), Arc::clone(&names), host.clone());
                let presence = board.presence(&host);
                let carried = self.carried.get(&host).cloned().unwrap_or_default();
                let before = self.before.get(&host).cloned().unwrap_or_default();
                let index = self.index;
                let name = host.clone();
                let task = looking.spawn(async move {
                    let _presence = presence;
                    let (mut setting, connection) = setting(&context, &play, index, &host, &names);
                    setting.mode = Mode::Verify;
                    let memory = host::memory(carried.variables);
                    let look =
                        HostPlay::new(&context, setting, memory, carried.facts, connection, &board);
                    look.look(&before).await
                });
                of.insert(task.id(), (place, name));
            }
            let Some(looked) = looking.join_next_with_id().await else {
                break;
            };
            let (id, failure) = match looked {
                Ok((_, Ok(()))) => continue,
                Ok((_, Err(Trouble::Interrupted))) => return Err(Interrupted),
                Ok((
                    id,
                    Err(
                        Trouble::Unreachable(failure)
                        | Trouble::Failed(failure)
                        | Trouble::Refused(failure),
                    ),
                )) => (id, failure),
                Err(error) => {
                    let words =
                        format!("Cachesmith itself failed while it looked at this host: {error}");
                    (error.id(), Failure::new(words))
                }
            };
            if let Some((place, host)) = of.remove(&id) {
                let failure = ShownFailure {
                    message: failure.message,
                    help: failure.help,
                };
                failures.push((place, HostFailure { host, failure }));
            }
        }
        failures.sort_by_key(|(place, _): &(usize, HostFailure)| *place);
        Ok(failures.into_iter().map(|(_, failure)| failure).collect())
    }
}

/// Why a host does not hold, from what its checks came to.
pub(super) fn why(reports: &[TaskReport]) -> Failure {
    let failed = reports
        .iter()
        .find(|report| report.status == TaskStatus::Failed && !report.ignored);
    let Some(report) = failed else {
        return Failure::new("a check failed");
    };
    match &report.failure {
        Some(failure) => Failure {
            message: format!("{}: {}", report.name, failure.message),
            help: failure.help.clone(),
            ..Failure::default()
        },
        None => Failure::new(format!("{}: it failed", report.name)),
    }
}
