//! Variables as they were written: untemplated values, each with its place.

use indexmap::IndexMap;

use crate::model::source::At;
use crate::model::value::{Map, Value};

/// One variable as a person wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The value, not rendered: templates are still text.
    pub value: Value,
    /// The place of the name, or of the value where a source has no place for names.
    pub at: At,
}

/// The variables of one host or group at one level, in the order in which they were first written.
///
/// A name may be written several times, in several inventories for instance: the last one counts, the others
/// are kept to tell where a value came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables {
    current: IndexMap<String, Variable>,
    overridden: Vec<(String, Variable)>,
}

impl Variables {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a variable; an earlier value is overridden, not mixed in.
    pub fn set(&mut self, name: impl Into<String>, variable: Variable) {
        let name = name.into();
        if let Some(earlier) = self.current.insert(name.clone(), variable) {
            self.overridden.push((name, earlier));
        }
    }

    /// The variable that counts.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.current.get(name)
    }

    /// All settings of a name, oldest first; the last one counts.
    pub fn settings<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Variable> {
        self.overridden
            .iter()
            .filter(move |(overridden, _)| overridden == name)
            .map(|(_, variable)| variable)
            .chain(self.current.get(name))
    }

    /// Names and the variables that count, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.current
            .iter()
            .map(|(name, variable)| (name.as_str(), variable))
    }

    pub fn is_empty(&self) -> bool {
        self.current.is_empty()
    }

    /// Adds all of another level's variables on top of these.
    pub fn extend(&mut self, other: Self) {
        for (name, variable) in other.overridden.into_iter().chain(other.current) {
            self.set(name, variable);
        }
    }

    /// Writes the values that count into a map, over what is there.
    pub fn write_into(&self, map: &mut Map) {
        for (name, variable) in &self.current {
            map.insert(name.clone(), variable.value.clone());
        }
    }

    /// The values that count, without places.
    pub fn to_map(&self) -> Map {
        let mut map = Map::with_capacity(self.current.len());
        self.write_into(&mut map);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Source;

    #[test]
    fn the_last_setting_counts_and_the_others_are_remembered() {
        let at = At::start(&Source::new("a", ""));
        let mut variables = Variables::new();
        for value in [1, 2, 3] {
            variables.set(
                "x",
                Variable {
                    value: value.into(),
                    at: at.clone(),
                },
            );
        }
        assert_eq!(variables.get("x").map(|x| &x.value), Some(&Value::Int(3)));
        let all: Vec<_> = variables.settings("x").map(|x| x.value.clone()).collect();
        assert_eq!(all, [Value::Int(1), Value::Int(2), Value::Int(3)]);
        assert_eq!(variables.to_map().len(), 1);
    }
}
