//! Hosts reached over SSH, through the machine's own `ssh` program.

mod channel;
mod command_line;
mod control;
mod explain;
mod log;
mod master;
mod resolved;
mod start;
mod words;

use std::sync::Arc;
use std::time::Duration;

use super::error::{TransportError, TransportErrorKind as Kind};
use super::limits::{ATTEMPTS, Limits};
use super::nonce::fraction;
use super::target::SshTarget;
pub(super) use master::Master;

/// The first pause after a server turned us away; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

/// Opens a connection, again where the server is too busy to talk. Gives the number of connections it took, too.
pub(super) async fn open(
    name: &str,
    target: &SshTarget,
    limits: &Limits,
) -> Result<(Arc<Master>, u64), TransportError> {
    let words = words::read(name, &target.common_args, &target.extra_args)?;
    let mut attempt = 1;
    loop {
        let outcome = {
            // Never closed, so the permit is always there.
            let _permit = limits.connecting().acquire().await.ok();
            Master::open(name, target, &words, limits).await
        };
        match outcome {
            Ok(master) => {
                let master = Arc::new(master);
                limits.remember(&master);
                return Ok((master, u64::from(attempt)));
            }
            Err(error) if error.kind == Kind::ServerBusy && attempt < ATTEMPTS => {
                let pause = FIRST_PAUSE * 2_u32.pow(attempt - 1);
                tracing::debug!(host = name, attempt, ?pause, "the server turned us away");
                // Between half and one and a half of it, so that many hosts behind one door do not knock together.
                tokio::time::sleep(pause.mul_f64(0.5 + fraction())).await;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}
