//! Sentinels, and the primaries that they watch.

use crate::model::facts::Facts;
use crate::model::replication::Endpoint;

/// A primary as a Sentinel knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub name: String,
    pub primary: Endpoint,
    /// `ok`, `sdown`, `odown`.
    pub status: String,
    pub replicas: u32,
    /// All Sentinels that watch it, this one included.
    pub sentinels: u32,
}

impl Watched {
    /// What a Sentinel's INFO lists: `master0:name=mymaster,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=3`.
    #[must_use]
    pub fn all_of(info: &str) -> Vec<Self> {
        let lines = info.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let number = name.strip_prefix("master")?;
            (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
                .then_some(value)
        });
        lines
            .filter_map(|line| {
                let of = |name: &str| {
                    let mut parts = line
                        .trim_end()
                        .split(',')
                        .filter_map(|part| part.split_once('='));
                    parts.find(|(key, _)| *key == name).map(|(_, value)| value)
                };
                let number = |name: &str| of(name).and_then(|text| text.parse().ok()).unwrap_or(0);
                Some(Self {
                    name: of("name")?.to_owned(),
                    primary: Endpoint::parse(of("address")?)?,
                    status: of("status").unwrap_or_default().to_owned(),
                    replicas: number("slaves"),
                    sentinels: number("sentinels"),
                })
            })
            .collect()
    }
}

/// A Sentinel that can be asked from other hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentinel {
    pub host: String,
    pub endpoint: Endpoint,
    pub watches: Vec<Watched>,
}

impl Sentinel {
    /// All Sentinels of a host.
    #[must_use]
    pub fn all_of(host: &str, facts: &Facts) -> Vec<Self> {
        let usual = facts.addresses.iter().find(|address| address.default);
        let usual = usual.or(facts.addresses.first());
        facts
            .redis_sentinels
            .iter()
            .filter(|sentinel| sentinel.port != 0)
            .filter_map(|sentinel| {
                let bound = Endpoint::new(sentinel.bind.trim_start_matches('-'), sentinel.port);
                let any = ["", "*", "0.0.0.0", "::", "::*"].contains(&bound.address.as_str());
                let endpoint = if any || bound.is_loopback() {
                    Endpoint::new(&usual?.address, sentinel.port)
                } else {
                    bound
                };
                Some(Self {
                    host: host.to_owned(),
                    endpoint,
                    watches: Watched::all_of(&sentinel.info),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sentinel_watches_is_read() {
        let info = "# Sentinel\nsentinel_masters:1\nmaster0:name=mymaster,status=ok,address=10.0.0.1:6379,slaves=2,sentinels=3\nmaster_x:1\n";
        let watched = Watched::all_of(info);
        assert_eq!(watched.len(), 1);
        assert_eq!(watched[0].name, "mymaster");
        assert_eq!(watched[0].primary, Endpoint::new("10.0.0.1", 6379));
        assert_eq!((watched[0].replicas, watched[0].sentinels), (2, 3));
        assert_eq!(
            Watched::all_of("master0:garbage\nmaster1:name=a,address=b\n"),
            []
        );
    }
}
