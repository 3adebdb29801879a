//! `package`: packages are installed, in a version, up to date, or absent.

mod change;
mod commands;
mod index;
mod request;
mod servers;
mod wish;

use index::Index;
use request::{Request, State};
use wish::Wish;

use super::handover::RESTART_PRIMARY;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::probe::{PackageManager, Probe, Program};
use crate::model::step::Step;

/// Installs and removes packages with apt or dnf, whichever the host has.
///
/// What is installed already is left as it is unless a version or `latest` asks for more. The index is only brought
/// up to date where something has to be installed from it (or where the task names no package); an index that never
/// was brought up to date is brought up to date for a package it does not hold. A package that restarts or stops a Redis or
/// Valkey which others follow is like a restart of that server: a replica takes over first, or it is refused.
#[derive(Debug)]
pub struct Package;

static SPEC: Spec = Spec {
    name: "package",
    aliases: &["apt", "dnf", "yum"],
    summary: "Installs, upgrades or removes packages with the host's package manager (apt or dnf).",
    parameters: &[
        Parameter::new("name", Kind::Strings, "Packages, each as `name` or `name=version`; a version may hold `*`.")
            .aliases(&["pkg", "package"]),
        Parameter::new("state", Kind::String, "What is to be so.")
            .choices(&["present", "installed", "latest", "absent", "removed"])
            .default("present"),
        Parameter::new(
            "update_cache",
            Kind::Boolean,
            "Brings the index of packages up to date before anything is installed from it; without it, only an index that never was is.",
        )
        .aliases(&["update-cache"]),
        Parameter::new(
            "cache_valid_time",
            Kind::Integer,
            "Seconds for which the index counts as up to date; implies `update_cache`.",
        )
        .default("0"),
        Parameter::new("purge", Kind::Boolean, "Removes configuration files with a package (apt).").default("no"),
        Parameter::new(
            "autoremove",
            Kind::Boolean,
            "Also removes packages that came as dependencies and that nothing needs any more.",
        )
        .default("no"),
        Parameter::new(
            "install_recommends",
            Kind::Boolean,
            "Whether recommended packages come too; without it, as the host is configured.",
        )
        .aliases(&["install-recommends", "install_weak_deps"]),
        Parameter::new("allow_downgrade", Kind::Boolean, "Accepts a version older than the installed one.")
            .aliases(&["allow-downgrade", "allow_downgrades", "allow-downgrades"])
            .default("no"),
        Parameter::new(
            "allow_change_held_packages",
            Kind::Boolean,
            "Changes packages that an administrator holds back (apt-mark hold, dnf versionlock).",
        )
        .default("no"),
        Parameter::new("only_upgrade", Kind::Boolean, "Leaves packages alone that are not installed.").default("no"),
        Parameter::new(
            "default_release",
            Kind::String,
            "The release that packages are preferred from, such as `bookworm-backports` (apt).",
        )
        .aliases(&["default-release"]),
        Parameter::new("dpkg_options", Kind::Strings, "Options for dpkg, without their dashes (apt).")
            .default("force-confdef,force-confold"),
        Parameter::new(
            "lock_timeout",
            Kind::Integer,
            "Seconds to wait for another package manager to finish.",
        )
        .default("60"),
        RESTART_PRIMARY,
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Package {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let request = Request::read(parameters)?;
        let policy = release_policy(&request);
        let mut probes = vec![Probe::PackageIndex];
        probes.extend(
            request
                .packages
                .iter()
                .map(|wanted| Probe::Package(wanted.name.clone())),
        );
        // What is to be the latest cannot be settled by what is there.
        probes.extend(
            request
                .packages
                .iter()
                .filter(|_| request.state == State::Latest)
                .map(|wanted| Probe::PackageOffers(wanted.name.clone())),
        );
        probes.extend(
            policy
                .clone()
                .map(|program| Probe::Program(Box::new(program))),
        );
        look.ask(&probes)?;
        let mut index = Index::observe(&request, look)?;
        only_what_applies(parameters, index.manager)?;
        if request.packages.is_empty() {
            let decision = if index.due {
                Decision::change(change::of_index(&index, &request))
            } else {
                Decision::unchanged()
            };
            return Ok(decision.with("cache_updated", index.due));
        }
        let candidates = match &policy {
            Some(program) if index.manager == PackageManager::Apt => {
                look.program(program)?.stdout.to_lossy().into_owned()
            }
            _ => String::new(),
        };
        let mut wishes: Vec<Wish> = Vec::new();
        for wanted in &request.packages {
            let candidate = candidate_in(&candidates, &wanted.name);
            let wish = Wish::decide(wanted, &request, &mut index, candidate, look)?;
            wishes.extend(wish.filter(|wish| !wishes.contains(wish)));
        }
        let updates = index.due && !wishes.is_empty();
        let mut decision = Decision::unchanged();
        if !wishes.is_empty() {
            let (before, ended) = servers::before(look, &wishes, &index, &request)?;
            decision.changes = before;
            decision
                .changes
                .push(change::of_packages(&wishes, &index, &request, &ended));
            let steps: usize = decision
                .changes
                .iter()
                .map(|change| change.steps.len())
                .sum();
            decision.output_of = steps.checked_sub(1);
        }
        Ok(decision.with("cache_updated", updates))
    }
}

/// The step that brings apt's index up to date.
pub(super) fn update_apt_index() -> Step {
    change::step(commands::update_index(
        PackageManager::Apt,
        request::LOCK_TIMEOUT,
    ))
}

/// The question which version a release other than the host's own would bring.
fn release_policy(request: &Request) -> Option<Program> {
    let release = request.options.default_release.as_deref()?;
    if request.packages.is_empty() || request.state == State::Absent {
        return None;
    }
    let mut argv = vec!["apt-cache", "-t", release, "policy", "--"];
    argv.extend(request.packages.iter().map(|wanted| wanted.name.as_str()));
    let mut program = Program::new(argv);
    program
        .environment
        .insert("LC_ALL".to_owned(), "C".to_owned());
    Some(program)
}

/// The candidate of a package in the answer of `apt-cache policy`.
fn candidate_in<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = policy
        .lines()
        .skip_while(|line| line.strip_suffix(':') != Some(name));
    lines.next()?;
    lines
        .take_while(|line| line.starts_with(' '))
        .find_map(|line| line.trim().strip_prefix("Candidate:"))
        .map(str::trim)
        .filter(|version| *version != "(none)")
}

/// Refuses parameters that the host's package manager has no counterpart for.
fn only_what_applies(parameters: &Parameters, manager: PackageManager) -> Result<(), Stop> {
    if manager == PackageManager::Apt {
        return Ok(());
    }
    match ["purge", "default_release", "dpkg_options"]
        .into_iter()
        .find(|name| parameters.has(name))
    {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!(
            "`{name}` is for apt, and this host's package manager is dnf"
        ))
        .help("leave it out, or give the task a `when` that keeps it to apt's hosts")
        .into()),
    }
}
