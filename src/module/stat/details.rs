//! What only `stat` tasks want to know of a path, beside what is observed of every file.

use crate::model::probe::{Program, ProgramResult};
use crate::model::value::{Map, Value};

/// A line with times, numbers and the kind, and a line with what the account may do with it.
const SCRIPT: &str = r#"stat $2 -c '%X %Z %h %i %b %B %F' -- "$1" || exit
[ -r "$1" ] && printf 'readable '
[ -w "$1" ] && printf 'writeable '
[ -x "$1" ] && printf 'executable '
echo
"#;

const NUMBERS: &[&str] = &["atime", "ctime", "nlink", "inode", "blocks", "block_size"];
const ABILITIES: &[&str] = &["readable", "writeable", "executable"];
/// Kinds by the first word that `stat` calls them.
const KINDS: &[(&str, &str)] = &[
    ("ischr", "character"),
    ("isblk", "block"),
    ("isfifo", "fifo"),
    ("issock", "socket"),
];

/// The fields that are not known before a file that will be written is there.
pub(super) const FIELDS: &[&str] = &[
    "atime",
    "ctime",
    "nlink",
    "inode",
    "blocks",
    "block_size",
    "readable",
    "writeable",
    "executable",
];

/// The question.
pub(super) fn program(path: &str, follow: bool) -> Program {
    let option = if follow { "-L" } else { "" };
    Program::new(["/bin/sh", "-c", SCRIPT, "stat", path, option])
}

/// The answer; nothing where the host could not say.
pub(super) fn read(said: &ProgramResult) -> Map {
    let text = said.stdout.to_lossy();
    let mut lines = text.lines();
    let (Some(line), Some(abilities)) = (lines.next(), lines.next()) else {
        return Map::new();
    };
    let mut words = line.split(' ');
    let mut map = Map::new();
    for name in NUMBERS {
        if let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) {
            map.insert((*name).to_owned(), number.into());
        }
    }
    let kind = words.next().unwrap_or_default();
    for (name, word) in KINDS {
        map.insert((*name).to_owned(), (kind == *word).into());
    }
    let abilities: Vec<&str> = abilities.split_whitespace().collect();
    for name in ABILITIES {
        map.insert((*name).to_owned(), Value::Bool(abilities.contains(name)));
    }
    map
}
