//! The kinds of evidence, and what each of them says.

use super::{Defragmentation, Testimony, Weight};
use crate::redis::version::{Build, Flavour, Server};

/// Texts in a program that cannot defragment; they are compiled in only where `HAVE_DEFRAG` is not defined (config.c:
/// Redis 6.0 and later and Valkey; Redis 4 and 5).
pub const REFUSAL_TEXTS: [&str; 2] = [
    "Active defragmentation cannot be enabled",
    "active defrag can't be enabled without proper jemalloc support",
];

/// Arguments after the program's name that make it read its configuration, stop with an error at the first thing it
/// does not accept, and do nothing else: no socket, no file. Which of the two is refused tells the builds apart.
pub const PARSE_PROBE_ARGUMENTS: [&str; 5] = ["-", "--activedefrag", "yes", "--activedefrag", "zz"];

/// Something that was observed of a build or of a running server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Whether one of [`REFUSAL_TEXTS`] is in the program's file.
    RefusalText(bool),
    /// What the program prints when run with [`PARSE_PROBE_ARGUMENTS`] and an empty standard input.
    ParseProbe(String),
    /// What a server from Redis 7.0 on answers to `CONFIG SET activedefrag yes maxmemory bogus`, which it always
    /// refuses as a whole, naming one of the two.
    LiveProbe(String),
    /// What a server before Redis 7.0 answers to `CONFIG SET activedefrag yes`.
    LiveSet(String),
    /// What `--version` prints.
    Build(Build),
    /// The libraries that the program is linked with, see [`needed_libraries`].
    Libraries(Vec<String>),
    /// What `apt-cache depends` says of the package, or `rpm -q --requires --provides`.
    Package(String),
    /// A running server says that it has `activedefrag yes`.
    Enabled,
    /// What `MEMORY MALLOC-STATS` answers.
    MallocStats(String),
}

/// The names of shared libraries in what `readelf -d`, `objdump -p` or `ldd` prints.
#[must_use]
pub fn needed_libraries(output: &str) -> Vec<String> {
    let library = |line: &str| {
        let line = line.trim();
        if let Some((_, name)) = line
            .split_once("(NEEDED)")
            .and_then(|(_, rest)| rest.split_once('['))
        {
            return name.split(']').next().map(str::to_owned);
        }
        if let Some(name) = line.strip_prefix("NEEDED ") {
            return Some(name.trim().to_owned());
        }
        let name = line.split_whitespace().next()?;
        (line.contains("=>") || line.starts_with('/'))
            .then(|| name.rsplit('/').next().unwrap_or(name).to_owned())
    };
    output
        .lines()
        .filter_map(library)
        .filter(|name| name.contains(".so"))
        .collect()
}

impl Evidence {
    /// What it says.
    pub(super) fn testimony(&self) -> Testimony {
        match self {
            Self::RefusalText(found) => refusal_text(*found),
            Self::ParseProbe(output) => parse_probe(output),
            Self::LiveProbe(reply) => live_probe(reply),
            Self::LiveSet(reply) => live_set(reply),
            Self::Build(build) => version_line(build),
            Self::Libraries(libraries) => linked(libraries),
            Self::Package(metadata) => package(metadata),
            Self::Enabled => supported(
                Weight::Decisive,
                "the running server has `activedefrag yes`, which it takes only where it can",
            ),
            Self::MallocStats(stats) => malloc_stats(stats),
        }
    }
}

fn supported(weight: Weight, words: impl Into<String>) -> Testimony {
    Testimony {
        verdict: Defragmentation::Supported,
        weight,
        words: words.into(),
    }
}

fn unsupported(weight: Weight, words: impl Into<String>) -> Testimony {
    Testimony {
        verdict: Defragmentation::Unsupported,
        weight,
        words: words.into(),
    }
}

fn nothing(words: impl Into<String>) -> Testimony {
    Testimony {
        verdict: Defragmentation::Unknown,
        weight: Weight::None,
        words: words.into(),
    }
}

fn refuses(text: &str) -> bool {
    REFUSAL_TEXTS.iter().any(|refusal| text.contains(refusal))
}

fn refusal_text(found: bool) -> Testimony {
    if found {
        unsupported(
            Weight::Decisive,
            "the program holds the text with which it refuses to defragment",
        )
    } else {
        supported(
            Weight::Decisive,
            "the program does not hold the text with which others refuse to defragment",
        )
    }
}

fn parse_probe(output: &str) -> Testimony {
    let refused = output
        .lines()
        .find_map(|line| line.trim().strip_prefix(">>> 'activedefrag "));
    match refused.map(|value| value.trim_end_matches('\'').trim_matches('"')) {
        Some("yes") => unsupported(
            Weight::Decisive,
            "the program refuses `activedefrag yes` when it reads its configuration",
        ),
        Some(_) => supported(
            Weight::Decisive,
            "the program accepts `activedefrag yes` when it reads its configuration",
        ),
        None => nothing("the program's reading of a trial configuration shows nothing"),
    }
}

fn live_probe(reply: &str) -> Testimony {
    if refuses(reply) || reply.contains("argument 'activedefrag'") {
        unsupported(
            Weight::Decisive,
            "the running server refuses `activedefrag yes`",
        )
    } else if reply.contains("argument 'maxmemory'") {
        supported(
            Weight::Decisive,
            "the running server accepts `activedefrag yes`",
        )
    } else {
        nothing("the running server's answer to a trial setting shows nothing")
    }
}

fn live_set(reply: &str) -> Testimony {
    let reply = reply.trim();
    if refuses(reply) || reply.trim_start_matches('-').starts_with("DISABLED") {
        unsupported(
            Weight::Decisive,
            "the running server refuses `activedefrag yes`",
        )
    } else if reply.trim_start_matches('+') == "OK" {
        supported(
            Weight::Decisive,
            "the running server accepts `activedefrag yes`",
        )
    } else {
        nothing("the running server's answer to a trial setting shows nothing")
    }
}

/// The version of jemalloc that a release brings along, where that is known (deps/jemalloc of each).
fn bundled_jemalloc(server: &Server) -> Option<&'static str> {
    let line = server.version.line();
    match server.flavour {
        Flavour::Redis if ((5, 0)..=(6, 2)).contains(&line) => Some("5.1.0"),
        Flavour::Redis if line == (7, 0) => Some("5.2.1"),
        Flavour::Redis if ((7, 2)..=(8, 0)).contains(&line) => Some("5.3.0"),
        Flavour::Valkey if ((7, 2)..=(9, 1)).contains(&line) => Some("5.3.0"),
        _ => None,
    }
}

fn version_line(build: &Build) -> Testimony {
    let Some(allocator) = build.allocator.as_deref() else {
        return nothing("`--version` names no allocator");
    };
    let Some(version) = allocator.strip_prefix("jemalloc-") else {
        let words = format!(
            "it was built with {allocator} as its allocator, and only jemalloc can defragment"
        );
        return unsupported(Weight::Decisive, words);
    };
    match bundled_jemalloc(&build.server) {
        Some(bundled) if bundled != version => {
            let words = format!(
                "it uses jemalloc {version}, but {} brings {bundled} along: this is the system's",
                build.server
            );
            unsupported(Weight::Strong, words)
        }
        _ => nothing(format!(
            "its jemalloc {version} may be its own or the system's"
        )),
    }
}

fn linked(libraries: &[String]) -> Testimony {
    match libraries
        .iter()
        .find(|name| name.starts_with("libjemalloc"))
    {
        Some(library) => unsupported(
            Weight::Strong,
            format!("the program is linked with the system's {library}"),
        ),
        None => nothing(
            "the program is not linked with the system's jemalloc, which alone proves nothing",
        ),
    }
}

fn package(metadata: &str) -> Testimony {
    let mentions = |words: &[&str]| words.iter().any(|word| metadata.contains(word));
    if mentions(&["bundled(jemalloc)"]) {
        supported(Weight::Strong, "its package declares a jemalloc of its own")
    } else if mentions(&["libjemalloc2", "libjemalloc1", "libjemalloc.so"]) {
        unsupported(
            Weight::Strong,
            "its package depends on the system's jemalloc",
        )
    } else {
        nothing("its package says nothing of jemalloc")
    }
}

fn malloc_stats(stats: &str) -> Testimony {
    let quantum = stats
        .lines()
        .find_map(|line| line.trim().strip_prefix("Quantum size:"));
    match quantum.map(str::trim) {
        Some("8") => supported(
            Weight::Hint,
            "its jemalloc works in steps of 8 bytes, as the one that Redis brings along",
        ),
        Some("16") => unsupported(
            Weight::Hint,
            "its jemalloc works in steps of 16 bytes, as those of distributions",
        ),
        _ => nothing("its allocator's statistics show nothing"),
    }
}
