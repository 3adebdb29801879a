//! One setting of a service, and what is known about all of them.

use super::unit_file::{Assignment, assignments};

/// How a setting stands to what other files of the unit say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// It is this.
    Exactly,
    /// It is this or more: a packager, or another drop-in, may know better.
    AtLeast,
    /// It is this or less.
    AtMost,
    /// It is added to what others say.
    Added,
}

/// When a setting takes hold of a service that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// With systemd reading its files: it is systemd that acts on it, or the control group that has it.
    Reload,
    /// The same value is given to the running process too.
    Process,
    /// With the next start.
    Start,
}

/// What is known of a setting.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) parameter: &'static str,
    pub(super) directive: &'static str,
    pub(super) rule: Rule,
    pub(super) hold: Hold,
}

/// All settings, in the order of their lines. From `systemd.exec(5)`, `systemd.service(5)` and
/// `systemd.resource-control(5)`: daemon-reload applies what the service manager or the control group has, while
/// limits, the OOM score and the sandbox are given to a process when it starts.
pub(super) const KNOWN: &[Known] = &[
    known("nofile", "LimitNOFILE", Rule::AtLeast, Hold::Process),
    known(
        "oom_score_adjust",
        "OOMScoreAdjust",
        Rule::AtMost,
        Hold::Process,
    ),
    known("oom_policy", "OOMPolicy", Rule::Exactly, Hold::Reload),
    known(
        "timeout_start",
        "TimeoutStartSec",
        Rule::AtLeast,
        Hold::Reload,
    ),
    known("restart", "Restart", Rule::Exactly, Hold::Reload),
    known("restart_sec", "RestartSec", Rule::Exactly, Hold::Reload),
    known("memory_high", "MemoryHigh", Rule::Exactly, Hold::Reload),
    known("memory_max", "MemoryMax", Rule::Exactly, Hold::Reload),
    known("exec_paths", "ExecPaths", Rule::Added, Hold::Start),
    known(
        "read_write_paths",
        "ReadWritePaths",
        Rule::Added,
        Hold::Start,
    ),
];

const fn known(parameter: &'static str, directive: &'static str, rule: Rule, hold: Hold) -> Known {
    Known {
        parameter,
        directive,
        rule,
        hold,
    }
}

/// A setting with the value that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) known: &'static Known,
    pub(super) value: String,
}

impl Setting {
    pub(super) fn line(&self) -> String {
        format!("{}={}", self.known.directive, self.value)
    }

    /// Whether a value that another file gives is as good as the wanted one.
    pub(super) fn is_served_by(&self, other: &str) -> bool {
        let ranks =
            || rank(self.known.directive, other).zip(rank(self.known.directive, &self.value));
        match self.known.rule {
            Rule::Exactly => other == self.value,
            Rule::AtLeast => ranks().is_some_and(|(other, wanted)| other >= wanted),
            Rule::AtMost => ranks().is_some_and(|(other, wanted)| other <= wanted),
            Rule::Added => {
                let mut paths = other.split_ascii_whitespace();
                paths.any(|path| path == self.value)
            }
        }
    }

    /// The other file whose value is better than the wanted one and therefore stays.
    pub(super) fn better<'a>(&self, others: &'a [(String, String)]) -> Option<Assignment<'a>> {
        let last = assignments(others, self.known.directive).pop()?;
        let limits = matches!(self.known.rule, Rule::AtLeast | Rule::AtMost);
        let differs =
            rank(self.known.directive, &last.value) != rank(self.known.directive, &self.value);
        (limits && differs && self.is_served_by(&last.value)).then_some(last)
    }

    /// What counts once all files are read, where that is not what is wanted.
    pub(super) fn overridden<'a>(&self, files: &'a [(String, String)]) -> Option<Assignment<'a>> {
        let mut all = assignments(files, self.known.directive);
        if self.known.rule == Rule::Added {
            let there = all.iter().any(|one| self.is_served_by(&one.value));
            return all.pop().filter(|_| !there);
        }
        all.pop().filter(|last| !self.is_served_by(&last.value))
    }
}

/// A value as a number that can be compared; of a soft and a hard limit the soft one, which is what a process gets.
fn rank(directive: &str, value: &str) -> Option<i128> {
    match directive {
        "LimitNOFILE" => {
            let soft = value.split_once(':').map_or(value, |(soft, _)| soft);
            count(soft)
        }
        "TimeoutStartSec" => seconds(value),
        _ => value.parse().ok(),
    }
}

fn count(text: &str) -> Option<i128> {
    if text == "infinity" {
        return Some(i128::MAX);
    }
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let factor = match &text[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<i128>().ok()?.checked_mul(factor)
}

/// A span of time (`systemd.time(7)`) in milliseconds: `90`, `1min 30s`; `infinity` and 0 are no limit at all.
pub(super) fn seconds(text: &str) -> Option<i128> {
    if text.trim() == "infinity" {
        return Some(i128::MAX);
    }
    let mut total: i128 = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let number = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let amount: i128 = rest[..number].parse().ok()?;
        rest = rest[number..].trim_start();
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let milliseconds = match rest[..unit].trim() {
            "ms" | "msec" => 1,
            "" | "s" | "sec" | "second" | "seconds" => 1000,
            "m" | "min" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            _ => return None,
        };
        rest = rest[unit..].trim_start();
        total = total.checked_add(amount.checked_mul(milliseconds)?)?;
    }
    Some(if total == 0 { i128::MAX } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_by_what_they_mean() {
        assert_eq!(rank("LimitNOFILE", "64K"), Some(65536));
        assert_eq!(rank("LimitNOFILE", "1024:524288"), Some(1024));
        assert_eq!(rank("LimitNOFILE", "infinity"), Some(i128::MAX));
        assert_eq!(rank("LimitNOFILE", "many"), None);
        assert_eq!(rank("OOMScoreAdjust", "-900"), Some(-900));
        assert_eq!(seconds("1min 30s"), Some(90_000));
        assert_eq!(seconds("5min"), seconds("300"));
        assert_eq!(seconds("0"), Some(i128::MAX));
        assert_eq!(seconds("soon"), None);
    }
}
