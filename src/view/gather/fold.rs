//! Many names of hosts in few words: `cache[01-40]`, `bw[1-4,7]`, `rack[1-2]-node[01-12]`.

use std::cmp::Ordering;
use std::collections::HashMap;

/// Folds names that differ in their numbers only. Comes out in natural order (`a2` before `a10`).
pub fn fold<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut shapes: HashMap<Vec<&str>, Vec<Row>> = HashMap::new();
    for name in names {
        let (texts, numbers) = parts(name);
        shapes.entry(texts).or_default().push(Row {
            numbers: numbers.into_iter().map(str::to_owned).collect(),
            first: name.to_owned(),
        });
    }
    let mut folded: Vec<(String, String)> = Vec::new();
    for (texts, mut rows) in shapes {
        for position in (0..texts.len() - 1).rev() {
            rows = fold_at(rows, position);
        }
        folded.extend(rows.into_iter().map(|row| {
            let mut text = String::new();
            for (number, part) in texts.iter().enumerate() {
                text.push_str(part);
                text.push_str(row.numbers.get(number).map_or("", String::as_str));
            }
            (row.first, text)
        }));
    }
    folded.sort_by(|(left, _), (right, _)| natural(left, right));
    let texts: Vec<String> = folded.into_iter().map(|(_, text)| text).collect();
    texts.join(",")
}

/// Names as people sort them: numbers by their value.
pub fn natural(left: &str, right: &str) -> Ordering {
    let ((texts, numbers), (other_texts, other_numbers)) = (parts(left), parts(right));
    for (number, text) in texts.iter().enumerate() {
        let Some(other) = other_texts.get(number) else {
            return Ordering::Greater;
        };
        let order = text.cmp(other).then_with(|| {
            let digits = numbers.get(number).map(|digits| value(digits));
            digits.cmp(&other_numbers.get(number).map(|digits| value(digits)))
        });
        if order != Ordering::Equal {
            return order;
        }
    }
    // `01` and `1`.
    left.cmp(right)
}

struct Row {
    /// Digits, or what they were folded into.
    numbers: Vec<String>,
    /// The first name of it, to sort by.
    first: String,
}

/// Texts and the digits between them: always one text more than numbers.
fn parts(name: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    let mut rest = name;
    loop {
        let text = rest
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(rest.len());
        texts.push(&rest[..text]);
        rest = &rest[text..];
        if rest.is_empty() {
            return (texts, numbers);
        }
        let digits = rest
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        numbers.push(&rest[..digits]);
        rest = &rest[digits..];
    }
}

/// Sorts numbers of any length by value: those with more digits, leading zeros aside, are larger.
fn value(digits: &str) -> (usize, &str) {
    let significant = digits.trim_start_matches('0');
    (significant.len(), significant)
}

/// Folds rows that differ in one number only.
fn fold_at(rows: Vec<Row>, position: usize) -> Vec<Row> {
    let mut groups: HashMap<Vec<String>, Vec<Row>> = HashMap::new();
    for row in rows {
        let mut others = row.numbers.clone();
        others.remove(position);
        groups.entry(others).or_default().push(row);
    }
    let groups = groups.into_values();
    groups
        .map(|mut rows| {
            rows.sort_by(|left, right| {
                let (left, right) = (&left.numbers[position], &right.numbers[position]);
                value(left).cmp(&value(right)).then_with(|| left.cmp(right))
            });
            let digits: Vec<&str> = rows
                .iter()
                .map(|row| row.numbers[position].as_str())
                .collect();
            let text = ranges(&digits);
            let mut row = rows.swap_remove(0);
            row.numbers[position] = text;
            row
        })
        .collect()
}

/// `7`, or `[1-4,7]`.
fn ranges(sorted: &[&str]) -> String {
    let mut runs: Vec<(&str, &str)> = Vec::new();
    for digits in sorted {
        match runs.last_mut() {
            Some((_, last)) if successor(last) == *digits => *last = digits,
            _ => runs.push((digits, digits)),
        }
    }
    match runs.as_slice() {
        [(first, last)] if first == last => (*first).to_owned(),
        runs => {
            let runs: Vec<String> = runs
                .iter()
                .map(|(first, last)| {
                    if first == last {
                        (*first).to_owned()
                    } else {
                        format!("{first}-{last}")
                    }
                })
                .collect();
            format!("[{}]", runs.join(","))
        }
    }
}

/// The next number, as wide as this one: `09` is followed by `10`, `9` too, `99` by `100`.
fn successor(digits: &str) -> String {
    let mut bytes = digits.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev() {
        if *byte == b'9' {
            *byte = b'0';
        } else {
            *byte += 1;
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    format!("1{}", String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_where_they_differ_in_numbers_only() {
        for (names, expected) in [
            ("", ""),
            ("cache", "cache"),
            ("cache1", "cache1"),
            ("bw1,bw2,bw3,bw4,tr1,tr2", "bw[1-4],tr[1-2]"),
            ("tr2,bw4,bw2,bw1,bw3", "bw[1-4],tr2"),
            ("cache08,cache09,cache10", "cache[08-10]"),
            ("cache8,cache9,cache10", "cache[8-10]"),
            ("c1,c01,c2", "c[01,1-2]"),
            ("c1,c3,c5", "c[1,3,5]"),
            ("a2,a10,b", "a[2,10],b"),
            (
                "c01.eu.example.com,c02.eu.example.com",
                "c[01-02].eu.example.com",
            ),
            ("10.0.0.1,10.0.0.2,10.0.1.1,10.0.1.2", "10.0.[0-1].[1-2]"),
            ("r1n1,r1n2,r2n1", "r1n[1-2],r2n1"),
            ("r1-n01,r1-n02,r2-n01,r2-n02", "r[1-2]-n[01-02]"),
            ("x99,x100,x101", "x[99-101]"),
            (
                "x99999999999999999998,x99999999999999999999",
                "x[99999999999999999998-99999999999999999999]",
            ),
        ] {
            let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
            assert_eq!(fold(names.iter().copied()), expected);
        }
    }

    #[test]
    fn thousands_of_names_are_one_word() {
        let names: Vec<String> = (1..=5000)
            .map(|number| format!("cache{number:04}"))
            .collect();
        assert_eq!(fold(names.iter().map(String::as_str)), "cache[0001-5000]");
    }
}
