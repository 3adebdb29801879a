//! Sizes in bytes, as people read and write them.

/// One kibibyte in bytes.
pub const KIB: u64 = 1024;
/// One mebibyte in bytes.
pub const MIB: u64 = 1024 * KIB;
/// One gibibyte in bytes.
pub const GIB: u64 = 1024 * MIB;
/// One tebibyte in bytes.
pub const TIB: u64 = 1024 * GIB;

/// Units in lower case, and how many bytes they are. As in Redis, `k`, `m` and `g` are powers of 1000, `kb`, `mb` and
/// `gb` powers of 1024; terabytes and the names with an `i` are beyond what Redis reads.
const UNITS: [(&str, u64); 15] = [
    ("", 1),
    ("b", 1),
    ("byte", 1),
    ("bytes", 1),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("kb", KIB),
    ("mb", MIB),
    ("gb", GIB),
    ("tb", TIB),
    ("kib", KIB),
    ("mib", MIB),
    ("gib", GIB),
    ("tib", TIB),
];

/// Reads a size: a number, with a fraction or not, and a unit: `64mb`, `1.5 GiB`, `1000000`.
/// What is left of a byte goes. None where it is no size, or larger than 2^53 bytes with a fraction.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim();
    let (_, factor) = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    let Some((whole, fraction)) = number.split_once('.') else {
        return number.parse::<u64>().ok()?.checked_mul(*factor);
    };
    let digits = u32::try_from(fraction.len())
        .ok()
        .filter(|n| (1..=9).contains(n))?;
    let scale = 10_u128.pow(digits);
    let scaled =
        u128::from(whole.parse::<u64>().ok()?) * scale + u128::from(fraction.parse::<u64>().ok()?);
    u64::try_from(scaled * u128::from(*factor) / scale).ok()
}

/// `bytes` for a person: `6 GiB`, `5.36 GiB`, `307.2 MiB`, `512 bytes`, `0`. At most two decimals.
#[must_use]
pub fn human(bytes: u64) -> String {
    let units = [(KIB, "KiB"), (MIB, "MiB"), (GIB, "GiB")];
    match bytes {
        0 => return "0".to_owned(),
        1 => return "1 byte".to_owned(),
        2..KIB => return format!("{bytes} bytes"),
        _ => {}
    }
    let hundredths =
        |unit: u64| (u128::from(bytes) * 100 + u128::from(unit) / 2) / u128::from(unit);
    // The first unit in which the number stays below 1024 after rounding; the last one has no bound.
    let fitting = units.iter().find(|(unit, _)| hundredths(*unit) < 102_400);
    let (unit, name) = *fitting.unwrap_or(&units[2]);
    let (whole, rest) = (hundredths(unit) / 100, hundredths(unit) % 100);
    match (rest, rest % 10) {
        (0, _) => format!("{whole} {name}"),
        (_, 0) => format!("{whole}.{} {name}", rest / 10),
        _ => format!("{whole}.{rest:02} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in [
            ("64mb", Some(64 * MIB)),
            ("1 GiB", Some(GIB)),
            ("1g", Some(1_000_000_000)),
            ("1.5KB", Some(1536)),
            ("0.1 b", Some(0)),
            ("2 tib", Some(2 * TIB)),
            ("12", Some(12)),
            ("", None),
            ("gb", None),
            ("1.", None),
            (".5m", None),
            ("-1", None),
            ("1 parsec", None),
            ("99999999999gb", None),
        ] {
            assert_eq!(parse(text), bytes, "{text}");
        }
    }
}
