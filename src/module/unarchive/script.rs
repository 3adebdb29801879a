//! The programs that unpack: one that compares, one that puts in place.

use super::archive::{Archive, ArchiveKind, Place};
use crate::model::probe::Program;
use crate::module::shared::attributes::Resolved;
use crate::module::shared::mode::Mode;
use crate::module::{Parameters, Stop};

/// Seconds that unpacking may take.
const LONGEST: u64 = 3600;

/// Unpacks into a temporary directory and gives owner and mode. Both programs begin so: what is compared in a dry run is
/// what is put in place afterwards.
const UNPACK: &str = r#"set -eu
to=$1 archive=$2 owner=$3 mode=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'exit 143' TERM
if [ -z "$archive" ]; then
	archive=$work/archive
	cat >"$archive"
fi
for word do
	shift
	[ "$word" != '{}' ] || word=$archive
	set -- "$@" "$word"
done
command -v "$1" >/dev/null 2>&1 || {
	echo "the host has no $1: install it before" >&2
	exit 127
}
umask 022
mkdir "$work/tree"
cd "$work/tree"
"$@" >&2
[ -z "$owner" ] || find . -mindepth 1 -exec chown -h -- "$owner" {} +
[ -z "$mode" ] || find . -mindepth 1 ! -type l -exec chmod -- "$mode" {} +
find . -mindepth 1 | LC_ALL=C sort >"$work/names"
is_file() { [ -f "$1" ] && ! [ -L "$1" ]; }
# same_content NEW OLD
same_content() {
	if [ -L "$1" ]; then
		[ -L "$2" ] && [ "$(readlink "$1")" = "$(readlink "$2")" ]
	elif [ -d "$1" ]; then
		[ -d "$2" ]
	else
		is_file "$2" && cmp -s -- "$1" "$2"
	fi
}
# same_attributes NEW OLD: of a directory that was there only what was asked for.
same_attributes() {
	if [ -L "$1" ]; then
		return 0
	elif [ -d "$1" ]; then
		[ -z "$mode" ] || [ "$(stat -c %a "$1")" = "$(stat -c %a "$2")" ] || return 1
		case $owner in
		'') ;;
		:*) [ "$(stat -c %g "$1")" = "$(stat -c %g "$2")" ] ;;
		*:*) [ "$(stat -c %u:%g "$1")" = "$(stat -c %u:%g "$2")" ] ;;
		*) [ "$(stat -c %u "$1")" = "$(stat -c %u "$2")" ] ;;
		esac
	else
		[ "$(stat -c '%a %u:%g' "$1")" = "$(stat -c '%a %u:%g' "$2")" ]
	fi
}
"#;

/// Says of every member that is not as it should be what is wrong with it.
const COMPARE: &str = r#"while IFS= read -r name; do
	name=${name#./}
	old=$to/$name
	if ! [ -e "$old" ] && ! [ -L "$old" ]; then
		printf 'missing %s\n' "$name"
	elif ! same_content "$name" "$old"; then
		printf 'differs %s\n' "$name"
	elif ! same_attributes "$name" "$old"; then
		printf 'attributes %s\n' "$name"
	fi
done <"$work/names"
"#;

/// Puts every member in its place that is not there: files by renaming, so that nobody reads a half of one.
const PLACE: &str = r#"like() {
	chown -- "$(stat -c %u:%g "$1")" "$2"
	chmod -- "0$(stat -c %a "$1")" "$2"
}
while IFS= read -r name; do
	name=${name#./}
	old=$to/$name
	if [ -d "$name" ] && ! [ -L "$name" ]; then
		if ! [ -d "$old" ]; then
			mkdir -- "$old"
			like "$name" "$old"
		elif ! same_attributes "$name" "$old"; then
			[ -z "$owner" ] || chown -- "$owner" "$old"
			[ -z "$mode" ] || chmod -- "$mode" "$old"
		fi
	elif ! same_content "$name" "$old" || ! same_attributes "$name" "$old"; then
		if [ -d "$old" ] && ! [ -L "$old" ]; then
			echo "$old is a directory, and the archive has a file there" >&2
			exit 1
		fi
		cp -P -p -- "$name" "$old.cachesmith-new"
		! [ -L "$old" ] || rm -f -- "$old"
		mv -f -- "$old.cachesmith-new" "$old"
	fi
done <"$work/names"
sync
"#;

/// How an archive is unpacked where.
pub(super) struct Unpack {
    pub(super) archive: Archive,
    pub(super) dest: String,
    /// As chown reads it; empty: as the archive says.
    owner: String,
    /// As chmod reads it; empty: as the archive says.
    mode: String,
    /// The unpacking program; `{}` stands for the archive.
    argv: Vec<String>,
}

impl Unpack {
    pub(super) fn of(
        parameters: &Parameters,
        archive: Archive,
        dest: &str,
        attributes: &Resolved,
    ) -> Result<Self, Stop> {
        let owner = match (&attributes.owner, &attributes.group) {
            (None, None) => String::new(),
            (Some(owner), None) => owner.name.clone(),
            (owner, Some(group)) => format!(
                "{}:{}",
                owner.as_ref().map_or("", |owner| &owner.name),
                group.name
            ),
        };
        let mode = match &attributes.mode {
            None | Some(Mode::Preserve) => String::new(),
            // Five digits: with fewer chmod leaves the setgid bit of a directory.
            Some(Mode::Bits(bits)) => format!("{bits:05o}"),
            Some(Mode::Symbolic(_)) => parameters.string("mode")?.unwrap_or_default(),
        };
        let extra = parameters.arguments("extra_opts")?;
        let include = parameters.strings("include")?;
        let exclude = parameters.strings("exclude")?;
        let argv = match archive.kind {
            ArchiveKind::Tar(compression) => tar(compression, extra, include, &exclude),
            ArchiveKind::Zip => unzip(extra, include, exclude),
        };
        Ok(Self {
            archive,
            dest: dest.to_owned(),
            owner,
            mode,
            argv,
        })
    }

    /// The program that tells what is not as it should be. It leaves the destination alone.
    pub(super) fn compare(&self) -> Program {
        self.program(COMPARE)
    }

    /// The program that makes it so.
    pub(super) fn place(&self) -> Program {
        self.program(PLACE)
    }

    fn program(&self, verdict: &str) -> Program {
        let (archive, stdin) = match &self.archive.place {
            Place::Here(bytes) => ("", Some(bytes.clone())),
            Place::Host(path) => (path.as_str(), None),
        };
        let script = format!("{UNPACK}{verdict}");
        let mut argv: Vec<String> = vec!["/bin/sh".to_owned(), "-c".to_owned(), script];
        let words = ["unarchive", &self.dest, archive, &self.owner, &self.mode];
        argv.extend(words.map(str::to_owned));
        argv.extend(self.argv.iter().cloned());
        Program {
            stdin,
            time_limit: Some(LONGEST),
            ..Program::new(argv)
        }
    }
}

fn tar(
    compression: Option<&str>,
    extra: Vec<String>,
    include: Vec<String>,
    exclude: &[String],
) -> Vec<String> {
    let mut argv: Vec<String> = ["tar", "-x", "-f", "{}"].map(str::to_owned).to_vec();
    argv.extend(compression.map(str::to_owned));
    argv.extend(exclude.iter().map(|pattern| format!("--exclude={pattern}")));
    argv.extend(extra);
    if !include.is_empty() {
        argv.push("--".to_owned());
        argv.extend(include);
    }
    argv
}

fn unzip(extra: Vec<String>, include: Vec<String>, exclude: Vec<String>) -> Vec<String> {
    let mut argv: Vec<String> = ["unzip", "-q", "-o"].map(str::to_owned).to_vec();
    argv.extend(extra);
    argv.push("{}".to_owned());
    argv.extend(include);
    if !exclude.is_empty() {
        argv.push("-x".to_owned());
        argv.extend(exclude);
    }
    argv
}
