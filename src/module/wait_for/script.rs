//! The program that waits on the host.

use super::{Goal, Patience};

/// Looks again and again; nobody who waits needs more than a shell, and one of nc, bash or the kernel's own tables.
const SCRIPT: &str = r#"set -u
kind=$1 timeout=$2 connect=$3 delay=$4 pause=$5 said=$6
shift 6
if command -v timeout >/dev/null 2>&1; then
	limited() { timeout "$connect" "$@"; }
else
	limited() { "$@"; }
fi
# matches PATTERN SIMPLER: the first for a grep that knows Perl's patterns.
if printf x | grep -q -P x 2>/dev/null; then
	matches() { grep -q -P -e "$1"; }
else
	matches() { grep -q -E -e "$2"; }
fi
listens() {
	hex=$(printf '%04X' "$2")
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "^ *[0-9]*: [0-9A-F]*:$hex [0-9A-F]*:[0-9A-F]* 0A "
}
answers() {
	if command -v nc >/dev/null 2>&1 && limited nc -z -w "$connect" "$1" "$2" >/dev/null 2>&1; then
		return 0
	fi
	if command -v bash >/dev/null 2>&1; then
		limited bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" >/dev/null 2>&1
	else
		listens "$1" "$2"
	fi
}
sends() {
	command -v bash >/dev/null 2>&1 || {
		echo 'search_regex needs bash on the host to read from a port' >&2
		exit 127
	}
	bash -c '
		exec 3<>"/dev/tcp/$0/$1" || exit 1
		while IFS= read -r -t "$2" line <&3 || [ -n "$line" ]; do
			printf "%s\n" "$line"
			line=
		done' "$1" "$2" "$connect" 2>/dev/null | {
		while IFS= read -r line; do
			printf '%s\n' "$line" | matches "$3" "$4" && exit 0
		done
		exit 1
	}
}
connections() {
	hex=$(printf '%04X' "$2")
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		grep -q -E "^ *[0-9]*: [0-9A-F]*$1:$hex [0-9A-F]*:[0-9A-F]* ($3) "
}
reached() {
	case $kind in
	time) return 1 ;;
	open) answers "$1" "$2" ;;
	closed) ! answers "$1" "$2" ;;
	sends) sends "$1" "$2" "$3" "$4" ;;
	drained) ! connections "$1" "$2" "$3" ;;
	present) [ -e "$1" ] ;;
	has) [ -e "$1" ] && matches "$2" "$3" <"$1" ;;
	absent) ! [ -e "$1" ] ;;
	esac
}
[ "$delay" -eq 0 ] || sleep "$delay"
end=$(($(date +%s) + timeout))
while ! reached "$@"; do
	left=$((end - $(date +%s)))
	if [ "$left" -le 0 ]; then
		[ "$kind" != time ] || exit 0
		printf '%s\n' "$said" >&2
		exit 1
	fi
	if [ "$kind" = time ] || [ "$pause" -gt "$left" ]; then
		sleep "$left"
	else
		sleep "$pause"
	fi
done
"#;

/// The words of the program.
pub(super) fn argv(goal: &Goal, patience: &Patience, said: &str) -> Vec<String> {
    let (kind, words) = match goal {
        Goal::Time => ("time", Vec::new()),
        Goal::Port {
            host,
            port,
            open,
            pattern,
        } => {
            let mut words = vec![host.clone(), port.to_string()];
            words.extend(pattern.iter().flat_map(|pattern| both(pattern)));
            let kind = match (open, pattern) {
                (true, None) => "open",
                (true, Some(_)) => "sends",
                (false, _) => "closed",
            };
            (kind, words)
        }
        Goal::Drained {
            address,
            port,
            states,
        } => (
            "drained",
            vec![address.clone(), port.to_string(), states.join("|")],
        ),
        Goal::Path {
            path,
            present,
            pattern,
        } => {
            let mut words = vec![path.clone()];
            words.extend(pattern.iter().flat_map(|pattern| both(pattern)));
            let kind = match (present, pattern) {
                (true, None) => "present",
                (true, Some(_)) => "has",
                (false, _) => "absent",
            };
            (kind, words)
        }
    };
    let mut argv: Vec<String> = ["/bin/sh", "-c", SCRIPT, "wait_for", kind]
        .iter()
        .map(|word| (*word).to_owned())
        .collect();
    argv.extend(
        [
            patience.timeout,
            patience.connect_timeout,
            patience.delay,
            patience.sleep,
        ]
        .map(|seconds| seconds.to_string()),
    );
    argv.push(said.to_owned());
    argv.extend(words);
    argv
}

/// A pattern as it is, and for a grep that knows no more than extended regular expressions.
fn both(pattern: &str) -> [String; 2] {
    let simpler = [
        ("\\d", "[0-9]"),
        ("\\D", "[^0-9]"),
        ("\\s", "[[:space:]]"),
        ("\\S", "[^[:space:]]"),
        ("\\w", "[[:alnum:]_]"),
        ("\\W", "[^[:alnum:]_]"),
    ]
    .iter()
    .fold(pattern.to_owned(), |text, (from, to)| {
        text.replace(from, to)
    });
    [pattern.to_owned(), simpler]
}

/// What is said when the time is up.
pub(super) fn complaint(goal: &Goal) -> String {
    match goal {
        Goal::Time => String::new(),
        Goal::Port {
            host, port, open, ..
        } => {
            let what = if *open {
                "did not answer"
            } else {
                "still answers"
            };
            format!("port {port} of {host} {what} when the time was up")
        }
        Goal::Drained { port, .. } => {
            format!("port {port} still had connections when the time was up")
        }
        Goal::Path {
            path,
            present,
            pattern,
        } => match (present, pattern) {
            (true, None) => format!("{path} was not there when the time was up"),
            (true, Some(_)) => format!("no line of {path} matched when the time was up"),
            (false, _) => format!("{path} was still there when the time was up"),
        },
    }
}
