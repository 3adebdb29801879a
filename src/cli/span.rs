//! Lengths of time as people write them: `90s`, `30m`, `2h`, `3d`.

/// A length of time in seconds.
///
/// # Errors
/// What is not a number and a unit, in words for the one who wrote it.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("write a number and a unit: `90s`, `30m`, `2h`, `3d`".to_owned()),
    };
    match digits
        .trim()
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
    {
        Some(seconds @ 1..=31_536_000) => Ok(seconds),
        _ => Err("it has to be more than nothing and at most 365 days".to_owned()),
    }
}

/// The same, where `0` and nothing at all mean none.
///
/// # Errors
/// As [`seconds`].
pub(super) fn seconds_or_none(text: &str) -> Result<u64, String> {
    match text.trim() {
        "" | "0" => Ok(0),
        text => seconds(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{seconds, seconds_or_none};

    #[test]
    fn none_can_be_said() {
        assert_eq!(seconds_or_none("0"), Ok(0));
        assert_eq!(seconds_or_none(""), Ok(0));
        assert_eq!(seconds_or_none("10m"), Ok(600));
        assert!(seconds_or_none("10").is_err());
    }

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("30m"), Ok(1800));
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("3d"), Ok(259_200));
        for wrong in [
            "",
            "2",
            "h",
            "0s",
            "-1h",
            "1w",
            "366d",
            "99999999999999999d",
        ] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
