//! Who follows whom, and how a replica took over.

use super::words::count;
use crate::model::event::FailedOver;
use crate::model::replication::{Keeper, Seat, Shard};
use crate::view::page::{Line, Page, Role, Table};

/// Shards that are told where no more detail is asked for.
const SHOWN: usize = 10;

/// Tells the shards of a play's hosts, each in the order in which its hosts are changed.
pub fn topology(page: &mut Page, shards: &[Shard], warnings: &[String], detail: u8) {
    if !shards.is_empty() {
        let line = Line::of(Role::Heading, &count(shards.len(), "shard"))
            .and(Role::Plain, ": replicas first, then whom they follow");
        page.wrapped(0, 2, &line);
        let shown = if detail > 0 { shards.len() } else { SHOWN };
        let mut table = Table::new();
        for shard in shards.iter().take(shown) {
            for seat in shard.seats.iter().rev() {
                table.row(row(shard, seat));
            }
            for endpoint in &shard.outside {
                table.row([
                    Line::plain(&endpoint.to_string()),
                    Line::of(Role::Faint, "on no host of this play"),
                ]);
            }
        }
        table.write(page, 2);
        if shards.len() > shown {
            let rest = count(shards.len() - shown, "more shard");
            page.wrapped(
                2,
                2,
                &Line::of(Role::Faint, &format!("and {rest} (-v shows them)")),
            );
        }
    }
    for warning in warnings {
        let line = Line::of(Role::Warning, "Beware").and(Role::Plain, &format!(": {warning}."));
        page.wrapped(0, 2, &line);
    }
    page.blank();
}

fn row(shard: &Shard, seat: &Seat) -> [Line; 3] {
    let mut role = match (seat.depth, &seat.follows) {
        (0, _) => "primary".to_owned(),
        (_, Some(primary)) => format!("replica of {primary}"),
        (_, None) => "replica".to_owned(),
    };
    if seat.depth > 0 && !seat.link_up {
        role.push_str(", its link is down");
    }
    if seat.depth == 0 && !seat.keeps_data {
        role.push_str(", keeps nothing on disk");
    }
    let by = match shard.keeper {
        Keeper::Nobody => "",
        Keeper::Sentinel => " by Sentinel",
        Keeper::Cluster => " with the cluster's consent",
    };
    let then = match &seat.successor {
        Some(host) => format!("{host} takes over{by} before it restarts"),
        None => String::new(),
    };
    [
        Line::plain(&format!("{}:{}", seat.host, seat.port)),
        Line::plain(&role),
        Line::of(Role::Faint, &then),
    ]
}

/// Tells that a replica took over.
pub fn failed_over(page: &mut Page, failover: &FailedOver) {
    let line = Line::of(Role::Good, "Failover").and(
        Role::Plain,
        &format!(
            ": {} is the primary in place of {}; writes waited {}.",
            failover.to,
            failover.host,
            milliseconds(failover.stall_milliseconds)
        ),
    );
    page.wrapped(0, 2, &line);
    for warning in &failover.warnings {
        let line = Line::of(Role::Warning, "Beware").and(Role::Plain, &format!(": {warning}."));
        page.wrapped(0, 2, &line);
    }
}

/// Tells the failover during which writes waited longest.
pub fn longest_stall(page: &mut Page, failover: &FailedOver) {
    let line = Line::plain(&format!(
        "Longest stall of writes: {}, when {} handed over to {}.",
        milliseconds(failover.stall_milliseconds),
        failover.host,
        failover.to
    ));
    page.wrapped(0, 2, &line);
}

/// `40 ms`, `1.25 s`.
fn milliseconds(number: u64) -> String {
    match number {
        0..=999 => format!("{number} ms"),
        number => format!("{}.{:02} s", number / 1000, number % 1000 / 10),
    }
}
