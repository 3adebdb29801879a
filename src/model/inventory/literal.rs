//! Python literals, because values in INI inventories are read as such: `5`, `1.5`, `True`, `None`, `'text'`,
//! `[1, 'a']`, `{'a': 1}`, `1, 2`. Whatever is not one is a string.

use crate::model::value::{Map, Value};

use super::{literal_number, literal_text};

/// How deep lists and mappings may be nested before a text counts as a plain string.
const MAX_DEPTH: usize = 64;

/// The value that a text in an INI inventory means: a literal, or the text itself.
///
/// As in Python, a number with a leading zero is no literal, `1,2` is a list, and a `#` after a literal
/// begins a comment. Numbers that do not fit 64 bits and complex ones stay text.
pub fn value(text: &str) -> Value {
    parse(text).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let (mut items, tuple) = reader.items(&[])?;
    if !(reader.rest.is_empty() || reader.rest.starts_with('#')) {
        return None;
    }
    if tuple {
        return Some(Value::List(items));
    }
    items.pop()
}

pub(super) struct Reader<'a> {
    pub(super) rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    /// Expressions up to one of the closing characters or the end, and whether there was a comma among them.
    fn items(&mut self, closing: &[char]) -> Option<(Vec<Value>, bool)> {
        let mut items = Vec::new();
        let mut commas = false;
        loop {
            self.skip_spaces();
            if !items.is_empty() && !commas {
                return Some((items, false));
            }
            let at_end = match self.rest.chars().next() {
                None | Some('#') => true,
                Some(letter) => closing.contains(&letter),
            };
            if at_end {
                return (!closing.is_empty() || !items.is_empty()).then_some((items, commas));
            }
            items.push(self.expression()?);
            self.skip_spaces();
            if !self.take(',') {
                return Some((items, commas));
            }
            commas = true;
        }
    }

    fn expression(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.skip_spaces();
        let value = match self.rest.chars().next()? {
            '[' => {
                self.take('[');
                let (items, _) = self.items(&[']'])?;
                self.take(']').then_some(Value::List(items))
            }
            '(' => {
                self.take('(');
                let (mut items, tuple) = self.items(&[')'])?;
                if !self.take(')') {
                    None
                } else if tuple || items.is_empty() {
                    Some(Value::List(items))
                } else {
                    items.pop()
                }
            }
            '{' => {
                self.take('{');
                self.braces()
            }
            '+' | '-' => {
                let negative = self.rest.starts_with('-');
                self.rest = &self.rest[1..];
                self.skip_spaces();
                self.number(negative)
            }
            '0'..='9' | '.' => self.number(false),
            _ => self.word_or_text(),
        };
        self.depth -= 1;
        value
    }

    /// A mapping or a set, after its opening brace.
    fn braces(&mut self) -> Option<Value> {
        self.skip_spaces();
        if self.take('}') {
            return Some(Value::Map(Map::new()));
        }
        let first = self.expression()?;
        self.skip_spaces();
        if !self.rest.starts_with(':') {
            let mut items = vec![first];
            if self.take(',') {
                items.extend(self.items(&['}'])?.0);
            }
            let hashable = |item: &Value| !matches!(item, Value::List(_) | Value::Map(_));
            if !items.iter().all(hashable) || !self.take('}') {
                return None;
            }
            let mut distinct: Vec<Value> = Vec::new();
            for item in items {
                if !distinct.contains(&item) {
                    distinct.push(item);
                }
            }
            return Some(Value::List(distinct));
        }
        let mut map = Map::new();
        let mut key = first;
        loop {
            self.skip_spaces();
            if !self.take(':') {
                return None;
            }
            let value = self.expression()?;
            map.insert(key_text(&key)?, value);
            self.skip_spaces();
            let more = self.take(',');
            self.skip_spaces();
            if self.take('}') {
                return Some(Value::Map(map));
            }
            if !more {
                return None;
            }
            key = self.expression()?;
        }
    }

    fn word_or_text(&mut self) -> Option<Value> {
        for (word, value) in [
            ("True", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("None", Value::Null),
            ("...", Value::String("...".to_owned())),
            ("set()", Value::List(Vec::new())),
        ] {
            if let Some(rest) = self.rest.strip_prefix(word)
                && !rest.starts_with(is_word)
            {
                self.rest = rest;
                return Some(value);
            }
        }
        literal_text::texts(self).map(Value::String)
    }

    fn number(&mut self, negative: bool) -> Option<Value> {
        if self.rest.starts_with("...") && !negative {
            return self.word_or_text();
        }
        let end = literal_number::end(self.rest);
        let (text, rest) = self.rest.split_at(end);
        if rest.starts_with(|letter| is_word(letter) || letter == '.') {
            return None;
        }
        self.rest = rest;
        literal_number::value(text, negative)
    }

    pub(super) fn skip_spaces(&mut self) {
        self.rest = self
            .rest
            .trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
    }

    fn take(&mut self, letter: char) -> bool {
        match self.rest.strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// A key as JSON would write it.
fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::Null => Some("null".to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Float(value) => Some(format!("{value:?}")),
        other => other.scalar_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_values() {
        let list = |items: &[i64]| Value::List(items.iter().map(|item| (*item).into()).collect());
        for (text, expected) in [
            ("5", Value::Int(5)),
            ("-5", Value::Int(-5)),
            ("+ 5", Value::Int(5)),
            ("1_000", Value::Int(1000)),
            ("0x1F", Value::Int(31)),
            ("0o17", Value::Int(15)),
            ("0b11", Value::Int(3)),
            ("00", Value::Int(0)),
            ("1.5", Value::Float(1.5)),
            ("1.", Value::Float(1.0)),
            (".5", Value::Float(0.5)),
            ("-1e3", Value::Float(-1000.0)),
            ("1e-3", Value::Float(0.001)),
            ("True", Value::Bool(true)),
            ("None", Value::Null),
            ("8080 # note", Value::Int(8080)),
            ("'a b'", "a b".into()),
            ("\"a\" 'b'", "ab".into()),
            ("u'x'", "x".into()),
            (r"r'\n'", r"\n".into()),
            ("b'abc'", "abc".into()),
            (r"'a\tb\x41\u00e9\101\q'", "a\tbA\u{e9}A\\q".into()),
            ("'''it's'''", "it's".into()),
            ("[1, 2,]", list(&[1, 2])),
            ("(1, 2)", list(&[1, 2])),
            ("(1)", Value::Int(1)),
            ("()", list(&[])),
            ("1,2", list(&[1, 2])),
            ("1,", list(&[1])),
            ("{1, 2, 1}", list(&[1, 2])),
            ("{}", Value::Map(Map::new())),
            ("set()", list(&[])),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
        let map = value("{'a': [1, {'b': None}], 2: 'x', True: 0}");
        assert_eq!(map.get("2"), Some(&"x".into()));
        assert_eq!(map.get("true"), Some(&Value::Int(0)));
        assert_eq!(
            map.get("a").and_then(|a| a.as_list()).map(<[_]>::len),
            Some(2)
        );
    }

    #[test]
    fn everything_else_is_text() {
        for text in [
            "",
            "yes",
            "true",
            "0644",
            "10.0.0.1",
            "5m",
            "1__0",
            "_1",
            "--5",
            "-True",
            "a,b",
            "[1, a]",
            "[1",
            "{'a'}}",
            "1 2",
            "'a",
            "f'x'",
            "1j",
            "0x",
            "99999999999999999999",
            "1e999",
            "{{ x }}",
            "{[1]}",
            "{[1]: 2}",
            "b'é'",
            "'a' b'c'",
            ",",
            "not True",
            "1+2",
            "/path",
            "*",
            r"'\x4'",
            "Truer",
            "{1: 2, 3}",
            "()()",
            "# note",
        ] {
            assert_eq!(value(text), Value::String(text.to_owned()), "{text}");
        }
        let deep = "[".repeat(1000);
        assert_eq!(value(&deep), Value::String(deep.clone()));
    }
}
