//! What stands between two waves: whether a server that was just changed serves as it did before.
//!
//! Counters are compared with those of a look before the wave. A server that was restarted in between began to count
//! anew: then what it counted since its start is taken. Where there was too little work to judge by, nothing is said.

use super::{CheckResult, Expectations, Observation, Outcome, host, memory, service};
use crate::model::probe::ServerHealth;
use crate::redis::info::{Commands, Info};

/// Look-ups, or commands, from which on a ratio says something.
const ENOUGH: u64 = 1000;

/// How much worse a server may serve than before.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// By how much the share of look-ups that find their key may fall: 0 to 1.
    pub hit_ratio_drop: f64,
    /// Evictions per second that are always fine, beside twice as many as before.
    pub evictions_per_second: f64,
    /// Milliseconds that a command may always take on average; beyond that, three times as long as before.
    pub latency: f64,
    /// Bytes that an up-to-date replica may be behind. Without it: 1 MiB.
    pub replica_lag_bytes: Option<u64>,
    /// Whether no fork and no full synchronization may be under way.
    pub quiet: bool,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            hit_ratio_drop: 0.15,
            evictions_per_second: 100.0,
            latency: 1.0,
            replica_lag_bytes: None,
            quiet: true,
        }
    }
}

/// What was observed of the server before it was changed.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    pub info: &'a Info,
    pub host: Option<&'a ServerHealth>,
    /// Whether the host counts the kills of its own memory alone, as a container does not.
    pub counts_own_kills: bool,
}

/// All checks of a gate, in the order in which they should be read.
#[must_use]
pub fn check(
    observation: &Observation<'_>,
    before: Option<&Before<'_>>,
    thresholds: &Thresholds,
) -> Vec<CheckResult> {
    let expectations = Expectations {
        // As many replicas as before have to follow a primary again.
        replicas: before.and_then(|before| {
            let online = before
                .info
                .replicas()
                .iter()
                .filter(|one| one.online)
                .count();
            (online > 0).then_some(online as u64)
        }),
        replica_lag_bytes: thresholds.replica_lag_bytes,
        quiet: thresholds.quiet,
        ..Expectations::default()
    };
    let mut results = vec![
        service::loaded(observation),
        service::replication(observation, &expectations),
    ];
    results.extend(service::quiet(observation, &expectations));
    results.push(memory::usage(observation));
    results.extend(host::available(observation));
    results.push(hit_ratio(observation.info, before, thresholds));
    results.push(evictions(observation.info, before, thresholds));
    results.push(latency(observation.info, before, thresholds));
    results.push(killed(observation, before));
    results
}

/// Enough look-ups find their key, as before.
fn hit_ratio(now: &Info, before: Option<&Before<'_>>, thresholds: &Thresholds) -> CheckResult {
    const NAME: &str = "hit_ratio";
    let counts = |info: &Info| Some((info.count("keyspace_hits")?, info.count("keyspace_misses")?));
    let expected = format!("at most {} less than before", thresholds.hit_ratio_drop);
    let Some((earlier, since)) =
        compared(now, before, counts, |(hits, misses), (earlier, missed)| {
            Some((hits.checked_sub(earlier)?, misses.checked_sub(missed)?))
        })
    else {
        return unknown(NAME, expected);
    };
    let ratio = |(hits, misses): (u64, u64)| {
        let all = hits.saturating_add(misses);
        (all >= ENOUGH).then(|| hits as f64 / all as f64)
    };
    let (Some(usual), Some(ratio)) = (ratio(earlier), ratio(since)) else {
        return CheckResult::new(NAME, Outcome::NotApplicable, expected, "too few look-ups");
    };
    let found = format!("{ratio:.3}, before {usual:.3}");
    if usual - ratio <= thresholds.hit_ratio_drop {
        return CheckResult::new(NAME, Outcome::Passed, expected, found);
    }
    CheckResult::new(NAME, Outcome::Failed, expected, found)
        .advice("wait until the cache is warm again, or find out which keys were lost")
}

/// Keys are not evicted much faster than before.
fn evictions(now: &Info, before: Option<&Before<'_>>, thresholds: &Thresholds) -> CheckResult {
    const NAME: &str = "evictions";
    let counts = |info: &Info| {
        let seconds = info.decimal("uptime_in_seconds")?;
        Some((info.count("evicted_keys")?, seconds))
    };
    let always = thresholds.evictions_per_second;
    let Some((earlier, since)) =
        compared(now, before, counts, |(keys, seconds), (earlier, then)| {
            Some((keys.checked_sub(earlier)?, seconds - then))
        })
    else {
        return unknown(
            NAME,
            format!("at most {always} per second more than twice as many as before"),
        );
    };
    let rate = |(keys, seconds): (u64, f64)| (seconds >= 1.0).then(|| keys as f64 / seconds);
    let most = always + 2.0 * rate(earlier).unwrap_or_default();
    let expected = format!("at most {most:.1} per second");
    match rate(since) {
        None => CheckResult::new(NAME, Outcome::NotApplicable, expected, "too early to tell"),
        Some(rate) if rate <= most => CheckResult::new(
            NAME,
            Outcome::Passed,
            expected,
            format!("{rate:.1} per second"),
        ),
        Some(rate) => CheckResult::new(
            NAME,
            Outcome::Failed,
            expected,
            format!("{rate:.1} per second"),
        )
        .advice("the data does not fit any more: compare maxmemory with what it was"),
    }
}

/// Commands do not take much longer than before, on average. Those that ask and manage are left out.
fn latency(now: &Info, before: Option<&Before<'_>>, thresholds: &Thresholds) -> CheckResult {
    const NAME: &str = "latency";
    let counts = |info: &Info| Some(info.commands()).filter(|commands| commands.calls > 0);
    let always = thresholds.latency;
    let Some((earlier, since)) = compared(now, before, counts, |now, earlier| {
        Some(Commands {
            calls: now.calls.checked_sub(earlier.calls)?,
            microseconds: now.microseconds.checked_sub(earlier.microseconds)?,
        })
    }) else {
        return unknown(
            NAME,
            format!("at most {always} ms, or three times as long as before"),
        );
    };
    let mean = |commands: Commands| {
        (commands.calls >= ENOUGH)
            .then(|| commands.microseconds as f64 / 1000.0 / commands.calls as f64)
    };
    let most = always.max(3.0 * mean(earlier).unwrap_or_default());
    let expected = format!("at most {most:.3} ms for a command");
    match mean(since) {
        None => CheckResult::new(NAME, Outcome::NotApplicable, expected, "too few commands"),
        Some(mean) if mean <= most => {
            CheckResult::new(NAME, Outcome::Passed, expected, format!("{mean:.3} ms"))
        }
        Some(mean) => CheckResult::new(NAME, Outcome::Failed, expected, format!("{mean:.3} ms"))
            .advice("SLOWLOG GET and LATENCY DOCTOR say what takes so long"),
    }
}

/// The OOM killer has ended nothing since the look before.
fn killed(observation: &Observation<'_>, before: Option<&Before<'_>>) -> CheckResult {
    const NAME: &str = "oom";
    let expected = "nothing killed for want of memory since before";
    let in_group = |host: &ServerHealth| {
        let process = host.process.as_ref()?;
        process.group_events.get("oom_kill").copied()
    };
    let Some((now, before)) = observation.host.zip(before) else {
        return unknown(NAME, expected);
    };
    let counted = before.host.map(|earlier| {
        let grown = |now: Option<u64>, earlier: Option<u64>| {
            now.zip(earlier)
                .map(|(now, earlier)| now.saturating_sub(earlier))
        };
        let on_host = grown(now.oom_kills, earlier.oom_kills).filter(|_| before.counts_own_kills);
        on_host.max(grown(in_group(now), in_group(earlier)))
    });
    match counted.flatten() {
        None => CheckResult::new(
            NAME,
            Outcome::NotApplicable,
            expected,
            "nothing is counted here",
        ),
        Some(0) => CheckResult::new(NAME, Outcome::Passed, expected, "nothing"),
        Some(number) => CheckResult::new(NAME, Outcome::Failed, expected, number.to_string())
            .advice("`journalctl -k -g 'oom-kill'` says what; take the change back"),
    }
}

/// Counters of all the time before the look before the wave, and of the time since: by what they have grown or, in a
/// server that was restarted, all that it has counted.
fn compared<T>(
    now: &Info,
    before: Option<&Before<'_>>,
    counts: impl Fn(&Info) -> Option<T>,
    growth: impl Fn(T, T) -> Option<T>,
) -> Option<(T, T)> {
    let before = before?.info;
    let restarted = before.text("run_id") != now.text("run_id");
    let since = if restarted {
        counts(now)?
    } else {
        growth(counts(now)?, counts(before)?)?
    };
    Some((counts(before)?, since))
}

fn unknown(name: &str, expected: impl Into<String>) -> CheckResult {
    CheckResult::new(
        name,
        Outcome::NotApplicable,
        expected,
        "no look before to compare with",
    )
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::redis::capability::Defragmentation;

    fn outcomes(before: Option<&str>, now: &str) -> IndexMap<String, Outcome> {
        let (earlier, info) = (before.map(Info::parse), Info::parse(now));
        let config = IndexMap::new();
        let health = |kills| ServerHealth {
            oom_kills: Some(kills),
            ..ServerHealth::default()
        };
        let (host_before, host_now) = (health(3), health(4));
        let observation = Observation {
            info: &info,
            config: &config,
            earlier: None,
            memory_limit: None,
            defragmentation: Defragmentation::Unknown,
            guard: None,
            host: Some(&host_now),
            oom_kills_before: None,
            huge_pages_for_all: false,
        };
        let before = earlier.as_ref().map(|info| Before {
            info,
            host: Some(&host_before),
            counts_own_kills: true,
        });
        check(&observation, before.as_ref(), &Thresholds::default())
            .into_iter()
            .map(|result| (result.name, result.outcome))
            .collect()
    }

    /// INFO of a server: its life, seconds, hits, misses, evictions, and microseconds of so many GETs.
    fn info(life: &str, seconds: u64, hits: u64, misses: u64, evicted: u64, took: u64) -> String {
        format!(
            "loading:0\nrole:master\nrun_id:{life}\nuptime_in_seconds:{seconds}\nkeyspace_hits:{hits}\n\
             keyspace_misses:{misses}\nevicted_keys:{evicted}\ncmdstat_get:calls={seconds}00,usec={took},x=1\n\
             cmdstat_info:calls=9,usec=99999999\n"
        )
    }

    #[test]
    fn a_server_is_compared_with_itself_before() {
        let before = info("a", 1000, 9000, 1000, 1000, 100_000);
        let well = outcomes(Some(&before), &info("a", 1100, 10_700, 1300, 1900, 120_000));
        for name in ["loaded", "quiet", "hit_ratio", "evictions", "latency"] {
            assert_eq!(well[name], Outcome::Passed, "{name}");
        }
        assert_eq!(well["oom"], Outcome::Failed);
        let worse = outcomes(
            Some(&before),
            &info("a", 1100, 10_400, 1800, 20_000, 100_100_000),
        );
        for name in ["hit_ratio", "evictions", "latency"] {
            assert_eq!(worse[name], Outcome::Failed, "{name}");
        }
    }

    #[test]
    fn a_restarted_server_is_judged_by_what_it_did_since() {
        let before = info("a", 1000, 9000, 1000, 0, 100_000);
        let cold = outcomes(Some(&before), &info("b", 20, 300, 900, 0, 2000));
        assert_eq!(cold["hit_ratio"], Outcome::Failed);
        assert_eq!(cold["evictions"], Outcome::Passed);
        let quiet = outcomes(Some(&before), &info("b", 2, 3, 9, 0, 2000));
        assert_eq!(quiet["hit_ratio"], Outcome::NotApplicable);
    }

    #[test]
    fn counters_that_were_reset_and_no_look_before_say_nothing() {
        let before = info("a", 1000, 9000, 1000, 5000, 100_000);
        let reset = outcomes(Some(&before), &info("a", 1100, 10, 10, 0, 1));
        assert_eq!(reset["hit_ratio"], Outcome::NotApplicable);
        let alone = outcomes(None, &before);
        for name in ["hit_ratio", "evictions", "latency", "oom"] {
            assert_eq!(alone[name], Outcome::NotApplicable, "{name}");
        }
    }

    #[test]
    fn as_many_replicas_as_before_have_to_follow() {
        let replica = "slave0:ip=10.0.0.2,port=6379,state=online,offset=10,lag=0\n";
        let before = format!("role:master\nmaster_repl_offset:10\n{replica}");
        let well = outcomes(Some(&before), &before);
        assert_eq!(well["replication"], Outcome::Passed);
        let lost = outcomes(Some(&before), "role:master\nmaster_repl_offset:10\n");
        assert_eq!(lost["replication"], Outcome::Failed);
    }
}
