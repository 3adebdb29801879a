//! Numbers and sizes.

use tera::{Error, Kwargs, State, TeraResult, Value};

use super::arguments::{any, count, kind, list, number, refuse, text};
use super::lists::attribute_of;
use crate::model::size;
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

const DEFAULT: Argument = Argument::optional("default", "what is taken where this is no number");
const ATTRIBUTE: &[Argument] = &[Argument::optional(
    "attribute",
    "the part of each item that counts",
)];

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours(
        "int",
        &[
            DEFAULT,
            Argument::optional(
                "base",
                "the base in which a text is written, 10 unless given",
            ),
        ],
        "The whole number; a fraction goes.",
        int,
    ),
    Entry::ours("float", &[DEFAULT], "The number, with its fraction.", float),
    Entry::teras("abs", &[], "The number without its sign."),
    Entry::teras(
        "round",
        &[
            Argument::optional(
                "precision",
                "how many digits stay behind the point, 0 unless given",
            ),
            Argument::optional("method", "`ceil` or `floor`"),
        ],
        "The number rounded.",
    ),
    Entry::ours("ceil", &[], "The next whole number above.", ceil),
    Entry::ours("floor", &[], "The next whole number below.", floor),
    Entry::ours(
        "log",
        &[Argument::optional("base", "its base, e unless given")],
        "The logarithm.",
        log,
    ),
    Entry::ours("min", ATTRIBUTE, "The smallest item of a list.", min),
    Entry::ours("max", ATTRIBUTE, "The largest item of a list.", max),
    Entry::ours("sum", ATTRIBUTE, "The sum of a list of numbers.", sum),
    Entry::ours(
        "human_bytes",
        &[],
        "A number of bytes for people: `6 GiB`, `307.2 MiB`.",
        human_bytes,
    ),
    Entry::ours(
        "to_bytes",
        &[],
        "The bytes of a size: `64mb`, `1.5 GiB`. As in Redis, `k`, `m` and `g` are powers of 1000, `kb`, `mb` and `gb` powers of 1024, as are `KiB`, `MiB`, `GiB`.",
        to_bytes,
    ),
];

/// A whole number as a value.
fn whole(number: f64) -> TeraResult<Value> {
    // Beyond 2^63 a float has no fraction to lose, and no integer to become.
    if !number.is_finite() || number.abs() >= 9.2e18 {
        return refuse(format!("{number} is too large for a whole number"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    Ok(Value::from(number.trunc() as i64))
}

fn int(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    or_default(arguments, || {
        if value.is_bool() {
            return Ok(Value::from(i64::from(value.is_truthy())));
        }
        if value.is_number() && !value.is_f64() {
            return Ok(value.clone());
        }
        let base = count(arguments, "base")?.and_then(|base| u32::try_from(base).ok());
        if let (Some(base), Some(text)) = (base, value.as_str()) {
            if !(2..=36).contains(&base) {
                return refuse("`base` must be between 2 and 36");
            }
            let digits = text.trim();
            let digits = match base {
                2 => digits.trim_start_matches("0b"),
                8 => digits.trim_start_matches("0o"),
                16 => digits.trim_start_matches("0x"),
                _ => digits,
            };
            return match i64::from_str_radix(digits, base) {
                Ok(number) => Ok(Value::from(number)),
                Err(_) => refuse(format!("`{text}` is no whole number in base {base}")),
            };
        }
        if let Some(number) = value
            .as_str()
            .and_then(|text| text.trim().parse::<i64>().ok())
        {
            return Ok(Value::from(number));
        }
        whole(number(value)?)
    })
}

fn float(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    or_default(arguments, || match value.as_bool() {
        Some(flag) => Ok(Value::from(if flag { 1.0 } else { 0.0 })),
        None => number(value).map(Value::from),
    })
}

fn or_default(
    arguments: &Kwargs,
    convert: impl FnOnce() -> TeraResult<Value>,
) -> TeraResult<Value> {
    match (convert(), any(arguments, "default")?) {
        (Err(_), Some(default)) => Ok(default.clone()),
        (result, _) => result,
    }
}

fn ceil(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    whole(number(value)?.ceil())
}

fn floor(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    whole(number(value)?.floor())
}

fn log(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let given = number(value)?;
    let result = match any(arguments, "base")? {
        // These two are exact for powers of their base, others may be off in the last digit.
        Some(base) if number(base)? == 2.0 => given.log2(),
        Some(base) if number(base)? == 10.0 => given.log10(),
        Some(base) => given.log(number(base)?),
        None => given.ln(),
    };
    if result.is_finite() {
        Ok(Value::from(result))
    } else {
        refuse(format!("{given} has no such logarithm"))
    }
}

fn min(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    extreme(value, arguments, std::cmp::Ordering::Less)
}

fn max(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    extreme(value, arguments, std::cmp::Ordering::Greater)
}

fn extreme(value: &Value, arguments: &Kwargs, wanted: std::cmp::Ordering) -> TeraResult<Value> {
    let mut best: Option<(&Value, &Value)> = None;
    for item in list(value)? {
        let key = attribute_of(item, arguments)?;
        best = match best {
            None => Some((key, item)),
            Some((best_key, best_item)) => match key.partial_cmp(best_key) {
                Some(order) if order == wanted => Some((key, item)),
                Some(_) => Some((best_key, best_item)),
                None => {
                    return refuse(format!(
                        "{} and {} cannot be compared",
                        kind(best_key),
                        kind(key)
                    ));
                }
            },
        };
    }
    best.map(|(_, item)| item.clone())
        .ok_or_else(|| Error::message("an empty list has no such item"))
}

fn sum(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let mut integers = Some(0_i64);
    let mut total = 0.0;
    for item in list(value)? {
        let item = attribute_of(item, arguments)?;
        if !item.is_number() {
            return refuse(format!(
                "only numbers can be added, and this is {}",
                kind(item)
            ));
        }
        total += number(item)?;
        integers = match (integers, item.as_i64()) {
            (Some(sum), Some(integer)) if !item.is_f64() => sum.checked_add(integer),
            _ => None,
        };
    }
    Ok(integers.map_or_else(|| Value::from(total), Value::from))
}

fn human_bytes(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let given = number(value)?;
    if given < 0.0 {
        return refuse("a size is not negative");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; it saturates"
    )]
    let bytes = value.as_u64().unwrap_or(given as u64);
    Ok(Value::from(size::human(bytes)))
}

fn to_bytes(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let text = text(value)?;
    match size::parse(&text).and_then(|bytes| i64::try_from(bytes).ok()) {
        Some(bytes) => Ok(Value::from(bytes)),
        None => refuse(format!("`{text}` is no size, such as `64mb` or `1.5 GiB`")),
    }
}
