//! Ranges in host names: `cache[01:40]`, `db-[a:f]`, `node[0:9:3]`, several in one name.

/// More names than this from one pattern are taken for a mistake.
pub const MAX_NAMES: usize = 1_000_000;

/// What is wrong with a range, and the characters of the pattern that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeError {
    pub message: String,
    /// Characters before the range.
    pub offset: usize,
    /// Characters of the range, its brackets included.
    pub length: usize,
}

/// All names that a pattern stands for, the last range running fastest; the pattern itself where it has no range.
///
/// A first bound with leading zeros pads every number to its width. Letters run from `a` to `z`, then from `A`
/// to `Z`. A missing first bound is zero. The last bound belongs to the range.
///
/// # Errors
/// A range that is not `[begin:end]` or `[begin:end:step]`, runs backwards, or stands for too many names.
pub fn expand(pattern: &str) -> Result<Vec<String>, RangeError> {
    let parts = split(pattern)?;
    let mut count = 1_usize;
    for part in &parts {
        if let Part::Range(values) = part {
            count = count.saturating_mul(values.len());
        }
    }
    if count > MAX_NAMES {
        return Err(RangeError {
            message: format!("this pattern stands for more than {MAX_NAMES} hosts"),
            offset: 0,
            length: pattern.chars().count(),
        });
    }
    let mut names = vec![String::new()];
    for part in &parts {
        match part {
            Part::Text(text) => names.iter_mut().for_each(|name| name.push_str(text)),
            Part::Range(values) => {
                names = names
                    .iter()
                    .flat_map(|name| values.iter().map(move |value| format!("{name}{value}")))
                    .collect();
            }
        }
    }
    Ok(names)
}

enum Part<'a> {
    Text(&'a str),
    Range(Vec<String>),
}

fn split(pattern: &str) -> Result<Vec<Part<'_>>, RangeError> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    loop {
        let offset = pattern[..pattern.len() - rest.len()].chars().count();
        let Some(open) = rest.find('[') else {
            parts.push(Part::Text(rest));
            return Ok(parts);
        };
        let offset = offset + rest[..open].chars().count();
        let Some(close) = rest[open..].find(']').map(|close| open + close) else {
            return Err(RangeError {
                message: "this range has no closing `]`".to_owned(),
                offset,
                length: rest[open..].chars().count(),
            });
        };
        parts.push(Part::Text(&rest[..open]));
        let values = bounds(&rest[open + 1..close]).map_err(|message| RangeError {
            message,
            offset,
            length: rest[open..=close].chars().count(),
        })?;
        parts.push(Part::Range(values));
        rest = &rest[close + 1..];
    }
}

/// The values between two brackets.
fn bounds(text: &str) -> Result<Vec<String>, String> {
    let fields: Vec<&str> = text.split(':').collect();
    let (begin, end, step) = match fields[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] => (begin, end, step),
        _ => return Err("a range is `[begin:end]` or `[begin:end:step]`".to_owned()),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err("a range needs an end".to_owned());
    }
    let step: usize = number(step)
        .filter(|step| *step > 0)
        .ok_or_else(|| format!("the step `{step}` is not a number above zero"))?;
    if let (Some(first), Some(last)) = (letter(begin), letter(end)) {
        return if first > last {
            Err(backwards(begin, end))
        } else {
            Ok((first..=last)
                .step_by(step)
                .map(|index| char::from(LETTERS[index]).to_string())
                .collect())
        };
    }
    let (Some(first), Some(last)) = (number(begin), number(end)) else {
        return Err(format!(
            "`{begin}` and `{end}` are not two numbers or two single letters"
        ));
    };
    let width = if begin.len() > 1 && begin.starts_with('0') {
        if begin.len() != end.len() {
            return Err(format!(
                "`{begin}` has leading zeros, so `{end}` must have as many digits"
            ));
        }
        begin.len()
    } else {
        0
    };
    if first > last {
        return Err(backwards(begin, end));
    }
    if (last - first) / step >= MAX_NAMES {
        return Err(format!("a range may stand for {MAX_NAMES} hosts at most"));
    }
    Ok((first..=last)
        .step_by(step)
        .map(|value| format!("{value:0width$}"))
        .collect())
}

const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The position of a single letter.
fn letter(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [byte] => LETTERS.iter().position(|letter| letter == byte),
        _ => None,
    }
}

fn number(text: &str) -> Option<usize> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn backwards(begin: &str, end: &str) -> String {
    format!("this range runs backwards, from `{begin}` to `{end}`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_run_as_written() {
        for (pattern, expected) in [
            ("cache", vec!["cache"]),
            ("c[1:3]", vec!["c1", "c2", "c3"]),
            ("c[08:10]", vec!["c08", "c09", "c10"]),
            ("c[01:10:4]x", vec!["c01x", "c05x", "c09x"]),
            ("[a:c]", vec!["a", "b", "c"]),
            ("[y:B]", vec!["y", "z", "A", "B"]),
            ("[a:e:2]", vec!["a", "c", "e"]),
            ("[:2]", vec!["0", "1", "2"]),
            ("r[1:2]n[1:2]", vec!["r1n1", "r1n2", "r2n1", "r2n2"]),
            ("[5:5]", vec!["5"]),
        ] {
            assert_eq!(expand(pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn mistakes_say_where_they_are() {
        for (pattern, offset, length, message) in [
            ("cache[3:1]", 5, 5, "backwards"),
            ("cache[b:a]", 5, 5, "backwards"),
            ("cache[1]", 5, 3, "[begin:end]"),
            ("cache[1:2:3:4]", 5, 9, "[begin:end]"),
            ("cache[1:", 5, 3, "no closing"),
            ("cache[1:]", 5, 4, "needs an end"),
            ("cache[01:100]", 5, 8, "as many digits"),
            ("cache[a:5]", 5, 5, "not two numbers"),
            ("größe[1:x]", 5, 5, "not two numbers"),
            ("c[1:9:0]", 1, 7, "above zero"),
            ("c[1:2000000000]", 1, 14, "at most"),
            ("c[1:2000][1:2000]", 0, 17, "more than"),
        ] {
            let error = expand(pattern).unwrap_err();
            assert!(error.message.contains(message), "{pattern}: {error:?}");
            assert_eq!((error.offset, error.length), (offset, length), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_numeric_range_counts(first in 0_usize..500, more in 0_usize..500, step in 1_usize..20, width in 0_usize..6) {
            let last = first + more;
            let pattern = if width == 0 {
                format!("c[{first}:{last}:{step}]")
            } else {
                let width = width.max(last.to_string().len() + 1);
                format!("c[{first:0width$}:{last:0width$}:{step}]")
            };
            let names = expand(&pattern).unwrap();
            prop_assert_eq!(names.len(), more / step + 1);
            for (index, name) in names.iter().enumerate() {
                let digits = name.strip_prefix('c').unwrap();
                prop_assert_eq!(digits.parse::<usize>().unwrap(), first + index * step);
                prop_assert_eq!(digits.len(), if width == 0 { digits.trim_start_matches('0').len().max(1) } else { names[0].len() - 1 });
            }
        }

        #[test]
        fn two_ranges_are_all_pairs(a in 1_usize..20, b in 1_usize..20) {
            let names = expand(&format!("r[1:{a}]n[1:{b}]")).unwrap();
            let mut distinct = names.clone();
            distinct.sort();
            distinct.dedup();
            prop_assert_eq!(names.len(), a * b);
            prop_assert_eq!(distinct.len(), a * b);
            prop_assert_eq!(names[b - 1].clone(), format!("r1n{b}"));
        }

        #[test]
        fn any_text_is_answered(text in "[a-c\\[\\]:0-9x]{0,12}") {
            if let Ok(names) = expand(&text) {
                prop_assert!(!names.is_empty());
                prop_assert!(names.iter().all(|name| !name.contains('[')));
            }
        }
    }
}
