//! The text of a sysctl file (`sysctl.d(5)`): read, changed line by line, left alone otherwise.

/// One `key = value` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// In its normal form, see [`normal_key`].
    pub(super) key: String,
    /// With runs of white space folded to one space.
    pub(super) value: String,
    /// The key was written `-key`: that the kernel refuses it is no error.
    pub(super) optional: bool,
}

/// A key with dots between its parts. In the form with slashes, and inside a part, dots and slashes change places:
/// `net/ipv4/conf/eth0.7/forwarding` is `net.ipv4.conf.eth0/7.forwarding`.
pub(super) fn normal_key(key: &str) -> String {
    let key = key.trim();
    match key.find(['.', '/']) {
        Some(first) if key[first..].starts_with('/') => key
            .chars()
            .map(|character| match character {
                '.' => '/',
                '/' => '.',
                other => other,
            })
            .collect(),
        _ => key.to_owned(),
    }
}

/// A value as the kernel shows it: runs of white space are one space.
pub(super) fn fold(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a key stands for several, as in `net.ipv4.conf.*.rp_filter`.
pub(super) fn is_pattern(key: &str) -> bool {
    key.contains(['*', '?', '['])
}

/// What a line sets; `None` for comments, empty lines, and keys that are only excluded from patterns.
pub(super) fn setting(line: &str) -> Option<Setting> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (key, value) = line.split_once('=')?;
    let (key, optional) = match key.trim().strip_prefix('-') {
        Some(key) => (key, true),
        None => (key, false),
    };
    Some(Setting {
        key: normal_key(key),
        value: fold(value),
        optional,
    })
}

/// Everything that a text sets, in order.
pub(super) fn settings(text: &str) -> impl Iterator<Item = Setting> {
    text.lines().filter_map(setting)
}

/// The number of the first line that says nothing `sysctl.d(5)` knows, counted from 1.
pub(super) fn wrong_line(text: &str) -> Option<usize> {
    text.lines()
        .position(|line| {
            let line = line.trim();
            let comment = line.is_empty() || line.starts_with(['#', ';']);
            let excluded = line.starts_with('-') && !line.contains(char::is_whitespace);
            let sets = setting(line).is_some_and(|setting| !setting.key.is_empty());
            !(comment || excluded || sets)
        })
        .map(|index| index + 1)
}

/// What a text sets a key to: the last line decides.
pub(super) fn value_in(text: &str, key: &str) -> Option<String> {
    settings(text)
        .filter(|setting| setting.key == key)
        .last()
        .map(|setting| setting.value)
}

/// A text in which a key is set once to a value, where it stood first or else at the end.
pub(super) fn with(text: &str, key: &str, value: &str) -> String {
    let is_it = |line: &str| setting(line).is_some_and(|setting| setting.key == key);
    let mut lines = Vec::new();
    let mut placed = false;
    for line in text.lines() {
        if !is_it(line) {
            lines.push(line.to_owned());
        } else if !placed {
            placed = true;
            lines.push(written(line, key, value));
        }
    }
    if !placed {
        lines.push(format!("{key}={value}"));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The line with another value, as Ansible writes it; a line that has it already stays as it is written.
fn written(line: &str, key: &str, value: &str) -> String {
    match setting(line) {
        Some(setting) if setting.value == value => line.to_owned(),
        Some(setting) if setting.optional => format!("-{key}={value}"),
        _ => format!("{key}={value}"),
    }
}

/// A text in which a key is not set.
pub(super) fn without(text: &str, key: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| setting(line).is_none_or(|setting| setting.key != key))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_in_both_forms() {
        assert_eq!(normal_key("vm/swappiness"), "vm.swappiness");
        assert_eq!(
            normal_key("net/ipv4/conf/eth0.7/forwarding"),
            normal_key("net.ipv4.conf.eth0/7.forwarding")
        );
    }

    #[test]
    fn a_key_is_set_once_and_nothing_else_is_touched() {
        let text =
            "# a comment\nvm.swappiness=60\n\n  -vm/overcommit_memory = 0\nvm.swappiness = 10";
        assert_eq!(
            with(text, "vm.swappiness", "1"),
            "# a comment\nvm.swappiness=1\n\n  -vm/overcommit_memory = 0\n"
        );
        assert_eq!(
            with(text, "vm.overcommit_memory", "1"),
            "# a comment\nvm.swappiness=60\n\n-vm.overcommit_memory=1\nvm.swappiness = 10\n"
        );
        assert_eq!(with("", "a.b", "1 2"), "a.b=1 2\n");
        assert_eq!(with("a.b=1 2\n", "a.b", "1 2"), "a.b=1 2\n");
    }

    #[test]
    fn the_last_line_decides() {
        let text = "a.b = 1\n; a.b = 5\na/b =  2\t 3\n-a.c\n";
        assert_eq!(value_in(text, "a.b").as_deref(), Some("2 3"));
        assert_eq!(value_in(text, "a.c"), None);
        assert_eq!(without(text, "a.b"), "; a.b = 5\n-a.c\n");
        assert_eq!(wrong_line(text), None);
        assert_eq!(wrong_line("# x\nvm.swappiness 1\n"), Some(2));
        assert_eq!(wrong_line(" = 1\n"), Some(1));
    }
}
