//! What the files of a unit say (`systemd.syntax(7)`), as far as a drop-in has to know.

/// One assignment in a section `[Service]`, and the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment<'a> {
    pub(super) path: &'a str,
    pub(super) value: String,
}

/// Everything that files, given in the order in which they count, assign to a directive. An empty assignment takes
/// back what stands before it.
pub(super) fn assignments<'a>(
    files: &'a [(String, String)],
    directive: &str,
) -> Vec<Assignment<'a>> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (name, value) in service_lines(text) {
            if !means(&name, directive) {
                continue;
            }
            if value.is_empty() {
                found.clear();
            } else {
                found.push(Assignment { path, value });
            }
        }
    }
    found
}

/// `TimeoutSec=` sets the time for starting too.
fn means(name: &str, directive: &str) -> bool {
    name == directive || directive == "TimeoutStartSec" && name == "TimeoutSec"
}

/// The assignments of the `[Service]` sections of one file.
fn service_lines(text: &str) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut section = String::new();
    let mut begun = String::new();
    for line in text.lines() {
        let line = line.trim();
        // Comments between the lines of a value do not end it.
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(start) = line.strip_suffix('\\') {
            begun.push_str(start);
            begun.push(' ');
            continue;
        }
        let whole = format!("{begun}{line}");
        begun.clear();
        if let Some(name) = whole
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            name.clone_into(&mut section);
        } else if section == "Service"
            && let Some((name, value)) = whole.split_once('=')
        {
            lines.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    lines
}

/// The files with another text for one of them, or with one more where its name puts it: drop-ins count in the order
/// of their names, whatever their directories, and after the unit's own file.
pub(super) fn with_file(
    files: &[(String, String)],
    path: &str,
    text: Option<&str>,
) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = files
        .iter()
        .filter(|(other, _)| other != path)
        .cloned()
        .collect();
    let Some(text) = text else {
        return files;
    };
    let place = files
        .iter()
        .position(|(other, _)| is_drop_in(other) && name(other) > name(path))
        .unwrap_or(files.len());
    files.insert(place, (path.to_owned(), text.to_owned()));
    files
}

fn is_drop_in(path: &str) -> bool {
    path.rsplit_once('/')
        .is_some_and(|(directory, _)| directory.ends_with(".d"))
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> (String, String) {
        (path.to_owned(), text.to_owned())
    }

    #[test]
    fn the_last_assignment_of_the_right_section_counts() {
        let files = [
            file(
                "/lib/systemd/system/redis.service",
                "[Unit]\nLimitNOFILE=1\n[Service]\nLimitNOFILE = 65535\nExecPaths=/a \\\n# a comment\n /b\n[Install]\nLimitNOFILE=2\n",
            ),
            file(
                "/etc/systemd/system/redis.service.d/a.conf",
                "[Service]\nLimitNOFILE=10\nExecPaths=/c\nTimeoutSec=5\n",
            ),
        ];
        let values = |directive| {
            assignments(&files, directive)
                .into_iter()
                .map(|assignment| assignment.value)
                .collect::<Vec<_>>()
        };
        assert_eq!(values("LimitNOFILE"), ["65535", "10"]);
        assert_eq!(values("ExecPaths"), ["/a  /b", "/c"]);
        assert_eq!(values("TimeoutStartSec"), ["5"]);
        let reset = file("/etc/z.d/z.conf", "[Service]\nExecPaths=\nExecPaths=/d\n");
        let files = [files.to_vec(), vec![reset]].concat();
        assert_eq!(assignments(&files, "ExecPaths").len(), 1);
    }

    #[test]
    fn a_new_drop_in_stands_where_its_name_puts_it() {
        let files = [
            file("/lib/systemd/system/redis.service", ""),
            file("/run/systemd/system/redis.service.d/10-a.conf", ""),
            file("/etc/systemd/system/service.d/90-z.conf", ""),
        ];
        let ours = "/etc/systemd/system/redis.service.d/50-cachesmith.conf";
        let with = with_file(&files, ours, Some("x"));
        assert_eq!(with[2].0, ours);
        assert_eq!(with_file(&with, ours, None), files);
    }
}
