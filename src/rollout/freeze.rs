//! Freeze windows: times in which hosts are left as they are, or only changed in ways that nobody notices.
//!
//! The time comes from outside, and so do time zones: whoever asks has read the clock once.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::impact::Impact;
use crate::model::value::{Map, Value};

const KEYS: [&str; 5] = ["from", "to", "zone", "reason", "allow"];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// What may be changed inside a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allow {
    Nothing,
    /// What nobody notices: see [`Impact::Live`].
    Live,
}

/// A time in which a host is frozen.
#[derive(Clone, Debug)]
pub struct Window {
    span: Span,
    zone: TimeZone,
    allow: Allow,
    /// As a person reads it.
    words: String,
}

/// When it is, by the clock on the wall of its time zone. The end does not belong to it.
#[derive(Clone, Debug, PartialEq)]
enum Span {
    Once(DateTime, DateTime),
    /// Minutes since Monday, 0:00; may go over Sunday's end.
    Weekly(i64, i64),
    /// Minutes since midnight; may go over midnight.
    Daily(i64, i64),
}

/// A host inside a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub allow: Allow,
    /// `Fri 16:00 to Mon 08:00 (Europe/Berlin): weekend`
    pub words: String,
}

impl Frozen {
    /// Whether a change may be made.
    pub fn allows(&self, impact: Impact) -> bool {
        self.allow == Allow::Live && impact == Impact::Live
    }
}

/// Reads windows as a variable has them: one mapping or a list of them. `zone` finds a time zone by its name.
///
/// # Errors
/// What is wrong, in words.
pub fn windows(
    value: &Value,
    zone: &dyn Fn(&str) -> Option<TimeZone>,
) -> Result<Vec<Window>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Map(map) => Ok(vec![window(map, zone)?]),
        Value::List(list) => list
            .iter()
            .map(|item| match item {
                Value::Map(map) => window(map, zone),
                other => Err(format!(
                    "a window is a mapping with `from` and `to`, and this is {}",
                    other.kind()
                )),
            })
            .collect(),
        other => Err(format!(
            "it must be a list of windows, and this is {}",
            other.kind()
        )),
    }
}

/// The window that a host is in; of several, the one that allows least.
pub fn frozen(windows: &[Window], now: Timestamp) -> Option<Frozen> {
    windows
        .iter()
        .filter(|window| window.holds(now))
        .min_by_key(|window| window.allow)
        .map(|window| Frozen {
            allow: window.allow,
            words: window.words.clone(),
        })
}

fn window(map: &Map, zone: &dyn Fn(&str) -> Option<TimeZone>) -> Result<Window, String> {
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!(
            "a window has no key `{key}`: it has {}",
            KEYS.join(", ")
        ));
    }
    let text = |key: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.scalar_text() {
            Some(text) => Ok(Some(text)),
            None => Err(format!(
                "`{key}` of a window must be a text, and this is {}",
                value.kind()
            )),
        },
    };
    let needed = |key: &str| text(key)?.ok_or(format!("a window needs `{key}`"));
    let (from, to) = (needed("from")?, needed("to")?);
    let span = span(&from, &to)?;
    let name = text("zone")?.unwrap_or_else(|| "UTC".to_owned());
    let zone = zone(&name).ok_or(format!(
        "`zone: {name}` is no time zone that this machine knows; write for example `Europe/Berlin` or `UTC`"
    ))?;
    let allow = match text("allow")?.as_deref() {
        None | Some("nothing") => Allow::Nothing,
        Some("live") => Allow::Live,
        Some(other) => return Err(format!("`allow: {other}` is neither `nothing` nor `live`")),
    };
    let reason = text("reason")?.map(|reason| format!(": {reason}"));
    Ok(Window {
        span,
        zone,
        allow,
        words: format!("{from} to {to} ({name}){}", reason.unwrap_or_default()),
    })
}

fn span(from: &str, to: &str) -> Result<Span, String> {
    let (from, to) = (from.trim(), to.trim());
    let span = if let (Some(begin), Some(end)) = (moment(from, false), moment(to, true)) {
        (begin < end).then_some(Span::Once(begin, end))
    } else if let (Some(begin), Some(end)) = (weekly(from), weekly(to)) {
        (begin != end).then_some(Span::Weekly(begin, end))
    } else if let (Some(begin), Some(end)) = (daily(from), daily(to)) {
        (begin != end).then_some(Span::Daily(begin, end))
    } else {
        return Err(format!(
            "a window from `{from}` to `{to}` is not understood; both are dates (`2026-12-20`, `2026-12-20 18:00`), \
             days of the week (`Fri 16:00`) or times of the day (`09:00`)"
        ));
    };
    span.ok_or(format!(
        "the window from `{from}` to `{to}` has no time in it"
    ))
}

/// A date, with or without a time. A day without a time belongs to the window as a whole.
fn moment(text: &str, is_end: bool) -> Option<DateTime> {
    if let Ok(date) = text.parse::<Date>()
        && text.len() <= "2026-12-20".len()
    {
        let day = if is_end { date.tomorrow().ok()? } else { date };
        return Some(day.at(0, 0, 0, 0));
    }
    let (date, time) = text.split_once([' ', 'T'])?;
    Some(date.parse::<Date>().ok()?.to_datetime(clock(time.trim())?))
}

/// `Fri 16:00`, or a day alone: its beginning.
fn weekly(text: &str) -> Option<i64> {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00"));
    let day = day.to_lowercase();
    let short = day.get(..3)?;
    let (_, weekday) = WEEKDAYS.iter().find(|(name, _)| *name == short)?;
    let is_whole = ["", "day", "sday", "nesday", "rsday", "urday"].contains(&&day[3..]);
    if !is_whole {
        return None;
    }
    Some(days(*weekday) * 24 * 60 + minutes(clock(time.trim())?))
}

fn daily(text: &str) -> Option<i64> {
    clock(text).map(minutes)
}

fn clock(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let minutes = minutes.strip_suffix(":00").unwrap_or(minutes);
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}

fn minutes(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

fn days(weekday: Weekday) -> i64 {
    i64::from(weekday.to_monday_zero_offset())
}

impl Window {
    /// Whether a moment belongs to it.
    pub fn holds(&self, now: Timestamp) -> bool {
        let here = now.to_zoned(self.zone.clone()).datetime();
        let of_day = minutes(here.time());
        match &self.span {
            Span::Once(begin, end) => (*begin..*end).contains(&here),
            Span::Weekly(begin, end) => {
                within(days(here.weekday()) * 24 * 60 + of_day, *begin, *end)
            }
            Span::Daily(begin, end) => within(of_day, *begin, *end),
        }
    }
}

/// Whether a moment of something that comes again lies between two others.
fn within(now: i64, begin: i64, end: i64) -> bool {
    if begin < end {
        (begin..end).contains(&now)
    } else {
        now >= begin || now < end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Result<Vec<Window>, String> {
        let value: Value = serde_json::from_str(json).unwrap();
        windows(&value, &|name| match name {
            "UTC" => Some(TimeZone::UTC),
            "Two" => Some(TimeZone::fixed(jiff::tz::offset(2))),
            _ => None,
        })
    }

    fn is_frozen(window: &str, now: &str) -> bool {
        frozen(&read(window).unwrap(), now.parse().unwrap()).is_some()
    }

    #[test]
    fn windows_hold_by_their_own_clock() {
        let cases = [
            // 2026-12-18 is a Friday.
            (
                r#"{"from": "Fri 16:00", "to": "Mon 08:00"}"#,
                "2026-12-18T15:59:00Z",
                false,
            ),
            (
                r#"{"from": "Fri 16:00", "to": "Mon 08:00"}"#,
                "2026-12-18T16:00:00Z",
                true,
            ),
            (
                r#"{"from": "friday 16:00", "to": "Monday 8:00"}"#,
                "2026-12-21T07:59:59Z",
                true,
            ),
            (
                r#"{"from": "Fri 16:00", "to": "Mon 08:00"}"#,
                "2026-12-21T08:00:00Z",
                false,
            ),
            (
                r#"{"from": "Fri 16:00", "to": "Mon 08:00", "zone": "Two"}"#,
                "2026-12-18T14:00:00Z",
                true,
            ),
            (
                r#"{"from": "sat", "to": "mon"}"#,
                "2026-12-20T23:59:00Z",
                true,
            ),
            (
                r#"{"from": "2026-12-20", "to": "2026-12-26"}"#,
                "2026-12-26T23:59:00Z",
                true,
            ),
            (
                r#"{"from": "2026-12-20", "to": "2026-12-26"}"#,
                "2026-12-27T00:00:00Z",
                false,
            ),
            (
                r#"{"from": "2026-12-20 18:00", "to": "2026-12-26 06:00"}"#,
                "2026-12-20T17:59:00Z",
                false,
            ),
            (
                r#"{"from": "2026-12-20T18:00", "to": "2026-12-26"}"#,
                "2026-12-20T18:00:00Z",
                true,
            ),
            (
                r#"{"from": "22:00", "to": "06:00"}"#,
                "2026-12-20T23:00:00Z",
                true,
            ),
            (
                r#"{"from": "22:00", "to": "06:00"}"#,
                "2026-12-20T12:00:00Z",
                false,
            ),
            (r#"[]"#, "2026-12-20T12:00:00Z", false),
            (r#"null"#, "2026-12-20T12:00:00Z", false),
        ];
        for (window, now, expected) in cases {
            assert_eq!(is_frozen(window, now), expected, "{window} {now}");
        }
    }

    #[test]
    fn of_several_windows_the_strictest_counts() {
        let both = r#"[{"from": "00:00", "to": "23:59", "allow": "live"}, {"from": "2026-12-01", "to": "2026-12-31", "reason": "sales"}]"#;
        let both = read(both).unwrap();
        let now = "2026-12-20T12:00:00Z".parse().unwrap();
        let strict = frozen(&both, now).unwrap();
        assert_eq!(strict.words, "2026-12-01 to 2026-12-31 (UTC): sales");
        assert!(!strict.allows(Impact::Live));
        let live = frozen(&both[..1], now).unwrap();
        assert!(live.allows(Impact::Live) && !live.allows(Impact::Evicts));
        assert!(!live.allows(Impact::Restarts) && !live.allows(Impact::Unknown));
    }

    #[test]
    fn what_is_no_window_is_told() {
        let cases = [
            (
                r#""Fri""#,
                "it must be a list of windows, and this is a string",
            ),
            (r#"["Fri"]"#, "a window is a mapping"),
            (r#"{"from": "Fri 16:00"}"#, "a window needs `to`"),
            (
                r#"{"from": "Fri 16:00", "to": "2026-12-20"}"#,
                "is not understood",
            ),
            (
                r#"{"from": "Fr 16:00", "to": "Mo 08:00"}"#,
                "is not understood",
            ),
            (r#"{"from": "25:00", "to": "26:00"}"#, "is not understood"),
            (
                r#"{"from": "2026-12-20", "to": "2026-12-01"}"#,
                "has no time in it",
            ),
            (r#"{"from": "09:00", "to": "09:00"}"#, "has no time in it"),
            (
                r#"{"from": "09:00", "to": "10:00", "zone": "Mars"}"#,
                "`zone: Mars` is no time zone",
            ),
            (
                r#"{"from": "09:00", "to": "10:00", "allow": "all"}"#,
                "neither `nothing` nor `live`",
            ),
            (
                r#"{"from": "09:00", "to": "10:00", "why": "x"}"#,
                "no key `why`",
            ),
        ];
        for (window, expected) in cases {
            let error = read(window).unwrap_err();
            assert!(error.contains(expected), "{window}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_weekly_window_and_its_counterpart_share_the_week(begin in 0_i64..10_080, end in 0_i64..10_080, now in 0_i64..10_080) {
            prop_assume!(begin != end);
            prop_assert_ne!(within(now, begin, end), within(now, end, begin));
        }

        #[test]
        fn no_text_makes_it_panic(from in "\\PC{0,20}", to in "\\PC{0,20}") {
            let _ = span(&from, &to);
        }
    }
}
