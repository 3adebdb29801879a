//! The server's own judgement of a file, before the file takes its place.

/// Reads the file and stops at a value that no server takes, which is put after everything else: the server ends
/// before it opens a socket or a file. Words after a directive's name may be secrets and are not repeated.
/// Arguments: the server's program, the file. Seen with Redis 7.0 and 8.0 and Valkey 8.1; the options' order is the
/// same in all versions.
const PARSE: &str = r#"# the server reads the file and stops before it starts
said=$(timeout 10 "$1" "$2" --activedefrag cachesmith-probe </dev/null 2>&1)
case $said in
    *"'activedefrag \"cachesmith-probe\"'"*) exit 0 ;;
esac
sed -e "s/^\\(>>> '[A-Za-z0-9._-]*\\).*/\\1 .../" -e "s/^\\(Error in user declaration\\).*/\\1/" >&2 <<END
$said
END
exit 1
"#;

/// The words that make `program` read the file at `%s`.
pub(super) fn with(program: &str) -> Vec<String> {
    ["/bin/sh", "-c", PARSE, "sh", program, "%s"]
        .map(str::to_owned)
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `%s` becomes the file's path wherever it stands.
    #[test]
    fn the_path_has_one_place() {
        let places: usize = with("redis-server")
            .iter()
            .map(|word| word.matches("%s").count())
            .sum();
        assert_eq!(places, 1);
    }
}
