//! Servers that end with a package: its own scripts restart what it brings, and stop what it takes along.

use super::change;
use super::index::Index;
use super::request::Request;
use super::wish::Wish;
use crate::model::change::Change;
use crate::model::probe::{PackageManager, Program};
use crate::module::handover;
use crate::module::{Failure, Look, Stop};

/// Prints the units of packages that are changed or removed, a line each: `redis-server.service redis-server`. What
/// follows the first argument is the transaction, which apt tries without making it. Where the index is not yet what it
/// will be then, the first argument names packages that will be changed: those that are built together with them are too.
const OF_APT: &str = r#"# which units come with the packages that would be changed or removed
changing=$1; shift
tried=$("$@" 2>&1) || tried=''
changed=$(printf '%s\n' "$tried" | sed -n 's/^Remv \([^ ]*\).*/\1/p; s/^Inst \([^ ]*\) \[.*/\1/p')
for name in $changing; do
    source=$(dpkg-query -W -f '${source:Package}\n' "$name" 2>/dev/null | head -n 1)
    [ -z "$source" ] || changed="$changed $(dpkg-query -W -f '${db:Status-Abbrev}${source:Package} ${binary:Package}\n' |
        sed -n "s/^i. *$source //p")"
done
for name in $changed; do
    dpkg-query -L "$name" 2>/dev/null | sed -n "s|^.*/systemd/system/\([^/]*\.service\)\$|\1 $name|p"
done | sort -u
"#;

/// The same for rpm. First argument: whether packages that are built together change together; then their names.
const OF_RPM: &str = r#"# which units come with the packages that would be changed or removed
together=$1; shift
for name; do
    printf '%s\n' "$name"
    [ "$together" = yes ] || continue
    source=$(rpm -q --qf '%{SOURCERPM}\n' "$name" 2>/dev/null | head -n 1)
    rpm -qa --qf '%{SOURCERPM} %{NAME}\n' | sed -n "s/^$source //p"
done | sort -u | while read -r name; do
    rpm -ql "$name" | sed -n "s|^.*/systemd/system/\([^/]*\.service\)\$|\1 $name|p"
done
"#;

/// What has to come before the packages, so that no server is restarted or stopped that others follow; and the units of
/// servers that end. `transaction`: what brings or takes the packages.
///
/// # Errors
/// Where the data of a primary would be lost.
pub(super) fn before(
    look: &Look<'_>,
    wishes: &[Wish],
    index: &Index,
    request: &Request,
) -> Result<(Vec<Change>, Vec<String>), Stop> {
    let concerned = match handover::concerned(look) {
        // An earlier task changes the servers. Only where this one certainly ends one of them it has to wait for that.
        Err(Stop::Unknown(_)) if !wishes.iter().any(ends_a_server) => false,
        concerned => concerned?,
    };
    if !concerned {
        return Ok((Vec::new(), Vec::new()));
    }
    let answer = look.program(&question(wishes, index, request))?;
    if answer.code != 0 {
        return Err(Failure::new(
            "it cannot be told which servers the packages would restart, and other servers follow one of this host",
        )
        .help(answer.stderr.to_lossy().trim().to_owned())
        .into());
    }
    let said = answer.stdout.to_lossy();
    let (mut changes, mut ended) = (Vec::new(), Vec::new());
    for (unit, package) in said.lines().filter_map(|line| line.split_once(' ')) {
        let what = format!("package {package} ends {unit}");
        if !handover::runs(look, unit)? || ended.iter().any(|known| known == unit) {
            continue;
        }
        changes.extend(handover::before_unit(
            look,
            unit,
            &what,
            request.restart_primary,
        )?);
        ended.push(unit.to_owned());
    }
    Ok((changes, ended))
}

/// Whether a wish changes or removes a package that holds a server.
fn ends_a_server(wish: &Wish) -> bool {
    wish.before.is_some() && change::holds_a_server(&wish.name)
}

/// The question which units end.
fn question(wishes: &[Wish], index: &Index, request: &Request) -> Program {
    let certain: Vec<&str> = wishes
        .iter()
        .filter(|wish| wish.before.is_some())
        .map(|wish| wish.name.as_str())
        .collect();
    let mut argv = vec!["/bin/sh".to_owned(), "-c".to_owned()];
    match index.manager {
        PackageManager::Apt => {
            let changing = match index.changing {
                Some(_) if !change::is_removal(wishes) => certain.join(" "),
                _ => String::new(),
            };
            argv.extend([OF_APT.to_owned(), "units".to_owned(), changing]);
            for program in change::programs(wishes, index, request) {
                let mut words = program.argv.into_iter();
                argv.extend(words.next());
                argv.push("-s".to_owned());
                argv.extend(words);
            }
        }
        PackageManager::Dnf => {
            let together = match change::is_removal(wishes) {
                true => "no",
                false => "yes",
            };
            let words = [OF_RPM, "units", together];
            argv.extend(words.map(str::to_owned));
            argv.extend(certain.into_iter().map(str::to_owned));
        }
    }
    let mut program = Program::new(argv);
    program
        .environment
        .insert("LC_ALL".to_owned(), "C".to_owned());
    program
}
