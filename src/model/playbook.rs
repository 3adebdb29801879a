//! A playbook after loading: all files read, all names resolved, keywords of blocks and imports merged into tasks.

use std::path::PathBuf;
use std::sync::Arc;

use super::node::{Entry, Node};
use super::rolling::{Rolling, Throttle};
use super::source::At;
use super::value::Map;

/// Plays in order.
#[derive(Debug, Default)]
pub struct Playbook {
    /// The path as the user gave it, or the name of a built-in playbook.
    pub name: String,
    pub folder: PathBuf,
    pub plays: Vec<Arc<Play>>,
}

/// Tasks for the hosts that match a pattern.
#[derive(Clone, Debug)]
pub struct Play {
    pub name: String,
    pub at: At,
    /// The folder of the playbook that it stands in, imported or not: `playbook_dir`.
    pub folder: PathBuf,
    /// Stays the same from run to run, whatever folder they are started in: the name of the playbook's file, the play's
    /// place in it and its name.
    pub key: String,
    pub hosts: Node,
    /// Its text as one pattern.
    pub pattern: String,
    pub gather_facts: bool,
    pub connection: Option<Node>,
    /// Its hosts' servers are known to each other before it begins: replicas come first, and take over from primaries
    /// that restart.
    pub topology: bool,
    /// `vars`, then `vars_files`: the latter win.
    pub vars: Arc<Map>,
    /// Where each of `vars` was written.
    pub vars_at: Vec<(String, At)>,
    pub vars_files: Arc<Map>,
    /// Those of all its roles, which all of its tasks see: the later ones win.
    pub role_defaults: Arc<Map>,
    pub role_vars: Arc<Map>,
    /// How it goes over its hosts.
    pub rolling: Rolling,
    pub sections: Vec<Section>,
    pub handlers: Vec<Item>,
    pub role_names: Vec<String>,
    /// What it hands down to its tasks.
    pub keywords: Keywords,
}

/// The parts of a play; handlers run at the end of each of the first three.
#[derive(Clone, Debug)]
pub struct Section {
    pub kind: SectionKind,
    pub items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionKind {
    PreTasks,
    Tasks,
    PostTasks,
    PostChecks,
}

impl SectionKind {
    /// The key in a play.
    pub const fn key(self) -> &'static str {
        match self {
            Self::PreTasks => "pre_tasks",
            Self::Tasks => "tasks",
            Self::PostTasks => "post_tasks",
            Self::PostChecks => "post_checks",
        }
    }
}

/// What stands in a list of tasks.
#[derive(Clone, Debug)]
pub enum Item {
    Task(Arc<Task>),
    Block(Arc<Block>),
    /// `include_tasks` and `include_role`: decided when it is reached.
    Include(Arc<Include>),
    /// `meta`.
    Meta(Arc<Meta>),
}

/// One task.
#[derive(Debug)]
pub struct Task {
    pub at: At,
    pub name: Option<Node>,
    /// The module's principal name; the registry has it.
    pub module: &'static str,
    /// Arguments by their principal names.
    pub arguments: Vec<Entry>,
    pub keywords: Keywords,
    pub register: Option<String>,
    /// Other names under which a handler is notified.
    pub listen: Vec<String>,
    pub changed_when: Vec<Node>,
    pub failed_when: Vec<Node>,
    pub repeat: Option<Loop>,
    pub until: Vec<Node>,
    pub retries: Option<Node>,
    /// Seconds between tries.
    pub delay: Option<Node>,
    pub origin: Arc<Origin>,
}

/// Tasks that succeed or fail together.
#[derive(Debug)]
pub struct Block {
    pub at: At,
    pub name: Option<Node>,
    pub items: Vec<Item>,
    pub rescue: Vec<Item>,
    pub always: Vec<Item>,
}

/// Tasks from another file, chosen while the play runs.
#[derive(Debug)]
pub struct Include {
    pub at: At,
    pub name: Option<Node>,
    /// The file's name, or the role's.
    pub file: Node,
    pub is_role: bool,
    /// Known beforehand when the name holds no template.
    pub items: Option<Arc<Vec<Item>>>,
    pub keywords: Keywords,
    /// What its tasks get.
    pub inner: Keywords,
    pub repeat: Option<Loop>,
    pub origin: Arc<Origin>,
}

/// A word to the engine itself.
#[derive(Debug)]
pub struct Meta {
    pub at: At,
    pub word: MetaWord,
    pub keywords: Keywords,
    pub origin: Arc<Origin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaWord {
    FlushHandlers,
    /// This host leaves the play.
    EndHost,
    /// All hosts of the wave leave the play.
    EndBatch,
    /// All hosts of the play leave it, and no further wave begins.
    EndPlay,
    /// The session to this host is opened anew.
    ResetConnection,
    Noop,
}

/// What a loop goes over.
#[derive(Clone, Debug)]
pub struct Loop {
    pub over: Node,
    pub kind: LoopKind,
    /// The variable's name, `item` unless `loop_control` says otherwise.
    pub variable: String,
    pub index_variable: Option<String>,
    pub label: Option<Node>,
    pub extended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopKind {
    /// `loop`: a list, taken as it is.
    List,
    /// `with_items`: a list, flattened by one level.
    Items,
    /// `with_dict`: `item.key` and `item.value`.
    Dict,
}

/// Keywords that plays and blocks hand down to their tasks, already merged.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    /// All must hold; outer ones first.
    pub when: Vec<Node>,
    pub tags: Vec<String>,
    /// Later ones win.
    pub vars: Vec<Arc<Map>>,
    /// `vars` of the includes that brought the task: as in Ansible, they win over what was set while the play runs too.
    pub include_parameters: Vec<Arc<Map>>,
    /// Later ones win.
    pub environment: Vec<Node>,
    pub become_: Option<Node>,
    pub become_user: Option<Node>,
    pub become_method: Option<Node>,
    pub ignore_errors: Option<Node>,
    pub no_log: Option<Node>,
    pub delegate_to: Option<Node>,
    pub run_once: Option<Node>,
    pub check_mode: Option<Node>,
    /// Seconds.
    pub timeout: Option<Node>,
    /// The innermost counts.
    pub throttle: Option<Throttle>,
    /// Handlers. A task's own take the place of its block's.
    pub notify: Vec<Node>,
}

/// Where tasks come from: decides which variables they see and where their files are looked for.
#[derive(Debug, Default)]
pub struct Origin {
    pub role: Option<String>,
    pub role_path: Option<PathBuf>,
    /// Folders to look in: the role's, then the playbook's.
    pub search: Vec<PathBuf>,
    pub role_defaults: Arc<Map>,
    pub role_vars: Arc<Map>,
    /// Parameters given to the role where it is named.
    pub role_parameters: Arc<Map>,
}
