//! The programs that bring and take packages. Nothing in them is read by a shell as text.

use std::collections::BTreeMap;

use super::request::Options;
use crate::model::probe::{PackageManager, Program};

/// Seconds that a package manager may work, beyond the time it waits for another one.
const TIME_LIMIT: u64 = 1800;

/// Runs `apt-get update`, which does not wait for another one to finish (apt 2.6), and so is tried again for as
/// long as it is refused the lock. First argument: seconds to wait.
const WAIT_FOR_LISTS: &str = r#"# apt-get update, once no other holds its lock
last=$(( $(date +%s) + $1 )); shift
while :; do
    output=$("$@" 2>&1); code=$?
    case $output in
        *"Could not get lock"*) [ "$code" -ne 0 ] && [ "$(date +%s)" -lt "$last" ] && sleep 1 && continue ;;
    esac
    if [ "$code" -eq 0 ]; then printf '%s\n' "$output"; else printf '%s\n' "$output" >&2; fi
    exit "$code"
done
"#;

/// Removes packages with their configuration, and those that nothing needs any more without them; what nothing
/// needed before stays. First argument: seconds to wait for another one's lock.
const TAKE_BACK: &str = r#"# removing packages that were new, and what came along with them
seconds=$1; shift
apt() { apt-get -y -o "DPkg::Lock::Timeout=$seconds" --purge remove -- "$@"; }
idle() { apt-get -s autoremove | sed -n 's/^Remv \([^ ]*\).*/\1/p'; }
before=" $(idle | tr '\n' ' ')"
apt "$@" || exit
set --
for name in $(idle); do
    case $before in *" $name "*) ;; *) set -- "$@" "$name" ;; esac
done
[ $# -eq 0 ] || apt "$@"
"#;

/// A package by its name, and the version to insist on.
pub(super) struct Item<'a> {
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    /// The version is older than the installed one.
    pub(super) older: bool,
    /// The package is installed already.
    pub(super) present: bool,
}

/// Brings the index up to date; failing to reach any repository is a failure.
pub(super) fn update_index(manager: PackageManager, lock_timeout: u64) -> Program {
    let seconds = lock_timeout.to_string();
    match manager {
        PackageManager::Apt => program(
            [
                "/bin/sh",
                "-c",
                WAIT_FOR_LISTS,
                "sh",
                &seconds,
                "apt-get",
                "-o",
                "APT::Update::Error-Mode=any",
                "update",
            ],
            lock_timeout,
        ),
        PackageManager::Dnf => program(["dnf", "-y", "makecache", "--refresh"], lock_timeout),
    }
}

/// Installs packages, each in the version it names or else the one the host prefers.
pub(super) fn install(
    manager: PackageManager,
    items: &[Item<'_>],
    options: &Options,
) -> Vec<Program> {
    match manager {
        PackageManager::Apt => vec![apt_install(items, options)],
        PackageManager::Dnf => dnf_install(items, options),
    }
}

/// Removes packages.
pub(super) fn remove(manager: PackageManager, names: &[&str], options: &Options) -> Program {
    match manager {
        PackageManager::Apt => {
            let mut argv = apt(options);
            if options.purge {
                argv.push("--purge".to_owned());
            }
            argv.push("remove".to_owned());
            argv.push("--".to_owned());
            argv.extend(names.iter().map(|name| (*name).to_owned()));
            program(argv, options.lock_timeout)
        }
        PackageManager::Dnf => {
            let mut argv = dnf(options);
            argv.push("remove".to_owned());
            argv.extend(names.iter().map(|name| (*name).to_owned()));
            program(argv, options.lock_timeout)
        }
    }
}

/// Removes packages that were new, with all that came with them.
pub(super) fn take_back(manager: PackageManager, names: &[&str], options: &Options) -> Program {
    match manager {
        PackageManager::Apt => {
            let seconds = options.lock_timeout.to_string();
            let mut argv = vec!["/bin/sh", "-c", TAKE_BACK, "apt-get remove", &seconds];
            argv.extend(names);
            program(argv, options.lock_timeout)
        }
        PackageManager::Dnf => {
            let options = Options {
                autoremove: true,
                ..options.clone()
            };
            remove(manager, names, &options)
        }
    }
}

fn apt_install(items: &[Item<'_>], options: &Options) -> Program {
    let mut argv = apt(options);
    if let Some(recommends) = options.recommends {
        argv.push(
            if recommends {
                "--install-recommends"
            } else {
                "--no-install-recommends"
            }
            .to_owned(),
        );
    }
    if let Some(release) = &options.default_release {
        argv.push(format!("--target-release={release}"));
    }
    if items.iter().any(|item| item.older) {
        argv.push("--allow-downgrades".to_owned());
    }
    // What has appeared on the host since it was looked at is left as it is.
    if items.iter().all(|item| !item.present) {
        argv.push("--no-upgrade".to_owned());
    }
    argv.push("install".to_owned());
    argv.push("--".to_owned());
    argv.extend(items.iter().map(|item| match item.version {
        Some(version) => format!("{}={version}", item.name),
        None => item.name.to_owned(),
    }));
    program(argv, options.lock_timeout)
}

fn apt(options: &Options) -> Vec<String> {
    let mut argv: Vec<String> = ["apt-get", "-y"].map(str::to_owned).to_vec();
    for option in &options.dpkg_options {
        argv.push("-o".to_owned());
        argv.push(format!("Dpkg::Options::=--{option}"));
    }
    argv.push("-o".to_owned());
    argv.push(format!("DPkg::Lock::Timeout={}", options.lock_timeout));
    if options.allow_held {
        argv.push("--allow-change-held-packages".to_owned());
    }
    if options.autoremove {
        argv.push("--auto-remove".to_owned());
    }
    argv
}

/// dnf has one verb for what is new, one for what is newer, and one for what is older.
fn dnf_install(items: &[Item<'_>], options: &Options) -> Vec<Program> {
    let of = |verb: &str, wanted: &dyn Fn(&Item<'_>) -> bool| {
        let mut argv = dnf(options);
        if let Some(recommends) = options.recommends {
            argv.push(format!("--setopt=install_weak_deps={recommends}"));
        }
        argv.push(verb.to_owned());
        let before = argv.len();
        argv.extend(
            items
                .iter()
                .filter(|item| wanted(item))
                .map(|item| match item.version {
                    Some(version) => format!("{}-{version}", item.name),
                    None => item.name.to_owned(),
                }),
        );
        (argv.len() > before).then(|| program(argv, options.lock_timeout))
    };
    [
        of("install", &|item| !item.present),
        of("upgrade", &|item| item.present && !item.older),
        of("downgrade", &|item| item.present && item.older),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn dnf(options: &Options) -> Vec<String> {
    let mut argv: Vec<String> = ["dnf", "-y"].map(str::to_owned).to_vec();
    argv.push(format!(
        "--setopt=clean_requirements_on_remove={}",
        options.autoremove
    ));
    if options.allow_held {
        argv.push("--disableplugin=versionlock".to_owned());
    }
    argv
}

/// A package manager that asks nothing, speaks English, and restarts no service of its own accord (Ubuntu's
/// `needrestart` would).
fn program<S: Into<String>>(argv: impl IntoIterator<Item = S>, lock_timeout: u64) -> Program {
    Program {
        environment: BTreeMap::from(
            [
                ("DEBIAN_FRONTEND", "noninteractive"),
                ("APT_LISTCHANGES_FRONTEND", "none"),
                ("NEEDRESTART_MODE", "l"),
                ("LC_ALL", "C"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        ),
        time_limit: Some(TIME_LIMIT + lock_timeout),
        ..Program::new(argv)
    }
}
