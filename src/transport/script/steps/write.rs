//! Files. Those that follow each other are brought onto the disk together.

use std::ops::Range;

use zeroize::Zeroizing;

use super::action::{Line, words};
use crate::model::blob::Blob;
use crate::model::step::{Action, Attributes, Step};
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::library::Part;
use crate::transport::script::quote::{Codec, Heredoc, quote};

/// How many files, and how many bytes of them, are written before the first takes its place: the shell holds them.
const MOST_FILES: usize = 64;
const MOST_BYTES: usize = 1 << 20;

/// What a file gets that is not told its mode.
const NEW_FILE: u32 = 0o644;

/// The steps that write files which can be prepared together, in groups of at least two.
pub(super) fn groups(steps: &[Step]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (number, step) in steps.iter().enumerate() {
        let Some(content) = preparable(step) else {
            continue;
        };
        match groups.last_mut().filter(|group| {
            group.end == number && group.len() < MOST_FILES && bytes + content.len() <= MOST_BYTES
        }) {
            Some(group) => {
                group.end = number + 1;
                bytes += content.len();
            }
            None => {
                groups.push(number..number + 1);
                bytes = content.len();
            }
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// The content of a file of which nothing has to be looked at before it takes its place.
fn preparable(step: &Step) -> Option<&Blob> {
    match &step.action {
        Action::WriteFile {
            content,
            validate: None,
            backup: None,
            ..
        } if Codec::of(content) != Codec::Base64 && super::refusal(step).is_none() => Some(content),
        _ => None,
    }
}

/// Defines what prepares the files of a group, and their contents.
pub(super) fn prepare(steps: &[Step], group: &Range<usize>, builder: &mut Builder) {
    builder.need(Part::Prepare);
    let mut calls = String::from("c_prepare_all() {\n");
    for (number, step) in steps.iter().enumerate().skip(group.start).take(group.len()) {
        let Action::WriteFile {
            path,
            content,
            attributes,
            ..
        } = &step.action
        else {
            continue;
        };
        let text = content.as_text().unwrap_or_default();
        builder.raw(&Zeroizing::new(format!(
            "c_content_{number}={}\n",
            quote(text)
        )));
        let [mode, owner, group] = words(attributes, "");
        let arguments = [
            &number.to_string(),
            path,
            &mode,
            &umask(attributes.mode.unwrap_or(NEW_FILE)),
            &owner,
            &group,
        ];
        calls.push_str(&command("c_prepare", arguments));
        calls.push('\n');
    }
    calls.push_str("c_prepare_end\n}\n");
    builder.raw(&calls);
}

/// Under which a new file has this mode; empty where no new file has it.
fn umask(mode: u32) -> String {
    if mode & !0o666 == 0 {
        format!("0{:03o}", 0o777 & !mode)
    } else {
        String::new()
    }
}

/// What a file is to become, beside its place.
pub(super) struct File<'a> {
    pub(super) content: &'a Blob,
    pub(super) attributes: &'a Attributes,
    pub(super) validate: Option<&'a [String]>,
    pub(super) backup: Option<&'a str>,
}

/// Writes a file. `prepared`: the number of its step, where its content was defined before.
pub(super) fn write(
    path: &str,
    file: &File<'_>,
    prepared: Option<usize>,
    line: &mut Line,
    builder: &mut Builder,
) {
    builder.need(Part::Write);
    if let Some(argv) = file.validate {
        // Wherever `%s` stands in an argument, the path of the new content takes its place.
        let words: Vec<String> = argv
            .iter()
            .map(|word| {
                let parts: Vec<String> = word.split("%s").map(quote).collect();
                parts.join("\"$c_new\"")
            })
            .collect();
        builder.raw(&format!(
            "c_leader=$c_setsid\nc_start() {{\numask 022\nCACHESMITH_TRIAL=$c_dir/trial\nexport CACHESMITH_TRIAL\nexec $c_leader {}\n}}\n",
            words.join(" ")
        ));
    }
    let [mode, owner, group] = words(file.attributes, "");
    let size = file.content.len().to_string();
    let sha256 = file.content.sha256();
    let codec = Codec::of(file.content);
    match (prepared, file.content.as_text()) {
        (Some(number), _) => {
            line.then(&format!("c_content=$c_content_{number}"));
        }
        (None, Some(text)) if codec != Codec::Base64 => {
            builder.raw(&Zeroizing::new(format!("c_content={}\n", quote(text))));
        }
        _ => {}
    }
    line.then(&command(
        "c_write",
        [
            path,
            codec.name(),
            &size,
            &sha256,
            &mode,
            &owner,
            &group,
            file.backup.unwrap_or(""),
            if file.validate.is_some() { "yes" } else { "no" },
        ],
    ));
    if codec == Codec::Base64 {
        line.feed(&Heredoc::new(file.content, &builder.nonce().frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(content: &[u8], validate: Option<&str>) -> Step {
        Step::new(Action::WriteFile {
            path: "/etc/file".to_owned(),
            content: Blob::from(content.to_vec()),
            attributes: Attributes::default(),
            validate: validate.map(|name| vec![name.to_owned(), "%s".to_owned()]),
            backup: None,
        })
    }

    #[test]
    fn files_that_follow_each_other_are_prepared_together() {
        let text = || write(b"text", None);
        let steps = [
            text(),
            write(b"checked", Some("true")),
            text(),
            text(),
            write(b"", None),
            write(b"\0", None),
            text(),
        ];
        assert_eq!(groups(&steps), vec![2..5; 1]);
        assert_eq!(groups(&vec![text(); MOST_FILES + 2]), [0..64, 64..66]);
        let large = || write(&vec![b'x'; MOST_BYTES / 2], None);
        assert_eq!(groups(&[large(), large(), large(), text()]), [0..2, 2..4]);
    }

    #[test]
    fn a_new_file_has_its_mode_by_the_umask_where_it_can() {
        assert_eq!(umask(0o640), "0137");
        assert_eq!(umask(0o644), "0133");
        assert_eq!(umask(0o600), "0177");
        assert_eq!(umask(0o755), "");
        assert_eq!(umask(0o4644), "");
    }
}
