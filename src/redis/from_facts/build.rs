//! Which server a host's variables are about, what it is, and whether it can defragment.

use super::instances;
use super::values::put_text;
use super::wishes::{Wanted, Wishes};
use crate::model::facts::{Facts, RedisBinary, RedisCandidate, RedisInstance};
use crate::model::value::Map;
use crate::redis::capability::{self, Assessment, Decision, Deployment, Evidence};
use crate::redis::config_get;
use crate::redis::info::{Info, Role};
use crate::redis::version::{Build, Flavour, Server, Version};

/// What Debian's and Ubuntu's packages bring: package, its companion with the programs, program, unit,
/// configuration file, account.
struct Package {
    name: &'static str,
    tools: &'static str,
    flavour: Flavour,
    binary: &'static str,
    unit: &'static str,
    config_file: &'static str,
    user: &'static str,
}

const PACKAGES: [Package; 2] = [
    Package {
        name: "redis-server",
        tools: "redis-tools",
        flavour: Flavour::Redis,
        binary: "/usr/bin/redis-server",
        unit: "redis-server.service",
        config_file: "/etc/redis/redis.conf",
        user: "redis",
    },
    Package {
        name: "valkey-server",
        tools: "valkey-tools",
        flavour: Flavour::Valkey,
        binary: "/usr/bin/valkey-server",
        unit: "valkey-server.service",
        config_file: "/etc/valkey/valkey.conf",
        user: "valkey",
    },
];

/// The server that the variables are about.
pub(super) enum Subject<'a> {
    Installed {
        binary: Option<&'a RedisBinary>,
        instance: Option<&'a RedisInstance>,
    },
    /// Not there yet: what its package would bring.
    Candidate(Candidate<'a>),
}

pub(super) struct Candidate<'a> {
    package: &'static Package,
    server: &'a RedisCandidate,
    tools: Option<&'a RedisCandidate>,
}

impl<'a> Subject<'a> {
    /// The main instance with its program; without one, the first program; without that, the package.
    pub(super) fn of(facts: &'a Facts, flavour: Option<Flavour>) -> Option<Self> {
        let is_meant = |name: &str| flavour.is_none_or(|flavour| flavour_of(name) == Some(flavour));
        let instance = instances::main(facts, |instance| {
            let told = Info::parse(&instance.info)
                .server()
                .map(|server| server.flavour);
            is_meant(&instance.binary) || (flavour.is_some() && told == flavour)
        });
        let binary = match instance {
            Some(instance) => binary_of(facts, instance),
            None => facts
                .redis_binaries
                .iter()
                .find(|binary| is_meant(&binary.path)),
        };
        if instance.is_some() || binary.is_some() {
            return Some(Self::Installed { binary, instance });
        }
        let candidate = |name: &str| {
            facts
                .redis_candidates
                .iter()
                .find(|candidate| candidate.package == name)
        };
        PACKAGES
            .iter()
            .filter(|package| flavour.is_none_or(|flavour| package.flavour == flavour))
            .find_map(|package| {
                Some(Self::Candidate(Candidate {
                    package,
                    server: candidate(package.name)?,
                    tools: candidate(package.tools),
                }))
            })
    }

    /// What the next start of the server will run; the running one may still be older.
    pub(super) fn server(&self) -> Option<Server> {
        match self {
            Self::Installed { binary, instance } => binary
                .and_then(|binary| Build::from_version_line(&binary.version_line))
                .map(|build| build.server)
                .or_else(|| Info::parse(&instance.as_ref()?.info).server()),
            Self::Candidate(candidate) => {
                // Debian's epoch stands before the version proper.
                let version = candidate.server.version.as_str();
                let version = version
                    .split_once(':')
                    .map_or(version, |(_, version)| version);
                version
                    .parse::<Version>()
                    .ok()
                    .map(|version| Server::new(candidate.package.flavour, version))
            }
        }
    }

    /// Of a server that is there, its own; else of all that are.
    fn deployment(&self, facts: &Facts) -> Deployment {
        match self {
            Self::Installed {
                instance: Some(instance),
                ..
            } => deployment(std::iter::once(*instance)),
            _ => deployment(facts.redis_instances.iter()),
        }
    }

    fn evidence(&self, facts: &Facts) -> Vec<Evidence> {
        match self {
            Self::Installed { binary, instance } => {
                let mut evidence: Vec<Evidence> =
                    binary.iter().flat_map(|binary| of_binary(binary)).collect();
                // The running program is not the one on disk: both have to be able to.
                if instance.is_some_and(|instance| instance.replaced) {
                    let old = facts
                        .redis_binaries
                        .iter()
                        .filter(|old| old.path.starts_with("/proc/"));
                    evidence.extend(old.flat_map(of_binary));
                }
                evidence.extend(instance.iter().flat_map(|instance| of_running(instance)));
                evidence
            }
            Self::Candidate(candidate) => {
                let depends = candidate.server.depends.iter();
                let tools = candidate.tools.iter().flat_map(|tools| &tools.depends);
                let all: Vec<&str> = depends.chain(tools).map(String::as_str).collect();
                vec![Evidence::Package(all.join("\n"))]
            }
        }
    }
}

fn flavour_of(path: &str) -> Option<Flavour> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.starts_with("redis-") {
        Some(Flavour::Redis)
    } else if name.starts_with("valkey-") {
        Some(Flavour::Valkey)
    } else {
        None
    }
}

/// The program on disk that an instance runs, or would run: by the name that people call, or the file behind it.
fn binary_of<'a>(facts: &'a Facts, instance: &RedisInstance) -> Option<&'a RedisBinary> {
    let binaries = || facts.redis_binaries.iter();
    binaries()
        .find(|binary| binary.path == instance.binary)
        .or_else(|| binaries().find(|binary| binary.resolved == instance.binary))
}

/// What the running server tells while nothing of it is changed. Its answer to a trial setting would decide too, but
/// would stand in its statistics as an error (INFO errorstats) after every look.
fn of_running(instance: &RedisInstance) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let config = config_get::parse(&instance.config).unwrap_or_default();
    if config.get("activedefrag").map(String::as_str) == Some("yes") {
        evidence.push(Evidence::Enabled);
    }
    if instance.quantum != 0 {
        let line = format!("Quantum size: {}", instance.quantum);
        evidence.push(Evidence::MallocStats(line));
    }
    evidence
}

fn of_binary(binary: &RedisBinary) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    evidence.extend(binary.refuses_defragmentation.map(Evidence::RefusalText));
    if !binary.parser_answer.is_empty() {
        evidence.push(Evidence::ParseProbe(binary.parser_answer.clone()));
    }
    evidence.extend(Build::from_version_line(&binary.version_line).map(Evidence::Build));
    if !binary.libraries.is_empty() {
        evidence.push(Evidence::Libraries(binary.libraries.clone()));
    }
    evidence
}

/// Adds what the server is and where its things are.
pub(super) fn describe(subject: &Subject<'_>, facts: &Facts, redis: &mut Map) {
    if let Some(server) = subject.server() {
        let flavour = match server.flavour {
            Flavour::Redis => "redis",
            Flavour::Valkey => "valkey",
        };
        put_text(redis, "flavour", flavour);
        put_text(redis, "version", &server.version.to_string());
        redis.insert("major".to_owned(), server.version.major.into());
        redis.insert("minor".to_owned(), server.version.minor.into());
    }
    match subject {
        Subject::Installed { binary, instance } => {
            if let Some(binary) = binary {
                put_text(redis, "binary", &binary.path);
                put_text(redis, "package", &binary.package);
                let build = Build::from_version_line(&binary.version_line);
                put_text(
                    redis,
                    "allocator",
                    &build.and_then(|build| build.allocator).unwrap_or_default(),
                );
            }
            if let Some(instance) = instance {
                put_text(redis, "unit", &instance.unit);
                put_text(redis, "config_file", &instance.config_file);
                put_text(redis, "user", &instance.user);
                put_text(redis, "socket", &instance.socket);
                redis.insert("port".to_owned(), u32::from(instance.port).into());
                if instance.tls_port != 0 {
                    redis.insert("tls_port".to_owned(), u32::from(instance.tls_port).into());
                }
                redis.insert("restart_pending".to_owned(), instance.replaced.into());
                if binary.is_none() {
                    put_text(redis, "binary", &instance.binary);
                }
            }
        }
        Subject::Candidate(candidate) => {
            let package = candidate.package;
            put_text(redis, "binary", package.binary);
            put_text(
                redis,
                "package",
                &format!("{} {}", package.name, candidate.server.version),
            );
            put_text(redis, "unit", package.unit);
            put_text(redis, "config_file", package.config_file);
            put_text(redis, "user", package.user);
            redis.insert("port".to_owned(), 6379_u32.into());
            let manager = &facts.package_program;
            let reason = format!(
                "no server is installed; {manager} would install {}",
                package.name
            );
            put_text(redis, "prediction", &reason);
        }
    }
}

/// Whether to switch defragmentation on, and why or why not.
pub(super) fn defragmentation(
    subject: &Subject<'_>,
    facts: &Facts,
    wishes: &Wishes,
) -> Defragmentation {
    let assessment = capability::assess(&subject.evidence(facts));
    let decision = capability::decide(
        &assessment,
        subject.server().as_ref(),
        subject.deployment(facts),
    );
    let Decision {
        enable,
        refusals,
        warnings,
    } = decision;
    let unwanted = wishes.defragmentation == Wanted::Off;
    let reason = match (unwanted, enable) {
        (true, _) => "redis_sizing.defragmentation says no".to_owned(),
        (false, true) => assessment.reasons.first().cloned().unwrap_or_default(),
        (false, false) => refusals.join("; "),
    };
    Defragmentation {
        enable: enable && !unwanted,
        verdict: assessment.verdict,
        instead: if enable || unwanted {
            Vec::new()
        } else {
            instead(assessment.verdict, facts)
        },
        evidence: assessment.reasons,
        reason,
        warnings,
    }
}

/// What is done where defragmentation stays off, and what would bring it.
fn instead(verdict: capability::Defragmentation, facts: &Facts) -> Vec<String> {
    let mut sentences = vec![
        "memory is counted with a factor of 1.4 for fragmentation instead of 1.2".to_owned(),
        "jemalloc-bg-thread gives empty pages back, and the guard lowers maxmemory while memory is short".to_owned(),
    ];
    if verdict == capability::Defragmentation::Supported {
        sentences.push("an update to a version without this fault brings it".to_owned());
        return sentences;
    }
    let mut build = "a build with its own jemalloc brings it: the packages of packages.redis.io, the official image, Valkey of Fedora and EL".to_owned();
    if facts.page_size > 4096 {
        build.push_str(&format!(
            "; this host's pages are {} bytes, and a jemalloc that was built for 4096 does not start here",
            facts.page_size
        ));
    }
    sentences.push(build);
    sentences
}

/// The same for one of several servers, whose builds may differ.
pub(super) fn of_instance(facts: &Facts, instance: &RedisInstance) -> (Decision, Assessment) {
    let subject = Subject::Installed {
        binary: binary_of(facts, instance),
        instance: Some(instance),
    };
    let assessment = capability::assess(&subject.evidence(facts));
    let decision = capability::decide(
        &assessment,
        subject.server().as_ref(),
        subject.deployment(facts),
    );
    (decision, assessment)
}

pub(super) struct Defragmentation {
    pub(super) enable: bool,
    /// What the build can do, whatever is wise or wished.
    pub(super) verdict: capability::Defragmentation,
    pub(super) reason: String,
    /// What each piece of evidence says, the weightiest first.
    pub(super) evidence: Vec<String>,
    /// What is done where it stays off, and what would bring it.
    pub(super) instead: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// What servers are part of.
fn deployment<'a>(instances: impl Iterator<Item = &'a RedisInstance>) -> Deployment {
    let mut deployment = Deployment::default();
    for instance in instances {
        let info = Info::parse(&instance.info);
        deployment.cluster |= info.flag("cluster_enabled") == Some(true);
        deployment.replica |= info.role() == Some(Role::Replica);
    }
    deployment
}
