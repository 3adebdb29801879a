//! Which names hosts, groups and variables can have.

/// Letters, digits and `_`, not beginning with a digit: a name that a template can say.
pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Whether a group's name can be said everywhere; others work, but not as a plain name in templates.
pub fn is_plain_group_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// Why no host can have this name, if so, in words that complete "... cannot name a host: ".
pub fn host_name_problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.starts_with('-') {
        // ssh would take it for an option.
        Some("it begins with `-`")
    } else if name
        .chars()
        .any(|letter| letter.is_control() || letter == '\0')
    {
        Some("it holds a control character")
    } else if name == "---" {
        Some("this is how a YAML document begins")
    } else {
        None
    }
}

/// The words that templates and conditions are made of.
const KEYWORDS: [&str; 13] = [
    "and", "else", "false", "False", "if", "in", "is", "none", "None", "not", "or", "true", "True",
];

/// The variables that are set for every host, whatever else is written.
pub const MAGIC: [&str; 9] = [
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "playbook_dir",
    "vars",
];

/// What is wrong with the name of a variable, as a whole sentence.
pub fn variable_problem(name: &str) -> Option<String> {
    if MAGIC.contains(&name) {
        return Some(format!(
            "variable `{name}` is always set by Cachesmith, so this value is never seen"
        ));
    }
    if is_identifier(name) && !KEYWORDS.contains(&name) {
        return None;
    }
    let reason = if KEYWORDS.contains(&name) {
        "the word has a meaning of its own"
    } else {
        "a name is made of letters, digits and `_` and does not begin with a digit"
    };
    Some(format!(
        "no template can use the variable `{name}`: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        assert!(is_plain_group_name("cache_eu"));
        assert!(!is_plain_group_name("cache-eu"));
        assert!(!is_plain_group_name("1cache"));
        assert_eq!(variable_problem("redis_port"), None);
        assert!(variable_problem("redis-port").is_some());
        assert!(variable_problem("in").is_some());
        assert!(variable_problem("groups").is_some());
        assert!(host_name_problem("-oProxyCommand=x").is_some());
        assert_eq!(host_name_problem("cache01"), None);
    }
}
