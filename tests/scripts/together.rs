//! Steps that follow each other and have one program do what all of them need.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use cachesmith::model::blob::Blob;
use cachesmith::model::step::{Action, Attributes, Guard, Outcome, Step, StepStatus};
use cachesmith::transport::script::{Options, compile_steps, parse_outcomes};

use crate::host::{
    Host, executable, feed, hosts, in_parallel, is_root, stoppable, told, wait_until, which,
};
use crate::write::Wish;
use StepStatus::{Done, Failed, GuardFailed, NotRun};

/// A folder for what is written, and one for programs that stand in front of the real ones.
struct Place {
    room: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        for folder in ["etc", "programs"] {
            fs::create_dir(room.path().join(folder)).unwrap();
        }
        Self { room }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    fn file(&self, name: &str) -> Step {
        let wish = Wish::new(&self.path("etc").join(name), format!("{name} is new\n"));
        wish.step()
    }

    fn directory(&self, name: &str, mode: u32) -> Step {
        let path = self.text(name);
        let mode = Some(mode);
        let attributes = Attributes {
            mode,
            ..Attributes::default()
        };
        Step::new(Action::MakeDirectory { path, attributes })
    }

    fn text(&self, name: &str) -> String {
        self.path("etc").join(name).to_str().unwrap().to_owned()
    }

    /// Puts a program in front of a real one: words of the shell that come before it.
    fn program(&self, host: &Host, name: &str, text: &str) -> Host {
        let real = if host.name == "busybox" && name != "install" {
            format!("{} {name}", which("busybox").display())
        } else {
            which(name).display().to_string()
        };
        executable(
            &self.path("programs").join(name),
            &format!("{text}\nexec {real} \"$@\"\n"),
        );
        host.with_programs(&self.path("programs"))
    }

    fn content(&self, name: &str) -> String {
        fs::read_to_string(self.path("etc").join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("etc")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[track_caller]
fn statuses(host: &Host, outcomes: &[Outcome], expected: &[StepStatus]) {
    let found: Vec<StepStatus> = outcomes.iter().map(|outcome| outcome.status).collect();
    let words: Vec<String> = outcomes.iter().map(told).collect();
    assert_eq!(found, expected, "{}: {words:#?}", host.name);
}

fn with_mode(mut step: Step, mode: u32) -> Step {
    if let Action::WriteFile { attributes, .. } = &mut step.action {
        attributes.mode = Some(mode);
    }
    step
}

#[test]
fn files_have_their_modes_and_are_flushed_by_one_program_before_the_first_is_in_its_place() {
    for host in hosts() {
        let place = Place::new();
        let log = place.path("log");
        let note = format!(
            "echo \"${{0##*/}} $# $(ls '{}')\" >>'{}'",
            place.path("etc").display(),
            log.display()
        );
        let host = place.program(&host, "sync", &note);
        let modes = [0o644, 0o640, 0o600, 0o755, 0o4711, 0o000, 0o666];
        let steps: Vec<Step> = modes
            .iter()
            .enumerate()
            .map(|(number, mode)| with_mode(place.file(&number.to_string()), *mode))
            .collect();
        statuses(&host, &host.carry_out(&steps), &[Done; 7]);
        for (number, wanted) in modes.into_iter().enumerate() {
            let name = number.to_string();
            let path = place.path("etc").join(&name);
            assert_eq!(mode(&path), wanted, "{}: {name}", host.name);
            if is_root() {
                assert_eq!(place.content(&name), format!("{name} is new\n"));
            }
        }
        // Once all files before any is there, and once their directory.
        assert_eq!(
            place.calls(),
            ["sync 7 ", "sync 1 0", "1", "2", "3", "4", "5", "6"],
            "{}",
            host.name
        );
    }
}

/// What is there already keeps what is not told.
#[test]
fn files_that_are_there_keep_their_attributes() {
    for host in hosts() {
        let place = Place::new();
        for (name, bits) in [("kept", 0o600), ("told", 0o600)] {
            fs::write(place.path("etc").join(name), "old").unwrap();
            let permissions = std::os::unix::fs::PermissionsExt::from_mode(bits);
            fs::set_permissions(place.path("etc").join(name), permissions).unwrap();
        }
        fs::write(place.path("behind"), "old").unwrap();
        symlink(place.path("behind"), place.path("etc/link")).unwrap();
        let steps = [
            place.file("kept"),
            with_mode(place.file("told"), 0o644),
            place.file("link"),
            place.file("new"),
        ];
        statuses(&host, &host.carry_out(&steps), &[Done; 4]);
        let modes = ["kept", "told", "new"].map(|name| mode(&place.path("etc").join(name)));
        assert_eq!(modes, [0o600, 0o644, 0o644], "{}", host.name);
        assert!(
            fs::symlink_metadata(place.path("etc/link"))
                .unwrap()
                .is_symlink()
        );
        assert_eq!(
            fs::read_to_string(place.path("behind")).unwrap(),
            "link is new\n"
        );
    }
}

/// Owners too: a file of somebody else's is written as before.
#[test]
fn files_have_their_owners() {
    if !is_root() {
        return;
    }
    for host in hosts() {
        let place = Place::new();
        fs::write(place.path("etc/there"), "old").unwrap();
        let owned = |name: &str, owner: &str, group: &str| {
            let mut step = with_mode(place.file(name), 0o640);
            if let Action::WriteFile { attributes, .. } = &mut step.action {
                attributes.owner = Some(owner.to_owned());
                attributes.group = Some(group.to_owned());
            }
            step
        };
        let steps = [
            owned("there", "daemon", "adm"),
            owned("new", "daemon", "adm"),
            owned("roots", "root", "root"),
            owned("nobodys", "no_such_account", "root"),
            owned("never", "root", "root"),
        ];
        let outcomes = host.carry_out(&steps);
        statuses(&host, &outcomes, &[Done, Done, Done, Failed, NotRun]);
        assert!(outcomes[3].stderr.to_lossy().contains("no_such_account"));
        for (name, ids) in [("there", (1, 4)), ("new", (1, 4)), ("roots", (0, 0))] {
            let found = fs::metadata(place.path("etc").join(name)).unwrap();
            assert_eq!((found.uid(), found.gid()), ids, "{}: {name}", host.name);
            assert_eq!(found.mode() & 0o7777, 0o640, "{}: {name}", host.name);
        }
        assert_eq!(place.names(), ["new", "roots", "there"], "{}", host.name);
    }
}

/// A directory may have an access list for what is made in it, which stands above the umask.
#[test]
fn a_default_access_list_opens_no_file() {
    for host in hosts() {
        let place = Place::new();
        // Owner and group read and write, others read.
        let list = "import os, struct, sys
entries = [(1, 7, -1), (4, 7, -1), (32, 5, -1)]
text = struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *entry) for entry in entries)
os.setxattr(sys.argv[1], 'system.posix_acl_default', text)";
        let set = Command::new("python3")
            .args(["-c", list])
            .arg(place.path("etc"))
            .status();
        assert!(set.unwrap().success());
        let steps = [
            with_mode(place.file("secret"), 0o600),
            with_mode(place.file("other"), 0o640),
            place.directory("folder", 0o700),
        ];
        statuses(&host, &host.carry_out(&steps), &[Done; 3]);
        let modes = ["secret", "other", "folder"].map(|name| mode(&place.path("etc").join(name)));
        assert_eq!(modes, [0o600, 0o640, 0o700], "{}", host.name);
    }
}

/// Each guard is looked at when it is its step's turn.
#[test]
fn a_guard_ends_a_group_and_nothing_of_it_is_left() {
    for host in hosts() {
        let place = Place::new();
        let absent = |name: &str| Guard::Absent {
            path: place.text(name),
        };
        let steps = [
            place.file("first"),
            place.file("second").guarded(absent("first")),
            place.file("third"),
        ];
        statuses(&host, &host.carry_out(&steps), &[Done, GuardFailed, NotRun]);
        assert_eq!(place.names(), ["first"], "{}", host.name);
        // Of a group whose first guard fails, nothing is written.
        let steps = [
            place.file("other").guarded(absent("first")),
            place.file("third"),
        ];
        statuses(&host, &host.carry_out(&steps), &[GuardFailed, NotRun]);
        assert_eq!(place.names(), ["first"], "{}", host.name);
    }
}

/// The second writes what the first made: it is looked at as it is then.
#[test]
fn one_file_may_be_written_twice() {
    for host in hosts() {
        let place = Place::new();
        let again = Wish::new(&place.path("etc/file"), "again").step();
        let steps = [with_mode(place.file("file"), 0o600), again, place.file("b")];
        statuses(&host, &host.carry_out(&steps), &[Done; 3]);
        assert_eq!(place.content("file"), "again", "{}", host.name);
        assert_eq!(mode(&place.path("etc/file")), 0o600, "{}", host.name);
        assert_eq!(place.names(), ["b", "file"], "{}", host.name);
    }
}

#[test]
fn what_cannot_be_written_fails_in_its_own_step() {
    for host in hosts() {
        let place = Place::new();
        fs::create_dir(place.path("etc/folder")).unwrap();
        let steps = [
            place.file("first"),
            place.file("gone/file"),
            place.file("last"),
        ];
        let outcomes = host.carry_out(&steps);
        statuses(&host, &outcomes, &[Done, Failed, NotRun]);
        assert!(outcomes[1].stderr.to_lossy().contains("is not there"));
        assert_eq!(place.names(), ["first", "folder"], "{}", host.name);
    }
}

#[test]
fn a_disk_that_becomes_full_ends_a_group_where_it_does() {
    assert!(is_root(), "mounts can only be made by root");
    for host in hosts() {
        let place = Place::new();
        let large = Wish::new(&place.path("etc/large"), "x".repeat(200_000)).step();
        let steps = [place.file("first"), large, place.file("last")];
        let script = compile_steps(&steps, &Options::default());
        let mut command = Command::new("unshare");
        let words = "mount -t tmpfs -o size=64k none \"$0\" && \"$@\"; ls -A \"$0\"";
        command.args(["-m", "sh", "-c", words]);
        command.arg(place.path("etc"));
        let output = feed(host.wrapped(command), script.text());
        let outcomes = parse_outcomes(&script, &steps, &output.stdout);
        statuses(&host, &outcomes, &[Done, Failed, NotRun]);
        let words = outcomes[1].stderr.to_lossy().into_owned();
        assert!(words.starts_with("disk full"), "{}: {words}", host.name);
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            answer.ends_with("finish\nfirst\n"),
            "{}: {answer}",
            host.name
        );
    }
}

/// What cannot be flushed together is tried one by one, so that it is known which of them it was.
#[test]
fn a_disk_with_errors_is_told_by_the_step_that_met_them() {
    for host in hosts() {
        let place = Place::new();
        for folder in ["a", "b", "c"] {
            fs::create_dir(place.path("etc").join(folder)).unwrap();
        }
        let bad = format!(
            "for path do case $path in '{}'*) ;; *) continue ;; esac; echo \"$path: Input/output error\" >&2; exit 1; done",
            place.text("b/")
        );
        // The name of what was put into b is lost; nothing can be written there, either.
        for (path, there) in [("b/", true), ("b/.cachesmith-", false)] {
            let bad = bad.replace(&place.text("b/"), &place.text(path));
            let bad = if there { bad.replace("'*)", "')") } else { bad };
            let host = place.program(&host, "sync", &bad);
            let steps = [place.file("a/f"), place.file("b/f"), place.file("c/f")];
            let outcomes = host.carry_out(&steps);
            let last = if there { Done } else { NotRun };
            statuses(&host, &outcomes, &[Done, Failed, last]);
            let words = outcomes[1].stderr.to_lossy().into_owned();
            assert!(words.contains("Input/output error"), "{words}");
            assert!(words.contains(&place.text("b")), "{words}");
            assert_eq!(place.path("etc/b/f").exists(), there, "{}", host.name);
            for folder in ["a", "b", "c"] {
                let left = fs::read_dir(place.path("etc").join(folder)).unwrap();
                let left = left.filter(|entry| {
                    let name = entry.as_ref().unwrap().file_name();
                    name.to_str().unwrap().starts_with('.')
                });
                assert_eq!(left.count(), 0, "{}: {folder}", host.name);
                let _ = fs::remove_file(place.path("etc").join(folder).join("f"));
            }
        }
    }
}

#[test]
fn directories_are_made_together_and_told_each_for_itself() {
    for host in hosts() {
        let place = Place::new();
        let note = format!("echo \"${{0##*/}} $*\" >>'{}'", place.path("log").display());
        let host = place.program(&host, "install", &note);
        let absent = |step: Step, name: &str| {
            step.guarded(Guard::Absent {
                path: place.text(name),
            })
        };
        let steps = [
            absent(place.directory("a", 0o755), "a"),
            absent(place.directory("b", 0o755), "b"),
            absent(place.directory("b/below", 0o755), "b/below"),
            place.directory("c", 0o1750),
            place.directory("d", 0o1750),
            place.file("d/file"),
        ];
        statuses(&host, &host.carry_out(&steps), &[Done; 6]);
        let modes = ["a", "b", "b/below", "c", "d"].map(|name| mode(&place.path("etc").join(name)));
        assert_eq!(
            modes,
            [0o755, 0o755, 0o755, 0o1750, 0o1750],
            "{}",
            host.name
        );
        let calls: Vec<usize> = place
            .calls()
            .iter()
            .map(|call| call.split(' ').count() - 4)
            .collect();
        assert_eq!(calls, [3, 2], "{}: {:?}", host.name, place.calls());
    }
}

/// A directory that waits without words about its owner may get the group of the one above it, and hand that on.
#[test]
fn a_directory_in_one_that_waits_has_the_group_that_it_is_to_have() {
    if !is_root() {
        return;
    }
    for host in hosts() {
        let place = Place::new();
        let etc = place.path("etc");
        std::os::unix::fs::chown(&etc, None, Some(50)).unwrap();
        fs::set_permissions(&etc, fs::Permissions::from_mode(0o2775)).unwrap();
        let mut below = place.directory("a/b", 0o2755);
        let Action::MakeDirectory { attributes, .. } = &mut below.action else {
            unreachable!("it makes a directory");
        };
        attributes.owner = Some("root".to_owned());
        attributes.group = Some("root".to_owned());
        let steps = [place.directory("a", 0o2755), below];
        statuses(&host, &host.carry_out(&steps), &[Done; 2]);
        let group = |name: &str| fs::metadata(etc.join(name)).unwrap().gid();
        assert_eq!((group("a"), group("a/b")), (50, 0), "{}", host.name);
    }
}

#[test]
fn a_directory_that_cannot_be_made_fails_in_its_own_step() {
    for host in hosts() {
        let place = Place::new();
        let bad = format!(
            "for path do [ \"$path\" != '{}' ] || {{ echo 'No space left on device' >&2; exit 1; }}; done",
            place.text("b")
        );
        let failing = place.program(&host, "install", &bad);
        let steps = ["a", "b", "c"].map(|name| place.directory(name, 0o755));
        let outcomes = failing.carry_out(&steps);
        // The program stopped before the third, which nothing tries to make any more.
        statuses(&host, &outcomes, &[Done, Failed, NotRun]);
        assert!(outcomes[1].stderr.to_lossy().contains("No space left"));
        assert_eq!(place.names(), ["a"], "{}", host.name);
        // One that is there is no directory that was made, and those before it were.
        let steps = ["d", "a", "e"].map(|name| place.directory(name, 0o755));
        let outcomes = host.carry_out(&steps);
        statuses(&host, &outcomes, &[Done, Failed, NotRun]);
        assert!(outcomes[1].stderr.to_lossy().contains("exists"));
        assert_eq!(place.names(), ["a", "d"], "{}", host.name);
    }
}

/// Whoever is told to stop in a group tells what was done, and leaves the rest undone.
#[test]
fn a_group_can_be_stopped_between_two_of_its_steps() {
    in_parallel(hosts(), |host| {
        let place = Place::new();
        let hold = format!(
            "case $* in *second) : >'{}'; until [ -e '{}' ]; do sleep 0.1 2>/dev/null || sleep 1; done ;; esac",
            place.path("held").display(),
            place.path("go").display()
        );
        let host = place.program(&host, "mv", &hold);
        let steps = ["first", "second", "third"].map(|name| place.file(name));
        let stops: BTreeSet<usize> = (0..3).collect();
        let script = stoppable(&steps, &stops);
        let mut child = host.command().spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(script.text()).unwrap();
        wait_until(&format!("{}: it is not held", host.name), || {
            place.path("held").exists()
        });
        drop(input);
        std::thread::sleep(std::time::Duration::from_millis(500));
        fs::write(place.path("go"), "").unwrap();
        let output = child.wait_with_output().unwrap();
        let outcomes = parse_outcomes(&script, &steps, &output.stdout);
        statuses(&host, &outcomes, &[Done, Done, NotRun]);
        assert_eq!(place.names(), ["first", "second"], "{}", host.name);
    });
}

/// A signal ends it as well, and what was prepared goes.
#[test]
fn a_group_that_is_ended_leaves_nothing_beside() {
    in_parallel(hosts(), |host| {
        let place = Place::new();
        let end = "case $* in *second) kill -TERM \"$PPID\" ;; esac";
        let host = place.program(&host, "mv", end);
        let steps = ["first", "second", "third"].map(|name| place.file(name));
        let outcomes = host.carry_out(&steps);
        assert_ne!(outcomes[0].status, Failed, "{}", told(&outcomes[0]));
        assert_eq!(outcomes[2].status, NotRun, "{}", told(&outcomes[2]));
        assert!(!place.path("etc/third").exists());
        let beside = place.names().iter().any(|name| name.starts_with('.'));
        assert!(!beside, "{}: {:?}", host.name, place.names());
    });
}

/// A large group is cut, and contents that are not text have a way of their own.
#[test]
fn groups_may_be_large() {
    for host in hosts() {
        let place = Place::new();
        let mut steps: Vec<Step> = (0..70)
            .map(|number| place.file(&number.to_string()))
            .collect();
        steps.push(Wish::new(&place.path("etc/bytes"), Blob::from(vec![0_u8, 255])).step());
        steps.push(place.file("last"));
        let outcomes = host.carry_out(&steps);
        statuses(&host, &outcomes, &[Done; 72]);
        assert_eq!(fs::read(place.path("etc/bytes")).unwrap(), [0, 255]);
        assert_eq!(place.content("69"), "69 is new\n");
        assert_eq!(place.names().len(), 72, "{}", host.name);
    }
}
