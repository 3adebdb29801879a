//! Cases as data: a head that says what a case is about, and a playbook, in one file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where a case's own folder is on both hosts.
pub const PLACE: &str = "/root/twins";

/// The inventory of a case that has hosts of its own. All of them are the twin.
const INVENTORY: &str = "inventory";

/// Modules of which one task at a time can be at work on a host.
const WHOLE: &[&str] = &[
    "apt",
    "apt_repository",
    "group",
    "package",
    "service",
    "sysctl",
    "systemd",
    "systemd_service",
    "user",
];

/// What stands above the first `---` of a case's file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// One sentence for people.
    pub about: String,
    /// Lines of sh that prepare a host, as root, in the case's folder on it.
    #[serde(default)]
    pub before: String,
    /// Names of variables whose values have to be equal after the play.
    #[serde(default)]
    pub compare: Vec<String>,
    /// Words for the command line, the same for both programs; they make the case a run of its own.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// The play ends with a failed host; this makes the case a run of its own.
    #[serde(default)]
    pub fails: bool,
    /// Nothing is changed: the case is about looking, or about refusing.
    #[serde(default)]
    pub only_looks: bool,
    /// Paths on the host that are not compared, each with the reason.
    #[serde(default)]
    pub apart: BTreeMap<String, String>,
}

#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub head: Head,
    /// The playbook as it stands in the file, at the line where it stands there.
    pub playbook: String,
    /// Files that go beside the playbook, if there are any.
    pub folder: Option<PathBuf>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(path).unwrap();
        let (head, playbook) = text
            .split_once("\n---\n")
            .unwrap_or_else(|| panic!("{name}: no line `---` between the head and the playbook"));
        let lines = head.lines().count() + 1;
        let head: Head =
            serde_saphyr::from_str(head).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!head.about.is_empty(), "{name}: say what it is about");
        let folder = Some(path.with_extension("")).filter(|folder| folder.is_dir());
        Self {
            name,
            head,
            // Messages and events then name the lines of the case's file.
            playbook: format!("{}{playbook}", "\n".repeat(lines)),
            folder,
        }
    }

    /// Whether it needs a run of its own.
    pub fn is_alone(&self) -> bool {
        self.head.fails || !self.head.arguments.is_empty() || self.inventory().is_some()
    }

    /// Whether a task of it takes hold of the whole host: its packages, accounts, units or kernel values.
    pub fn takes_the_host(&self) -> bool {
        self.playbook.lines().any(|line| {
            let line = line.trim_start().trim_start_matches(['-', '{', ' ']);
            let line = line.strip_prefix("ansible.builtin.").unwrap_or(line);
            WHOLE.iter().any(|module| {
                line.strip_prefix(module)
                    .is_some_and(|rest| rest.starts_with(':'))
            })
        })
    }

    /// The name that its own inventory has in its folder, where it has one.
    pub fn inventory(&self) -> Option<&'static str> {
        let folder = self.folder.as_ref()?;
        folder.join(INVENTORY).exists().then_some(INVENTORY)
    }

    /// The name of the file, for messages.
    pub fn file(&self) -> String {
        format!("cases/{}.yml", self.name)
    }
}

/// The beginnings of names that the environment picks; empty: all cases.
pub fn filter() -> String {
    std::env::var("CACHESMITH_TWINS").unwrap_or_default()
}

/// All cases, or those that the environment names.
pub fn chosen() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/module_twins/cases");
    let mut paths: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    paths.sort();
    let wanted = filter();
    let wanted: Vec<&str> = wanted.split(',').filter(|word| !word.is_empty()).collect();
    let cases: Vec<Case> = paths
        .iter()
        .map(|path| Case::read(path))
        .filter(|case| wanted.is_empty() || wanted.iter().any(|word| case.name.starts_with(word)))
        .collect();
    assert!(!cases.is_empty(), "there is no such case");
    cases
}

/// One script that prepares a host for all cases.
pub fn preparation(cases: &[Case]) -> String {
    let mut script = format!("set -eu\numask 022\nmkdir -p {PLACE}/.results\n");
    for case in cases {
        let name = &case.name;
        let lines = &case.head.before;
        writeln!(script, "(mkdir -p {PLACE}/{name}; cd {PLACE}/{name}\n{lines}\n) || {{ echo \"{name}: its preparation failed\" >&2; exit 1; }}").unwrap();
    }
    script
}

/// Values by the name of the host of the inventory.
pub type HostValues = BTreeMap<String, serde_json::Value>;

/// The values that were kept of each case, by the case's name.
pub type Results = BTreeMap<String, HostValues>;
