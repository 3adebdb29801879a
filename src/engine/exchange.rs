//! Round trips: questions asked and steps carried out in one host's shell.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::walk::Target;
use crate::model::probe::{Observation, Probe};
use crate::model::step::Outcome;
use crate::module::Failure;
use crate::transport::error::{TransportError, TransportErrorKind};
use crate::transport::local_facts;
use crate::transport::script::lease::{self, Held};
use crate::transport::script::{self, Orders};

/// Why a round trip did not do its work.
#[derive(Debug)]
pub enum Trouble {
    /// The host cannot be reached, or not any more.
    Unreachable(Failure),
    /// The host answered, but not as it should.
    Failed(Failure),
    /// Nothing may be done on the host.
    Refused(Failure),
    /// The user wants the run to end.
    Interrupted,
}

/// Asks all questions in one round trip.
///
/// # Errors
/// When the host cannot be reached or its answer makes no sense.
pub async fn observe(
    context: &Context,
    target: &Target,
    connection: Option<&str>,
    probes: &[Probe],
) -> Result<Vec<Observation>, Trouble> {
    let script = script::compile_probes(probes);
    let answer = tokio::select! {
        answer = run(context, target, connection, &script, false) => answer.map_err(|error| trouble(&error))?,
        () = context.interruption() => return Err(Trouble::Interrupted),
    };
    let mut observations =
        script::parse_observations(&script, probes, &answer.stdout).map_err(|garbled| {
            let mut failure = Failure::new(garbled.to_string());
            let said = String::from_utf8_lossy(&answer.stderr);
            if !said.trim().is_empty() {
                failure = failure.help(format!("the host said: {}", said.trim()));
            }
            Trouble::Failed(failure)
        })?;
    if context.sessions.is_local(&target.host) {
        for observation in &mut observations {
            complete(observation).await;
        }
    }
    Ok(observations)
}

/// What this machine knows of itself without asking a shell is added to what the shell said.
async fn complete(observation: &mut Observation) {
    if let Observation::Facts(facts) = observation {
        let known = std::mem::take(facts);
        let fallback = known.clone();
        let added = tokio::task::spawn_blocking(move || local_facts::complete(*known)).await;
        *facts = added.map_or(fallback, Box::new);
    }
}

/// What is carried out in one round trip.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    pub target: &'a Target,
    /// `connection` of the play, where it has one and the target is the play's host.
    pub connection: Option<&'a str>,
    pub orders: Orders<'a>,
}

/// What came of it.
pub struct Worked {
    pub outcomes: Vec<Outcome>,
    /// A connection that was lost on the way still tells how far it came.
    pub lost: Option<Failure>,
    pub held: Held,
    /// What the programs that were asked ahead said.
    pub ahead: Vec<Observation>,
}

/// Carries out all steps in one round trip, without asking whose the host is: [`Leases`](super::leases) do.
///
/// # Errors
/// When the host cannot be reached: nothing was done.
pub(super) async fn work(context: &Context, work: &Work<'_>) -> Result<Worked, Trouble> {
    let orders = &work.orders;
    let stops = orders.stops.into_iter().flatten();
    // A script that has begun comes to its first step at once, unless it waits for a lease.
    let first = usize::from(orders.hold.is_none());
    let stoppable = stops.copied().any(|stop| stop >= first);
    let orders = Orders {
        stops: orders.stops.filter(|_| stoppable || orders.hold.is_some()),
        ..*orders
    };
    let script = script::compile_orders(&orders, &script::Options::default());
    let answer = run(context, work.target, work.connection, &script, stoppable).await;
    let (stdout, lost) = match answer {
        Ok(answer) => (answer.stdout, None),
        Err(error) if error.kind.may_have_run() => {
            (error.partial.stdout.clone(), Some(failure(&error)))
        }
        Err(error) => return Err(trouble(&error)),
    };
    Ok(Worked {
        outcomes: script::parse_outcomes(&script, orders.steps, &stdout),
        lost,
        held: lease::parse(&script, &stdout),
        ahead: script::parse_ahead(&script, &orders, &stdout),
    })
}

/// Sends a script of a lease's or a lock's own.
///
/// # Errors
/// When the host cannot be reached or does not answer whole.
pub async fn send(
    context: &Context,
    target: &Target,
    connection: Option<&str>,
    script: &script::Script,
) -> Result<Vec<u8>, Trouble> {
    let answer = run(context, target, connection, script, false).await;
    Ok(answer.map_err(|error| trouble(&error))?.stdout)
}

async fn run(
    context: &Context,
    target: &Target,
    connection: Option<&str>,
    script: &script::Script,
    stoppable: bool,
) -> Result<crate::transport::session::Answer, Arc<TransportError>> {
    let account = target.account.as_deref();
    let line = context
        .sessions
        .line(&target.host, connection, account)
        .await?;
    let becoming = account.map(|account| line.becoming(account));
    let (session, limit) = (&line.session, context.script_limit);
    let brake = stoppable.then(|| context.interrupted.subscribe());
    let answer = session.serve(script, becoming.as_ref(), limit, brake).await;
    answer.map_err(Arc::new)
}

fn trouble(error: &TransportError) -> Trouble {
    if error.kind.is_unreachable() || error.kind == TransportErrorKind::ConnectionLost {
        Trouble::Unreachable(failure(error))
    } else {
        Trouble::Failed(failure(error))
    }
}

fn failure(error: &TransportError) -> Failure {
    Failure {
        message: error.message.clone(),
        help: error.help.clone(),
        ..Failure::default()
    }
}

/// How long a host may take to come back after a restart, between two looks.
pub const LOOK_AGAIN: Duration = Duration::from_secs(1);
