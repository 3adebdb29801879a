//! The keywords of plays, blocks and tasks, as data.

/// Where a keyword may stand.
pub(super) const PLAY: u8 = 1;
pub(super) const BLOCK: u8 = 2;
pub(super) const TASK: u8 = 4;
/// `include_tasks`, `include_role`, `import_tasks`, `import_role`.
pub(super) const INCLUDE: u8 = 8;
pub(super) const HANDLER: u8 = 16;
pub(super) const ROLE: u8 = 32;

/// Every keyword with the places in which it may stand.
const KEYWORDS: &[(&str, u8)] = &[
    ("name", PLAY | BLOCK | TASK | INCLUDE | HANDLER),
    ("hosts", PLAY),
    ("gather_facts", PLAY),
    ("vars_files", PLAY),
    ("topology", PLAY),
    ("serial", PLAY),
    ("max_fail_percentage", PLAY),
    ("max_fail", PLAY),
    ("any_errors_fatal", PLAY),
    ("order", PLAY),
    ("spread_by", PLAY),
    ("canary", PLAY),
    ("gate", PLAY),
    ("on_failure", PLAY),
    ("pre_tasks", PLAY),
    ("tasks", PLAY),
    ("post_tasks", PLAY),
    ("post_checks", PLAY),
    ("handlers", PLAY),
    ("roles", PLAY),
    ("connection", PLAY),
    ("become", PLAY | BLOCK | TASK | INCLUDE | HANDLER | ROLE),
    (
        "become_user",
        PLAY | BLOCK | TASK | INCLUDE | HANDLER | ROLE,
    ),
    (
        "become_method",
        PLAY | BLOCK | TASK | INCLUDE | HANDLER | ROLE,
    ),
    ("vars", PLAY | BLOCK | TASK | INCLUDE | HANDLER | ROLE),
    (
        "environment",
        PLAY | BLOCK | TASK | INCLUDE | HANDLER | ROLE,
    ),
    ("tags", PLAY | BLOCK | TASK | INCLUDE | HANDLER | ROLE),
    ("when", BLOCK | TASK | INCLUDE | HANDLER | ROLE),
    ("ignore_errors", PLAY | BLOCK | TASK | HANDLER),
    ("no_log", PLAY | BLOCK | TASK | HANDLER),
    ("delegate_to", BLOCK | TASK | HANDLER),
    ("run_once", BLOCK | TASK | INCLUDE | HANDLER),
    ("check_mode", PLAY | BLOCK | TASK | HANDLER),
    ("throttle", PLAY | BLOCK | TASK | HANDLER | ROLE),
    ("timeout", PLAY | BLOCK | TASK | HANDLER),
    ("block", BLOCK),
    ("rescue", BLOCK),
    ("always", BLOCK),
    ("loop", TASK | INCLUDE | HANDLER),
    ("with_items", TASK | INCLUDE | HANDLER),
    ("with_list", TASK | INCLUDE | HANDLER),
    ("with_dict", TASK | INCLUDE | HANDLER),
    ("loop_control", TASK | INCLUDE | HANDLER),
    ("register", TASK | HANDLER),
    ("notify", BLOCK | TASK | HANDLER),
    ("listen", HANDLER),
    ("changed_when", TASK | HANDLER),
    ("failed_when", TASK | HANDLER),
    ("until", TASK | HANDLER),
    ("retries", TASK | HANDLER),
    ("delay", TASK | HANDLER),
    ("args", TASK | HANDLER),
];

/// Ansible's keywords that are not obeyed here, with what to do instead. They are refused by name, never ignored.
const REFUSED: &[(&str, &str)] = &[
    (
        "strategy",
        "hosts of a wave run side by side, as far as each can get; use `serial` for waves and `throttle` for single tasks",
    ),
    (
        "async",
        "a task runs until it ends; give it a longer `timeout`",
    ),
    (
        "poll",
        "a task runs until it ends; give it a longer `timeout`",
    ),
    (
        "vars_prompt",
        "pass the value with `-e name=value` or a variables file",
    ),
    (
        "module_defaults",
        "write the arguments at the tasks, or use YAML anchors",
    ),
    ("collections", "modules are built in; remove this line"),
    (
        "force_handlers",
        "handlers that were earned always run; remove this line",
    ),
    (
        "gather_subset",
        "all facts come in one round trip; remove this line",
    ),
    (
        "fact_path",
        "custom facts are not read; set variables in the inventory",
    ),
    ("debugger", "use `plan` to see what would be done"),
    ("delegate_facts", "facts always belong to the host itself"),
    ("remote_user", "set `ansible_user` in the inventory"),
    ("port", "set `ansible_port` in the inventory"),
    (
        "become_flags",
        "set `ansible_become_flags` in the inventory",
    ),
    (
        "ignore_unreachable",
        "a host that cannot be reached leaves the run; `max_fail_percentage` says how many may",
    ),
    ("become_exe", "set `ansible_become_exe` in the inventory"),
    (
        "diff",
        "differences are always shown; `no_log: true` hides them",
    ),
    (
        "local_action",
        "write the module as usual and add `delegate_to: localhost`",
    ),
    ("action", "write the module's name as the key"),
    ("with_fileglob", "list the files in `loop`"),
    ("with_first_found", "use `include_tasks` with a condition"),
    ("with_nested", "use a nested list in `loop`"),
    ("with_sequence", "use `loop: \"{{ range(end=10) }}\"`"),
    ("with_subelements", "prepare the list in a variable"),
    ("with_together", "prepare the list in a variable"),
    (
        "with_lines",
        "register a command's `stdout_lines` and loop over them",
    ),
];

/// Whether a keyword may stand in a place.
pub(super) fn is_allowed(key: &str, place: u8) -> bool {
    KEYWORDS
        .iter()
        .any(|(name, places)| *name == key && places & place != 0)
}

/// Whether it is a keyword anywhere.
pub(super) fn is_keyword(key: &str) -> bool {
    KEYWORDS.iter().any(|(name, _)| *name == key)
}

/// All keywords of a place.
pub(super) fn of(place: u8) -> impl Iterator<Item = &'static str> {
    KEYWORDS
        .iter()
        .filter(move |(_, places)| places & place != 0)
        .map(|(name, _)| *name)
}

/// What a keyword belongs to that may not stand in a place, if it is one.
pub(super) fn belongs_to(key: &str, place: u8) -> Option<&'static str> {
    let (_, places) = KEYWORDS.iter().find(|(name, _)| *name == key)?;
    let owners = [
        (TASK, "a task"),
        (PLAY, "a play"),
        (BLOCK, "a block"),
        (HANDLER, "a handler"),
    ];
    owners
        .iter()
        .find(|(owner, _)| *owner != place && places & owner != 0)
        .map(|(_, words)| *words)
}

/// What to do instead of a keyword that is not obeyed.
pub(super) fn instead_of(key: &str) -> Option<&'static str> {
    REFUSED
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, help)| *help)
}
