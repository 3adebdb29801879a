//! What a template makes of secrets is a secret too.
//!
//! Where an expression mentions a value that holds a secret, or something that was registered under `no_log`, what it
//! comes to is learned: `{{ password | b64encode }}` as well as a part of the password. A text with several
//! expressions is rendered once more with marks around what each comes to, so that the text around them stays
//! readable. What an expression passes on in clear is not learned (the names in a list of users with passwords), nor
//! is a text that stands in it (`'on' if password else 'off'`).

use std::collections::HashSet;

use tera::Context;

use super::engine::Template;
use super::pieces::{Piece, pieces};
use super::prepared::MARKS;
use super::references::{Path, in_expression, references};
use super::scope::Scope;
use super::tokens::{Token, TokenKind, tokens};
use crate::model::redaction::{HIDDEN, is_telling};
use crate::model::value::Value;

/// Words of values that say nothing.
const WORDS: &[&str] = &["true", "false", "True", "False", "none", "None", "null"];

/// What the variables of an expression hold.
#[derive(Default)]
struct Sources {
    /// Something in them holds a secret.
    secret: bool,
    /// Something in them was registered under `no_log`.
    hidden: bool,
    /// Texts in them that are no secrets.
    clear: HashSet<String>,
}

/// An expression of a template.
struct Expression<'t> {
    paths: Vec<Path>,
    /// Texts that stand in it.
    literals: Vec<&'t str>,
    has_filter: bool,
}

impl<'t> Expression<'t> {
    fn new(tokens: &[Token<'t>]) -> Self {
        Self {
            paths: in_expression(tokens, 0)
                .into_iter()
                .map(|reference| reference.path)
                .collect(),
            literals: tokens
                .iter()
                .filter(|token| token.kind == TokenKind::Text)
                .map(|token| token.text)
                .collect(),
            has_filter: tokens
                .iter()
                .any(|token| token.is_symbol('|') || token.is_symbol('[')),
        }
    }
}

impl Scope {
    /// Learns what a template made of secrets. `context` is what it was rendered with.
    pub(super) fn learn_derived(&self, template: &Template, context: &Context, value: &Value) {
        let all = self.sources(&template.paths);
        if !all.secret && !all.hidden {
            return;
        }
        if template.is_native() {
            let Some(text) = template.texts().next() else {
                return;
            };
            let expression = if template.is_expression {
                Expression::new(&tokens(text, 0))
            } else {
                pieces(text)
                    .into_iter()
                    .find(|piece| matches!(piece, Piece::Expression(_)))
                    .map_or_else(
                        || Expression::new(&[]),
                        |piece| Expression::new(&piece.tokens(0)),
                    )
            };
            self.learn_from(value, &expression, &all);
            return;
        }
        let Some(marked) = template.render_marked(context) else {
            return;
        };
        let parts: Vec<Vec<Piece<'_>>> = template.texts().map(pieces).collect();
        // A loop's own variable holds what its tag mentions.
        let tags = parts.iter().flatten().filter_map(|piece| match piece {
            Piece::Tag(_) => Some(references(*piece, 0)),
            _ => None,
        });
        let in_tags: Vec<Path> = tags.flatten().map(|reference| reference.path).collect();
        let in_tags = self.sources(&in_tags);
        for (part, number, text) in outputs(&marked) {
            let expression = parts.get(part).and_then(|pieces| {
                pieces
                    .iter()
                    .filter(|piece| matches!(piece, Piece::Expression(_)))
                    .nth(number)
            });
            let Some(expression) = expression.map(|piece| Expression::new(&piece.tokens(0))) else {
                continue;
            };
            let mut sources = self.sources(&expression.paths);
            for path in &expression.paths {
                if self.looked_up(&path[0], |_| ()).is_none()
                    && (path.len() == 1 || path.iter().any(|part| is_telling(part)))
                {
                    sources.secret |= in_tags.secret;
                    sources.hidden |= in_tags.hidden;
                    sources.clear.extend(in_tags.clear.iter().cloned());
                }
            }
            if sources.secret || sources.hidden {
                self.learn_from(&Value::String(text), &expression, &sources);
            }
        }
    }

    /// Learns what an expression came to.
    fn learn_from(&self, value: &Value, expression: &Expression<'_>, sources: &Sources) {
        let secrets = self.templates().secrets();
        match value {
            Value::List(list) => {
                for item in list {
                    self.learn_from(item, expression, sources);
                }
            }
            Value::Map(map) => {
                for item in map.values() {
                    self.learn_from(item, expression, sources);
                }
            }
            value => {
                let Some(text) = value.scalar_text() else {
                    return;
                };
                let says_nothing = WORDS.contains(&text.as_str())
                    || expression.literals.contains(&text.as_str())
                    || !sources.hidden && sources.clear.contains(&text);
                // Where a secret stands in it as it is, it will be found there.
                let is_found = !sources.hidden && !expression.has_filter && secrets.is_in(&text);
                if !says_nothing && !is_found {
                    secrets.learn_text(&text);
                }
            }
        }
    }

    fn sources(&self, paths: &[Path]) -> Sources {
        let mut sources = Sources::default();
        for path in paths {
            self.looked_up(&path[0], |value| {
                self.follow(value, &path[1..], &mut sources);
            });
        }
        sources
    }

    fn follow(&self, value: &Value, path: &[String], sources: &mut Sources) {
        let mut current = value;
        for part in path {
            sources.hidden |= current.get(HIDDEN).is_some();
            match current.part(part) {
                Some(next) => current = next,
                None => break,
            }
        }
        self.leaves(current, sources);
    }

    fn leaves(&self, value: &Value, sources: &mut Sources) {
        match value {
            Value::List(list) => list.iter().for_each(|item| self.leaves(item, sources)),
            Value::Map(map) => {
                sources.hidden |= map.contains_key(HIDDEN);
                map.values().for_each(|item| self.leaves(item, sources));
            }
            value => {
                if let Some(text) = value.scalar_text() {
                    if self.templates().secrets().is_in(&text) {
                        sources.secret = true;
                    } else {
                        sources.clear.insert(text);
                    }
                }
            }
        }
    }
}

/// What the expressions of a marked text came to: part, expression, text. What one of them made may hold others.
fn outputs(marked: &str) -> Vec<(usize, usize, String)> {
    let [before, behind, end] = MARKS;
    let mut found = Vec::new();
    let mut open: Vec<(usize, usize, String)> = Vec::new();
    let mut rest = marked;
    while let Some(start) = rest.find([before, end]) {
        for (_, _, text) in &mut open {
            text.push_str(&rest[..start]);
        }
        let mark = &rest[start..];
        if mark.starts_with(end) {
            found.extend(open.pop());
            rest = &mark[end.len_utf8()..];
            continue;
        }
        let mark = &mark[before.len_utf8()..];
        let Some((numbers, after)) = mark.split_once(behind) else {
            break;
        };
        if let Some((Ok(part), Ok(number))) = numbers
            .split_once(' ')
            .map(|(part, number)| (part.parse(), number.parse()))
        {
            open.push((part, number, String::new()));
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Layer, Scope, Templates};
    use crate::model::redaction::HIDDEN;
    use crate::model::value::{Map, Value};

    /// What is left of a text once a template has been rendered.
    fn masked(template: &str, text: &str) -> String {
        let templates = Arc::new(Templates::default());
        let user = Value::from_iter([
            ("name".to_owned(), Value::from("alice")),
            ("password".to_owned(), "Wonder-1".into()),
        ]);
        let variables = Map::from_iter([
            ("db_password".to_owned(), "Open-Sesame".into()),
            ("url".to_owned(), "redis://:{{ db_password }}@host".into()),
            ("users".to_owned(), Value::List(vec![user])),
            ("plain".to_owned(), "plain-text".into()),
        ]);
        templates.secrets().learn(&variables);
        let result = Map::from_iter([
            ("stdout".to_owned(), "said-it".into()),
            ("path".to_owned(), "/a/path".into()),
            ("changed".to_owned(), true.into()),
            (HIDDEN.to_owned(), true.into()),
        ]);
        let results = Map::from_iter([("r".to_owned(), Value::Map(result))]);
        let layers = vec![Layer::templated(variables), Layer::raw(results)];
        let scope = Scope::new(Arc::clone(&templates), layers, Arc::default());
        scope.text(template).unwrap();
        templates.secrets().text(text)
    }

    #[test]
    fn what_is_made_of_a_secret_is_one() {
        for (template, text, expected) in [
            ("{{ db_password | upper }}", "OPEN-SESAME", "(secret)"),
            (
                "a {{ db_password | upper }} b",
                "a OPEN-SESAME b",
                "a (secret) b",
            ),
            ("{{ url | upper }}", "REDIS://:OPEN-SESAME@HOST", "(secret)"),
            (
                "x{{ url }}",
                "redis://:Open-Sesame@host",
                "redis://:(secret)@host",
            ),
            ("{{ db_password[:4] }}", "Open", "(secret)"),
            (
                "{{ 'enabled' if db_password else 'off' }}",
                "enabled",
                "enabled",
            ),
            ("{{ users }}", "alice Wonder-1", "alice (secret)"),
            (
                "{{ users | map(attribute='name') | first }}",
                "alice",
                "alice",
            ),
            ("{{ plain | upper }}", "PLAIN-TEXT", "PLAIN-TEXT"),
            (
                "{% for u in users %}{{ u.name | upper }} {{ u.password | upper }}{% endfor %}",
                "ALICE WONDER-1",
                "ALICE (secret)",
            ),
            (
                "{% set p = db_password | lower %}<{{ p }}>",
                "open-sesame",
                "(secret)",
            ),
            ("{{ r.stdout }}", "said-it", "(secret)"),
            ("in {{ r.path }}", "in /a/path", "in (secret)"),
            ("{{ r.changed }} x", "true", "true"),
        ] {
            assert_eq!(masked(template, text), expected, "{template}");
        }
    }
}
