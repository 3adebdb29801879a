//! Probes and steps as one POSIX shell program, and its answer as observations and outcomes.
//!
//! A [`Script`] is fed to `sh` on its standard input: nothing of it appears in a process list but what programs
//! get as arguments. It works in dash, busybox and bash, with coreutils or busybox, and leaves nothing behind.
//! Everything that it answers stands in frames, each begun by an unguessable word, so that any bytes come through.
//!
//! Start with [`builder`] for the frame around a script and `shell/` for what runs on the host.

mod builder;
pub mod facts;
mod frames;
pub mod lease;
mod library;
mod nonce;
mod probes;
mod quote;
pub mod shape;
mod steps;

use std::collections::BTreeSet;
use std::fmt;

use zeroize::Zeroizing;

use crate::model::probe::{Observation, Probe};
use crate::model::step::{Outcome, Step};
use nonce::Nonce;

/// A program for `sh`, to be written to its standard input whole.
#[derive(Clone)]
pub struct Script {
    text: Zeroizing<String>,
    nonce: Nonce,
}

impl Script {
    /// What `sh` has to read. It may hold secrets.
    pub fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The last line of a complete answer: when a shell serves one script after another, the next one may be
    /// sent when this line has come.
    pub fn last_line(&self) -> Vec<u8> {
        format!("{} finish\n", self.nonce.frame).into_bytes()
    }
}

/// Shows the length only: a script may hold secrets.
impl fmt::Debug for Script {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Script({} bytes)", self.text.len())
    }
}

/// What holds for all steps of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Seconds that a program may take which has no time limit of its own. 0: for ever.
    pub time_limit: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { time_limit: 3600 }
    }
}

/// The answer is not that of the script, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Garbled {
    /// The script never began: no shell answered.
    #[error("the host did not run the script; it said: {said}")]
    NotStarted {
        /// The beginning of what came instead.
        said: String,
    },
    #[error("the connection ended in the middle of the host's answer")]
    Cut,
}

/// One program for all probes. Probes of one kind are asked together.
pub fn compile_probes(probes: &[Probe]) -> Script {
    let nonce = Nonce::new();
    Script {
        text: probes::compile(probes, nonce.clone()),
        nonce,
    }
}

/// The answers, in the order of the probes that the script was compiled from.
///
/// # Errors
/// When the script did not run or its answer is not complete. One probe that could not be answered is no error:
/// it gives [`Observation::Failed`].
pub fn parse_observations(
    script: &Script,
    probes: &[Probe],
    output: &[u8],
) -> Result<Vec<Observation>, Garbled> {
    let frames = frames::whole(&script.nonce.frame, output)?;
    Ok(probes::parse(probes, &script.nonce, &frames))
}

/// One program for all steps, in order; the first that is not done ends it.
pub fn compile_steps(steps: &[Step], options: &Options) -> Script {
    let nonce = Nonce::new();
    Script {
        text: steps::compile(steps, options, &BTreeSet::new(), None, nonce.clone()),
        nonce,
    }
}

/// The same, which ends before one of the steps in `stops` when a line comes on the shell's input behind the script,
/// or that input ends. The shell serves no other script.
pub fn compile_stoppable_steps(
    steps: &[Step],
    options: &Options,
    stops: &BTreeSet<usize>,
) -> Script {
    let nonce = Nonce::new();
    Script {
        text: steps::compile(steps, options, stops, None, nonce.clone()),
        nonce,
    }
}

/// The same under a lease: where it cannot be had, no step begins, and where it is lost, none goes on.
/// [`lease::parse`] tells what became of it.
pub fn compile_held_steps(
    steps: &[Step],
    options: &Options,
    stops: &BTreeSet<usize>,
    hold: &lease::Hold,
) -> Script {
    let nonce = Nonce::new();
    Script {
        text: steps::compile(steps, options, stops, Some(hold), nonce.clone()),
        nonce,
    }
}

/// What tells a stoppable script to end.
pub const STOP: &[u8] = b"stop\n";

/// What became of each step, however much of the answer came.
///
/// A step that is reported as not run after the answer was cut may still have been carried out: the host goes on
/// until it notices that nobody listens. After a lost connection, all is observed anew.
pub fn parse_outcomes(script: &Script, steps: &[Step], output: &[u8]) -> Vec<Outcome> {
    steps::parse(steps, &frames::cut(&script.nonce.frame, output))
}
