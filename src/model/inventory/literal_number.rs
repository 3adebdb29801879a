//! Python numbers: `5`, `1_000`, `0x1f`, `0o17`, `0b11`, `1.5`, `.5`, `1e-3`.

use crate::model::value::Value;

/// Where the characters of a number end, its exponent's sign included.
pub(super) fn end(text: &str) -> usize {
    let mut previous = ' ';
    let hex = text.starts_with("0x") || text.starts_with("0X");
    for (offset, letter) in text.char_indices() {
        let sign = matches!(letter, '+' | '-') && matches!(previous, 'e' | 'E') && !hex;
        if !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.' || sign) {
            return offset;
        }
        previous = letter;
    }
    text.len()
}

/// The value of a whole or broken number; `None` where Python would not read it, or 64 bits do not hold it.
pub(super) fn value(text: &str, negative: bool) -> Option<Value> {
    let lower = text.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            // One underscore may follow the prefix.
            let digits = plain_digits(digits.strip_prefix('_').unwrap_or(digits))?;
            let value = i128::from_str_radix(&digits, radix).ok()?;
            return integer(value, negative);
        }
    }
    if lower
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        let digits = plain_digits(&lower)?;
        if digits.starts_with('0') && digits.bytes().any(|byte| byte != b'0') {
            return None;
        }
        return integer(digits.parse().ok()?, negative);
    }
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (lower.as_str(), None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut plain = String::from("0");
    for part in [whole, fraction] {
        if !part.is_empty() {
            plain.push_str(&plain_digits(part)?);
        }
        plain.push('.');
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    plain.pop();
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        plain.push('e');
        plain.push_str(&exponent[..exponent.len() - digits.len()]);
        plain.push_str(&plain_digits(digits)?);
    }
    let value: f64 = plain.parse().ok()?;
    let value = if negative { -value } else { value };
    value.is_finite().then_some(Value::Float(value))
}

/// Digits without the underscores that may stand between two of them.
fn plain_digits(text: &str) -> Option<String> {
    let grouped = text
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    grouped.then(|| text.replace('_', ""))
}

fn integer(value: i128, negative: bool) -> Option<Value> {
    let value = if negative { -value } else { value };
    i64::try_from(value).ok().map(Value::Int)
}
