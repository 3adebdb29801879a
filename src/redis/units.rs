//! Memory values as Redis reads and as people read them.
//!
//! Redis has units of its own: `k`, `m`, `g` are powers of 1000, `kb`, `mb`, `gb` powers of 1024. There is no
//! terabyte, no fraction, no space, no hexadecimal. What it accepts by accident (no digits at all, numbers
//! that do not fit) is read here exactly as `memtoull` in its `util.c` does, and marked, so that a caller
//! can refuse it: `maxmemory gb` starts a server without any limit.

use std::fmt;

pub use crate::model::size::{GIB, KIB, MIB, human};

/// The most digits `memtoull` copies before it gives up (its buffer holds 128 bytes, one of them the end).
const MOST_DIGITS: usize = 127;

/// The suffixes that Redis knows, in lower case, and what each multiplies by.
const SUFFIXES: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("k", 1000),
    ("kb", KIB),
    ("m", 1_000_000),
    ("mb", MIB),
    ("g", 1_000_000_000),
    ("gb", GIB),
];

/// A memory value that Redis accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What the server makes of it, in bytes.
    pub bytes: u64,
    /// The suffix as Redis understands it, in lower case (`""`, `b`, `k`, `kb`, ...).
    pub suffix: &'static str,
    /// No digit stands before the suffix: Redis reads 0.
    pub no_digits: bool,
    /// The number does not fit 64 bits: Redis reads something else than what is written.
    pub wrapped: bool,
}

impl Memory {
    /// Whether the value uses a unit of 1000 (`k`, `m`, `g`), which is seldom what its author meant.
    #[must_use]
    pub fn is_decimal(&self) -> bool {
        matches!(self.suffix, "k" | "m" | "g")
    }
}

/// Why Redis does not accept a memory value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    #[error("a memory value cannot be negative")]
    Negative,
    #[error("Redis does not accept fractions in memory values")]
    Fraction,
    #[error("`{0}` is not a unit of Redis: it knows b, k, kb, m, mb, g and gb")]
    Unit(String),
    #[error("the number has more digits than Redis reads")]
    TooLong,
}

/// A size as people write it in playbooks, in bytes: as Redis does (`512mb`), with spaces and `MiB` too, or a number
/// of bytes. What Redis reads by accident is none.
pub fn parse_size(text: &str) -> Option<u64> {
    let compact: String = text
        .split_whitespace()
        .collect::<String>()
        .to_ascii_lowercase();
    let compact = compact
        .strip_suffix("ib")
        .map_or(compact.clone(), |start| format!("{start}b"));
    parse(&compact)
        .ok()
        .filter(|memory| !memory.no_digits && !memory.wrapped)
        .map(|memory| memory.bytes)
}

/// Reads a memory value as `memtoull` does (util.c of Redis 7.0).
///
/// # Errors
/// Says why Redis would not accept `text`.
pub fn parse(text: &str) -> Result<Memory, MemoryError> {
    if text.starts_with('-') {
        return Err(MemoryError::Negative);
    }
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let Some(&(suffix, factor)) = SUFFIXES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(suffix))
    else {
        let after_point = suffix.strip_prefix('.').unwrap_or_default();
        return Err(if after_point.starts_with(|c: char| c.is_ascii_digit()) {
            MemoryError::Fraction
        } else {
            MemoryError::Unit(suffix.to_owned())
        });
    };
    if digits.len() > MOST_DIGITS {
        return Err(MemoryError::TooLong);
    }
    // `strtoull` answers 0 where it finds no digit, and its largest value where the number does not fit.
    let (number, saturated) = match digits.parse::<u64>() {
        Ok(number) => (number, false),
        Err(_) if digits.is_empty() => (0, false),
        Err(_) => (u64::MAX, true),
    };
    let wrapped = saturated || number.checked_mul(factor).is_none();
    Ok(Memory {
        bytes: number.wrapping_mul(factor),
        suffix,
        no_digits: digits.is_empty(),
        wrapped,
    })
}

/// The way to write `bytes` in a configuration that no version of Redis can misread: a plain integer.
#[must_use]
pub fn plain(bytes: u64) -> String {
    bytes.to_string()
}

/// `bytes` for a person and to the byte: `6 GiB (6442450944)`; below one KiB only one of the two.
#[must_use]
pub fn human_exact(bytes: u64) -> String {
    if bytes < KIB {
        human(bytes)
    } else {
        format!("{} ({bytes})", human(bytes))
    }
}

/// Shows a number of bytes with [`human`] in a format string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&human(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(text: &str) -> Option<u64> {
        parse(text).ok().map(|memory| memory.bytes)
    }

    #[test]
    fn units_are_those_of_redis() {
        for (text, expected) in [
            ("0", 0),
            ("100", 100),
            ("100b", 100),
            ("1k", 1000),
            ("1kb", 1024),
            ("1M", 1_000_000),
            ("1Mb", 1_048_576),
            ("1g", 1_000_000_000),
            ("1GB", 1_073_741_824),
            ("007mb", 7 * MIB),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_redis_rejects_is_rejected() {
        for text in [
            "1.5gb", "1 gb", "1TB", "0x100", "-1", "50%", "1GiB", "+1", "1gbx", "1_000",
            "gigabyte", "١mb",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
        assert_eq!(parse("1.5gb"), Err(MemoryError::Fraction));
        assert_eq!(parse("1GiB"), Err(MemoryError::Unit("GiB".to_owned())));
        assert_eq!(parse(&"1".repeat(128)), Err(MemoryError::TooLong));
    }

    #[test]
    fn accidents_are_read_as_redis_reads_them_and_marked() {
        assert_eq!(
            parse("gb"),
            Ok(Memory {
                bytes: 0,
                suffix: "gb",
                no_digits: true,
                wrapped: false
            })
        );
        assert_eq!(
            parse("").map(|memory| (memory.bytes, memory.no_digits)),
            Ok((0, true))
        );
        assert_eq!(
            parse("18446744073709551616").map(|memory| (memory.bytes, memory.wrapped)),
            Ok((u64::MAX, true))
        );
        assert_eq!(
            parse("34359738368gb").map(|memory| (memory.bytes, memory.wrapped)),
            Ok((0, true))
        );
        assert_eq!(
            parse("18446744073709551615").map(|memory| memory.wrapped),
            Ok(false)
        );
    }

    #[test]
    fn people_read_binary_units() {
        for (value, expected) in [
            (0, "0"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (6 * GIB, "6 GiB"),
            (5488 * MIB, "5.36 GiB"),
            (322_122_547, "307.2 MiB"),
            (GIB - 1, "1 GiB"),
            (2048 * GIB, "2048 GiB"),
            (GIB + GIB / 2, "1.5 GiB"),
        ] {
            assert_eq!(human(value), expected);
        }
        assert_eq!(human_exact(6 * GIB), "6 GiB (6442450944)");
        assert_eq!(human_exact(10), "10 bytes");
    }

    proptest! {
        #[test]
        fn a_plain_number_is_read_back(value: u64) {
            let memory = parse(&plain(value)).unwrap();
            prop_assert_eq!(memory.bytes, value);
            prop_assert!(!memory.wrapped);
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
