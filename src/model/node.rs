//! A YAML tree in which every value knows where it was written.

use super::source::At;
use super::value::{Map, Value};

/// A value with its place. Mappings keep the places of their keys too.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: At,
    pub content: Content,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Null, boolean, number or string; never a list, a mapping or an unknown.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key and value of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_at: At,
    pub value: Node,
}

impl Node {
    /// A scalar that stands at a place.
    pub fn scalar(value: impl Into<Value>, at: &At) -> Self {
        Self {
            at: at.clone(),
            content: Content::Scalar(value.into()),
        }
    }

    /// Builds a tree from a plain value; every part of it stands at the same place.
    pub fn from_value(value: &Value, at: &At) -> Self {
        let content = match value {
            Value::List(list) => {
                Content::List(list.iter().map(|item| Self::from_value(item, at)).collect())
            }
            Value::Map(map) => Content::Map(
                map.iter()
                    .map(|(key, item)| Entry {
                        key: key.clone(),
                        key_at: at.clone(),
                        value: Self::from_value(item, at),
                    })
                    .collect(),
            ),
            scalar => Content::Scalar(scalar.clone()),
        };
        Self {
            at: at.clone(),
            content,
        }
    }

    /// The same tree without places.
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(list) => Value::List(list.iter().map(Self::to_value).collect()),
            Content::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()))
                    .collect::<Map>(),
            ),
        }
    }

    /// The word for this kind of value in messages.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar(value) => value.kind(),
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Scalar(Value::Null))
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(value) => value.as_str(),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.content {
            Content::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key of a mapping.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key == key)
    }
}
