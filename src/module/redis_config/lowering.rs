//! A new limit of memory on a running server: whether it may be set, and how.
//!
//! Below what the server uses, keys are evicted. Whether that may be depends on the policy and on somebody having said
//! that the data is disposable; and it is done slowly, because every evicted key is a request that reaches whatever
//! stands behind the cache.

use super::live::Live;
use crate::model::step::Pace;
use crate::module::{Failure, Parameters, Stop};
use crate::redis::eviction::{Haste, USUAL_STEP, average_key, pace};
use crate::redis::info::Role;
use crate::redis::units::human_exact;

/// Seconds that counters of frequency get by default before they decide which keys go.
const WARM_UP: i64 = 600;

/// What the task says about evictions.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    disposable: bool,
    haste: Haste,
    warm_up: u64,
}

/// How the limit is lowered below what is used.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lowering {
    pub(super) pace: Pace,
    /// Seconds to wait before, while counters of frequency come to mean something.
    pub(super) warm_up: u64,
    /// What will be lost, for a person.
    pub(super) announcement: String,
}

/// What is known where the limit changes.
pub(super) struct Request<'a> {
    pub(super) live: &'a Live<'a>,
    /// Bytes; 0 is no limit.
    pub(super) from: u64,
    pub(super) to: u64,
    /// The policy as the server has it.
    pub(super) policy: &'a str,
    /// The policy that is set before the limit.
    pub(super) new_policy: Option<&'a str>,
    /// Bytes that the host could still give away.
    pub(super) available: Option<u64>,
}

impl Wishes {
    pub(super) fn of(parameters: &Parameters) -> Result<Self, Stop> {
        let within = |name: &str, default: Option<i64>, lowest: i64, highest: i64| {
            let number = parameters.integer(name)?.or(default);
            match number {
                Some(number) if !(lowest..=highest).contains(&number) => Err(Stop::failed(
                    format!("`{name}: {number}` is not between {lowest} and {highest}"),
                )),
                Some(number) => Ok(u64::try_from(number).ok()),
                None => Ok(None),
            }
        };
        Ok(Self {
            disposable: parameters.boolean("disposable", false)?,
            haste: Haste {
                evictions_per_second: within("evictions_per_second", None, 1, 1_000_000_000)?,
                step: within("lower_step", None, 1, 50)?.unwrap_or(USUAL_STEP),
                within: within("lower_within", None, 1, 86_400)?,
            },
            warm_up: within("lfu_warm_up", Some(WARM_UP), 0, 86_400)?.unwrap_or(0),
        })
    }
}

/// Judges a new limit. Nothing: it can be set at once.
///
/// # Errors
/// Where clients would see errors, data would be lost that nobody gave up, or the host has no such memory.
pub(super) fn judge(request: &Request<'_>, wishes: &Wishes) -> Result<Option<Lowering>, Stop> {
    let live = request.live;
    let used = live.counted_memory();
    let is_raised = request.from != 0 && (request.to == 0 || request.to > request.from);
    if is_raised {
        return raised(request).map(|()| None);
    }
    // A replica evicts nothing by itself: its primary tells it.
    let is_obedient = live.info.role() == Some(Role::Replica)
        && live
            .effective
            .named("replica-ignore-maxmemory")
            .is_none_or(|setting| setting.value.shown() == "yes");
    if request.to == 0 || used <= request.to || is_obedient {
        return Ok(None);
    }
    let excess = used - request.to;
    let keys = live.info.keys();
    let policy = request.new_policy.unwrap_or(request.policy);
    refuse(request, wishes, used, policy)?;
    let average = average_key(&live.info);
    let pace = pace(&live.info, live.server, request.to, wishes.haste);
    let switches_to_frequency = policy.ends_with("-lfu") && !request.policy.ends_with("-lfu");
    Ok(Some(Lowering {
        pace: pace.clone(),
        warm_up: if switches_to_frequency {
            wishes.warm_up
        } else {
            0
        },
        announcement: format!(
            "about {} of {} in use are evicted, which are about {} of {} keys; at most {} keys a second",
            human_exact(excess),
            human_exact(used),
            (excess / average).min(keys.total),
            keys.total,
            pace.evictions_per_second
        ),
    }))
}

fn refuse(request: &Request<'_>, wishes: &Wishes, used: u64, policy: &str) -> Result<(), Stop> {
    let keys = request.live.info.keys();
    let what = format!(
        "maxmemory of {} is below the {} that the server uses",
        human_exact(request.to),
        human_exact(used)
    );
    let fail = |why: &str, help: &str| -> Result<(), Stop> {
        Err(Failure::new(format!("{what}, {why}")).help(help).into())
    };
    if policy == "noeviction" {
        return fail(
            "and with `maxmemory-policy noeviction` every write would be refused",
            "set a policy that evicts, if all data is disposable, or give the server more memory",
        );
    }
    if keys.total == 0 {
        return fail(
            "and it holds no key that could be evicted",
            "give the server more memory",
        );
    }
    if policy.starts_with("volatile-") {
        let expiring = u128::from(used) * u128::from(keys.expiring) / u128::from(keys.total);
        if expiring < u128::from(used - request.to) {
            return fail(
                &format!(
                    "and with `maxmemory-policy {policy}` only keys that expire are evicted: {} of {} do",
                    keys.expiring, keys.total
                ),
                "lower it less, or set a policy that evicts any key, if all data is disposable",
            );
        }
    }
    if request.policy == "noeviction" && !wishes.disposable {
        return fail(
            "and so far nothing was ever evicted (`maxmemory-policy noeviction`): its data may not be disposable",
            "if it is a cache, say so with `disposable: yes`",
        );
    }
    if request.policy.starts_with("volatile-")
        && policy.starts_with("allkeys-")
        && !wishes.disposable
    {
        return fail(
            "and so far only keys that expire were evicted: the others may not be disposable",
            "if it is a cache, say so with `disposable: yes`",
        );
    }
    Ok(())
}

/// More memory is promised only where it is.
fn raised(request: &Request<'_>) -> Result<(), Stop> {
    let used = request.live.info.bytes("used_memory").unwrap_or(0);
    let growth = request.to.saturating_sub(used);
    match request.available {
        Some(available) if request.to != 0 && growth > available => Err(Failure::new(format!(
            "maxmemory of {} lets the server grow by {}, and the host has {} left",
            human_exact(request.to),
            human_exact(growth),
            human_exact(available)
        ))
        .help("free memory on the host, or raise the limit less")
        .into()),
        _ => Ok(()),
    }
}
