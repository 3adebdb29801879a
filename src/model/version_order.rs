//! The order of package versions.

use std::cmp::Ordering;

/// Compares two versions as Debian does (`deb-version(7)`): epoch, then upstream version, then revision, each by
/// alternating runs of non-digits and digits; `~` sorts before everything, even the end.
///
/// RPM's order is the same for the versions that distributions really use (`7.2.4-1.el9`), so it serves both.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (left_epoch, left_rest) = split_epoch(left);
    let (right_epoch, right_rest) = split_epoch(right);
    left_epoch.cmp(&right_epoch).then_with(|| {
        let (left_upstream, left_revision) = split_revision(left_rest);
        let (right_upstream, right_revision) = split_revision(right_rest);
        compare_part(left_upstream, right_upstream)
            .then_with(|| compare_part(left_revision, right_revision))
    })
}

fn split_epoch(version: &str) -> (u64, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    }
}

fn split_revision(version: &str) -> (&str, &str) {
    version.rsplit_once('-').unwrap_or((version, ""))
}

fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    loop {
        if left.is_empty() && right.is_empty() {
            return Ordering::Equal;
        }
        let (left_text, left_rest) = take(left, |character| !character.is_ascii_digit());
        let (right_text, right_rest) = take(right, |character| !character.is_ascii_digit());
        let by_text = compare_text(left_text, right_text);
        if by_text != Ordering::Equal {
            return by_text;
        }
        let (left_number, left_rest) = take(left_rest, |character| character.is_ascii_digit());
        let (right_number, right_rest) = take(right_rest, |character| character.is_ascii_digit());
        let by_number = compare_number(left_number, right_number);
        if by_number != Ordering::Equal {
            return by_number;
        }
        (left, right) = (left_rest, right_rest);
    }
}

fn take(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text
        .find(|character| !wanted(character))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Letters sort before other characters, the end of the run before letters, and `~` before the end.
fn compare_text(left: &str, right: &str) -> Ordering {
    let rank = |character: Option<char>| match character {
        Some('~') => -1,
        None => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i64::from(u32::from(letter)),
        Some(other) => i64::from(u32::from(other)) + 256,
    };
    let (mut left, mut right) = (left.chars(), right.chars());
    loop {
        let (one, other) = (left.next(), right.next());
        if one.is_none() && other.is_none() {
            return Ordering::Equal;
        }
        let order = rank(one).cmp(&rank(other));
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Digits of any length, compared as numbers.
fn compare_number(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        for (left, order, right) in [
            ("5:7.0.15-1~deb12u1", Ordering::Less, "5:7.0.15-1"),
            ("5:7.0.15-1", Ordering::Less, "5:7.0.15-1+b1"),
            ("7.9", Ordering::Less, "7.10"),
            ("5:1.0", Ordering::Greater, "7.0"),
            ("1.0~rc1", Ordering::Less, "1.0"),
            ("1.0a", Ordering::Less, "1.0+"),
            ("1.001", Ordering::Equal, "1.1"),
            ("7.2.4-1.el9", Ordering::Less, "7.2.10-1.el9"),
            ("1.2.3", Ordering::Less, "1.2.3-1"),
            (
                "99999999999999999999998",
                Ordering::Less,
                "99999999999999999999999",
            ),
        ] {
            assert_eq!(compare(left, right), order, "{left} {right}");
            assert_eq!(compare(right, left), order.reverse(), "{right} {left}");
        }
    }
}
