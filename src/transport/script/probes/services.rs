//! Services: their files and their main process.

use crate::model::probe::{MainProcess, Observation, ServiceState};
use crate::transport::script::builder::Builder;
use crate::transport::script::frames::{Frame, words};
use crate::transport::script::library::Part;

/// The number of `CAP_SYS_RESOURCE` (`capabilities(7)`): the kernel wants it for raising hard limits and for protecting
/// processes from the OOM killer, and of the machine's own root.
const RESOURCE_CAPABILITY: u32 = 24;

pub(super) fn compile(number: usize, name: &str, builder: &mut Builder) {
    builder.need(Part::Service);
    builder.call("c_service", [number.to_string().as_str(), name]);
}

pub(super) fn parse(number: usize, name: &str, frames: &[Frame<'_>]) -> Observation {
    let all = |label: &'static str| {
        frames
            .iter()
            .filter(move |frame| frame.label == label && frame.number(0) == Some(number))
    };
    if let Some(error) = all("service-error").next() {
        let words = words(error.body);
        return Observation::Failed(match words.is_empty() {
            true => format!("{name}: systemd did not answer in time"),
            false => format!("{name}: {words}"),
        });
    }
    let Some(answer) = all("service").next() else {
        return Observation::Failed(format!("systemd said nothing of {name}"));
    };
    let text = String::from_utf8_lossy(answer.body);
    let files = all("service-file").filter_map(|frame| {
        let text = String::from_utf8_lossy(frame.body);
        let (path, content) = text.split_once('\n')?;
        Some((path.to_owned(), content.to_owned()))
    });
    let field = |name: &str| field(&text, name);
    let capable = field("CapEff")
        .and_then(|mask| u64::from_str_radix(mask, 16).ok())
        .is_some_and(|mask| mask >> RESOURCE_CAPABILITY & 1 == 1);
    Observation::Service(ServiceState {
        load: field("LoadState").unwrap_or_default().to_owned(),
        needs_reload: field("NeedDaemonReload") == Some("yes"),
        files: files.collect(),
        process: all("service-process")
            .next()
            .and_then(|frame| process(&String::from_utf8_lossy(frame.body))),
        can_limit: field("Prlimit") == Some("yes"),
        privileged: capable && field("OwnUsers") == Some("no"),
    })
}

fn process(text: &str) -> Option<MainProcess> {
    let limit = |word: &str| match word {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    };
    let mut limits = field(text, "open_files")
        .unwrap_or_default()
        .split_ascii_whitespace();
    Some(MainProcess {
        pid: field(text, "pid")?.parse().ok()?,
        started: field(text, "started")?.parse().ok()?,
        started_at: field(text, "started_at")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        open_files: limits
            .next()
            .and_then(limit)
            .zip(limits.next().and_then(limit)),
        oom_score_adj: field(text, "oom_score_adj").and_then(|text| text.parse().ok()),
    })
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}
