//! The tables that a person reads, as Markdown that is legible on a terminal too.

use unicode_width::UnicodeWidthStr;

use crate::cases::Setup;
use crate::measure::{Found, Live, Outcome};
use crate::reports::{Sample, Shift, ratio, worst_fragmentation};

const SHIFT_COLUMNS: &[&str] = &[
    "server",
    "build",
    "configuration",
    "guard",
    "OOM kills",
    "peak of server / limit",
    "peak of host / limit",
    "fragmentation",
    "lowest maxmemory / planned",
    "data at ends of phases, MiB",
    "evicted",
    "wait, 99.9%, ms",
    "worst wait, ms",
    "SET/s",
];

const LIVE_COLUMNS: &[&str] = &[
    "server",
    "build",
    "filled / planned",
    "keys",
    "keys lost",
    "announced",
    "restarts",
    "errors seen",
    "requests meanwhile",
    "worst wait, ms",
    "apply, s",
];

/// The runs under the load whose value sizes shift.
pub fn shifts(outcomes: &[Outcome]) -> String {
    let rows = outcomes.iter().filter_map(|outcome| match &outcome.found {
        Found::Shift { setup, report } => Some(shift_row(outcome, *setup, report)),
        Found::Live(_) => None,
    });
    markdown(SHIFT_COLUMNS, &rows.collect::<Vec<_>>())
}

/// The runs in which a full, live server is hardened.
pub fn lives(outcomes: &[Outcome]) -> String {
    let rows = outcomes.iter().filter_map(|outcome| match &outcome.found {
        Found::Live(live) => Some(live_row(outcome, live)),
        Found::Shift { .. } => None,
    });
    markdown(LIVE_COLUMNS, &rows.collect::<Vec<_>>())
}

fn shift_row(outcome: &Outcome, setup: Setup, report: &Shift) -> Vec<String> {
    let memory = &outcome.memory;
    let of_limit = |bytes: u64| percent(ratio(bytes, outcome.limit));
    let ends: Vec<&Sample> = report
        .phases
        .iter()
        .filter_map(|phase| phase.end.as_ref())
        .collect();
    let kept = ends.iter().map(|end| end.used_memory >> 20);
    let kept = match (kept.clone().min(), kept.max()) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => "none".to_owned(),
    };
    let lowest = report.samples.iter().map(|sample| sample.maxmemory).min();
    vec![
        report.server.clone(),
        outcome.build.to_owned(),
        if setup.is_hardened() {
            "hardened"
        } else {
            "stock"
        }
        .to_owned(),
        if setup.is_guarded() { "yes" } else { "no" }.to_owned(),
        kills(memory.kills, report),
        of_limit(memory.server_peak),
        of_limit(memory.host_peak),
        worst_fragmentation(&report.samples)
            .map_or_else(|| "-".to_owned(), |worst| format!("{worst:.2}")),
        match lowest {
            Some(lowest) if lowest > 0 => percent(ratio(lowest, outcome.planned)),
            _ => "no limit".to_owned(),
        },
        kept,
        report
            .samples
            .last()
            .map_or(0, |last| last.evicted_keys)
            .to_string(),
        format!("{:.1}", report.probes.p999_ms),
        format!("{:.0}", report.probes.worst_ms),
        format!("{:.0}", rate(report)),
    ]
}

/// How many, and in which phase the load ended.
fn kills(count: u64, report: &Shift) -> String {
    if count == 0 {
        return "0".to_owned();
    }
    format!("{count} (phase {})", report.phases.len())
}

fn live_row(outcome: &Outcome, live: &Live) -> Vec<String> {
    let errors: u64 = live.steady.errors.values().sum();
    let filled = live.steady.samples.first();
    let filled = filled.map_or(0, |first| first.used_memory);
    vec![
        live.steady.server.clone(),
        outcome.build.to_owned(),
        percent(ratio(filled, outcome.planned)),
        live.checked.keys.to_string(),
        (live.checked.missing + live.checked.wrong).to_string(),
        live.announced.to_string(),
        live.restarts.to_string(),
        errors.to_string(),
        (live.steady.reads + live.steady.writes).to_string(),
        format!("{:.0}", live.steady.longest_away_ms),
        format!("{:.1}", live.apply_seconds),
    ]
}

#[allow(clippy::cast_precision_loss, reason = "a rate for a person")]
fn rate(report: &Shift) -> f64 {
    report.sets as f64 / report.seconds.max(0.001)
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// Columns of one width, so that the text can be read as it is.
fn markdown(titles: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = titles
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell.width()).max().unwrap_or_default();
            widest.max(title.width())
        })
        .collect();
    let line = |cells: &[&str]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width().min(*width))))
            .collect();
        format!("| {} |\n", padded.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(titles);
    text += &line(&rule.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        text += &line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned() {
        let rows = [vec!["Redis 7.0.15".to_owned(), "0".to_owned()]];
        assert_eq!(
            markdown(&["server", "kills"], &rows),
            "| server       | kills |\n| ------------ | ----- |\n| Redis 7.0.15 | 0     |\n"
        );
    }
}
