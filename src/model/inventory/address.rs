//! Names of hosts with a port: `cache01:2222`, `192.0.2.1:22`, `[2001:db8::1]:22`.
//!
//! The same grammar decides whether a text is one host or a list of patterns: `cache[1:3]` and `2001:db8::1`
//! hold colons and are one name, `cache:&eu` is not a name at all.

use std::sync::LazyLock;

use regex::Regex;

/// A host name, possibly with ranges, and the port that was written after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    pub name: &'a str,
    pub port: Option<u32>,
}

/// Reads a name or address with an optional port; `None` where it is neither a host name, an IPv4 address nor
/// an IPv6 address (each of them possibly with ranges).
pub fn parse(text: &str) -> Option<Address<'_>> {
    let (mut name, mut port) = (text, None);
    if let Some((inner, number)) = bracketed(name) {
        (name, port) = (inner, Some(number));
    }
    if let Some((inner, number)) = with_port(name) {
        (name, port) = (inner, Some(number));
    }
    is_name(name).then_some(Address { name, port })
}

/// Whether this is an IPv4 or IPv6 address, whose dots do not separate a short name from a domain.
pub fn is_ip(text: &str) -> bool {
    IPV4.is_match(text) || IPV6.is_match(text)
}

fn is_name(text: &str) -> bool {
    is_ip(text) || is_hostname(text)
}

/// `[name]:port`
fn bracketed(text: &str) -> Option<(&str, u32)> {
    let (name, port) = text.strip_prefix('[')?.rsplit_once("]:")?;
    Some((non_empty(name)?, digits(port)?))
}

/// `name:port`, where the only other colons stand inside brackets.
fn with_port(text: &str) -> Option<(&str, u32)> {
    let (name, port) = text.rsplit_once(':')?;
    let port = digits(port)?;
    let mut inside = false;
    for character in name.chars() {
        match character {
            '[' if !inside => inside = true,
            ']' if inside => inside = false,
            ']' | ':' if !inside => return None,
            _ => {}
        }
    }
    (!inside).then_some((name, port))
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Decimal digits only; a number that no port can have becomes the largest one, for the caller to refuse.
fn digits(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

/// Labels of letters, digits, `-` and `_` or ranges, separated by dots; a label begins with a letter, a digit
/// or `_` and does not end with `-` or `_`.
fn is_hostname(text: &str) -> bool {
    let mut rest = text;
    loop {
        let Some(after) = label(rest) else {
            return false;
        };
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return after.is_empty(),
        }
    }
}

/// Skips one label.
fn label(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut last = None;
    loop {
        if let Some(found) = RANGE.find(rest) {
            rest = &rest[found.end()..];
            last = Some(']');
            continue;
        }
        match rest.chars().next() {
            Some(letter) if letter.is_alphanumeric() || letter == '_' => last = Some(letter),
            Some('-') if last.is_some() => last = Some('-'),
            _ => break,
        }
        rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
    }
    match last {
        None | Some('-' | '_') => None,
        Some(_) => Some(rest),
    }
}

/// `[a:f]`, `[1:10]`, `[01:10:3]` at the beginning.
static RANGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]"));

static IPV4: LazyLock<Regex> = LazyLock::new(|| {
    let byte = r"(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|\[[0-9]+:[0-9]+(?::[0-9]+)?\])";
    pattern(&format!(r"^(?:{byte}\.){{3}}{byte}$"))
});

/// From `::` to `1:2:3:4:5:6:7:8`, each part possibly a range, and the forms that end in an IPv4 address.
static IPV6: LazyLock<Regex> = LazyLock::new(|| {
    let part = r"(?:[0-9a-f]{1,4}|\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\])";
    let mut forms = vec![
        format!("(?:{part}:){{7}}{part}"),
        format!("(?:{part}:){{1,6}}:"),
        format!(":(?::{part}){{1,6}}"),
        format!("{part}?::"),
        format!(r"(?:0:){{6}}(?:{part}\.){{3}}{part}"),
        format!(r"::(?:ffff:)?(?:{part}\.){{3}}{part}"),
        format!(r"(?:0:){{5}}ffff:(?:{part}\.){{3}}{part}"),
    ];
    for before in 1..=6 {
        forms.push(format!(
            "(?:{part}:){{{before}}}(?::{part}){{1,{}}}",
            7 - before
        ));
    }
    pattern(&format!("(?i)^(?:{})$", forms.join("|")))
});

/// Compiles one of the patterns above.
#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and the tests use each of them"
)]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern compiles")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(&str, Option<u32>)> {
        parse(text).map(|address| (address.name, address.port))
    }

    #[test]
    fn names_and_ports() {
        for (text, expected) in [
            ("cache01", Some(("cache01", None))),
            ("cache01:2222", Some(("cache01", Some(2222)))),
            (
                "cache-01.eu_1.example.com:22",
                Some(("cache-01.eu_1.example.com", Some(22))),
            ),
            ("cache[1:3]", Some(("cache[1:3]", None))),
            (
                "cache[01:10:2]-[a:c].x:22",
                Some(("cache[01:10:2]-[a:c].x", Some(22))),
            ),
            ("192.0.2.[1:9]:22", Some(("192.0.2.[1:9]", Some(22)))),
            ("2001:db8::1", Some(("2001:db8::1", None))),
            ("[2001:db8::1]:22", Some(("2001:db8::1", Some(22)))),
            ("::1", Some(("::1", None))),
            ("::", Some(("::", None))),
            ("fe80::[0:f]", Some(("fe80::[0:f]", None))),
            ("::ffff:192.0.2.3", Some(("::ffff:192.0.2.3", None))),
            ("1:2:3:4:5:6:7:8", Some(("1:2:3:4:5:6:7:8", None))),
            ("größe", Some(("größe", None))),
            ("cache:&eu", None),
            ("a:b", None),
            ("cache[0]", None),
            ("cache-", None),
            ("cache_", None),
            ("-cache", None),
            ("a..b", None),
            ("", None),
            (":22", None),
            ("~web.*", None),
            ("cache*", None),
            ("all:!x", None),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn addresses_are_told_from_names() {
        assert!(is_ip("192.0.2.1"));
        assert!(is_ip("2001:db8::1"));
        assert!(!is_ip("300.0.2.1"));
        assert!(!is_ip("cache01.example.com"));
    }
}
