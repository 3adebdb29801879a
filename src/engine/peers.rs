//! What hosts know of each other: the inventory's variables, and from the plays before, facts and results.
//!
//! Hosts of a play run side by side, each as far as it can, so nothing is known of what another one does in the same
//! play: what a template sees must not depend on who was faster.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::facts;
use super::host::Carried;
use crate::model::facts::Facts;
use crate::model::inventory::Inventory;
use crate::model::template::{self, Layer, Scope, Templates};
use crate::model::value::Map;

/// All hosts of the inventory.
pub struct Peers {
    inventory: Arc<Inventory>,
    extra: Arc<Map>,
    templates: Arc<Templates>,
    before: RwLock<Before>,
}

/// What is known from the plays before.
#[derive(Default)]
struct Before {
    variables: HashMap<String, Arc<Map>>,
    facts: HashMap<String, Arc<Facts>>,
    /// The variables that follow from the facts, for hosts that somebody asked for.
    shown: HashMap<String, Arc<Map>>,
}

impl Peers {
    pub fn new(inventory: Arc<Inventory>, extra: Arc<Map>, templates: Arc<Templates>) -> Self {
        Self {
            inventory,
            extra,
            templates,
            before: RwLock::default(),
        }
    }

    /// A play is over.
    pub(super) fn know(&self, carried: &HashMap<String, Carried>) {
        let mut before = self.before.write().unwrap_or_else(PoisonError::into_inner);
        before.shown.clear();
        for (host, carried) in carried {
            before
                .variables
                .insert(host.clone(), Arc::clone(&carried.variables));
            if let Some(facts) = &carried.facts {
                before.facts.insert(host.clone(), Arc::clone(facts));
            }
        }
    }

    /// The variables that follow from a host's facts.
    fn facts(&self, host: &str, inventory: &Layer, extra: &Layer) -> Option<Arc<Map>> {
        let known = {
            let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(shown) = before.shown.get(host) {
                return Some(Arc::clone(shown));
            }
            Arc::clone(before.facts.get(host)?)
        };
        let scope = Scope::new(
            Arc::clone(&self.templates),
            vec![inventory.clone(), extra.clone()],
            Arc::default(),
        );
        let wishes = scope.variable(facts::SIZING).ok().flatten();
        let shown = Arc::new(facts::variables(&known, wishes.as_ref()));
        let mut before = self.before.write().unwrap_or_else(PoisonError::into_inner);
        before.shown.insert(host.to_owned(), Arc::clone(&shown));
        Some(shown)
    }
}

impl template::Peers for Peers {
    fn names(&self) -> Vec<String> {
        self.inventory
            .hosts()
            .map(|host| host.name().to_owned())
            .collect()
    }

    fn layers(&self, host: &str) -> Option<Vec<Layer>> {
        let known = self.inventory.host(host)?;
        let inventory = Layer::templated(self.inventory.variables(known));
        let extra = Layer::templated(Arc::clone(&self.extra));
        let facts = self.facts(host, &inventory, &extra);
        let variables = {
            let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
            before.variables.get(host).map(Arc::clone)
        };
        let mut layers = vec![inventory];
        layers.extend(facts.into_iter().chain(variables).map(Layer::raw));
        layers.push(Layer::raw(self.inventory.magic(known)));
        layers.push(extra);
        Some(layers)
    }
}
