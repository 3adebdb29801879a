//! What is wrong with a number of bytes.

use super::value::check_range;
use super::{Doubt, Reason};
use crate::redis::catalogue::Directive as Known;
use crate::redis::units::{self, MemoryError};
use crate::redis::version::Server;

pub(super) fn check_percent(known: &Known, percent: &str) -> Option<Doubt> {
    match percent.parse::<u64>() {
        Ok(0..=100) => None,
        _ => Some(Doubt::error(
            Reason::OutOfRange,
            format!("`{}` takes 0% to 100%", known.name),
            "",
        )),
    }
}

pub(super) fn check_memory(
    known: &Known,
    value: &str,
    server: Option<&Server>,
    doubts: &mut Vec<Doubt>,
) {
    let memory = match units::parse(value) {
        Ok(memory) => memory,
        Err(error) => {
            doubts.push(bad_memory(value, &error, server));
            return;
        }
    };
    let reading = format!(
        "Redis reads `{value}` as {}",
        units::human_exact(memory.bytes)
    );
    if memory.no_digits {
        doubts.push(Doubt::error(
            Reason::Unit,
            format!("{reading}: there is no number in it"),
            "write a number of bytes",
        ));
    } else if memory.wrapped {
        doubts.push(Doubt::error(
            Reason::Unit,
            format!("{reading}: the number does not fit"),
            "write a number of bytes",
        ));
    } else if let Some(doubt) = check_range(known, i128::from(memory.bytes), server, bytes) {
        doubts.push(doubt);
    } else if memory.is_decimal() {
        let advice =
            format!("write `{value}b` if units of 1024 are meant, or a plain number of bytes");
        doubts.push(Doubt::warning(
            Reason::Unit,
            format!("{reading}: {} is a unit of 1000", memory.suffix),
            advice,
        ));
    }
}

fn bytes(number: &i128) -> String {
    u64::try_from(*number).map_or_else(|_| number.to_string(), units::human_exact)
}

pub(super) fn bad_memory(value: &str, error: &MemoryError, server: Option<&Server>) -> Doubt {
    let mut message = format!("`{value}`: {error}");
    if server.is_some_and(|server| server.version.major < 6) {
        message.push_str("; this server reads it as 0");
    }
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    let meant = match value[digits.len()..].to_ascii_lowercase().as_str() {
        "kib" | "ki" => Some("kb"),
        "mib" | "mi" => Some("mb"),
        "gib" | "gi" => Some("gb"),
        _ => None,
    };
    let advice = match meant {
        Some(unit) if !digits.is_empty() => {
            format!("write `{digits}{unit}`, which is in units of 1024")
        }
        _ => "write a plain number of bytes".to_owned(),
    };
    Doubt::error(Reason::Unit, message, advice)
}
