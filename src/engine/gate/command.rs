//! A program of the user's, on this machine, that decides whether the run goes on.

use std::time::Duration;

use super::{Interrupted, Passing};
use crate::engine::rolling::Rolling;
use crate::engine::words::last_lines;
use crate::model::rolling::GateCommand;
use crate::transport::own_program::{self, OwnEnded, OwnProgram};

/// How one try ended.
enum Try {
    Passed,
    Refused(String),
}

impl Rolling<'_> {
    /// Runs the command until it ends with 0, as often as the gate is tried. The inner error says why it does not pass.
    pub(super) async fn command(
        &self,
        passing: &Passing<'_>,
        command: &GateCommand,
    ) -> Result<Result<(), String>, Interrupted> {
        let mut tries = 0;
        loop {
            match self.try_command(passing, command).await? {
                Try::Passed => return Ok(Ok(())),
                Try::Refused(reason) if tries >= passing.gate.retries => return Ok(Err(reason)),
                Try::Refused(_) => {}
            }
            tries += 1;
            self.wait(passing.gate.delay).await?;
        }
    }

    async fn try_command(
        &self,
        passing: &Passing<'_>,
        command: &GateCommand,
    ) -> Result<Try, Interrupted> {
        let program = OwnProgram {
            argv: &command.argv,
            folder: &self.play.folder,
            environment: vec![
                ("CACHESMITH_PLAY", self.play.name.clone()),
                ("CACHESMITH_WAVE", passing.wave.to_string()),
                ("CACHESMITH_WAVES", passing.of.to_string()),
                ("CACHESMITH_HOSTS", passing.hosts.join(" ")),
            ],
            time_limit: Duration::from_secs(command.time_limit),
        };
        let shown = format!("the gate's command `{}`", command.argv.join(" "));
        let reason = match own_program::run(&program, self.context.interruption()).await {
            OwnEnded::Stopped => return Err(Interrupted),
            OwnEnded::Code { code: Some(0), .. } => return Ok(Try::Passed),
            OwnEnded::Code { code, said } => {
                let ended = match code {
                    Some(code) => format!("ended with {code}"),
                    None => "was ended by a signal".to_owned(),
                };
                let said = last_lines(&said);
                let colon = if said.is_empty() { "" } else { ": " };
                format!("{shown} {ended}{colon}{said}")
            }
            OwnEnded::TimedOut => {
                format!("{shown} did not end within {} s", command.time_limit)
            }
            OwnEnded::NotStarted(error) => format!("{shown} cannot be run: {error}"),
        };
        Ok(Try::Refused(reason))
    }
}
