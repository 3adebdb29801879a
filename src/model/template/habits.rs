//! What people bring along from Jinja and Python, and what to write instead.

use super::catalogue::Use;

/// What to write instead of a filter, a test or a function that is not here.
pub(super) fn instead(kind: Use, name: &str) -> Option<&'static str> {
    let table = match kind {
        Use::Filter => FILTERS,
        Use::Test => TESTS,
        Use::Function => FUNCTIONS,
    };
    lookup(table, name)
}

/// What to write instead of a method of a value.
pub(super) fn instead_of_method(name: &str) -> Option<&'static str> {
    lookup(METHODS, name)
}

/// What to write instead of a tag.
pub(super) fn instead_of_tag(name: &str) -> Option<&'static str> {
    lookup(TAGS, name)
}

/// What to write instead of a call whose arguments have another order here than in Jinja.
pub(super) fn instead_of_call(name: &str) -> Option<&'static str> {
    lookup(CALLS, name)
}

fn lookup(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(names, _)| names.split(' ').any(|known| known == name))
        .map(|(_, help)| *help)
}

const IMPURE: &str = "a plan must come out the same each time; choose the value in the inventory or with `--extra-vars`";
const OPERATOR: &str = "compare with `==`, `!=`, `<`, `<=`, `>` or `>=`";
const LOOKUP: &str = "templates do not look at this machine; pass the value with `--extra-vars`, or read a YAML file with `vars_files`";

const FILTERS: &[(&str, &str)] = &[
    ("d", "write `default(value=...)`"),
    (
        "items",
        "a loop over a mapping gives both: `{% for key, value in mapping %}`; `dict2items` makes a list of it",
    ),
    ("dictsort", "write `dict2items | sort(attribute=\"key\")`"),
    ("tojson", "write `to_json`"),
    ("pprint", "write `to_nice_json`"),
    ("count", "write `length`"),
    (
        "e",
        "write `escape_html`; nothing is escaped unless you say so",
    ),
    ("strip", "write `trim`"),
    ("lstrip", "write `trim_start`"),
    ("rstrip", "write `trim_end`"),
    ("groupby", "write `group_by(attribute=\"name\")`"),
    ("set tuple", "write `unique` or `list`"),
    ("filesizeformat human_readable", "write `human_bytes`"),
    ("human_to_bytes", "write `to_bytes`"),
    ("format", "join texts with `~`: `\"a\" ~ b`"),
    ("attr extract", "write `mapping[name]`"),
    ("batch slice", "cut a list with `list[0:3]`"),
    (
        "json_query jmespath subelements",
        "use `map(attribute=...)` and `selectattr(...)`, or write a list: `[x.name for x in list if x.on]`",
    ),
    (
        "checksum md5 sha1 sha256 sha512",
        "write `hash(algorithm=\"sha256\")`, or `sha512`",
    ),
    (
        "password_hash",
        "make the hash beforehand, for example with `mkpasswd`, and put it into a variable",
    ),
    ("random shuffle", IMPURE),
    ("fileglob realpath expanduser expandvars relpath", LOOKUP),
    (
        "ipaddr ipv4 ipv6 ipsubnet ipwrap",
        "addresses are texts here: use `split`, `regex_search` and `is match(pat=...)`",
    ),
    (
        "vault unvault",
        "keep the value in a file that only you can read, and pass it with `--extra-vars @FILE`",
    ),
    (
        "comment",
        "write the comment's characters into the template",
    ),
    (
        "to_datetime",
        "write `strftime(format=\"%Y-%m-%d\", epoch=seconds)`",
    ),
];

const CALLS: &[(&str, &str)] = &[
    (
        "map",
        "write `map(attribute=\"name\")` for a part of each item, `map(filter=\"name\")` for what a filter makes of it",
    ),
    (
        "select reject",
        "write `select(equals=...)`, or `one_of`, `above`, `below`, `matches`, `contains`; without any, what is true is taken",
    ),
    (
        "selectattr rejectattr",
        "write `selectattr(attribute=\"name\", equals=...)`, or `one_of`, `above`, `below`, `matches`, `contains`, `defined`",
    ),
];

const TESTS: &[(&str, &str)] = &[
    (
        "eq equalto sameas ne lt lessthan le gt greaterthan ge",
        OPERATOR,
    ),
    ("in", "leave the `is` out: `x in list`"),
    ("startswith", "write `is starting_with(pat=\"...\")`"),
    ("endswith", "write `is ending_with(pat=\"...\")`"),
    ("divisibleby", "write `is divisible_by(divisor=...)`"),
    (
        "file exists directory link mount abs",
        "templates do not look at files; use the module `stat` on the host, and test its result",
    ),
    (
        "version_compare",
        "write `is version(than=\"7.0\", operator=\">=\")`",
    ),
    ("null None", "write `is none`"),
    (
        "true True false False",
        "write `== true` or `== false`, or the name alone, or `not` and the name",
    ),
    ("vault_encrypted callable filter test escaped", LOOKUP),
];

const FUNCTIONS: &[(&str, &str)] = &[
    ("lookup query q", LOOKUP),
    (
        "namespace",
        "a value that outlives a loop is set with `{% set_global name = value %}`",
    ),
    ("dict", "write `{\"key\": value}`"),
    ("list", "write `[a, b]`, or `mapping | keys`"),
    ("str", "write `value | string`"),
    (
        "int float bool len",
        "write a filter: `value | int`, `value | float`, `value | bool`, `value | length`",
    ),
    (
        "now",
        "a plan must come out the same each time; use `ansible_date_time`, which is the host's clock",
    ),
    (
        "joiner cycler",
        "use `loop.first`, `loop.last` and `loop.index`",
    ),
    ("undef", "write `throw(message=\"...\")`"),
    (
        "caller varargs kwargs",
        "use a component: `{% component name(argument) %}`",
    ),
    ("defined", "write `name is defined`"),
];

const METHODS: &[(&str, &str)] = &[
    (
        "items iteritems",
        "a loop over a mapping gives both: `{% for key, value in mapping %}`; `mapping | dict2items` makes a list of it",
    ),
    ("keys", "write `mapping | keys`"),
    ("values", "write `mapping | values`"),
    (
        "get",
        "write `mapping.key | default(value=...)`, or `mapping | get(key=name, default=...)`",
    ),
    ("update", "write `mapping | combine(with={...})`"),
    ("append extend insert", "write `[...list, value]`"),
    ("split rsplit", "write `text | split(pat=\",\")`"),
    ("splitlines", "write `text | split(pat=\"\\n\")`"),
    ("strip", "write `text | trim`"),
    ("lstrip", "write `text | trim_start`"),
    ("rstrip", "write `text | trim_end`"),
    ("lower", "write `text | lower`"),
    ("upper", "write `text | upper`"),
    (
        "title capitalize",
        "write `text | title` or `text | capitalize`",
    ),
    ("replace", "write `text | replace(from=\"a\", to=\"b\")`"),
    ("startswith", "write `text is starting_with(pat=\"...\")`"),
    ("endswith", "write `text is ending_with(pat=\"...\")`"),
    ("find index", "write `text is containing(pat=\"...\")`"),
    ("count", "write `list | length`"),
    ("join", "write `list | join(sep=\",\")`"),
    ("format", "join texts with `~`: `\"a\" ~ b`"),
    (
        "isdigit isnumeric",
        "write `text is match(pat=\"[0-9]+$\")`",
    ),
    (
        "encode decode",
        "texts are UTF-8; use `b64encode` and `b64decode`",
    ),
    ("cycle", "use `loop.index is odd`"),
];

const TAGS: &[(&str, &str)] = &[
    (
        "macro endmacro call endcall",
        "write a component: `{% component name(argument) %}...{% endcomponent %}`, used as `{{ <name argument={value} /> }}`",
    ),
    (
        "import from",
        "components of an included template can be used as they are; `{% include \"part\" %}`",
    ),
    ("with endwith do", "write `{% set name = value %}`"),
    (
        "autoescape endautoescape",
        "nothing is escaped here unless you say so",
    ),
    ("debug print", "write `{{ value | to_nice_json }}`"),
    ("elseif elsif", "write `{% elif %}`"),
    (
        "end",
        "write `{% endif %}`, `{% endfor %}` or `{% endblock %}`",
    ),
    ("trans", "leave it out"),
];
