//! The keywords of a play that say how it goes over its hosts.

use super::Loader;
use super::tasks::Surroundings;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::pattern::Patterns;
use crate::model::node::{Content, Node};
use crate::model::rolling::{Batch, Limits, Named, OnFailure, Order, Rolling, Throttle};
use crate::model::template::scan::is_template;
use crate::model::value::Value;

/// Ansible's words for `order`.
const ORDERS: &[(&str, Order)] = &[
    ("inventory", Order::Inventory),
    ("reverse_inventory", Order::ReverseInventory),
    ("sorted", Order::Sorted),
    ("reverse_sorted", Order::ReverseSorted),
    ("shuffle", Order::Shuffle),
];

const ON_FAILURE: &[(&str, OnFailure)] = &[
    ("stop", OnFailure::Stop),
    ("rollback_wave", OnFailure::RollbackWave),
    ("rollback_run", OnFailure::RollbackRun),
];

impl Loader<'_> {
    /// `surroundings`: those of the play's own tasks.
    pub(super) fn rolling(&mut self, play: &Node, surroundings: &Surroundings<'_>) -> Rolling {
        let serial = play.get("serial").map(|node| self.batches(node));
        let order = play.get("order").and_then(|node| self.order(node));
        let spread_by = play
            .get("spread_by")
            .map(|node| self.named("spread_by", node));
        Rolling {
            serial: serial.unwrap_or_default(),
            order: order.unwrap_or_default(),
            spread_by: spread_by.unwrap_or_default(),
            canary: play.get("canary").and_then(|node| self.canary(node)),
            limits: Limits {
                max_fail_percentage: play
                    .get("max_fail_percentage")
                    .and_then(|node| self.percentage(node)),
                max_fail: play.get("max_fail").and_then(|node| self.max_fail(node)),
                any_errors_fatal: play
                    .get("any_errors_fatal")
                    .and_then(|node| self.boolean("any_errors_fatal", node))
                    .unwrap_or(false),
            },
            on_failure: play
                .get("on_failure")
                .and_then(|node| self.on_failure(node))
                .unwrap_or_default(),
            gates: play
                .get("gate")
                .map(|node| self.gates(play, node, surroundings))
                .unwrap_or_default(),
        }
    }

    /// `serial`: a number, a percentage, or a list of them.
    fn batches(&mut self, node: &Node) -> Vec<Batch> {
        let mut batches = Vec::new();
        for item in Self::list(node) {
            let batch = batch(&item).filter(|batch| match batch {
                Batch::Hosts(number) => *number > 0,
                Batch::Percent(percent) => *percent > 0.0,
            });
            match batch {
                Some(batch) => batches.push(batch),
                None => self.report(
                    Diagnostic::error(
                        "`serial` must be a number of hosts or a percentage up to 100%",
                    )
                    .at(&item.at)
                    .help("for example `serial: [1, 25%, 100%]`"),
                ),
            }
        }
        batches
    }

    /// `order`: one of Ansible's words, or `{ by: VARIABLE }`.
    fn order(&mut self, node: &Node) -> Option<Order> {
        if node.as_map().is_some() {
            for entry in self.entries("order", node).to_vec() {
                if entry.key != "by" {
                    self.report(
                        Diagnostic::error(format!("`order` has no key `{}`", entry.key))
                            .at(&entry.key_at)
                            .help("write `order: { by: zone }` with the name of a variable, or one word such as `sorted`"),
                    );
                }
            }
            let names = self.named("by", node.get("by")?);
            return Some(Order::By(names));
        }
        let word = self.literal("order", node)?;
        let known = ORDERS.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            self.report(
                Diagnostic::error(format!("`order` cannot be `{word}`"))
                    .at(&node.at)
                    .nearest_or_all(&word, ORDERS.iter().map(|(name, _)| *name))
                    .help("`order: { by: VARIABLE }` orders hosts by the value of a variable"),
            );
        }
        known.map(|(_, order)| order.clone())
    }

    /// Names of variables: one or a list.
    fn named(&mut self, key: &str, node: &Node) -> Vec<Named> {
        let list = Self::list(node);
        if list.is_empty() {
            self.report(
                Diagnostic::error(format!("`{key}` names no variable"))
                    .at(&node.at)
                    .help("name one, or leave it out"),
            );
        }
        list.iter()
            .filter_map(|item| {
                Some(Named {
                    name: self.variable_name(key, item)?,
                    at: item.at.clone(),
                })
            })
            .collect()
    }

    /// `canary`: a pattern.
    fn canary(&mut self, node: &Node) -> Option<Node> {
        for item in Self::list(node) {
            if item.as_str().is_some_and(is_template) {
                self.literal("canary", &item)?;
            }
        }
        match Patterns::from_node(node) {
            Ok(_) => Some(node.clone()),
            Err(error) => {
                self.diagnostics.extend(error.diagnostics);
                None
            }
        }
    }

    fn on_failure(&mut self, node: &Node) -> Option<OnFailure> {
        let word = self.literal("on_failure", node)?;
        let known = ON_FAILURE.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            self.report(
                Diagnostic::error(format!("`on_failure` cannot be `{word}`"))
                    .at(&node.at)
                    .nearest_or_all(&word, ON_FAILURE.iter().map(|(name, _)| *name)),
            );
        }
        known.map(|(_, known)| *known)
    }

    fn percentage(&mut self, node: &Node) -> Option<f64> {
        let value = match &node.content {
            #[expect(clippy::cast_precision_loss, reason = "a percentage is small")]
            Content::Scalar(Value::Int(number)) => Some(*number as f64),
            Content::Scalar(Value::Float(number)) => Some(*number),
            Content::Scalar(Value::String(text)) => {
                text.trim().trim_end_matches('%').trim().parse().ok()
            }
            _ => None,
        };
        let value = value.filter(|percent| (0.0..=100.0).contains(percent));
        if value.is_none() {
            self.report(
                Diagnostic::error("`max_fail_percentage` must be a number from 0 to 100")
                    .at(&node.at)
                    .help("0 ends the play at the first failed host, 100 never does"),
            );
        }
        value
    }

    /// `max_fail`: a number of hosts, or a percentage of all.
    fn max_fail(&mut self, node: &Node) -> Option<Batch> {
        let limit = batch(node);
        if limit.is_none() {
            self.report(
                Diagnostic::error("`max_fail` must be a number of hosts or a percentage up to 100%")
                    .at(&node.at)
                    .help("`max_fail: 3` lets three hosts of the whole run fail, `max_fail: 2%` two of a hundred"),
            );
        }
        limit
    }

    /// `throttle`: a number of hosts; 0 is none, as in Ansible.
    pub(super) fn throttle(&mut self, node: &Node) -> Option<Throttle> {
        let number = match &node.content {
            Content::Scalar(Value::Int(number)) => usize::try_from(*number).ok(),
            Content::Scalar(Value::String(text)) if !is_template(text) => text.trim().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.report(
                Diagnostic::error("`throttle` must be a number of hosts, without a template")
                    .at(&node.at)
                    .help(
                        "`throttle: 1` lets one host of a wave after another do it, 0 all at once",
                    ),
            );
        }
        Some(Throttle {
            hosts: number.filter(|number| *number > 0)?,
            at: node.at.clone(),
        })
    }
}

/// A number of hosts or a percentage up to 100.
fn batch(node: &Node) -> Option<Batch> {
    match &node.content {
        Content::Scalar(Value::Int(number)) => usize::try_from(*number).ok().map(Batch::Hosts),
        Content::Scalar(Value::String(text)) => match text.trim().strip_suffix('%') {
            Some(percent) => percent
                .trim()
                .parse()
                .ok()
                .filter(|percent| (0.0..=100.0).contains(percent))
                .map(Batch::Percent),
            None => text.trim().parse().ok().map(Batch::Hosts),
        },
        _ => None,
    }
}
