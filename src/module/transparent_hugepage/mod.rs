//! `transparent_hugepage`: how eagerly the kernel gives processes huge pages, live and across reboots.

mod boot;

use super::service::init::has_systemd;
use super::shared::beside::beside;
use super::shared::host_level::{HOST_LEVEL, is_reported, report};
use super::{Check, Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{KernelValue, Observation, Probe};
use crate::model::step::{Action, Guard, Step};

/// Sets the kernel's two switches for transparent huge pages.
///
/// With `enabled: always` a server that forks, as Redis does to save or to feed a replica, copies 2 MiB where one
/// byte is written meanwhile. The live switches are set first; what the kernel refuses is never kept.
/// They are kept by systemd-tmpfiles, which sets them early in every boot.
#[derive(Debug)]
pub struct TransparentHugepage;

const DIRECTORY: &str = "/sys/kernel/mm/transparent_hugepage";

static SPEC: Spec = Spec {
    name: "transparent_hugepage",
    aliases: &["thp"],
    summary: "Sets transparent huge pages, in the running kernel and for every boot.",
    parameters: &[
        Parameter::new(
            "enabled",
            Kind::String,
            "Who gets huge pages: all, those that ask for them, nobody.",
        )
        .choices(&["always", "madvise", "never"]),
        Parameter::new(
            "defrag",
            Kind::String,
            "Who waits for memory to be compacted when there is no huge page.",
        )
        .choices(&["always", "defer", "defer+madvise", "madvise", "never"]),
        Parameter::new(
            "persist",
            Kind::Boolean,
            "Whether it holds after the next boot too.",
        )
        .default("yes"),
        HOST_LEVEL,
    ],
    free_form: None,
    one_of: &[],
};

/// One of the kernel's two switches, and the word that is wanted.
struct Switch {
    name: &'static str,
    wanted: String,
}

impl Module for TransparentHugepage {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let mut switches = Vec::new();
        for name in ["enabled", "defrag"] {
            if let Some(wanted) = parameters.string(name)? {
                switches.push(Switch { name, wanted });
            }
        }
        if switches.is_empty() {
            return Err(Failure::new("`transparent_hugepage` has nothing to set")
                .help("say `enabled`, `defrag` or both")
                .into());
        }
        let persist = parameters.boolean("persist", true)?;
        let mut probes: Vec<Probe> = switches
            .iter()
            .map(|switch| Probe::KernelValue(switch.path()))
            .collect();
        if persist {
            probes.extend(boot::probes());
        }
        look.ask(&probes)?;

        let mut decision = Decision::unchanged();
        let mut told = Vec::new();
        let mut keep = persist;
        for switch in &switches {
            match switch.change(look, is_reported(parameters, look)?)? {
                Live::Changes(change) => decision.changes.push(*change),
                Live::Right { writable } => keep &= writable,
                Live::HostLevel(check) => {
                    keep = false;
                    told.push(*check);
                }
                Live::None(why) => {
                    keep = false;
                    decision.message = Some(why);
                }
            }
        }
        if keep && !has_systemd(look)? {
            decision.checks.push(boot::not_kept());
        } else if keep {
            boot::keep(&switches, look, &mut decision)?;
        }
        beside(&mut decision.changes, &told);
        decision.checks.extend(told);
        Ok(decision)
    }
}

/// What is to be done about a live switch.
enum Live {
    Changes(Box<Change>),
    /// It is as it should be; where it could not be changed, it is not this host's to keep.
    Right {
        writable: bool,
    },
    /// It is the machine's outside.
    HostLevel(Box<Check>),
    /// There is no such switch, which is as good.
    None(String),
}

impl Switch {
    fn path(&self) -> String {
        format!("{DIRECTORY}/{}", self.name)
    }

    /// `told`: whether a switch that only the machine outside can set is told, and no failure.
    fn change(&self, look: &Look<'_>, told: bool) -> Result<Live, Stop> {
        let path = self.path();
        let observed = look.kernel_value(&path)?;
        let Some(offered) = observed.value.as_deref() else {
            return if self.wanted == "always" {
                Err(Stop::failed("this kernel has no transparent huge pages"))
            } else {
                Ok(Live::None(
                    "this kernel has no transparent huge pages".to_owned(),
                ))
            };
        };
        let before = chosen(offered);
        let after = self.wanted.as_str();
        if before == after {
            return Ok(Live::Right {
                writable: observed.writable,
            });
        }
        if !observed.writable && told {
            let how = format!("echo {after} >{path}");
            let name = format!("transparent_hugepage {}", self.name);
            return Ok(Live::HostLevel(Box::new(report(
                &name,
                after.to_owned(),
                Some(before),
                &how,
            ))));
        }
        if !observed.writable {
            return Err(Failure::new(format!(
                "{path} is {before} here and cannot be changed to {after}"
            ))
            .help("in a container it belongs to the machine that runs it: set it there")
            .help("for an ordinary host, the task needs `become: true`")
            .into());
        }
        if !words(offered).any(|word| word == after) {
            return Err(Failure::new(format!(
                "this kernel does not know `{}: {after}`",
                self.name
            ))
            .help(format!(
                "it knows {}",
                words(offered).collect::<Vec<_>>().join(", ")
            ))
            .into());
        }
        let step = |from: &str, to: &str| {
            Step::new(Action::KernelValue {
                key: path.clone(),
                value: to.to_owned(),
            })
            .guarded(Guard::KernelValue {
                key: path.clone(),
                value: from.to_owned(),
            })
        };
        let mut field = Field::new(self.name, Some(before), Some(after));
        field.note = Some("live".to_owned());
        let mut notes = Vec::new();
        if self.name == "enabled" && before == "always" {
            notes.push(
                "a running process keeps the huge pages that it has until it is restarted"
                    .to_owned(),
            );
        }
        Ok(Live::Changes(Box::new(Change {
            kind: ChangeKind::Update,
            resource: format!("transparent_hugepage {}", self.name),
            difference: Difference::Fields(vec![field]),
            notes,
            steps: vec![step(before, after)],
            undo: Undo::Steps(vec![step(after, before)]),
            effects: vec![Effect::Becomes(
                Probe::KernelValue(path.clone()),
                Observation::KernelValue(KernelValue {
                    value: Some(choose(offered, after)),
                    writable: true,
                }),
            )],
        })))
    }

    /// Its line for systemd-tmpfiles.
    fn line(&self) -> String {
        format!("w {} - - - - {}", self.path(), self.wanted)
    }
}

/// The word in brackets among those that a switch offers.
fn chosen(offered: &str) -> &str {
    offered
        .split_whitespace()
        .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))
        .unwrap_or_else(|| offered.trim())
}

fn words(offered: &str) -> impl Iterator<Item = &str> {
    offered
        .split_whitespace()
        .map(|word| word.trim_start_matches('[').trim_end_matches(']'))
}

fn choose(offered: &str, wanted: &str) -> String {
    words(offered)
        .map(|word| match word == wanted {
            true => format!("[{word}]"),
            false => word.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}
