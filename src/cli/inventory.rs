//! `inventory`: the inventory as it is understood.

use super::Exit;
use super::args::InventoryArguments;
use super::prepare;
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::json;
use crate::model::inventory::pattern::Patterns;
use crate::view::Console;

pub(super) fn run(arguments: &InventoryArguments, console: &mut Console) -> Result<Exit> {
    let hosts = prepare::hosts(&arguments.hosts, arguments.playbook_dir.as_deref())?;
    console.diagnostics(&hosts.warnings);
    let inventory = &hosts.inventory;
    if let Some(name) = &arguments.host {
        let Some(host) = inventory.host(name) else {
            return Err(Error::input(
                Diagnostic::error(format!("there is no host `{name}`")).nearest(
                    name,
                    inventory
                        .hosts()
                        .map(crate::model::inventory::host::Host::name),
                ),
            ));
        };
        console.text(&json::text(&inventory.host_json(host)));
    } else if let Some(pattern) = &arguments.hosts_of {
        let selected =
            inventory.select_limited(&Patterns::parse(pattern)?, hosts.limit.as_ref())?;
        for host in selected {
            console.text(host.name());
        }
    } else if arguments.graph {
        if let Some(all) = inventory.group("all") {
            console.text(inventory.graph(all, arguments.vars).trim_end());
        }
    } else {
        console.text(&json::text(&inventory.list_json(hosts.limit.as_ref())?));
    }
    Ok(Exit::Done)
}
