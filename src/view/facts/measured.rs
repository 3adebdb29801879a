//! What changes from minute to minute: a row for each server, the most fragmented first.

use super::servers::field;
use crate::model::facts::Facts;
use crate::view::page::{Line, Page, Role, Table};
use crate::view::tell::{Names, bytes, count};

/// Rows that are told where not everything is asked for.
const MOST_ROWS: usize = 10;

/// One server's figures at this moment, or those of a host without one.
#[derive(Debug)]
pub struct Measured {
    host: u32,
    available: u64,
    swap_used: u64,
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    /// Empty where the host has only one.
    place: String,
    resident: u64,
    swapped: u64,
    used: Option<u64>,
    peak: Option<u64>,
    fragmentation: Option<f64>,
    evicted: Option<u64>,
}

impl Measured {
    pub fn of(host: u32, facts: &Facts) -> Vec<Self> {
        let running: Vec<_> = facts
            .redis_instances
            .iter()
            .filter(|instance| instance.pid != 0)
            .collect();
        let memory = &facts.memory;
        let row = |server| Self {
            host,
            available: memory.available,
            swap_used: memory.swap_total.saturating_sub(memory.swap_free),
            server,
        };
        if running.is_empty() {
            return vec![row(None)];
        }
        let servers = running.iter().map(|instance| {
            let number =
                |name: &str| field(&instance.info, name).and_then(|text| text.parse().ok());
            let ratio = |name: &str| field(&instance.info, name).and_then(|text| text.parse().ok());
            row(Some(Server {
                place: match (running.len(), instance.unit.as_str()) {
                    (1, _) => String::new(),
                    (_, "") => format!("port {}", instance.port),
                    (_, unit) => unit.trim_end_matches(".service").to_owned(),
                },
                resident: instance.resident,
                swapped: instance.swapped,
                used: number("used_memory"),
                peak: number("used_memory_peak"),
                fragmentation: ratio("allocator_frag_ratio")
                    .or_else(|| ratio("mem_fragmentation_ratio")),
                evicted: number("evicted_keys"),
            }))
        });
        servers.collect()
    }

    fn fragmentation(&self) -> f64 {
        let server = self.server.as_ref();
        server
            .and_then(|server| server.fragmentation)
            .unwrap_or(0.0)
    }
}

/// Tells the table. The first row names the columns.
pub fn write(page: &mut Page, measured: &[Measured], names: Names<'_>) {
    if measured.is_empty() {
        return;
    }
    page.wrapped(2, 2, &Line::of(Role::Heading, "At this moment"));
    let mut rows: Vec<&Measured> = measured.iter().collect();
    rows.sort_by(|left, right| {
        let order = right.fragmentation().total_cmp(&left.fragmentation());
        order.then_with(|| left.host.cmp(&right.host))
    });
    let most = if names.in_full || rows.len() <= MOST_ROWS + 1 {
        rows.len()
    } else {
        MOST_ROWS
    };
    let mut table = table(&rows[..most], names, true);
    if !table.fits(page, 4) {
        table = self::table(&rows[..most], names, false);
    }
    table.write(page, 4);
    if most < rows.len() {
        let text = format!("and {} (-v)", count(rows.len() - most, "more row"));
        page.wrapped(4, 2, &Line::of(Role::Faint, &text));
    }
}

/// With `is_wide` all columns, without it those that matter most.
fn table(rows: &[&Measured], names: Names<'_>, is_wide: bool) -> Table {
    let has_servers = rows.iter().any(|row| row.server.is_some());
    let mut titles = vec!["host", "available"];
    titles.extend(match (has_servers, is_wide) {
        (false, _) => ["swap in use"].as_slice(),
        (true, false) => &["resident", "used", "fragmentation"],
        (true, true) => &[
            "resident",
            "used",
            "fragmentation",
            "swapped",
            "peak",
            "evicted",
        ],
    });
    let columns = titles.len();
    let mut table = Table::new();
    table.row(titles.iter().map(|title| Line::of(Role::Faint, title)));
    for row in rows {
        let size = |number: Option<u64>| number.map(bytes).unwrap_or_default();
        let name = names.hosts.name(row.host);
        let mut cells = vec![name.to_owned(), bytes(row.available)];
        match &row.server {
            None if has_servers => {}
            None => cells.push(bytes(row.swap_used)),
            Some(server) => {
                if !server.place.is_empty() {
                    cells[0] = format!("{name} {}", server.place);
                }
                let ratio = server.fragmentation;
                cells.extend([
                    bytes(server.resident),
                    size(server.used),
                    ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
                    bytes(server.swapped),
                    size(server.peak),
                    server
                        .evicted
                        .map(|keys| keys.to_string())
                        .unwrap_or_default(),
                ]);
            }
        }
        cells.truncate(columns);
        table.row(cells.iter().map(|cell| Line::plain(cell)));
    }
    table
}
