//! A play or a wave: its title, its tasks, its post-checks, its failures.

use super::cause::causes;
use super::check::post_checks;
use super::names::Names;
use super::task::{Seen, Telling, tasks};
use super::words::count;
use crate::model::event::HostStatus;
use crate::view::gather::{Hosts, Section};
use crate::view::page::{Line, Page, Role};

/// How many waves of a plan are told without `-v`.
const WAVES: usize = 8;

/// Tells a section. `seen`: what earlier waves told, where that need not be told again.
pub fn section(
    page: &mut Page,
    section: &Section,
    hosts: &Hosts,
    detail: u8,
    seen: Option<&mut Seen>,
) {
    let names = Names {
        hosts,
        all: &section.hosts,
        in_full: detail > 0,
        width: page.width(),
    };
    title(page, section, names);
    waves(page, section, names);
    let mut telling = Telling {
        names,
        detail,
        seen,
        wave: section.wave.map_or(1, |(number, _)| number),
    };
    tasks(page, section, &mut telling);
    post_checks(page, section, names);
    causes(
        page,
        "Failed, and ignored as the playbook wants",
        Role::Warning,
        &section.ignored,
        names,
    );
    causes(page, "Failed", Role::Failure, &section.failures, names);
    causes(
        page,
        "Unreachable",
        Role::Failure,
        &section.unreachable,
        names,
    );
    causes(page, "Refused", Role::Failure, &section.refused, names);
    notes(page, section, names);
    owed(page, section, names);
    let interrupted = section.with_status(HostStatus::Interrupted);
    if !interrupted.is_empty() {
        page.blank();
        let line = Line::of(Role::Warning, "Interrupted").and(
            Role::Plain,
            &format!(" before the end: {}", names.folded(&interrupted)),
        );
        page.wrapped(0, 2, &line);
        for cause in section.interrupted.by_size() {
            let line = Line::plain(&cause.failure().message)
                .and(Role::Faint, &format!(": {}", names.folded(&cause.hosts())));
            page.wrapped(2, 4, &line);
        }
    }
    page.blank();
}

/// `Harden cache hosts, wave 2 of 3, 75 hosts: cache[001-075]`
fn title(page: &mut Page, section: &Section, names: Names<'_>) {
    let mut line = Line::of(Role::Heading, &section.name);
    if let Some((number, of)) = section.wave {
        line.push(Role::Plain, &format!(", wave {number} of {of}"));
    }
    let folded = names.folded(&section.hosts);
    let text = match section.hosts.len() {
        1 => format!(", {folded}"),
        number => format!(", {}: {folded}", count(number, "host")),
    };
    line.push(Role::Faint, &text);
    page.wrapped(0, 4, &line);
    if section.wave.is_some() && !section.is_notable() && section.is_done() {
        page.push(Line::plain("  nothing to change"));
    }
}

/// The waves in which an apply would go over the hosts.
fn waves(page: &mut Page, section: &Section, names: Names<'_>) {
    for gate in &section.gates {
        let line = Line::plain("behind each wave: ").and(Role::Faint, gate);
        page.wrapped(2, 4, &line);
    }
    if section.waves.len() < 2 {
        return;
    }
    page.push(Line::plain(&format!("  in {} waves:", section.waves.len())));
    let most = if names.in_full { usize::MAX } else { WAVES };
    let width = section.waves.len().min(most).to_string().len();
    for (index, wave) in section.waves.iter().take(most).enumerate() {
        let line =
            Line::plain(&format!("{:>width$}  ", index + 1)).and(Role::Faint, &names.folded(wave));
        page.wrapped(4, 4 + width + 2, &line);
    }
    let left = section.waves.len().saturating_sub(most);
    if left > 0 {
        let waves = count(left, "more wave");
        page.push(Line::of(
            Role::Faint,
            &format!("    and {waves} (-v shows them)"),
        ));
    }
}

/// What a person should know of some hosts.
fn notes(page: &mut Page, section: &Section, names: Names<'_>) {
    for (message, hosts) in section.notes.by_size() {
        page.blank();
        let line = Line::of(Role::Warning, "Note")
            .and(Role::Plain, &format!(": {message}"))
            .and(Role::Faint, &format!(", on {}", names.folded(hosts)));
        page.wrapped(0, 2, &line);
    }
}

fn owed(page: &mut Page, section: &Section, names: Names<'_>) {
    for (handler, hosts) in section.owed.by_size() {
        page.blank();
        let line = Line::of(Role::Warning, "Not run")
            .and(Role::Plain, " though something changed: the handler ")
            .and(Role::Heading, handler)
            .and(
                Role::Plain,
                &format!(
                    " on {}. The next run of this playbook runs it.",
                    names.folded(hosts)
                ),
            );
        page.wrapped(0, 2, &line);
    }
}
