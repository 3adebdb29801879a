//! Which variables a template refers to, found without running it.
//!
//! A value that is not known yet must never be taken for a known one. So, before anything is rendered, every path
//! that the text mentions is looked at; if any of them is unknown, so is the result. The scan may name too much (a
//! loop's own variable, a branch that is not taken), never too little.

/// A variable with the attributes that are taken from it: `a.b['c']` is `["a", "b", "c"]`; a computed index ends it.
pub type Path = Vec<String>;

/// What a scan finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    pub paths: Vec<Path>,
    /// Names of templates in `include` and `extends`.
    pub includes: Vec<String>,
    /// How many `{{ }}` blocks there are, and whether there is anything else.
    pub expressions: usize,
    pub only_expressions: bool,
}

/// Words of the language that are no variables.
const KEYWORDS: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "elif",
    "endif",
    "for",
    "endfor",
    "set",
    "set_global",
    "endset",
    "include",
    "extends",
    "block",
    "endblock",
    "filter",
    "endfilter",
    "raw",
    "endraw",
    "component",
    "endcomponent",
    "break",
    "continue",
    "true",
    "True",
    "false",
    "False",
    "none",
    "None",
    "null",
    "loop",
    "self",
    "import",
    "as",
    "ignore",
    "missing",
    "with",
    "macro",
    "endmacro",
    "super",
    "body",
];

/// Whether a text holds anything for the template engine.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// A part of a template's text; together they are the whole text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// `{{ }}`
    Expression(&'a str),
    /// `{% %}`; the opening and closing of `raw` too.
    Tag(&'a str),
    /// `{# #}`
    Comment(&'a str),
}

impl<'a> Piece<'a> {
    /// Its text with its delimiters.
    pub(super) fn source(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Expression(text) | Self::Tag(text) | Self::Comment(text) => {
                text
            }
        }
    }

    /// What stands between its delimiters.
    fn code(self) -> &'a str {
        let source = self.source();
        let inner = source
            .get(2..source.len().saturating_sub(2))
            .unwrap_or_default();
        inner.trim_matches('-')
    }
}

/// Cuts a template into its parts.
pub(super) fn pieces<'a>(text: &'a str) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut raw = false;
    while !rest.is_empty() {
        let start = if raw {
            find_end_of_raw(rest)
        } else {
            find_block(rest)
        };
        let Some(start) = start else {
            pieces.push(Piece::Text(rest));
            break;
        };
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        let block = &rest[start..];
        let (closing, make): (&str, fn(&'a str) -> Piece<'a>) = match &block[..2] {
            "{{" => ("}}", Piece::Expression),
            "{%" => ("%}", Piece::Tag),
            _ => ("#}", Piece::Comment),
        };
        let length = match closing {
            "#}" => block.find(closing).map_or(block.len(), |end| end + 2),
            _ => 2 + end_of_block(&block[2..], closing),
        };
        let piece = make(&block[..length]);
        raw = matches!(piece, Piece::Tag(_)) && piece.code().trim() == "raw";
        pieces.push(piece);
        rest = &block[length..];
    }
    pieces
}

/// Scans a whole template.
pub fn scan_template(text: &str) -> Scan {
    let mut scan = Scan {
        only_expressions: true,
        ..Scan::default()
    };
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => scan.only_expressions &= text.trim().is_empty(),
            Piece::Expression(_) => {
                scan.expressions += 1;
                scan_code(piece.code(), &mut scan);
            }
            Piece::Tag(_) => {
                scan.only_expressions = false;
                scan_code(piece.code(), &mut scan);
            }
            Piece::Comment(_) => scan.only_expressions = false,
        }
    }
    scan
}

/// Scans a bare expression, such as the text of `when`.
pub fn scan_expression(code: &str) -> Scan {
    let mut scan = Scan {
        expressions: 1,
        only_expressions: true,
        ..Scan::default()
    };
    scan_code(code, &mut scan);
    scan
}

/// The parts of an expression that stand between top-level `and`s. One part where there is an `or`, a ternary or a
/// `not` that reaches over them.
pub fn conjuncts(code: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    for token in Tokens::new(code) {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '{') => depth += 1,
            TokenKind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 => match token.text {
                "or" | "if" | "for" => return vec![code],
                "and" => {
                    parts.push(code[start..token.start].trim());
                    start = token.start + token.text.len();
                }
                _ => {}
            },
            _ => {}
        }
    }
    parts.push(code[start..].trim());
    parts
}

fn find_block(text: &str) -> Option<usize> {
    ["{{", "{%", "{#"]
        .iter()
        .filter_map(|opening| text.find(opening))
        .min()
}

/// Where a raw part ends: the tag that says so.
fn find_end_of_raw(text: &str) -> Option<usize> {
    text.match_indices("{%")
        .map(|(start, _)| start)
        .find(|start| {
            text[start + 2..]
                .trim_start_matches(['-', ' ', '\t', '\n'])
                .starts_with("endraw")
        })
}

/// The length up to and with the closing delimiter that stands outside of strings.
fn end_of_block(text: &str, closing: &str) -> usize {
    let mut quote = None;
    for (position, character) in text.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '\'' | '`') => quote = Some(character),
            None if text[position..].starts_with(closing) => return position + closing.len(),
            None => {}
        }
    }
    text.len()
}

fn scan_code(code: &str, scan: &mut Scan) {
    let tokens: Vec<Token<'_>> = Tokens::new(code).collect();
    let symbol = |index: usize| match tokens.get(index).map(|token| token.kind) {
        Some(TokenKind::Symbol(symbol)) => Some(symbol),
        _ => None,
    };
    let mut index = 0;
    while index < tokens.len() {
        let token = &tokens[index];
        let previous = index.checked_sub(1);
        match token.kind {
            TokenKind::Text
                if previous.is_some_and(|p| matches!(tokens[p].text, "include" | "extends")) =>
            {
                scan.includes.push(token.text.to_owned());
            }
            TokenKind::Word => {
                let after = previous.map(|p| (symbol(p), tokens[p].text));
                // Three dots spread a value; one takes an attribute.
                let is_spread =
                    index >= 2 && symbol(index - 1) == Some('.') && symbol(index - 2) == Some('.');
                let is_filter_or_attribute =
                    matches!(after, Some((Some('|' | '.'), _))) && !is_spread;
                let is_test = matches!(after, Some((_, "is")))
                    || matches!(after, Some((_, "not")))
                        && previous
                            .and_then(|p| p.checked_sub(1))
                            .is_some_and(|p| tokens[p].text == "is");
                // `name=value` in a call is an argument's name; `set name = ` makes a variable.
                let is_assigned = symbol(index + 1) == Some('=') && symbol(index + 2) != Some('=');
                let is_call = symbol(index + 1) == Some('(');
                if !(is_filter_or_attribute
                    || is_test
                    || is_assigned
                    || is_call
                    || KEYWORDS.contains(&token.text))
                {
                    let (path, next) = read_path(&tokens, index);
                    scan.paths.push(path);
                    index = next;
                    continue;
                }
            }
            _ => {}
        }
        index += 1;
    }
}

/// Reads `a.b['c']` from a position; returns the path and the position after it.
fn read_path(tokens: &[Token<'_>], mut index: usize) -> (Path, usize) {
    let mut path = vec![tokens[index].text.to_owned()];
    index += 1;
    loop {
        if tokens
            .get(index)
            .is_some_and(|t| t.kind == TokenKind::Symbol('?'))
        {
            index += 1;
        }
        match tokens.get(index..) {
            Some([dot, name, ..])
                if dot.kind == TokenKind::Symbol('.')
                    && matches!(name.kind, TokenKind::Word | TokenKind::Number) =>
            {
                path.push(name.text.to_owned());
                index += 2;
            }
            Some([open, key, close, ..])
                if open.kind == TokenKind::Symbol('[')
                    && matches!(key.kind, TokenKind::Text | TokenKind::Number)
                    && close.kind == TokenKind::Symbol(']') =>
            {
                path.push(key.text.to_owned());
                index += 3;
            }
            _ => return (path, index),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    Word,
    Number,
    /// A quoted text; `text` is what stands between the quotes.
    Text,
    Symbol(char),
}

#[derive(Clone, Debug)]
struct Token<'a> {
    kind: TokenKind,
    text: &'a str,
    start: usize,
}

struct Tokens<'a> {
    code: &'a str,
    position: usize,
}

impl<'a> Tokens<'a> {
    fn new(code: &'a str) -> Self {
        Self { code, position: 0 }
    }

    fn end_of(&self, start: usize, accept: impl Fn(char) -> bool) -> usize {
        self.code[start..]
            .find(|character| !accept(character))
            .map_or(self.code.len(), |length| start + length)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.end_of(self.position, char::is_whitespace);
        let first = self.code[start..].chars().next()?;
        let (kind, text, end) = if first.is_alphabetic() || first == '_' {
            let end = self.end_of(start, |c| c.is_alphanumeric() || c == '_');
            (TokenKind::Word, &self.code[start..end], end)
        } else if first.is_ascii_digit() {
            let end = self.end_of(start, |c| c.is_ascii_digit() || c == '_');
            (TokenKind::Number, &self.code[start..end], end)
        } else if matches!(first, '"' | '\'' | '`') {
            let inner = start + 1;
            let close = self.code[inner..]
                .find(first)
                .map_or(self.code.len(), |length| inner + length);
            let end = (close + 1).min(self.code.len());
            (TokenKind::Text, &self.code[inner..close], end)
        } else {
            let end = start + first.len_utf8();
            (TokenKind::Symbol(first), &self.code[start..end], end)
        };
        self.position = end;
        Some(Token { kind, text, start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        scan_template(text)
            .paths
            .iter()
            .map(|path| path.join("."))
            .collect()
    }

    #[test]
    fn names_what_is_referred_to() {
        assert_eq!(
            paths("{{ redis.maxmemory }} x {{ a['b'].c | default(value=d) }}"),
            ["redis.maxmemory", "a.b.c", "d"]
        );
        assert_eq!(
            paths("{% if x is defined and y.z == 'q.r' %}{{ w }}{% endif %}"),
            ["x", "y.z", "w"]
        );
        assert_eq!(paths("{% if x is not defined %}{% endif %}"), ["x"]);
        assert_eq!(
            paths("{{ hostvars[inventory_hostname].a }}"),
            ["hostvars", "inventory_hostname"]
        );
        assert_eq!(
            paths("{# {{ no }} #}{% raw %}{{ no }}{% endraw %}{{ \"}}\" ~ yes }}"),
            ["yes"]
        );
        assert_eq!(paths("{{ range(end=count) }}"), ["count"]);
        assert_eq!(paths("{{ a if b else c }}"), ["a", "b", "c"]);
        assert_eq!(paths("{{ list.0.name }}"), ["list.0.name"]);
        assert_eq!(paths("{{ x?.y }}"), ["x.y"]);
        assert_eq!(paths("{{ {'a': 1, ...rest} }}"), ["rest"]);
    }

    #[test]
    fn tells_a_single_expression_from_a_text() {
        let scan = scan_template(" {{ a }} ");
        assert!(scan.only_expressions && scan.expressions == 1);
        assert!(!scan_template("x {{ a }}").only_expressions);
        assert_eq!(
            scan_template("{% include \"part.tera\" %}").includes,
            ["part.tera"]
        );
    }

    #[test]
    fn splits_only_at_top_level_ands() {
        assert_eq!(conjuncts("a and (b and c) and d"), ["a", "(b and c)", "d"]);
        assert_eq!(conjuncts("a and b or c"), ["a and b or c"]);
        assert_eq!(conjuncts("'x and y' in z"), ["'x and y' in z"]);
    }
}
