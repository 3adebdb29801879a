//! The change that fetches a file.

use super::checksum::{Algorithm, Wanted};
use super::fetch::Fetch;
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{FileInfo, FileKind, FileState, Observation, Probe};
use crate::model::step::{Action, Guard, Step};
use crate::model::value::{Map, Value};
use crate::module::Decision;
use crate::module::shared::attributes::{Resolved, all_of};
use crate::module::shared::describe::{describe, summary};
use crate::module::shared::file_change::backup_path;
use crate::module::shared::mode::show;
use crate::module::shared::program::run_program;
use crate::module::shared::restore::{still, undo_replacement};
use crate::module::shared::target::Target;

/// Checks what was fetched, and lets it take the target's place.
const PLACE: &str = r#"to=$1 mode=$2 owner=$3 group=$4 kept=$5 program=$6 sum=$7
if [ -n "$sum" ]; then
	is=$("$program" <"$new")
	is=${is%% *}
	if [ "$is" != "$sum" ]; then
		echo "what was fetched has the checksum $is, and $sum is wanted" >&2
		exit 1
	fi
fi
beside=$to.cachesmith-new
trap 'rm -rf -- "$work" "$beside"' EXIT
cp -- "$new" "$beside"
chown -- "$owner:$group" "$beside"
chmod -- "$mode" "$beside"
[ -z "$kept" ] || cp -p -- "$to" "$kept"
sync -- "$beside" 2>/dev/null || sync
mv -f -- "$beside" "$to"
size=$(wc -c <"$new")
echo "size $((size))"
echo "msg OK ($((size)) bytes)"
is=$(sha256sum <"$new")
for name in checksum checksum_dest; do
	echo "$name ${is%% *}"
done
"#;

pub(super) fn decide(
    fetch: &Fetch,
    target: &Target,
    attributes: &Resolved,
    sum: Option<&Wanted>,
    backup: bool,
) -> Decision {
    let path = &target.path;
    let found = target.info();
    let sha256 = sum
        .filter(|sum| sum.algorithm == Algorithm::SHA256)
        .map(|sum| sum.hex.clone());
    let info = FileInfo {
        kind: FileKind::File,
        size: 0,
        sha256: sha256.clone(),
        content: None,
        ..match found {
            Some(found) => attributes.applied(found),
            None => attributes.new_info(FileKind::File),
        }
    };
    let kept = found
        .filter(|_| backup)
        .map(|found| backup_path(path, found));
    let mut effects = effects(target, &info);
    if let (Some(kept), Some(_)) = (&kept, found) {
        effects.extend(crate::model::change::file_becomes(
            kept,
            target.state.clone(),
        ));
    }
    let change = Change {
        kind: match found {
            None => ChangeKind::Create,
            Some(_) => ChangeKind::Update,
        },
        resource: path.clone(),
        difference: Difference::Fields(fields(found, sum, attributes)),
        notes: vec![format!("fetched from {}", fetch.shown())],
        steps: vec![step(fetch, target, &info, sum, kept.as_deref())],
        undo: undo(path, found, sha256.as_deref()),
        effects,
    };
    Decision {
        changes: vec![change],
        result: result(fetch, path, &info, sha256, kept),
        told_by: Some(0),
        ..Decision::default()
    }
}

fn step(
    fetch: &Fetch,
    target: &Target,
    info: &FileInfo,
    sum: Option<&Wanted>,
    kept: Option<&str>,
) -> Step {
    let path = &target.path;
    let attributes = all_of(info);
    let program = sum.map_or(String::new(), |sum| format!("{}sum", sum.algorithm.name));
    let words = [
        path.as_str(),
        &show(info.mode),
        &attributes.owner.unwrap_or_default(),
        &attributes.group.unwrap_or_default(),
        kept.unwrap_or_default(),
        &program,
        sum.map_or("", |sum| &sum.hex),
    ];
    let guard = match target.info() {
        None => Guard::Absent { path: path.clone() },
        Some(found) => still(path, found),
    };
    run_program(fetch.program(PLACE, &words)).guarded(guard)
}

fn undo(path: &str, found: Option<&FileInfo>, sha256: Option<&str>) -> Undo {
    let guard = match sha256 {
        Some(sha256) => Guard::Sha256 {
            path: path.to_owned(),
            sha256: sha256.to_owned(),
        },
        None => Guard::Exists {
            path: path.to_owned(),
        },
    };
    match found {
        Some(found) => undo_replacement(path, found, guard),
        None => Undo::Steps(vec![
            Step::new(Action::Remove {
                path: path.to_owned(),
            })
            .guarded(guard),
        ]),
    }
}

fn fields(found: Option<&FileInfo>, sum: Option<&Wanted>, attributes: &Resolved) -> Vec<Field> {
    let before =
        found.map(|found| summary(found.size, found.sha256.as_deref().unwrap_or_default()));
    let after = match sum {
        Some(sum) => format!("{} {}", sum.algorithm.name, &sum.hex[..12]),
        None => "known when it has been fetched".to_owned(),
    };
    let mut fields = vec![Field::new("content", before, Some(after))];
    fields.extend(match found {
        Some(found) => attributes.difference(found).1,
        None => attributes.fields_for_new(false),
    });
    fields
}

/// The file is there and has its owner; its size, and its content, are known when the host has them.
fn effects(target: &Target, info: &FileInfo) -> Vec<Effect> {
    let path = &target.path;
    let file = Probe::File(path.clone());
    let state = Observation::File(FileState::Present(Box::new(info.clone())));
    let mut effects = vec![Effect::Becomes(file.clone(), state), Effect::AskAgain(file)];
    let through = target.links.iter().map(|(link, _)| link);
    effects.extend(through.chain([path]).map(|path| Effect::Unknown {
        probe: Probe::Content(path.clone()),
        reason: format!("the change of {path}"),
    }));
    effects
}

fn result(
    fetch: &Fetch,
    path: &str,
    info: &FileInfo,
    sha256: Option<String>,
    kept: Option<String>,
) -> Map {
    let later = || Value::unknown(format!("the change of {path}"));
    let mut result = describe(info);
    let sum = sha256.map_or_else(later, Value::from);
    result.extend([
        ("size".to_owned(), later()),
        ("status_code".to_owned(), later()),
        ("msg".to_owned(), later()),
        ("checksum".to_owned(), sum.clone()),
        ("checksum_dest".to_owned(), sum),
        ("url".to_owned(), fetch.shown().into()),
        ("dest".to_owned(), path.into()),
    ]);
    if let Some(kept) = kept {
        result.insert("backup_file".to_owned(), kept.into());
    }
    result
}
