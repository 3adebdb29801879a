//! The command line: types only. Their documentation is the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::transport::simulated::Simulation;
use crate::view::{ColorChoice, Settings};

/// Provision the hosts that run Redis or Valkey as a cache, and keep them from dying.
///
/// Reads Ansible-style inventories and playbooks, shows exactly what it would change, applies it over SSH, and
/// proves the result. Nothing is installed on the hosts.
#[derive(Debug, Parser)]
#[command(
    name = "cachesmith",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub output: OutputArguments,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what would change, and change nothing. Exits 0 when there is nothing to do, 2 when there is.
    Plan(PlanArguments),
    /// Show what would change, ask, and make it so.
    Apply(ApplyArguments),
    /// Run the post-checks of a playbook, and change nothing.
    Verify(PlayArguments),
    /// Show what each host is, and where each figure comes from.
    Facts(FactsArguments),
    /// Show how each host's memory is shared out: what is known, each step, and what follows.
    Explain(ExplainArguments),
    /// Show the inventory as it is understood.
    Inventory(InventoryArguments),
    /// Find what is wrong in a redis.conf or valkey.conf, without any host. Exits 3 where there are errors.
    Lint(LintArguments),
    /// List the recorded runs, newest first.
    Runs,
    /// Show one recorded run: what was done on each host, and how to undo it. Or a saved plan.
    Show {
        /// The run's name, as `runs` lists it, or its beginning. `last` is the newest. Or a file that `plan --out` wrote.
        run: String,
    },
    /// Keep all runs away from hosts, and say why.
    Lock(LockArguments),
    /// Take locks away that you set. Exits 7 where one is somebody else's.
    Unlock(UnlockArguments),
    /// Show who holds or locked which hosts.
    Locks(LockHosts),
    /// End the connections that runs with `--persist` left open. Those that a run is using stay.
    Disconnect,
    /// Go on with a run that failed, was interrupted or was cut off, on the hosts that it did not bring to its end.
    Resume(ResumeArguments),
    /// Take back what a run did: show it, ask, and make it so. A rollback is a run, and can be rolled back too.
    Rollback(RollbackArguments),
    /// Write the built-in playbooks, templates and example inventories into a folder, to edit them.
    Init {
        /// The folder. Files that are already there are left alone.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Show the modules and their parameters.
    Modules {
        /// One module's name.
        name: Option<String>,
    },
    /// Print the manual page (`cachesmith man-page | man -l -`).
    ManPage,
    /// Print a completion script for a shell.
    Completions { shell: clap_complete::Shell },
}

/// Which hosts, which tasks, which variables.
#[derive(Debug, Args)]
pub struct PlayArguments {
    /// A playbook's path, or the name of a built-in one (`redis-cache`, `rolling-config`). For `apply` also a plan that
    /// `plan --out` wrote.
    pub playbook: String,
    #[command(flatten)]
    pub hosts: HostArguments,
    /// Only tasks with one of these tags.
    #[arg(short, long, value_delimiter = ',', value_name = "TAGS")]
    pub tags: Vec<String>,
    /// No tasks with one of these tags.
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    pub skip_tags: Vec<String>,
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    pub play: PlayArguments,
    /// Write the plan into a file: `apply FILE` makes exactly these changes, on hosts that have not moved since.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ApplyArguments {
    #[command(flatten)]
    pub play: PlayArguments,
    /// Do not ask; also not at gates.
    #[arg(short, long)]
    pub yes: bool,
    /// How old a saved plan may be that is applied: `90s`, `30m`, `24h`, `3d`.
    #[arg(long, default_value = "24h", value_name = "TIME", env = "CACHESMITH_MAX_AGE", value_parser = super::span::seconds)]
    pub max_age: u64,
    /// Change hosts inside their freeze windows too, and keep this reason in the record of the run.
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub override_freeze: Option<String>,
}

#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The run's name, as `runs` lists it, or its beginning. `last` is the newest.
    pub run: String,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Change hosts inside their freeze windows too, and keep this reason in the record of the run.
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub override_freeze: Option<String>,
    /// Go on though the playbook or the inventory has changed since: what they say now is done.
    #[arg(long)]
    pub changed_inputs: bool,
    #[command(flatten)]
    pub persist: PersistArgument,
}

#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// The run's name, as `runs` lists it, or its beginning. `last` is the newest.
    pub run: String,
    /// Only what was done for hosts that match this pattern.
    #[arg(short, long, value_name = "PATTERN")]
    pub limit: Option<String>,
    /// Show what would be taken back, and change nothing. Exits 0 when there is nothing to do, 2 when there is.
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Take back too what somebody else has changed since, and what nothing tells whether it was made.
    #[arg(long)]
    pub force: bool,
    /// Inventories to find the hosts in, where they are no longer the run's own.
    #[arg(short, long, value_name = "SOURCE", value_delimiter = '\u{1f}')]
    pub inventory: Vec<String>,
    /// Variables beside the run's own: `name=value`, JSON or YAML in braces, or `@FILE`.
    #[arg(short, long, value_name = "VARIABLES")]
    pub extra_vars: Vec<String>,
    /// How many hosts are worked on at once, where it is another number than the run's own.
    #[arg(short, long, value_name = "NUMBER", value_parser = at_least_one())]
    pub forks: Option<usize>,
    #[command(flatten)]
    pub persist: PersistArgument,
}

/// Which hosts, and how they are reached.
#[derive(Debug, Args)]
pub struct HostArguments {
    /// An inventory: a file, a folder, a program, or a list of hosts with a comma (`a,b`). May be given more than
    /// once. Without one, this machine is the host.
    #[arg(
        short,
        long,
        value_name = "SOURCE",
        env = "CACHESMITH_INVENTORY",
        value_delimiter = '\u{1f}'
    )]
    pub inventory: Vec<String>,
    /// Only hosts that match this pattern too; `@FILE` reads it from a file.
    #[arg(short, long, value_name = "PATTERN")]
    pub limit: Option<String>,
    /// Variables that win over all others: `name=value`, JSON or YAML in braces, or `@FILE`.
    #[arg(short, long, value_name = "VARIABLES")]
    pub extra_vars: Vec<String>,
    /// How many hosts are worked on at once.
    #[arg(short, long, default_value_t = 50, value_name = "NUMBER", value_parser = at_least_one())]
    pub forks: usize,
    /// How many connections are opened at once.
    #[arg(long, default_value_t = 10, value_name = "NUMBER", value_parser = at_least_one())]
    pub connecting: usize,
    #[command(flatten)]
    pub persist: PersistArgument,
    /// How a host is reached where the inventory does not say so.
    #[arg(short, long, value_enum, value_name = "KIND")]
    pub connection: Option<ConnectionArgument>,
    // No argument: programs that try out fleets which do not exist set it.
    #[arg(skip)]
    pub simulation: Option<Simulation>,
}

/// Whether connections outlive the command. It is a matter of who calls, so no run records it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct PersistArgument {
    /// Leave connections open when the command ends, for the next ones: as long as nobody has used them for this time
    /// (`90s`, `10m`, `2h`; `0`: not at all). Whoever can act as this account can use them without a key.
    #[arg(
        long,
        value_name = "TIME",
        env = "CACHESMITH_PERSIST",
        default_value = "0",
        default_missing_value = "10m",
        num_args = 0..=1,
        require_equals = true,
        value_parser = super::span::seconds_or_none
    )]
    pub persist: u64,
}

impl PersistArgument {
    /// How long they stay, if they do.
    pub fn time(self) -> Option<std::time::Duration> {
        (self.persist > 0).then(|| std::time::Duration::from_secs(self.persist))
    }
}

fn at_least_one() -> clap::builder::RangedU64ValueParser<usize> {
    clap::builder::RangedU64ValueParser::new().range(1..=100_000)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConnectionArgument {
    Ssh,
    Local,
}

#[derive(Debug, Args)]
pub struct FactsArguments {
    /// Which hosts.
    #[arg(default_value = "all")]
    pub pattern: String,
    #[command(flatten)]
    pub hosts: HostArguments,
    /// Ask as root, through sudo: root sees more.
    #[arg(short, long)]
    pub r#become: bool,
}

/// Which hosts, and as whom.
#[derive(Debug, Args)]
pub struct LockHosts {
    /// Which hosts.
    #[arg(default_value = "all")]
    pub pattern: String,
    #[command(flatten)]
    pub hosts: HostArguments,
    /// As the account that the session belongs to, not as root: such a lock keeps the runs of that account away.
    #[arg(long)]
    pub no_become: bool,
}

#[derive(Debug, Args)]
pub struct LockArguments {
    #[command(flatten)]
    pub hosts: LockHosts,
    /// Why: whoever is kept away reads it.
    #[arg(short, long, value_name = "TEXT")]
    pub why: String,
    /// How long: `90s`, `30m`, `2h`, `3d`. Without it, until it is unlocked.
    #[arg(long = "for", value_name = "TIME", value_parser = super::span::seconds)]
    pub duration: Option<u64>,
}

#[derive(Debug, Args)]
pub struct UnlockArguments {
    #[command(flatten)]
    pub hosts: LockHosts,
    /// Also locks that others set, and the leases of runs: whoever runs there loses the host.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct ExplainArguments {
    #[command(flatten)]
    pub facts: FactsArguments,
    /// A playbook's path, or the name of a built-in one: what its plays say in `redis_sizing` counts too.
    #[arg(short, long, value_name = "PLAYBOOK")]
    pub playbook: Option<String>,
}

#[derive(Debug, Args)]
pub struct LintArguments {
    /// Configuration files. What their `include` lines bring is read too.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The server that the file is for: `redis 8.0`, `valkey 8.1.1`. May be given more than once. Without it, only
    /// what is wrong for every version is found.
    #[arg(short, long, value_name = "SERVER", value_delimiter = ',')]
    pub server: Vec<String>,
    /// Whether the server's build can defragment; `cachesmith facts` proves it.
    #[arg(long, value_enum, default_value_t = DefragArgument::Unknown, value_name = "WHETHER")]
    pub defrag: DefragArgument,
    /// Let warnings count as errors.
    #[arg(long)]
    pub strict: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DefragArgument {
    Yes,
    No,
    #[default]
    Unknown,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct InventoryArguments {
    #[command(flatten)]
    pub hosts: HostArguments,
    /// All hosts, groups and variables, as JSON in Ansible's inventory protocol.
    #[arg(long, group = "what")]
    pub list: bool,
    /// One host's variables, as JSON.
    #[arg(long, group = "what", value_name = "NAME")]
    pub host: Option<String>,
    /// The groups as a tree.
    #[arg(long, group = "what")]
    pub graph: bool,
    /// The hosts that a pattern selects, one a line.
    #[arg(long, group = "what", value_name = "PATTERN")]
    pub hosts_of: Option<String>,
    /// With `--graph`: variables too.
    #[arg(long, requires = "graph")]
    pub vars: bool,
    /// A playbook whose `group_vars` and `host_vars` count too.
    #[arg(long, value_name = "FOLDER")]
    pub playbook_dir: Option<PathBuf>,
}

/// How results are told.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// Events as JSON lines on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// More detail; twice for all tasks of all hosts.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = ColorArgument::Auto, value_name = "WHEN")]
    pub color: ColorArgument,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorArgument {
    #[default]
    Auto,
    Always,
    Never,
}

impl OutputArguments {
    /// The same for the view.
    pub fn settings(&self) -> Settings {
        Settings {
            json: self.json,
            detail: self.verbose,
            color: match self.color {
                ColorArgument::Auto => ColorChoice::Auto,
                ColorArgument::Always => ColorChoice::Always,
                ColorArgument::Never => ColorChoice::Never,
            },
        }
    }
}
