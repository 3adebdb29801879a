//! Values of variables, parameters and results.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Names to values, in the order in which they were written.
pub type Map = IndexMap<String, Value>;

/// The key that marks an unknown value in JSON.
const UNKNOWN_KEY: &str = "__cachesmith_unknown";

/// A value that a person wrote, a host reported or a task produced.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    List(Vec<Value>),
    Map(Map),
    /// Known only after something has been applied. It spreads: whatever is made from it is unknown too.
    Unknown(Unknown),
}

/// Why a value is not known yet, in words that complete "known after ...".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub reason: Arc<str>,
}

impl Unknown {
    pub fn new(reason: impl Into<Arc<str>>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "known after {}", self.reason)
    }
}

impl Value {
    /// An unknown value; `reason` completes "known after ...".
    pub fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self::Unknown(Unknown::new(reason))
    }

    /// The word for this kind of value in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
            Self::Unknown(_) => "a value that is not known yet",
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The member of a mapping.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// Where the next part of a path leads: to a key of a mapping, or to a place in a list.
    pub fn part(&self, part: &str) -> Option<&Value> {
        match self {
            Self::Map(map) => map.get(part),
            Self::List(list) => list.get(part.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The first unknown anywhere inside, if there is one.
    pub fn first_unknown(&self) -> Option<&Unknown> {
        match self {
            Self::Unknown(unknown) => Some(unknown),
            Self::List(list) => list.iter().find_map(Self::first_unknown),
            Self::Map(map) => map.values().find_map(Self::first_unknown),
            _ => None,
        }
    }

    /// A scalar as the text that a file or a command line would hold; `None` for lists, mappings and unknowns.
    pub fn scalar_text(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) => Some(value.to_string()),
            Self::String(text) => Some(text.clone()),
            Self::List(_) | Self::Map(_) | Self::Unknown(_) => None,
        }
    }

    /// As Ansible reads truth: booleans, the words yes/no/on/off/true/false/1/0, numbers, emptiness.
    /// `None` for other words and for unknowns.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Int(value) => Some(*value != 0),
            Self::Float(value) => Some(*value != 0.0),
            Self::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" | "1" | "y" | "t" => Some(true),
                "no" | "off" | "false" | "0" | "n" | "f" | "" => Some(false),
                _ => None,
            },
            Self::List(list) => Some(!list.is_empty()),
            Self::Map(map) => Some(!map.is_empty()),
            Self::Unknown(_) => None,
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

value_from! {
    bool => Bool, i64 => Int, i32 => Int, u32 => Int, f64 => Float, String => String, &str => String,
    Vec<Value> => List, Map => Map,
}

impl From<u64> for Value {
    /// Numbers beyond 63 bits become floats, as JSON readers do.
    fn from(value: u64) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "beyond 63 bits nothing exact is left to lose"
        )]
        i64::try_from(value).map_or_else(|_| Self::Float(value as f64), Self::Int)
    }
}

impl FromIterator<(String, Value)> for Value {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(iter: T) -> Self {
        Self::Map(iter.into_iter().collect())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(list) => list.serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
            Self::Unknown(unknown) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(UNKNOWN_KEY, &*unknown.reason)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = sequence.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, value)) = access.next_entry::<String, Value>()? {
            map.insert(key, value);
        }
        if map.len() == 1
            && let Some(Value::String(reason)) = map.get(UNKNOWN_KEY)
        {
            return Ok(Value::unknown(reason.as_str()));
        }
        Ok(Value::Map(map))
    }
}
