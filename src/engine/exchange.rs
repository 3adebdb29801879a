//! Round trips: questions asked and steps carried out in one host's shell.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::walk::Target;
use crate::model::probe::{Observation, Probe};
use crate::model::step::{Outcome, Step};
use crate::module::Failure;
use crate::transport::error::{TransportError, TransportErrorKind};
use crate::transport::local_facts;
use crate::transport::script;

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
        answer = run(context, target, connection, script.text(), false) => answer.map_err(|error| trouble(&error))?,
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

/// Carries out all steps in one round trip. A connection that is lost on the way still tells how far it came. An
/// interruption ends it before the next of the steps in `stops`.
///
/// # Errors
/// When the host cannot be reached: nothing was done.
pub async fn carry_out(
    context: &Context,
    target: &Target,
    connection: Option<&str>,
    steps: &[Step],
    stops: &BTreeSet<usize>,
) -> Result<(Vec<Outcome>, Option<Failure>), Trouble> {
    let options = script::Options::default();
    let stoppable = !stops.is_empty();
    let script = if stoppable {
        script::compile_stoppable_steps(steps, &options, stops)
    } else {
        script::compile_steps(steps, &options)
    };
    match run(context, target, connection, script.text(), stoppable).await {
        Ok(answer) => Ok((script::parse_outcomes(&script, steps, &answer.stdout), None)),
        Err(error) if error.kind.may_have_run() => {
            let outcomes = script::parse_outcomes(&script, steps, &error.partial.stdout);
            Ok((outcomes, Some(failure(&error))))
        }
        Err(error) => Err(trouble(&error)),
    }
}

async fn run(
    context: &Context,
    target: &Target,
    connection: Option<&str>,
    text: &[u8],
    stoppable: bool,
) -> Result<crate::transport::session::Answer, Arc<TransportError>> {
    let line = context.sessions.line(&target.host, connection).await?;
    let becoming = target
        .account
        .as_deref()
        .map(|account| line.becoming(account));
    let (session, limit) = (&line.session, context.script_limit);
    let answer = if stoppable {
        let brake = context.interrupted.subscribe();
        session
            .run_stoppable(text, becoming.as_ref(), limit, brake)
            .await
    } else {
        session.run(text, becoming.as_ref(), limit).await
    };
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
