//! Python string literals: prefixes, quotes, escapes, several one after the other.

use super::literal::Reader;

/// One or more string literals, joined; all of them text or all of them bytes.
pub(super) fn texts(reader: &mut Reader<'_>) -> Option<String> {
    let mut joined: Option<(Vec<u8>, bool)> = None;
    loop {
        reader.skip_spaces();
        let Some(prefix) = prefix(reader.rest) else {
            break;
        };
        let (bytes, is_bytes) = text(reader, &prefix)?;
        match &mut joined {
            None => joined = Some((bytes, is_bytes)),
            Some((all, kind)) if *kind == is_bytes => all.extend(bytes),
            Some(_) => return None,
        }
    }
    String::from_utf8(joined?.0).ok()
}

/// What stands before a quote.
struct Prefix {
    length: usize,
    raw: bool,
    bytes: bool,
}

/// The prefix of a string that begins here; `None` where none begins, or one with expressions in it (`f''`).
fn prefix(rest: &str) -> Option<Prefix> {
    let length = rest.find(['\'', '"'])?;
    let (raw, bytes) = match rest[..length].to_ascii_lowercase().as_str() {
        "" | "u" => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "br" | "rb" => (true, true),
        _ => return None,
    };
    Some(Prefix { length, raw, bytes })
}

fn text(reader: &mut Reader<'_>, prefix: &Prefix) -> Option<(Vec<u8>, bool)> {
    let rest = &reader.rest[prefix.length..];
    let one = &rest[..1];
    let triple = one.repeat(3);
    let quote = if rest.starts_with(&triple) {
        triple.as_str()
    } else {
        one
    };
    let mut rest = &rest[quote.len()..];
    let mut out = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            reader.rest = after;
            return Some((out, prefix.bytes));
        }
        let letter = rest.chars().next()?;
        rest = &rest[letter.len_utf8()..];
        if prefix.bytes && !letter.is_ascii() {
            return None;
        }
        if letter != '\\' {
            push(&mut out, letter);
            continue;
        }
        let escaped = rest.chars().next()?;
        if prefix.raw {
            push(&mut out, '\\');
            push(&mut out, escaped);
            rest = &rest[escaped.len_utf8()..];
        } else {
            rest = escape(rest, prefix.bytes, &mut out)?;
        }
    }
}

fn push(out: &mut Vec<u8>, letter: char) {
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Reads what follows a backslash; an escape that Python does not know keeps its backslash.
fn escape<'a>(rest: &'a str, bytes: bool, out: &mut Vec<u8>) -> Option<&'a str> {
    let letter = rest.chars().next()?;
    let after = &rest[letter.len_utf8()..];
    let simple = match letter {
        '\\' | '\'' | '"' => Some(letter),
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\x0b'),
        _ => None,
    };
    if let Some(letter) = simple {
        push(out, letter);
        return Some(after);
    }
    let (digits, radix, rest) = match letter {
        'x' => (after.get(..2)?, 16, after.get(2..)?),
        'u' if !bytes => (after.get(..4)?, 16, after.get(4..)?),
        'U' if !bytes => (after.get(..8)?, 16, after.get(8..)?),
        'N' if !bytes => return None,
        '0'..='7' => {
            let octal = |letter: &char| ('0'..='7').contains(letter);
            let count = rest.chars().take(3).take_while(octal).count();
            (&rest[..count], 8, &rest[count..])
        }
        other => {
            push(out, '\\');
            push(out, other);
            return Some(after);
        }
    };
    // The parser of numbers would take a sign, too.
    if digits.starts_with('+') {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok()?;
    if bytes {
        out.push(u8::try_from(code).ok()?);
    } else {
        push(out, char::from_u32(code)?);
    }
    Some(rest)
}
