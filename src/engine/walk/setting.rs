//! What stays the same in all walks of a host through a play.

use std::sync::Arc;

use super::Target;
use crate::model::event::Mode;
use crate::model::fact_parts::FactParts;
use crate::model::fingerprint::FingerprintKey;
use crate::model::playbook::{Keywords, Origin, Play};
use crate::model::probe::Probe;
use crate::model::secret::Secret;
use crate::model::template::{Layer, Scope, Shared, Templates};
use crate::model::value::{Map, Value};
use crate::module::{Failure, Resources};

/// Variables that hold the password of a host's servers.
const SERVER_PASSWORDS: [&str; 2] = ["cache_password", "redis_password"];

/// A play, a host, and what the user asked for.
#[derive(Clone)]
pub struct Setting {
    pub mode: Mode,
    pub play_index: usize,
    pub play: Arc<Play>,
    pub host: String,
    /// Whose shell is asked for the facts.
    pub facts_target: Target,
    /// Variables of the inventory for this host, already merged.
    pub inventory: Arc<Map>,
    /// Who takes part in the play, the same for all hosts of a wave.
    pub names: Arc<Map>,
    /// Names that the tool itself defines, such as `inventory_hostname`.
    pub magic: Arc<Map>,
    /// Variables from the command line.
    pub extra: Arc<Map>,
    /// What all hosts share: `groups`, `hostvars`.
    pub shared: Arc<Shared>,
    pub templates: Arc<Templates>,
    pub resources: Arc<dyn Resources>,
    pub tags: Tags,
    /// How much detail the run was asked for: how often `-v` was given.
    pub detail: u8,
    /// With this, what is decided is told with its fingerprint.
    pub fingerprints: Option<FingerprintKey>,
}

impl Setting {
    /// The host itself, as the session's own account.
    pub fn main_target(&self) -> Target {
        Target {
            host: self.host.clone(),
            account: None,
        }
    }

    /// The question what the host is, with the password that the inventory or the play knows for its servers.
    pub fn facts_probe(&self, parts: FactParts) -> Probe {
        let scope = self.scope(
            &Arc::default(),
            &Arc::default(),
            &Keywords::default(),
            &Origin::default(),
        );
        // One that depends on facts is not known yet.
        let known = |name: &&str| scope.variable(name).ok().flatten()?.scalar_text();
        let password = SERVER_PASSWORDS.iter().find_map(known);
        Probe::SomeFacts {
            parts,
            server_password: password
                .filter(|password| !password.is_empty())
                .map(Secret::new),
        }
    }

    /// What this play and the inventory wish about sizing; facts are made with it, so it cannot depend on them.
    ///
    /// # Errors
    /// A template in it that cannot be rendered, or a wish that nobody can have.
    pub fn sizing_wishes(&self) -> Result<Option<Value>, Failure> {
        let scope = self.scope(
            &Arc::default(),
            &Arc::default(),
            &Keywords::default(),
            &Origin::default(),
        );
        let name = crate::engine::facts::SIZING;
        let wishes = scope
            .variable(name)
            .map_err(|error| Failure::new(format!("`{name}`: {}", error.message)))?;
        if let Some(problem) = wishes
            .as_ref()
            .and_then(crate::redis::from_facts::check_wishes)
        {
            return Err(Failure::new(format!("`{name}`: {problem}")));
        }
        Ok(wishes)
    }

    /// The variables that a task sees, by precedence.
    pub fn scope(
        &self,
        facts: &Arc<Map>,
        variables: &Arc<Map>,
        keywords: &Keywords,
        origin: &Origin,
    ) -> Scope {
        let mut layers = vec![
            Layer::templated(Arc::clone(&self.play.role_defaults)),
            Layer::templated(Arc::clone(&origin.role_defaults)),
            Layer::templated(Arc::clone(&self.inventory)),
            Layer::raw(Arc::clone(facts)),
            Layer::templated(Arc::clone(&self.play.vars)),
            Layer::templated(Arc::clone(&self.play.vars_files)),
            Layer::templated(Arc::clone(&self.play.role_vars)),
            Layer::templated(Arc::clone(&origin.role_vars)),
        ];
        layers.extend(
            keywords
                .vars
                .iter()
                .map(|vars| Layer::templated(Arc::clone(vars))),
        );
        layers.push(Layer::raw(Arc::clone(variables)));
        layers.push(Layer::templated(Arc::clone(&origin.role_parameters)));
        layers.extend(
            keywords
                .include_parameters
                .iter()
                .map(|vars| Layer::templated(Arc::clone(vars))),
        );
        layers.push(Layer::raw(Arc::clone(&self.names)));
        layers.push(Layer::raw(Arc::clone(&self.magic)));
        if let (Some(role), Some(path)) = (&origin.role, &origin.role_path) {
            let mut magic = Map::new();
            magic.insert("role_name".to_owned(), role.as_str().into());
            magic.insert("role_path".to_owned(), path.display().to_string().into());
            layers.push(Layer::raw(magic));
        }
        layers.push(Layer::templated(Arc::clone(&self.extra)));
        Scope::new(
            Arc::clone(&self.templates),
            layers,
            Arc::clone(&self.shared),
        )
    }
}

/// Which tasks the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    /// Empty: all but those tagged `never`.
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

impl Tags {
    /// Whether a task with these tags runs, by Ansible's rules for `always`, `never`, `tagged`, `untagged` and `all`.
    pub fn select(&self, tags: &[String]) -> bool {
        let has = |tag: &str| tags.iter().any(|own| own == tag);
        let named = |list: &[String]| {
            list.iter()
                .any(|tag| has(tag) || tag == "untagged" && tags.is_empty())
        };
        let says = |list: &[String], word: &str| list.iter().any(|tag| tag == word);
        let all = self.only.is_empty() || says(&self.only, "all");
        let of_kind = all || says(&self.only, "tagged") && !tags.is_empty();
        let wanted = has("always") || named(&self.only) || of_kind && !has("never");
        let skipped = if says(&self.skip, "all") {
            !has("always") || says(&self.skip, "always")
        } else {
            named(&self.skip) || says(&self.skip, "tagged") && !tags.is_empty()
        };
        wanted && !skipped
    }
}

/// A boolean out of a value, as keywords read it.
pub(super) fn as_boolean(value: &Value) -> Option<bool> {
    value.truth()
}

#[cfg(test)]
mod tests {
    use super::Tags;

    #[test]
    fn tags_follow_ansibles_rules() {
        let list = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let tags = |only: &[&str], skip: &[&str]| Tags {
            only: list(only),
            skip: list(skip),
        };
        type Words = &'static [&'static str];
        let cases: &[(Words, Words, Words, bool)] = &[
            (&[], &[], &[], true),
            (&[], &[], &["never"], false),
            (&["x"], &[], &["x"], true),
            (&["x"], &[], &[], false),
            (&["x"], &[], &["always"], true),
            (&["x"], &["always"], &["always"], false),
            (&["x"], &[], &["never", "x"], true),
            (&[], &["x"], &["x"], false),
            (&["tagged"], &[], &["y"], true),
            (&["untagged"], &[], &["y"], false),
            (&["untagged"], &[], &[], true),
            (&["all"], &[], &["never"], false),
            (&["tagged"], &[], &["never", "y"], false),
            (&["tagged", "y"], &[], &["never", "y"], true),
            (&["tagged"], &[], &["always"], true),
            (&[], &["tagged"], &["always"], false),
            (&[], &["all"], &["always"], true),
            (&[], &["all", "always"], &["always"], false),
        ];
        for (only, skip, own, expected) in cases {
            assert_eq!(
                tags(only, skip).select(&list(own)),
                *expected,
                "{only:?} {skip:?} {own:?}"
            );
        }
    }
}
