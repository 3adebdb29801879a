//! Times. The clock is never read: a plan must come out the same each time.

use jiff::fmt::strtime;
use jiff::{Timestamp, tz::TimeZone};
use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{any, number, refuse, text};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[Entry::ours(
    "strftime",
    &[Argument::required(
        "epoch",
        "seconds since 1970, such as `ansible_date_time.epoch`",
    )],
    "A time in UTC, written in the format that this is: `\"%Y-%m-%d\" | strftime(epoch=0)` is `1970-01-01`.",
    strftime,
)];

fn strftime(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let format = text(value)?;
    let Some(epoch) = any(arguments, "epoch")? else {
        return refuse("`epoch` is needed");
    };
    let seconds = number(epoch)?.floor();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "out of range, it saturates and is refused"
    )]
    let Ok(time) = Timestamp::from_second(seconds as i64) else {
        return refuse(format!(
            "`{epoch}` seconds are beyond the years that can be written"
        ));
    };
    match strtime::format(format.as_ref(), &time.to_zoned(TimeZone::UTC)) {
        Ok(text) => Ok(Value::from(text)),
        Err(error) => refuse(format!("`{format}` is no format for a time: {error}")),
    }
}
