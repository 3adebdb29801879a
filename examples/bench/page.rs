//! The results as a page.

use crate::cells::{Cell, Link, Phase};
use crate::series::{Runs, Series, Spread};

/// How the figures came to be: what stands under the tables.
pub struct Circumstances {
    pub date: String,
    pub minutes: u64,
    pub quick: bool,
    pub machine: String,
}

pub fn page(all: &[Series], circumstances: &Circumstances) -> String {
    let mut text = String::new();
    let mut shown: Vec<(usize, Link)> = Vec::new();
    for series in all {
        let kind = (series.cell.hosts, series.cell.link);
        if !shown.contains(&kind) {
            shown.push(kind);
            let rows = all
                .iter()
                .filter(|one| (one.cell.hosts, one.cell.link) == kind);
            text += &table(&series.cell, rows);
        }
    }
    text + &footer(all, circumstances)
}

/// The cells of one number of hosts over one link.
fn table<'a>(cell: &Cell, rows: impl Iterator<Item = &'a Series>) -> String {
    let far = cell.link == Link::Far;
    let hosts = match cell.hosts {
        1 => "1 host".to_owned(),
        count => format!("{count} hosts, {} at once", cell.forks()),
    };
    let mut text = format!("{hosts}{}:\n\n", if far { ", 50 ms away" } else { "" });
    text += "| | tool | time | CPU here | CPU on the hosts | processes per host | connections | sessions |";
    text += if far { " exchanges | kB |\n" } else { "\n" };
    text += "| --- | --- | --- | --- | --- | --- | --- | --- |";
    text += if far { " --- | --- |\n" } else { "\n" };
    for series in rows {
        for runs in &series.tools {
            text += &row(series, runs, far);
        }
    }
    text + "\n"
}

fn row(series: &Series, runs: &Runs, far: bool) -> String {
    let words = match series.cell.phase {
        Phase::Apply => "first apply",
        Phase::Again => "nothing to change",
        Phase::Dry => "dry run",
    };
    let hosts = whole(series.cell.hosts);
    let each = |figure: &dyn Fn(&crate::measure::Cost) -> f64| {
        Spread::of(runs.costs.iter().map(|cost| figure(cost) / hosts))
            .map_or_else(String::new, |spread| number(spread.median))
    };
    let mut text = format!(
        "| {words} | {} | {} | {} | {} | {} | {} | {} |",
        runs.tool,
        ratio(series.ratio(runs.tool, |cost| cost.wall)),
        ratio(series.ratio(runs.tool, |cost| cost.cpu_here)),
        ratio(series.ratio(runs.tool, |cost| cost.cpu_hosts)),
        each(&|cost| count(cost.processes_on_hosts)),
        each(&|cost| count(cost.connections)),
        each(&|cost| count(cost.sessions)),
    );
    if far {
        text += &format!(
            " {} | {} |",
            each(&|cost| count(cost.exchanges)),
            each(&|cost| count(cost.bytes_sent + cost.bytes_received) / 1000.0),
        );
    }
    text + "\n"
}

/// `1.08 (1.02-1.15)`; without the range where it was run once, or is one figure.
fn ratio(spread: Option<Spread>) -> String {
    let Some(spread) = spread else {
        return "-".to_owned();
    };
    let (least, most) = (figure(spread.least), figure(spread.most));
    if least == most {
        return figure(spread.median);
    }
    format!("{} ({least}-{most})", figure(spread.median))
}

fn figure(value: f64) -> String {
    if value >= 10.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts that people read")]
fn count(value: u64) -> f64 {
    value as f64
}

#[allow(clippy::cast_precision_loss, reason = "counts that people read")]
fn whole(value: usize) -> f64 {
    value as f64
}

fn footer(all: &[Series], circumstances: &Circumstances) -> String {
    let runs = all.iter().flat_map(|series| &series.tools);
    let costs: Vec<_> = runs.flat_map(|runs| &runs.costs).collect();
    let disturbance = Spread::of(costs.iter().map(|cost| cost.disturbance * 100.0));
    let (median, most) = disturbance.map_or((0.0, 0.0), |spread| (spread.median, spread.most));
    format!(
        "Time and CPU as multiples of `sh` in the same turn: median (least-most). {} runs{} on {} in {} minutes; {}; \
         other work took {median:.0}% of the machine in the median run, {most:.0}% in the worst.\n",
        costs.len(),
        if circumstances.quick {
            " (the quick benchmark)"
        } else {
            ""
        },
        circumstances.date,
        circumstances.minutes,
        circumstances.machine,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::series;

    #[test]
    fn the_page_has_ratios() {
        let circumstances = Circumstances {
            date: "2026-01-02".to_owned(),
            minutes: 3,
            quick: true,
            machine: "a machine".to_owned(),
        };
        let page = page(&[series()], &circumstances);
        assert!(
            page.starts_with("10 hosts, 10 at once:\n\n| | tool |"),
            "{page}"
        );
        for line in [
            "| nothing to change | sh | 1.00 | 1.00 | 1.00 | 12 | 1 | 1 |",
            "| nothing to change | cachesmith | 1.50 (1.00-2.00) |",
            "| nothing to change | ansible-core | 50 | 50 | 50 |",
            "other work took 2% of the machine in the median run, 2% in the worst.",
        ] {
            assert!(page.contains(line), "{line}: {page}");
        }
    }
}
