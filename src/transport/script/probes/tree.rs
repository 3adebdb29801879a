//! Whole directories, and patterns.

use super::stat;
use crate::model::blob::Blob;
use crate::model::probe::{CONTENT_LIMIT, FileKind, Observation};
use crate::transport::script::builder::Builder;
use crate::transport::script::frames::{Frame, words};
use crate::transport::script::library::Part;
use crate::transport::script::nonce::Nonce;
use crate::transport::script::quote::quote;

pub(super) fn compile(number: usize, path: &str, builder: &mut Builder) {
    builder.need(Part::Tree);
    let path = builder.nonce().alias(&directory(path));
    builder.raw(&format!("c_number={number}\n"));
    builder.call("c_tree", [path]);
}

/// A directory's path with a dot at its end, so that a link to a directory is gone into.
fn directory(path: &str) -> String {
    format!("{}/.", path.trim_end_matches('/'))
}

pub(super) fn parse(number: usize, path: &str, nonce: &Nonce, frames: &[Frame<'_>]) -> Observation {
    let of = |label: &str| {
        frames
            .iter()
            .find(|frame| frame.label == label && frame.number(0) == Some(number))
    };
    let Some(answer) = of("tree") else {
        return Observation::Failed(format!("the host said nothing of {path}"));
    };
    if let Some(error) = of("tree-error") {
        let reason = words(error.body);
        if answer.body.is_empty() && reason.ends_with("No such file or directory") {
            return Observation::Tree(Vec::new());
        }
        return Observation::Failed(match error.number::<i32>(1) {
            Some(137) => format!("{path} did not answer in time"),
            _ => format!("{path}: {reason}"),
        });
    }
    let links = of("tree-links").map(|frame| stat::read_links(nonce, frame.body));
    let hashes = of("tree-hash").map(|frame| stat::read_hashes(nonce, frame.body));
    let start = directory(path);
    let start = start.trim_start_matches('/').len() + 1;
    let mut entries: Vec<_> = stat::read_stats(nonce, answer.body)
        .into_iter()
        .filter_map(|(name, mut info)| {
            if let (FileKind::Link { .. }, Some(links)) = (&info.kind, &links)
                && let Some(kind) = links.get(&name)
            {
                info.kind = kind.clone();
            }
            if let Some(hashes) = &hashes {
                info.sha256 = hashes.get(&name).cloned();
            }
            let relative = String::from_utf8_lossy(name.get(start..)?).into_owned();
            Some((relative, info))
        })
        .collect();
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    Observation::Tree(entries)
}

pub(super) fn compile_glob(number: usize, pattern: &str, builder: &mut Builder) {
    builder.need(Part::Glob);
    let alias = builder.nonce().alias(pattern);
    let (directory, last) = alias.rsplit_once('/').unwrap_or(("", &alias));
    // Only the stars of the last part are left outside the quotes.
    let last = last.split('*').map(|part| match part {
        "" => String::new(),
        part => quote(part),
    });
    let last = last.collect::<Vec<_>>().join("*");
    builder.raw(&format!(
        "c_number={number}\nc_glob {}{last}\n",
        quote(&format!("{directory}/"))
    ));
}

pub(super) fn parse_glob(number: usize, nonce: &Nonce, frames: &[Frame<'_>]) -> Observation {
    let of = |label: &str| {
        frames
            .iter()
            .find(|frame| frame.label == label && frame.number(0) == Some(number))
    };
    let Some(answer) = of("glob") else {
        return Observation::Failed(String::from("the host said nothing of the pattern"));
    };
    let prefix = nonce.alias_prefix();
    let names: Vec<Vec<u8>> = answer
        .body
        .split(|byte| *byte == 0)
        .filter_map(|name| name.strip_prefix(prefix.as_bytes()))
        .map(<[u8]>::to_vec)
        .collect();
    if let Some(error) = of("glob-error") {
        return Observation::Failed(match error.number::<i32>(1) {
            Some(137) => String::from("the files did not answer in time"),
            _ => words(error.body),
        });
    }
    let Some(contents) = of("glob-content") else {
        return Observation::Files(Vec::new());
    };
    let expected = names.iter().cloned().collect();
    let mut contents = stat::read_contents(nonce, &expected, contents.body);
    let mut files = Vec::new();
    for name in &names {
        let path = format!("/{}", String::from_utf8_lossy(name));
        match contents.remove(name) {
            Some(content) if content.len() as u64 > CONTENT_LIMIT => {
                return Observation::Failed(format!(
                    "{path} is larger than {CONTENT_LIMIT} bytes, the most that is read of a file"
                ));
            }
            Some(content) => files.push((path, Blob::from(content))),
            None => return Observation::Failed(format!("{path} cannot be read")),
        }
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    Observation::Files(files)
}
