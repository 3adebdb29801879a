//! A home directory that an existing account lacks.

use super::Task;
use super::account::home_becomes;
use crate::model::change::{Change, ChangeKind, Difference, Field, Undo};
use crate::model::probe::{FileState, UserState};
use crate::model::step::{Action, Guard, Step};
use crate::module::shared::program::run;
use crate::module::{Look, Stop};

/// As `useradd -m` does: a copy of the skeleton, with the mode that login.defs wants, of the account and its group.
const MAKE: &str = "\
set -eu
home=$1 skeleton=$2 name=$3
mkdir -p -- \"${home%/*}/\"
if [ -d \"$skeleton\" ]; then cp -R -- \"$skeleton\" \"$home\"; else mkdir -- \"$home\"; fi
chown -R -- \"$name:\" \"$home\"
mode=
[ ! -r /etc/login.defs ] || mode=$(sed -n 's/^[[:blank:]]*HOME_MODE[[:blank:]]*//p' /etc/login.defs)
chmod -- \"${mode:-0755}\" \"$home\"
";

/// The change that makes it. `user`: the account as it is by then; `before`: its home until now.
pub(super) fn change(
    task: &Task,
    look: &Look<'_>,
    user: &UserState,
    before: &str,
) -> Result<Option<Change>, Stop> {
    if !task.create_home || user.home.is_empty() {
        return Ok(None);
    }
    let home = &user.home;
    let FileState::Absent { .. } = look.file(home)? else {
        return Ok(None);
    };
    let moves = task.move_home && before != home && !before.is_empty();
    if moves && !matches!(look.file(before)?, FileState::Absent { .. }) {
        // `usermod -m` brings it.
        return Ok(None);
    }
    let skeleton = task.skeleton.as_deref().unwrap_or("/etc/skel");
    let guard = |guard: fn(String) -> Guard| guard(home.clone());
    Ok(Some(Change {
        kind: ChangeKind::Create,
        resource: home.clone(),
        difference: Difference::Fields(vec![
            Field::new("state", Some("absent"), Some("directory")),
            Field::new("owner", None::<String>, Some(&user.name)),
        ]),
        notes: vec![format!("the home directory of {}", user.name)],
        steps: vec![
            run(["/bin/sh", "-c", MAKE, "home", home, skeleton, &user.name])
                .guarded(guard(|path| Guard::Absent { path })),
        ],
        undo: Undo::Steps(vec![
            Step::new(Action::Remove { path: home.clone() })
                .guarded(guard(|path| Guard::Exists { path })),
        ]),
        effects: home_becomes(user),
    }))
}
