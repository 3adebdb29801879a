//! Which hosts this run holds: every script that changes a host is carried out under a lease on it.
//!
//! The lease travels with the first steps, every later script renews it, and where nothing is sent for long, it is
//! renewed beside what the host is waiting for. `docs/locks.md` says what a lease is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::time::{Instant, timeout};

use super::context::Context;
use super::exchange::{self, Trouble, Work, Worked};
use super::notes::RunOnHost;
use super::walk::Target;
use crate::model::lock::{HostLock, LockKind};
use crate::model::probe::Observation;
use crate::model::step::Outcome;
use crate::module::Failure;
use crate::transport::script::Orders;
use crate::transport::script::lease::{Held, Hold, Mode, compile_give_back};

/// Seconds for which a lease holds unless it is renewed.
const TERM: u64 = 900;

/// A lease is renewed when this much of its time is over.
const RENEW_AFTER: Duration = Duration::from_secs(TERM / 3);

/// How often it is looked which leases have to be renewed.
const LOOK: Duration = Duration::from_secs(30);

/// How many hosts are told of their leases at once, beside what is done on them.
const AT_ONCE: usize = 1000;

/// What renewing or giving back may take; a host that is slower keeps its lease until it runs out.
const PATIENCE: Duration = Duration::from_secs(20);

/// The leases of a run.
#[derive(Default)]
pub struct Leases {
    /// `None`: nothing is changed, and nothing held.
    owner: Option<RunOnHost>,
    hosts: Mutex<HashMap<String, Arc<HostLeases>>>,
    /// The last play of each host.
    last: Mutex<HashMap<String, usize>>,
    /// The last play of all.
    end: AtomicUsize,
}

/// What is held on one host.
#[derive(Default)]
struct HostLeases {
    /// Whoever gives a lease back waits until nothing is carried out under it.
    passage: RwLock<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The account that the host's facts are asked as.
    main: Option<Target>,
    held: Vec<Lease>,
}

struct Lease {
    target: Target,
    connection: Option<String>,
    renewed: Instant,
    /// Whether the host said so; an answer that was cut leaves that open.
    is_sure: bool,
}

impl Leases {
    pub fn new(owner: RunOnHost) -> Self {
        Self {
            owner: Some(owner),
            ..Self::default()
        }
    }

    /// The run's name.
    pub(super) fn run(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| owner.run.as_str())
    }

    /// Learns the hosts of a play; the plays come in their order, so that each host's last one is known.
    pub(super) fn expect<'a>(&self, play: usize, hosts: impl Iterator<Item = &'a str>) {
        lock(&self.last).extend(hosts.map(|host| (host.to_owned(), play)));
        self.end.fetch_max(play, Ordering::Relaxed);
    }

    /// Whether no play follows this one, for any host.
    pub(super) fn is_end(&self, play: usize) -> bool {
        self.end.load(Ordering::Relaxed) <= play
    }

    /// Whether a host has no play behind this one.
    pub(super) fn is_last(&self, host: &str, play: usize) -> bool {
        lock(&self.last).get(host).is_none_or(|last| *last <= play)
    }

    /// Learns as whom a host's facts are asked.
    pub(super) fn lead(&self, target: &Target) {
        if self.owner.is_some() {
            lock(&self.of(&target.host).state).main = Some(target.clone());
        }
    }

    fn of(&self, host: &str) -> Arc<HostLeases> {
        Arc::clone(lock(&self.hosts).entry(host.to_owned()).or_default())
    }

    /// The hosts of which anything is held.
    fn held_hosts(&self) -> Vec<(String, Arc<HostLeases>)> {
        let hosts = lock(&self.hosts);
        let held = hosts
            .iter()
            .filter(|(_, host)| !lock(&host.state).held.is_empty());
        held.map(|(name, host)| (name.clone(), Arc::clone(host)))
            .collect()
    }

    fn hold(&self, host: &str, mode: Mode, give_back: bool) -> Option<Hold> {
        self.owner.as_ref().map(|owner| Hold {
            name: host.to_owned(),
            run: owner.run.clone(),
            by: owner.by.clone(),
            what: owner.what.clone(),
            term: TERM,
            mode,
            dead: Vec::new(),
            give_back,
        })
    }
}

impl HostLeases {
    /// How a script for this account comes by the lease; and the account that has to take it first, where that is another.
    fn way(&self, target: &Target) -> (Mode, Option<Target>) {
        let state = lock(&self.state);
        if let Some(lease) = state.held.iter().find(|lease| lease.target == *target) {
            let mode = if lease.is_sure {
                Mode::Keep
            } else {
                Mode::Join
            };
            return (mode, None);
        }
        let main = state.main.as_ref().unwrap_or(target);
        if target == main || target.account.as_deref() == Some("root") {
            return (Mode::Join, None);
        }
        let first = state.held.is_empty().then(|| main.clone());
        (Mode::Guest, first)
    }

    fn note(&self, target: &Target, connection: Option<&str>, held: &Held) {
        let mut state = lock(&self.state);
        state.held.retain(|lease| lease.target != *target);
        if matches!(held, Held::Held | Held::Unsaid) {
            state.held.push(Lease {
                target: target.clone(),
                connection: connection.map(str::to_owned),
                renewed: Instant::now(),
                is_sure: *held == Held::Held,
            });
        }
    }
}

/// What steps are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Change,
    /// They leave the host as it is. They need no lease, and run beside those who have one.
    Look,
}

/// What came of what was carried out.
pub struct CarriedOut {
    pub outcomes: Vec<Outcome>,
    /// What ended it on the way.
    pub trouble: Option<Trouble>,
    /// What the programs that were asked ahead said.
    pub ahead: Vec<Observation>,
}

/// Carries out all that is ordered in one round trip, under the lease of the host. An interruption ends it before the next
/// step that it may stop at. Behind the `last` steps of the run the lease is given back. What ended it on the way comes with
/// how far it came.
///
/// # Errors
/// When nothing was done: the host cannot be reached, or somebody else holds it.
pub async fn carry_out(
    context: &Context,
    target: &Target,
    connection: Option<&str>,
    orders: Orders<'_>,
    purpose: Purpose,
    last: bool,
) -> Result<CarriedOut, Trouble> {
    let leases = &context.leases;
    let host = leases.of(&target.host);
    let work = Work {
        target,
        connection,
        orders,
    };
    if purpose == Purpose::Look && lock(&host.state).held.is_empty() {
        let worked = exchange::work(context, &work).await?;
        return Ok(CarriedOut {
            outcomes: worked.outcomes,
            trouble: worked.lost.map(Trouble::Unreachable),
            ahead: worked.ahead,
        });
    }
    let (_beside, _alone) = if last {
        (None, Some(host.passage.write().await))
    } else {
        (Some(host.passage.read().await), None)
    };
    let (mode, first) = host.way(target);
    if let Some(first) = &first {
        let hold = leases.hold(&target.host, Mode::Join, false);
        let work = lease_alone(first, connection, hold.as_ref());
        let worked = under_lease(context, &host, &work).await?;
        if let Some(failure) = worked.lost {
            return Err(Trouble::Unreachable(failure));
        }
    }
    let hold = leases.hold(&target.host, mode, last);
    let work = Work {
        orders: Orders {
            hold: hold.as_ref(),
            ..orders
        },
        ..work
    };
    let worked = under_lease(context, &host, &work).await?;
    let trouble = match (worked.held, worked.lost) {
        (_, Some(failure)) => Some(Trouble::Unreachable(failure)),
        (Held::Lost(now), None) => Some(Trouble::Failed(taken(now.as_deref()))),
        (_, None) => None,
    };
    Ok(CarriedOut {
        outcomes: worked.outcomes,
        trouble,
        ahead: worked.ahead,
    })
}

/// A script that does nothing but hold the host.
fn lease_alone<'a>(
    target: &'a Target,
    connection: Option<&'a str>,
    hold: Option<&'a Hold>,
) -> Work<'a> {
    Work {
        target,
        connection,
        orders: Orders {
            hold,
            ..Orders::default()
        },
    }
}

/// Carries out, and notes what became of the lease. The lease of a run of ours that died is taken over.
async fn under_lease(
    context: &Context,
    host: &HostLeases,
    work: &Work<'_>,
) -> Result<Worked, Trouble> {
    let mut worked = exchange::work(context, work).await?;
    let Some(hold) = work.orders.hold else {
        return Ok(worked);
    };
    if let Held::Refused(lock) = &worked.held
        && lock.kind == LockKind::Lease
        && !lock.busy
        && context.journal.is_dead(&lock.run)
    {
        let mut hold = hold.clone();
        hold.dead.push(lock.run.clone());
        let again = Work {
            orders: Orders {
                hold: Some(&hold),
                ..work.orders
            },
            ..*work
        };
        worked = exchange::work(context, &again).await?;
    }
    if hold.mode != Mode::Guest {
        host.note(work.target, work.connection, &worked.held);
    }
    match worked.held {
        Held::Refused(lock) if hold.mode == Mode::Join => Err(Trouble::Refused(refusal(&lock))),
        // It was held before, and something may have been done.
        Held::Refused(lock) => Err(Trouble::Failed(refusal(&lock))),
        Held::Impossible(why) => Err(Trouble::Failed(
            Failure::new(format!("its lease cannot be kept: {why}"))
                .help("without a lease, another run could change the host at the same time"),
        )),
        _ => Ok(worked),
    }
}

/// Why nothing may be done on a host that somebody keeps.
pub(super) fn refusal(lock: &HostLock) -> Failure {
    Failure {
        message: lock.words(),
        help: lock.help(),
        ..Failure::default()
    }
}

/// The lease was lost on the way.
fn taken(now: Option<&HostLock>) -> Failure {
    let failure = match now {
        Some(lock) => Failure::new(format!(
            "this run lost the host on the way: {}",
            lock.words()
        )),
        None => Failure::new(
            "this run lost the host on the way: somebody took its lease away (`cachesmith unlock --force`)",
        ),
    };
    failure.help("nothing further was done on it; find out who works there, and run again")
}

/// Gives back what is held on a host. Where that cannot be done, it runs out.
pub(super) async fn give_back(context: &Context, host: &str) {
    let Some(run) = context.leases.run() else {
        return;
    };
    let of = context.leases.of(host);
    let _alone = of.passage.write().await;
    let held = std::mem::take(&mut lock(&of.state).held);
    for lease in held {
        // Connections that were cut at the user's wish are not opened again.
        if context.is_interrupted() && !context.sessions.is_open(host) {
            return;
        }
        let script = compile_give_back(host, run);
        let connection = lease.connection.as_deref();
        let giving = exchange::send(context, &lease.target, connection, &script);
        // It runs out by itself where the host does not answer.
        let _ = timeout(PATIENCE, giving).await;
    }
}

/// Gives back everything that is held still.
pub(super) async fn give_back_all(context: &Arc<Context>) {
    let held = context.leases.held_hosts();
    side_by_side(held.into_iter().map(|(name, _)| {
        let context = Arc::clone(context);
        async move { give_back(&context, &name).await }
    }))
    .await;
}

/// Renews leases for as long as it is let run.
pub(super) async fn keep(context: Arc<Context>) {
    if context.leases.run().is_none() {
        return;
    }
    loop {
        tokio::time::sleep(LOOK).await;
        let held = context.leases.held_hosts();
        side_by_side(held.into_iter().map(|(_, host)| {
            let context = Arc::clone(&context);
            async move { renew(&context, &host).await }
        }))
        .await;
    }
}

/// Does work on many hosts, on only so many of them at once: a task of each of 100,000 hosts would need more memory than
/// all else of the run.
async fn side_by_side<F>(work: impl Iterator<Item = F>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = tokio::task::JoinSet::new();
    for task in work {
        if running.len() >= AT_ONCE {
            running.join_next().await;
        }
        running.spawn(task);
    }
    running.join_all().await;
}

/// Renews what is due on one host. Whether a lease was lost is found by the script that needs it.
async fn renew(context: &Context, host: &HostLeases) {
    let Ok(_passage) = host.passage.try_read() else {
        return;
    };
    let due: Vec<(Target, Option<String>)> = lock(&host.state)
        .held
        .iter()
        .filter(|lease| lease.is_sure && lease.renewed.elapsed() > RENEW_AFTER)
        .map(|lease| (lease.target.clone(), lease.connection.clone()))
        .collect();
    for (target, connection) in due {
        let hold = context.leases.hold(&target.host, Mode::Renew, false);
        let work = lease_alone(&target, connection.as_deref(), hold.as_ref());
        if let Ok(Ok(worked)) = timeout(PATIENCE, exchange::work(context, &work)).await
            && worked.held == Held::Held
        {
            host.note(&target, connection.as_deref(), &worked.held);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
