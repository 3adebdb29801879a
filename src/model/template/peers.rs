//! `hostvars`: what templates see of other hosts.
//!
//! Only what a template asks for is looked at: `hostvars['db1'].port` renders one variable of one host. An index that
//! is known only inside of a template (in a loop) asks that variable of all hosts; there, a value with a mistake in it
//! counts as not defined, because nobody may want it.

use std::rc::Rc;

use super::engine::Template;
use super::error::TemplateError;
use super::pieces::pieces;
use super::references::{in_expression, references};
use super::scope::{Layer, Scope};
use super::tokens::{Token, TokenKind, tokens};
use crate::model::value::{Map, Unknown, Value};

/// The variable that holds the others.
pub(super) const HOSTVARS: &str = "hostvars";

/// All hosts, each with its variables by precedence.
pub trait Peers: Send + Sync {
    /// Their names.
    fn names(&self) -> Vec<String>;

    /// The variables of one; `None` where there is no such host.
    fn layers(&self, host: &str) -> Option<Vec<Layer>>;
}

/// One mention of `hostvars` in a template: which host, and which of its variables.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mention {
    host: Option<Index>,
    name: Option<Index>,
    /// Byte offset of the mention.
    offset: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Index {
    Word(String),
    /// Code that gives the word.
    Code(String),
}

impl Scope {
    /// What a template sees as `hostvars`: what it mentions of it. Unknown where that is.
    pub(super) fn hostvars(
        &self,
        template: &Template,
    ) -> Result<Result<Value, Unknown>, TemplateError> {
        let mut found = match self.looked_up(HOSTVARS, Value::clone) {
            Some(Value::Map(map)) => map,
            _ => Map::new(),
        };
        for mention in mentions(template) {
            let host = mention.host.as_ref().and_then(|index| self.word(index));
            let name = mention.name.as_ref().and_then(|index| self.word(index));
            let hosts = match &host {
                Some(host) => vec![host.clone()],
                None => self.peer_names(),
            };
            for one in hosts {
                if self.is_own_name(&one) || self.peer(&one).is_some() {
                    let nothing = || Value::Map(Map::new());
                    found.entry(one.clone()).or_insert_with(nothing);
                }
                let names = match &name {
                    Some(name) => vec![name.clone()],
                    None => self.names_of_peer(&one),
                };
                for name in names {
                    let value = match self.peer_variable(&one, &name) {
                        Ok(value) => value,
                        Err(error) if host.is_some() && mention.name.is_some() => {
                            let (line, column) = template.place(mention.offset);
                            return Err(TemplateError {
                                line,
                                column,
                                length: HOSTVARS.len(),
                                included: None,
                                ..error
                            });
                        }
                        Err(_) => continue,
                    };
                    let Some(value) = value else { continue };
                    if mention.name.is_some()
                        && let Some(unknown) = value.first_unknown()
                    {
                        return Ok(Err(unknown.clone()));
                    }
                    if let Some(Value::Map(map)) = found.get_mut(&one) {
                        map.insert(name, value);
                    }
                }
            }
        }
        Ok(Ok(Value::Map(found)))
    }

    /// The word that an index comes to, if that is known before the template is rendered.
    fn word(&self, index: &Index) -> Option<String> {
        match index {
            Index::Word(word) => Some(word.clone()),
            Index::Code(code) => self.expression(code).ok()?.scalar_text(),
        }
    }

    /// A variable of a host, its templates resolved as that host sees them.
    fn peer_variable(&self, host: &str, name: &str) -> Result<Option<Value>, TemplateError> {
        if self.is_own_name(host) {
            return self.variable(name);
        }
        let Some(scope) = self.peer(host) else {
            return Ok(None);
        };
        scope.variable(name).map_err(|mut error| {
            let place = format!("this is among the variables of the host `{host}`");
            if !error.help.contains(&place) && error.help.len() < 4 {
                error.help.push(place);
            }
            error
        })
    }

    fn is_own_name(&self, host: &str) -> bool {
        match self.peer_name() {
            Some(own) => own == host,
            None => matches!(
                self.variable("inventory_hostname"),
                Ok(Some(Value::String(own))) if own == host
            ),
        }
    }

    /// The names of all hosts.
    pub(super) fn peer_names(&self) -> Vec<String> {
        let peers = self.shared.peers.as_ref();
        peers.map(|peers| peers.names()).unwrap_or_default()
    }

    /// The names of a host's variables.
    pub(super) fn names_of_peer(&self, host: &str) -> Vec<String> {
        let names = |scope: &Self| scope.names().into_iter().map(str::to_owned).collect();
        let mut names: Vec<String> = if self.is_own_name(host) {
            names(self)
        } else {
            self.peer(host)
                .map(|scope| names(&scope))
                .unwrap_or_default()
        };
        names.retain(|name| name != HOSTVARS && !self.shared.values.contains_key(name));
        names
    }

    fn peer(&self, host: &str) -> Option<Rc<Self>> {
        if let Some(scope) = self.peers.borrow().get(host) {
            return Some(Rc::clone(scope));
        }
        let layers = self.shared.peers.as_ref()?.layers(host)?;
        let scope = Rc::new(self.of_peer(host, layers));
        self.peers
            .borrow_mut()
            .insert(host.to_owned(), Rc::clone(&scope));
        Some(scope)
    }
}

fn mentions(template: &Template) -> Vec<Mention> {
    let mut found = Vec::new();
    for (part, text) in template.texts().enumerate() {
        let mut ranges = Vec::new();
        if template.is_expression {
            let places = in_expression(&tokens(text, 0), 0);
            ranges.extend(places.into_iter().map(|reference| reference.range));
        } else {
            let mut offset = 0;
            for piece in pieces(text) {
                let places = references(piece, offset);
                ranges.extend(places.into_iter().map(|reference| reference.range));
                offset += piece.source().len();
            }
        }
        for range in ranges {
            let code = text.get(range.clone()).unwrap_or_default();
            let mention = read(code);
            if tokens(code, 0)
                .first()
                .is_some_and(|token| token.is_word(HOSTVARS))
            {
                found.push(Mention {
                    // What is included is told at the beginning of the text itself.
                    offset: if part == 0 { range.start } else { 0 },
                    ..mention
                });
            }
        }
    }
    found
}

/// Reads `hostvars[host].name`.
fn read(code: &str) -> Mention {
    let tokens = tokens(code, 0);
    let mut next = 1;
    let host = index(code, &tokens, &mut next);
    let name = host.as_ref().and_then(|_| index(code, &tokens, &mut next));
    Mention {
        host,
        name,
        offset: 0,
    }
}

/// The index at a place: `.word`, `['word']` or `[code]`.
fn index(code: &str, tokens: &[Token<'_>], next: &mut usize) -> Option<Index> {
    if tokens.get(*next)?.is_symbol('?') {
        *next += 1;
    }
    if tokens.get(*next)?.is_symbol('.') {
        let word = tokens.get(*next + 1)?;
        *next += 2;
        return Some(Index::Word(word.text.to_owned()));
    }
    if !tokens.get(*next)?.is_symbol('[') {
        return None;
    }
    let open = *next;
    let mut depth = 0_usize;
    let close = tokens
        .iter()
        .enumerate()
        .skip(open)
        .find_map(|(at, token)| {
            match token.kind {
                TokenKind::Symbol('[') => depth += 1,
                TokenKind::Symbol(']') => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at)
        })?;
    *next = close + 1;
    match &tokens[open + 1..close] {
        [key] if matches!(key.kind, TokenKind::Text | TokenKind::Number) => {
            Some(Index::Word(key.text.to_owned()))
        }
        _ => Some(Index::Code(
            code.get(tokens[open].end..tokens[close].start)?.to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Layer, Peers, Scope, Shared, Templates};
    use super::*;

    /// Two hosts.
    struct Two;

    impl Peers for Two {
        fn names(&self) -> Vec<String> {
            vec!["a".to_owned(), "b".to_owned()]
        }

        fn layers(&self, host: &str) -> Option<Vec<Layer>> {
            let pairs: &[(&str, &str)] = match host {
                "a" => &[("port", "6379"), ("round", "{{ hostvars['b'].round }}")],
                "b" => &[
                    ("port", "{{ base }}1"),
                    ("base", "638"),
                    ("me", "{{ inventory_hostname }}"),
                    ("other", "{{ hostvars.a.port }}"),
                    ("round", "{{ hostvars['a'].round }}"),
                    ("broken", "{{ nowhere }}"),
                ],
                _ => return None,
            };
            let pairs = pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), Value::from(*text)));
            let magic = [("inventory_hostname".to_owned(), Value::from(host))];
            Some(vec![
                Layer::templated(pairs.collect::<Map>()),
                Layer::raw(magic.into_iter().collect::<Map>()),
            ])
        }
    }

    fn scope() -> Scope {
        let shared = Shared {
            peers: Some(Arc::new(Two)),
            ..Shared::default()
        };
        let layers = Two.layers("a").unwrap();
        Scope::new(Arc::new(Templates::default()), layers, Arc::new(shared))
    }

    #[test]
    fn variables_of_others_are_rendered_as_they_see_them() {
        for (template, expected) in [
            ("{{ hostvars['b'].port }}", "6381"),
            ("{{ hostvars.b['me'] }}", "b"),
            ("{{ hostvars[inventory_hostname].port }}", "6379"),
            ("x{{ hostvars.b.other }}", "x6379"),
            (
                "{% for h in ['a', 'b'] %}{{ h }}={{ hostvars[h].port }} {% endfor %}",
                "a=6379 b=6381 ",
            ),
            (
                "{% for h in ['b'] %}{{ hostvars[h].broken | default(value='none') }}{% endfor %}",
                "none",
            ),
            ("x{{ hostvars.b.nope | default(value='none') }}", "xnone"),
            ("x{{ 'c' in hostvars }}{{ 'b' in hostvars }}", "xfalsetrue"),
        ] {
            assert_eq!(
                scope().text(template).unwrap(),
                expected.into(),
                "{template}"
            );
        }
    }

    #[test]
    fn mistakes_name_the_host_and_circles_end() {
        let error = scope().text("x\n{{ hostvars['b'].broken }}").unwrap_err();
        assert_eq!(error.message, "`nowhere` is not defined");
        assert_eq!((error.line, error.column), (2, 4));
        assert!(error.help.iter().any(|help| help.contains("the host `b`")));
        let error = scope().text("{{ round }}").unwrap_err();
        assert!(error.message.contains("in a circle"), "{}", error.message);
        let error = scope().text("{{ hostvars['b'].prot }}").unwrap_err();
        assert_eq!(error.message, "`hostvars.b.prot` is not defined");
        assert_eq!(error.help[0], "did you mean `port`?");
        let error = scope().text("{{ hostvars.bb.port }}").unwrap_err();
        assert_eq!(error.message, "`hostvars.bb` is not defined");
    }

    #[test]
    fn indexes_are_read() {
        let word = |word: &str| Some(Index::Word(word.to_owned()));
        let code = |code: &str| Some(Index::Code(code.to_owned()));
        for (text, host, name) in [
            ("hostvars.b.port", word("b"), word("port")),
            ("hostvars['b']['port']", word("b"), word("port")),
            (
                "hostvars[groups.x[0]].port",
                code("groups.x[0]"),
                word("port"),
            ),
            ("hostvars[h][n]", code("h"), code("n")),
            ("hostvars", None, None),
        ] {
            let found = read(text);
            assert_eq!((found.host, found.name), (host, name), "{text}");
        }
    }
}
