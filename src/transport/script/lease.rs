//! Leases and locks as shell text, and what a host says of them.

use super::builder::Builder;
use super::frames::{self, Frame, words};
use super::library::Part;
use super::nonce::Nonce;
use super::{Garbled, Script};
use crate::model::lock::{HostLock, LockKind};

/// The lease under which steps are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Under which name of the inventory the host is held.
    pub name: String,
    /// The run that holds it.
    pub run: String,
    /// Who that is, and what is being done: one line each, for other people.
    pub by: String,
    pub what: String,
    /// Seconds for which it holds unless it is renewed.
    pub term: u64,
    pub mode: Mode,
    /// Runs that are known to have died: their leases are no obstacle.
    pub dead: Vec<String>,
    /// Whether the lease is given back behind the last step.
    pub give_back: bool,
}

/// How a script comes by the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It may be nobody's, or this run's already.
    Join,
    /// It is this run's; where it is not, it was lost.
    Keep,
    /// As [`Mode::Keep`], beside another script of this run that is at work.
    Renew,
    /// Another account of the host holds it for this run.
    Guest,
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Keep => "keep",
            Self::Renew => "renew",
            Self::Guest => "guest",
        }
    }
}

/// What became of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Nothing was said: the answer was cut, or the account is a guest.
    Unsaid,
    Held,
    GivenBack,
    /// Somebody keeps this run out; nothing was done.
    Refused(Box<HostLock>),
    /// It was this run's and is no longer; no further step began. Whose it is now, where it is somebody's.
    Lost(Option<Box<HostLock>>),
    /// It cannot be kept there, and why; nothing was done.
    Impossible(String),
}

/// What a person does with a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Tell all leases and locks.
    List,
    Set {
        by: String,
        why: String,
        /// 0: until it is taken away.
        seconds: u64,
    },
    /// With `force` also what others set, and leases of runs.
    Remove { by: String, force: bool },
}

/// What a host answers to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// There is such a lock.
    Has(HostLock),
    Set(HostLock),
    Removed(HostLock),
    /// It is somebody else's.
    Refused(HostLock),
    Impossible(String),
}

/// Takes or renews the lease before the first step.
pub(super) fn begin(hold: &Hold, builder: &mut Builder) {
    builder.need(Part::LeaseHold);
    let term = hold.term.to_string();
    let name = word(&hold.name);
    let arguments = [
        hold.mode.word(),
        &name,
        &hold.run,
        &hold.by,
        &hold.what,
        &term,
    ];
    let mut arguments: Vec<String> = arguments.iter().map(|text| line(text)).collect();
    arguments.extend(hold.dead.iter().map(|run| line(run)));
    builder.raw(&super::builder::command("c_lease_begin", &arguments));
    builder.raw(" || return 0\n");
}

/// A script that gives the run's lease back, where it still is the run's, as far as the host is held under this name.
pub fn compile_give_back(name: &str, run: &str) -> Script {
    let arguments = [word(name), run.to_owned()];
    script(Part::LeaseHold, "c_lease_give_back", &arguments)
}

/// A script for an order.
pub fn compile_order(order: &Order) -> Script {
    match order {
        Order::List => script(Part::Lock, "c_lock_list", &[]),
        Order::Set { by, why, seconds } => script(
            Part::Lock,
            "c_lock_set",
            &[by.clone(), why.clone(), seconds.to_string()],
        ),
        Order::Remove { by, force } => {
            let force = if *force { "yes" } else { "no" };
            script(Part::Lock, "c_lock_away", &[by.clone(), force.to_owned()])
        }
    }
}

fn script(part: Part, function: &str, arguments: &[String]) -> Script {
    let mut builder = Builder::new(Nonce::new());
    builder.need(part);
    builder.call(function, arguments.iter().map(|text| line(text)));
    builder.finish()
}

/// What became of the lease, from as much of the answer as came.
pub fn parse(script: &Script, output: &[u8]) -> Held {
    let mut held = Held::Unsaid;
    for frame in frames::cut(&script.nonce.frame, output) {
        if frame.label != "lease" {
            continue;
        }
        let lock = |kind| HostLock::parse(kind, &words(frame.body));
        held = match frame.words.first() {
            Some(&"held") => Held::Held,
            Some(&"given") => Held::GivenBack,
            Some(&"refused") => Held::Refused(Box::new(lock(LockKind::Lease))),
            Some(&"locked") => Held::Refused(Box::new(lock(LockKind::Lock))),
            Some(&"lost") => {
                let lock = lock(LockKind::Lease);
                Held::Lost((!lock.run.is_empty()).then(|| Box::new(lock)))
            }
            Some(&"impossible") => Held::Impossible(words(frame.body)),
            _ => held,
        };
    }
    held
}

/// What a host answered to an order.
///
/// # Errors
/// When the script did not run or its answer is not complete.
pub fn parse_order(script: &Script, output: &[u8]) -> Result<Vec<Said>, Garbled> {
    let frames = frames::whole(&script.nonce.frame, output)?;
    Ok(frames.iter().filter_map(said).collect())
}

fn said(frame: &Frame<'_>) -> Option<Said> {
    if frame.label != "lease" {
        return None;
    }
    let lock = |kind| HostLock::parse(kind, &words(frame.body));
    Some(match *frame.words.first()? {
        "lease" => Said::Has(lock(LockKind::Lease)),
        "lock" => Said::Has(lock(LockKind::Lock)),
        "set" => Said::Set(lock(LockKind::Lock)),
        "unlocked" => Said::Removed(lock(LockKind::Lock)),
        "broken" => Said::Removed(lock(LockKind::Lease)),
        "refused" => Said::Refused(lock(LockKind::Lock)),
        "impossible" => Said::Impossible(words(frame.body)),
        _ => return None,
    })
}

/// A name as one word without anything that the shell or a pattern could make more of.
fn word(name: &str) -> String {
    let letters = name.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':') {
            letter
        } else {
            '_'
        }
    });
    letters.collect()
}

/// A text in one line, as the host's file holds it.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('\0', "")
}
