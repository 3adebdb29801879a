//! What a module accepts, as data: the loader checks playbooks against it before the first connection, and the
//! reference documentation is made of it.

/// A module's name and parameters.
#[derive(Debug)]
pub struct Spec {
    /// As tasks write it, without `ansible.builtin.`.
    pub name: &'static str,
    /// Other names that mean the same, such as `systemd_service`.
    pub aliases: &'static [&'static str],
    /// One sentence for the reference.
    pub summary: &'static str,
    pub parameters: &'static [Parameter],
    /// The parameter that a plain string after the module's name fills (`command: uptime`).
    pub free_form: Option<&'static str>,
    /// Groups of parameters of which exactly one must be given.
    pub one_of: &'static [&'static [&'static str]],
}

/// One parameter.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub kind: Kind,
    pub required: bool,
    /// The accepted words; empty: any.
    pub choices: &'static [&'static str],
    /// What holds when it is not given, for the reference.
    pub default: &'static str,
    pub help: &'static str,
}

impl Parameter {
    /// An optional parameter; the other attributes follow by `const` builder methods.
    pub const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            required: false,
            choices: &[],
            default: "",
            help,
        }
    }

    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    #[must_use]
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    String,
    /// A path on the host.
    Path,
    Boolean,
    Integer,
    /// A level of detail: runs that were not asked for so much (`-v` is 1) pass over the task.
    Detail,
    /// Permissions: `0644`, `"u=rw,g=r"`, or an integer as YAML read it.
    Mode,
    /// A list of strings; one string stands for a list of one, and commas separate as in Ansible.
    Strings,
    /// A list of words for a program; never split.
    Arguments,
    Map,
    Any,
    /// A size in bytes; `64mb`, `1 GiB` or a plain number.
    Size,
    /// The name of a template on this machine; the module gets the rendered text ([`Rendered`](super::Rendered)).
    Template,
    /// The name of a file (or folder) on this machine; the module gets its bytes ([`LocalFile`](super::LocalFile)).
    LocalFile,
    /// An expression or a list of them without braces; the module gets what they evaluate to.
    Conditions,
    /// The name of a variable or an expression without braces; the module gets its value.
    Expression,
    /// A text that nobody may see; it is masked in all output.
    Secret,
    /// Such a text, or a list of them.
    Secrets,
}

/// The name of a [`Parameter`] that stands for every name beside the others, as the variables of `set_fact`.
pub const ANY_NAME: &str = "*";

impl Spec {
    /// Whether names beside those of the parameters are accepted, with values of any kind.
    pub fn takes_any(&self) -> bool {
        self.parameters
            .iter()
            .any(|parameter| parameter.name == ANY_NAME)
    }

    /// The parameter with this name or alias.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name || parameter.aliases.contains(&name))
    }
}
