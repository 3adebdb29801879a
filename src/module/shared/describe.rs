//! Files in words: differences of contents, and what `register` gets.

use crate::model::blob::Blob;
use crate::model::change::{Difference, Field};
use crate::model::probe::{FileInfo, FileKind, UNKNOWN_ID};
use crate::model::value::{Map, Value};

/// Two contents as a text difference where both are texts, otherwise by size and checksum.
pub fn content_difference(
    before: Option<&Blob>,
    after: &Blob,
    fields: Vec<Field>,
    secret: bool,
) -> Difference {
    let texts = match before {
        None => after.as_text().map(|after| (None, after)),
        Some(before) => before
            .as_text()
            .zip(after.as_text())
            .map(|(before, after)| (Some(before), after)),
    };
    match texts {
        Some((before, after)) if !secret => Difference::Text {
            before: before.map(str::to_owned),
            after: Some(after.to_owned()),
            fields,
        },
        _ => {
            let show = |blob: &Blob| summary(blob.len() as u64, &blob.sha256());
            let mut content = Field::new("content", before.map(show), Some(show(after)));
            content.secret = secret;
            Difference::Fields([vec![content], fields].concat())
        }
    }
}

/// A content that is not shown.
pub fn summary(size: u64, sha256: &str) -> String {
    format!("{size} bytes, sha256 {}", &sha256[..sha256.len().min(12)])
}

/// The number of a user or group, unknown where that is to be made first.
pub fn number(id: u32, name: &str) -> Value {
    if id == UNKNOWN_ID {
        Value::unknown(format!("the creation of {name}"))
    } else {
        id.into()
    }
}

/// What `register` gets of a file, a directory or a link.
pub fn describe(info: &FileInfo) -> Map {
    let state = match &info.kind {
        FileKind::Directory => "directory",
        FileKind::Link { .. } => "link",
        FileKind::File | FileKind::Other => "file",
    };
    let mut map = Map::new();
    map.insert("state".to_owned(), state.into());
    // With one zero in front of whatever digits there are, as Ansible writes it here (and not in `stat`).
    map.insert("mode".to_owned(), format!("0{:03o}", info.mode).into());
    map.insert("owner".to_owned(), info.owner.as_str().into());
    map.insert("group".to_owned(), info.group.as_str().into());
    map.insert("uid".to_owned(), number(info.uid, &info.owner));
    map.insert("gid".to_owned(), number(info.gid, &info.group));
    if info.kind == FileKind::File {
        map.insert("size".to_owned(), info.size.into());
        if let Some(sha256) = &info.sha256 {
            map.insert("checksum".to_owned(), sha256.as_str().into());
        }
    }
    map
}
