//! Paths of a host as parameters give them.

use crate::model::probe::{FileKind, FileState, Probe, Program};
use crate::module::{Failure, Look, Parameters, Stop};

/// A path that a parameter must give: full, without doubled slashes or `.` parts. A slash at its end stays.
///
/// # Errors
/// When it is missing or is no full path.
pub fn required(parameters: &Parameters, look: &Look<'_>, name: &str) -> Result<String, Stop> {
    full(name, &parameters.required(name)?, look)
}

/// A path that a parameter may give.
///
/// # Errors
/// When it is no full path.
pub fn optional(
    parameters: &Parameters,
    look: &Look<'_>,
    name: &str,
) -> Result<Option<String>, Stop> {
    match parameters.string(name)?.filter(|path| !path.is_empty()) {
        Some(path) => full(name, &path, look).map(Some),
        None => Ok(None),
    }
}

/// Makes a path full: `~` is the home of the account that the task runs as.
fn full(name: &str, path: &str, look: &Look<'_>) -> Result<String, Stop> {
    if path.contains('\0') {
        return Err(Stop::failed(format!("`{name}` has a NUL character in it")));
    }
    if path.starts_with('/') {
        return Ok(tidy(path));
    }
    if let Some(path) = below_home(path, look)? {
        return Ok(path);
    }
    Err(Failure::new(format!("`{name}: {path}` is no full path"))
        .help("write it from the root, such as `/etc/redis/redis.conf`: what a relative path means depends on the session")
        .into())
}

/// The path that one beginning with `~` stands for; nothing where it begins with something else.
///
/// # Errors
/// When the home directory has to be asked for.
pub fn below_home(path: &str, look: &Look<'_>) -> Result<Option<String>, Stop> {
    if path != "~" && !path.starts_with("~/") {
        return Ok(None);
    }
    // Asked where the task runs: facts belong to the account that logged in, and may not have been gathered.
    let said = look.program(&home_question())?;
    let home = said.stdout.to_lossy();
    let known = said.code == 0 && home.starts_with('/');
    Ok(known.then(|| tidy(&format!("{home}{}", &path[1..]))))
}

/// What `~` stands for in a session.
pub fn home_question() -> Program {
    Program::shell("printf %s ~")
}

/// Without doubled slashes and `.` parts. `..` stays: what it means depends on links.
pub fn tidy(path: &str) -> String {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let end = if path.len() > 1 && path.ends_with('/') && !parts.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", parts.join("/"))
}

/// Without a slash at its end.
pub fn without_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}

/// The directory that holds a path.
pub fn parent(path: &str) -> &str {
    match without_slash(path).rsplit_once('/') {
        None | Some(("", _)) => "/",
        Some((parent, _)) => parent,
    }
}

/// The last part of a path.
pub fn name(path: &str) -> &str {
    without_slash(path)
        .rsplit_once('/')
        .map_or(path, |(_, name)| name)
}

/// A path inside a directory; a full path stays as it is.
pub fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    tidy(&format!("{directory}/{path}"))
}

/// The directories above a path, from the nearest on, without `/`.
pub fn directories_above(path: &str) -> Vec<String> {
    let mut above: Vec<String> = Vec::new();
    let mut last = parent(without_slash(path));
    while last != "/" {
        above.push(last.to_owned());
        last = parent(last);
    }
    above
}

/// The directories of a path that are not there yet, itself included, from the top.
///
/// # Errors
/// When something else than a directory stands in the way, beside what [`Look::observe`] says.
pub fn missing_directories(look: &Look<'_>, path: &str) -> Result<Vec<String>, Stop> {
    let mut chain = vec![without_slash(path).to_owned()];
    chain.extend(directories_above(path));
    let mut missing = Vec::new();
    for (number, directory) in chain.iter().enumerate() {
        // Where one has to be asked, those above it may have to be: they go with the same question.
        let rest: Vec<Probe> = chain[number..].iter().cloned().map(Probe::File).collect();
        if look.origin(&rest[0]).is_none() {
            look.ask(&rest)?;
        }
        match look.file(directory)? {
            FileState::Absent { .. } => missing.push(directory.clone()),
            FileState::Present(info) => match &info.kind {
                FileKind::Directory => break,
                FileKind::Link {
                    resolved: Some(_), ..
                } if info.sha256.is_none() => break,
                _ => {
                    return Err(Failure::new(format!("`{directory}` is no directory"))
                        .help("remove it, or choose another place")
                        .into());
                }
            },
        }
    }
    missing.reverse();
    Ok(missing)
}

/// The failure for a file whose directory is not there.
pub fn no_directory(path: &str) -> Stop {
    let parent = parent(path);
    Failure::new(format!("the directory `{parent}` does not exist"))
        .help(format!(
            "create it with a task before: `file: {{ path: {parent}, state: directory }}`"
        ))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_and_put_together() {
        assert_eq!(tidy("//etc/./redis//x/"), "/etc/redis/x/");
        assert_eq!(tidy("/"), "/");
        assert_eq!(tidy("//"), "/");
        assert_eq!(parent("/etc/redis/"), "/etc");
        assert_eq!(parent("/etc"), "/");
        assert_eq!(name("/etc/redis/"), "redis");
        assert_eq!(join("/etc", "../a"), "/etc/../a");
        assert_eq!(join("/etc", "/a"), "/a");
    }
}
