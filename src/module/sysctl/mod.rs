//! `sysctl`: kernel values, live and across reboots.

mod boot;
mod keep;
mod live;
mod settings;
mod wanted;

use wanted::{Wanted, is_live};

use super::service::init::has_systemd;
use super::shared::attributes;
use super::shared::beside::beside;
use super::shared::file_change::{FileWish, file_change};
use super::shared::host_level::HOST_LEVEL;
use super::shared::paths;
use super::shared::target::{Links, Target};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::probe::Probe;
use boot::Boot;

/// Sets kernel values.
///
/// A value is as it should be when the running kernel has it, the file sets it, and no file that is read later at
/// boot sets another. The live value is set first: what the kernel refuses is never written to a file. Where another
/// file has the last word at boot, the task succeeds with a warning that names it.
#[derive(Debug)]
pub struct Sysctl;

/// Where values go on hosts that do not read [`ANSIBLES_FILE`].
const OWN_FILE: &str = "/etc/sysctl.d/60-cachesmith.conf";
const ANSIBLES_FILE: &str = "/etc/sysctl.conf";

static SPEC: Spec = Spec {
    name: "sysctl",
    aliases: &[],
    summary: "Sets kernel values, in the running kernel and for the next boot.",
    parameters: &[
        Parameter::new("name", Kind::String, "The value's name, such as `vm.overcommit_memory`.").aliases(&["key"]),
        Parameter::new("value", Kind::Any, "What it is to be.").aliases(&["val"]),
        Parameter::new(
            "values",
            Kind::Map,
            "Several at once: names to values, or to mappings of `value`, `at_least` and `optional`.",
        ),
        Parameter::new(
            "template",
            Kind::Template,
            "A template that renders to the whole file; every value in it is set live too.",
        )
        .aliases(&["src"]),
        Parameter::new("sysctl_file", Kind::Path, "The file that keeps the values.")
            .aliases(&["dest"])
            .default("/etc/sysctl.conf where the host reads it at boot, else /etc/sysctl.d/60-cachesmith.conf"),
        Parameter::new("state", Kind::String, "With `absent` the file no longer sets the values; live values stay.")
            .choices(&["present", "absent"])
            .default("present"),
        Parameter::new("reload", Kind::Boolean, "Whether live values are set too.").default("yes"),
        Parameter::new("sysctl_set", Kind::Boolean, "Sets live values even with `reload: no`.").default("no"),
        Parameter::new(
            "at_least",
            Kind::Any,
            "Never lowers: a value that is higher already stays. Yes for all, or a list of names.",
        )
        .default("no"),
        Parameter::new(
            "ignoreerrors",
            Kind::Boolean,
            "Leaves out what the kernel does not have or does not let this host change.",
        )
        .aliases(&["ignore_missing"])
        .default("no"),
        HOST_LEVEL,
    ],
    free_form: None,
    one_of: &[&["name", "values", "template"]],
};

impl Module for Sysctl {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let wanted = Wanted::read(parameters, look)?;
        let given = paths::optional(parameters, look, "sysctl_file")?;
        look.ask(&probes(&wanted, given.as_deref()))?;

        let boot = Boot::observe(look, has_systemd(look)?)?;
        let path = match given {
            Some(path) => path,
            None if boot.reads_old_file() => ANSIBLES_FILE.to_owned(),
            None => OWN_FILE.to_owned(),
        };
        let target = Target::find(look, &path, Links::Follow)?;
        let before = text(&target)?;

        let mut notes = Vec::new();
        let mut host_level = Vec::new();
        let settled = live::settle(&wanted, &before, look, &mut notes, &mut host_level)?;
        let after = keep::text(&wanted, &settled, &before);

        let mut decision = Decision::unchanged();
        if wanted.live {
            decision
                .changes
                .extend(settled.iter().filter_map(live::change));
        }
        let attributes = attributes::Wanted::default().resolve(look)?;
        let content = (after != before).then(|| Blob::from(after.as_str()));
        if content.is_some() {
            let outcome = file_change(&target, FileWish::new(content, &attributes))?;
            decision.changes.extend(outcome.change);
        }
        let links = target.links.iter().map(|(link, _)| link);
        let boot = links
            .chain([&target.path])
            .fold(boot, |boot, path| boot.with(path, &after));
        decision.checks = keep::overridden(&settled, &boot, &target.path);
        notes.extend(decision.checks.iter().map(keep::words));
        beside(&mut decision.changes, &host_level);
        decision.checks.extend(host_level);
        if let Some(last) = decision.changes.last_mut() {
            last.notes.append(&mut notes);
        } else if !notes.is_empty() {
            decision.message = Some(notes.join("; "));
        }
        Ok(decision)
    }
}

fn probes(wanted: &Wanted, file: Option<&str>) -> Vec<Probe> {
    let mut probes: Vec<Probe> = wanted
        .keys
        .iter()
        .filter(|key| key.value.is_some() && is_live(key))
        .map(|key| Probe::KernelValue(key.key.clone()))
        .collect();
    probes.extend(boot::probes());
    let file = Probe::Content(file.unwrap_or(OWN_FILE).to_owned());
    if !probes.contains(&file) {
        probes.push(file);
    }
    probes
}

fn text(target: &Target) -> Result<String, Stop> {
    match target.content()? {
        None => Ok(String::new()),
        Some(content) => content.as_text().map(str::to_owned).ok_or_else(|| {
            Failure::new(format!("`{}` is no text", target.path))
                .help("name another file with `sysctl_file`")
                .into()
        }),
    }
}
