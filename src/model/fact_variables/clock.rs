//! The host's time as Ansible's `ansible_date_time` has it: all texts.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};

use super::Builder;
use crate::model::facts::Facts;
use crate::model::value::Map;

/// The fields and how they are written (strftime).
const LOCAL_FIELDS: [(&str, &str); 12] = [
    ("date", "%Y-%m-%d"),
    ("time", "%H:%M:%S"),
    ("year", "%Y"),
    ("month", "%m"),
    ("day", "%d"),
    ("hour", "%H"),
    ("minute", "%M"),
    ("second", "%S"),
    ("weekday", "%A"),
    ("weekday_number", "%w"),
    ("weeknumber", "%W"),
    ("iso8601_basic_short", "%Y%m%dT%H%M%S"),
];

pub(super) fn date_time(facts: &Facts) -> Map {
    let mut map = Builder::default();
    let Ok(instant) = Timestamp::from_second(facts.clock) else {
        return Map::new();
    };
    let zone = TimeZone::fixed(offset(&facts.time_offset));
    let local = instant.to_zoned(zone);
    for (name, format) in LOCAL_FIELDS {
        if let Ok(text) = strtime::format(format, &local) {
            map.put(name, text);
        }
    }
    if let Ok(text) = strtime::format("%Y-%m-%dT%H:%M:%SZ", &instant.to_zoned(TimeZone::UTC)) {
        map.put("iso8601", text);
    }
    let seconds = facts.clock.to_string();
    map.put("epoch", seconds.as_str())
        .put("epoch_int", seconds)
        .put("tz", facts.time_zone.as_str())
        .put("tz_offset", facts.time_offset.as_str());
    map.finish()
}

/// `+0530`; anything else counts as UTC.
fn offset(text: &str) -> Offset {
    let seconds = || {
        let sign = match text.get(..1)? {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        let hours: i32 = text.get(1..3)?.parse().ok()?;
        let minutes: i32 = text.get(3..5)?.parse().ok()?;
        Some(sign * (hours * 3600 + minutes * 60))
    };
    seconds()
        .and_then(|seconds| Offset::from_seconds(seconds).ok())
        .unwrap_or(Offset::UTC)
}
