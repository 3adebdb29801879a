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
mod known;
pub mod lease;
mod library;
mod nonce;
mod probes;
mod quote;
pub mod shape;
mod steps;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::model::probe::{Observation, Probe, Program};
use crate::model::step::{Outcome, Step};
pub(super) use known::{Known, Text};
use library::Part;
use nonce::Nonce;

/// A program for `sh`, to be written to its standard input whole.
#[derive(Clone)]
pub struct Script {
    text: Zeroizing<String>,
    /// Where it defines parts of the library.
    library: Vec<(Part, Range<usize>)>,
    nonce: Nonce,
    /// Whether a login may be another one behind it: its groups, limits and environment are those of its beginning.
    changes_login: bool,
}

impl Script {
    /// What `sh` has to read. It may hold secrets.
    pub fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The same, of which a shell that knows parts of it need not read all.
    pub(super) fn whole(&self) -> Text<'_> {
        Text::new(self.text.as_bytes(), &self.library)
    }

    /// The last line of a complete answer.
    pub fn last_line(&self) -> Vec<u8> {
        last_line(&self.nonce.frame)
    }

    /// How a shell serves it that may serve others after it.
    pub(super) fn stay(&self) -> Option<Stay> {
        let end = [ENDED, "\n"]
            .into_iter()
            .find(|end| self.text.ends_with(end))?;
        Some(Stay {
            most: self.text.len() - end.len(),
            nonce: self.nonce.frame.clone(),
        })
    }

    /// Whether it hears [`WATCH`] while it runs.
    pub(super) fn listens(&self) -> bool {
        self.text.ends_with(ENDED)
    }

    /// Whether logins that were there before it are not what a new one would be.
    pub(super) fn changes_login(&self) -> bool {
        self.changes_login
    }
}

fn last_line(nonce: &str) -> Vec<u8> {
    format!("{nonce} finish\n").into_bytes()
}

/// The end of a script that listens, where its shell serves no other one.
const ENDED: &str = "; exit\n";

/// What a script ends with where facts found that every file system is the host's own.
const NEAR: u8 = 10;

/// How a shell that serves many scripts tells that it is done with one: by a line on each of its outputs, behind all
/// that the script said. The line is told by the shell itself, however the script ended.
pub(super) struct Stay {
    /// The length of what is the same for a shell that does not stay.
    most: usize,
    nonce: String,
}

impl Stay {
    /// What is the same for a shell that does not stay.
    pub(super) fn most_of<'a>(&self, script: Text<'a>) -> Text<'a> {
        script.up_to(self.most)
    }

    /// What goes behind it, in its last line: what comes in a line of its own may be read by the listener. The shell
    /// remembers where facts found that no file server is mounted.
    pub(super) fn rest(&self) -> String {
        let told = format!("printf '\\n%s over\\n' '{}'", self.nonce);
        format!("; [ $cachesmith_told -ne {NEAR} ] || cachesmith_near=yes; {told}; {told} >&2\n")
    }

    /// Where an output ends, if the shell told its end within its last `fresh` bytes.
    pub(super) fn end_in(&self, output: &[u8], fresh: usize) -> Option<usize> {
        let line = format!("\n{} over\n", self.nonce);
        let from = output.len().saturating_sub(fresh + line.len());
        frames::find(output.get(from..)?, line.as_bytes()).map(|place| from + place)
    }

    /// Whether the script came to its end. One that was ended may have left something that reads the shell's input.
    pub(super) fn is_whole(&self, output: &[u8]) -> bool {
        output.ends_with(&last_line(&self.nonce))
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
    probes::compile(probes, Nonce::new())
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

/// What a script is to do on a host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Orders<'a> {
    /// Carried out in order; the first that is not done ends the script.
    pub steps: &'a [Step],
    /// The steps before which it ends when the shell's input ends.
    pub stops: Option<&'a BTreeSet<usize>>,
    /// The lease that it is done under: where it cannot be had, no step begins, and where it is lost, none goes on.
    /// [`lease::parse`] tells what became of it.
    pub hold: Option<&'a lease::Hold>,
    /// Programs that only look at files, asked before their turn where all steps have been done.
    pub ahead: &'a [Program],
}

/// One program for all that is ordered.
pub fn compile_orders(orders: &Orders<'_>, options: &Options) -> Script {
    steps::compile(orders, options, Nonce::new())
}

/// One program for steps alone.
pub fn compile_steps(steps: &[Step], options: &Options) -> Script {
    let orders = Orders {
        steps,
        ..Orders::default()
    };
    compile_orders(&orders, options)
}

/// What asks a script that listens to watch the time of its programs. One byte, so that nothing is left of it when the
/// script ends while it reads, and nothing to do for a shell that takes it for its next script.
pub const WATCH: &[u8] = b"\n";

/// What became of each step, however much of the answer came.
///
/// A step that is reported as not run after the answer was cut may still have been carried out: the host goes on
/// until it notices that nobody listens. After a lost connection, all is observed anew.
pub fn parse_outcomes(script: &Script, steps: &[Step], output: &[u8]) -> Vec<Outcome> {
    steps::parse(steps, &frames::cut(&script.nonce.frame, output))
}

/// What the programs that were asked ahead said.
pub fn parse_ahead(script: &Script, orders: &Orders<'_>, output: &[u8]) -> Vec<Observation> {
    // Of most scripts none were, and an output may be long.
    if orders.ahead.is_empty() {
        return Vec::new();
    }
    let frames = frames::cut(&script.nonce.frame, output);
    let numbers = (orders.steps.len()..).take(orders.ahead.len());
    numbers
        .map(|number| probes::parse_early_program(number, &frames, None))
        .collect()
}
