//! Lines of `stat`, links and hashes, read back.

use std::collections::{HashMap, HashSet};

use crate::model::probe::{FileInfo, FileKind};
use crate::transport::script::frames::{find, find_all};
use crate::transport::script::nonce::Nonce;

/// Permission bits with setuid, setgid and sticky.
const PERMISSIONS: u32 = 0o7777;
/// The part of a raw mode that tells what kind of thing it is, and its values (`inode(7)`).
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Attributes by the path as it was asked, without its alias prefix.
pub(super) fn read_stats(nonce: &Nonce, body: &[u8]) -> Vec<(Vec<u8>, FileInfo)> {
    let prefix = nonce.alias_prefix();
    let start = format!("{}:", nonce.tag);
    let mut records = Vec::new();
    // A record begins on a line of its own: a file cannot be named so, since the tag is not known to anybody.
    let places = find_all(body, start.as_bytes());
    for (index, place) in places.iter().enumerate() {
        let end = places.get(index + 1).copied().unwrap_or(body.len());
        let record = &body[place + start.len()..end];
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        if let Some(entry) = read_stat(record, prefix.as_bytes()) {
            records.push(entry);
        }
    }
    records
}

fn read_stat(record: &[u8], prefix: &[u8]) -> Option<(Vec<u8>, FileInfo)> {
    let place = find(record, prefix)?;
    let path = record[place + prefix.len()..].to_vec();
    let fields = std::str::from_utf8(&record[..place]).ok()?;
    let mut fields = fields.split(':');
    let size = fields.next()?.parse().ok()?;
    let raw = u32::from_str_radix(fields.next()?, 16).ok()?;
    let uid: u32 = fields.next()?.parse().ok()?;
    let gid: u32 = fields.next()?.parse().ok()?;
    let modified = fields.next()?.split('.').next()?.parse().ok()?;
    let name = |text: &str, number: u32| match text {
        "UNKNOWN" | "" => number.to_string(),
        name => name.to_owned(),
    };
    let owner = name(fields.next()?, uid);
    let group = name(fields.next()?, gid);
    let kind = match raw & KIND {
        REGULAR => FileKind::File,
        DIRECTORY => FileKind::Directory,
        LINK => FileKind::Link {
            target: String::new(),
            resolved: None,
        },
        _ => FileKind::Other,
    };
    Some((
        path,
        FileInfo {
            kind,
            mode: raw & PERMISSIONS,
            owner,
            group,
            uid,
            gid,
            size,
            modified,
            sha256: None,
            content: None,
        },
    ))
}

/// Target and resolved path of links, by the path as it was asked.
pub(super) fn read_links(nonce: &Nonce, body: &[u8]) -> HashMap<Vec<u8>, FileKind> {
    let prefix = nonce.alias_prefix();
    let mut links = HashMap::new();
    let mut parts = body.split(|byte| *byte == 0);
    while let (Some(path), Some(target), Some(resolved)) =
        (parts.next(), parts.next(), parts.next())
    {
        if let Some(path) = path.strip_prefix(prefix.as_bytes()) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            links.insert(
                path.to_vec(),
                FileKind::Link {
                    target: text(target),
                    resolved: (!resolved.is_empty()).then(|| text(resolved)),
                },
            );
        }
    }
    links
}

/// Hashes by the path as it was asked. Where a name holds a newline or a backslash, coreutils put a backslash
/// before the line and escape the name; busybox does neither.
pub(super) fn read_hashes(nonce: &Nonce, body: &[u8]) -> HashMap<Vec<u8>, String> {
    const DIGITS: usize = 64;
    let prefix = format!("  {}", nonce.alias_prefix());
    let places = find_all(body, prefix.as_bytes());
    let mut hashes = HashMap::new();
    for (index, place) in places.iter().enumerate() {
        let Some(hash) = place
            .checked_sub(DIGITS)
            .and_then(|start| std::str::from_utf8(&body[start..*place]).ok())
        else {
            continue;
        };
        let escaped = place
            .checked_sub(DIGITS + 1)
            .is_some_and(|start| body[start] == b'\\');
        // The next record begins with its digits, and a backslash where its name is escaped.
        let end = match places.get(index + 1) {
            None => body.len(),
            Some(next) => {
                let digits = next.saturating_sub(DIGITS);
                match digits.checked_sub(1).map(|before| body[before]) {
                    Some(b'\\') => digits - 1,
                    _ => digits,
                }
            }
        };
        let Some(name) = body.get(place + prefix.len()..end) else {
            continue;
        };
        let name = name.strip_suffix(b"\n").unwrap_or(name);
        let name = if escaped {
            unescape(name)
        } else {
            name.to_vec()
        };
        hashes.insert(name, hash.to_owned());
    }
    hashes
}

fn unescape(name: &[u8]) -> Vec<u8> {
    let mut bytes = name.iter().copied();
    let mut plain = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(other) => other,
                None => b'\\',
            },
            other => other,
        });
    }
    plain
}

/// Contents that `head -v` printed, by the path as it was asked. `names` are all that may come.
pub(super) fn read_contents(
    nonce: &Nonce,
    names: &HashSet<Vec<u8>>,
    body: &[u8],
) -> HashMap<Vec<u8>, Vec<u8>> {
    let start = format!("==> {}", nonce.alias_prefix());
    // Where each content's header begins and ends, and whose it is.
    let headers: Vec<(usize, usize, &Vec<u8>)> = find_all(body, start.as_bytes())
        .into_iter()
        .filter_map(|place| {
            let (name, end) = header_name(names, body, place + start.len())?;
            Some((place, end, name))
        })
        .collect();
    let mut contents = HashMap::new();
    for (index, (_, begin, name)) in headers.iter().enumerate() {
        let end = headers.get(index + 1).map_or(body.len(), |(next, ..)| {
            // An empty line stands before every header but the first.
            next.saturating_sub(1)
        });
        contents.insert((*name).clone(), body[*begin..end].to_vec());
    }
    contents
}

/// The name in a header, which goes on to the first ` <==` at the end of a line that completes a name that was
/// asked for, and the place behind it.
fn header_name<'a>(
    names: &'a HashSet<Vec<u8>>,
    body: &[u8],
    begin: usize,
) -> Option<(&'a Vec<u8>, usize)> {
    const END: &[u8] = b" <==\n";
    let mut from = begin;
    // A name is at most a path long.
    while from < begin + 4096 {
        let place = from + find(body.get(from..)?, END)?;
        if let Some(name) = names.get(&body[begin..place]) {
            return Some((name, place + END.len()));
        }
        from = place + 1;
    }
    None
}
