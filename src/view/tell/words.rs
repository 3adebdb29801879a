//! Small words that are needed everywhere.

use std::time::Duration;

/// `1 host`, `40 hosts`.
pub fn count(number: usize, word: &str) -> String {
    if number == 1 {
        format!("1 {word}")
    } else {
        format!("{number} {word}s")
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// `0.4 s`, `12 s`, `3 min 5 s`, `2 h 7 min`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=9 if time.subsec_millis() >= 100 => {
            format!("{}.{} s", seconds, time.subsec_millis() / 100)
        }
        0..=9 => format!("{seconds} s"),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// `5.76 GiB`, `128 MiB`, `17 bytes`.
pub fn bytes(number: u64) -> String {
    for (power, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if number >> power == 0 {
            continue;
        }
        let half = 1_u128 << (power - 1);
        let hundredths = (u128::from(number) * 100 + half) >> power;
        let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return format!("{text} {unit}");
    }
    match number {
        1 => "1 byte".to_owned(),
        number => format!("{number} bytes"),
    }
}

/// `2026-03-02 09:14:05 UTC` of an event's time.
pub fn time(text: &str) -> String {
    text.replace('T', " ").replace('Z', " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (number, expected) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (10 << 30, "10 GiB"),
            (6_184_501_248, "5.76 GiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(bytes(number), expected);
        }
    }

    #[test]
    fn words() {
        assert_eq!(count(1, "host"), "1 host");
        assert_eq!(count(0, "host"), "0 hosts");
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&words), "a, b and c");
        assert_eq!(list(&words[..2]), "a and b");
        for (milliseconds, expected) in [
            (420, "0.4 s"),
            (3_000, "3 s"),
            (12_900, "12 s"),
            (185_000, "3 min 5 s"),
            (7_620_000, "2 h 7 min"),
        ] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), expected);
        }
    }
}
