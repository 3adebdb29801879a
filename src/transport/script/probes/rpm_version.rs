//! Which of two versions of an RPM package is newer, as `rpmvercmp` has it (rpm's manual, "Dependencies").

use std::cmp::Ordering;

/// Compares `[epoch:]version[-release]`.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (parts(one), parts(other));
    one.0
        .cmp(&other.0)
        .then_with(|| segments(one.1, other.1))
        .then_with(|| segments(one.2, other.2))
}

fn parts(text: &str) -> (u64, &str, &str) {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    let (version, release) = rest.split_once('-').unwrap_or((rest, ""));
    (epoch.parse().unwrap_or(0), version, release)
}

/// Numbers are compared as numbers, words as text, a number is newer than a word. A tilde is older than the end,
/// a caret newer than the end and older than anything else. All other signs only separate.
fn segments(mut one: &str, mut other: &str) -> Ordering {
    loop {
        let separates =
            |letter: char| !letter.is_ascii_alphanumeric() && letter != '~' && letter != '^';
        one = one.trim_start_matches(separates);
        other = other.trim_start_matches(separates);
        for (sign, at_end) in [('~', Ordering::Less), ('^', Ordering::Greater)] {
            match (one.strip_prefix(sign), other.strip_prefix(sign)) {
                (Some(rest), Some(other_rest)) => {
                    return segments(rest, other_rest);
                }
                (Some(_), None) if sign == '^' && !other.is_empty() => return Ordering::Less,
                (Some(_), None) => return at_end,
                (None, Some(_)) if sign == '^' && !one.is_empty() => return Ordering::Greater,
                (None, Some(_)) => return at_end.reverse(),
                (None, None) => {}
            }
        }
        match (one.chars().next(), other.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(first), Some(second)) => {
                let numeric = first.is_ascii_digit();
                if numeric != second.is_ascii_digit() {
                    return if numeric {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    };
                }
                let (segment, rest) = take(one, numeric);
                let (other_segment, other_rest) = take(other, numeric);
                let order = if numeric {
                    let segment = segment.trim_start_matches('0');
                    let other_segment = other_segment.trim_start_matches('0');
                    segment
                        .len()
                        .cmp(&other_segment.len())
                        .then_with(|| segment.cmp(other_segment))
                } else {
                    segment.cmp(other_segment)
                };
                if order.is_ne() {
                    return order;
                }
                (one, other) = (rest, other_rest);
            }
        }
    }
}

/// The digits, or the letters, that a text begins with, and the rest.
fn take(text: &str, numeric: bool) -> (&str, &str) {
    let end = text
        .find(|letter: char| !letter.is_ascii_alphanumeric() || letter.is_ascii_digit() != numeric)
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each version is older than the next.
    #[test]
    fn versions_are_ordered() {
        let ordered = [
            "1.0~beta",
            "1.0~rc1",
            "1.0",
            "1.0^git1",
            "1.0^git2",
            "1.0a",
            "1.0.1",
            "1.5",
            "1.10",
            "1.10-1",
            "1.10-1.el9",
            "1.10-2.el9",
            "1.10-10.el9",
            "2",
            "1:0.1",
            "2:0.1-1",
        ];
        for (place, one) in ordered.iter().enumerate() {
            assert_eq!(compare(one, one), Ordering::Equal);
            for other in &ordered[place + 1..] {
                assert_eq!(compare(one, other), Ordering::Less, "{one} {other}");
                assert_eq!(compare(other, one), Ordering::Greater, "{other} {one}");
            }
        }
        assert_eq!(compare("1.0", "1..00"), Ordering::Equal);
        assert_eq!(compare("0:7.0-1", "7.0-1"), Ordering::Equal);
    }
}
