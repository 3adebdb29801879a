//! What a script that was killed could not take away goes with the next one, and nothing else does.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use cachesmith::model::probe::Program;
use cachesmith::model::step::{Action, Step, StepStatus};
use cachesmith::transport::script::{Options, compile_steps, parse_outcomes};

use crate::host::{Host, executable, hosts, in_parallel, told, wait_until};
use crate::write::Wish;

/// A directory that is written to, and a place for what the tests need beside it.
struct Place {
    room: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        for folder in ["etc", "tmp", "programs"] {
            fs::create_dir(room.path().join(folder)).unwrap();
        }
        Self { room }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    fn write(&self, name: &str) -> Step {
        Wish::new(&self.path("etc").join(name), "content").step()
    }

    /// What stands in a folder and is none of the files that were asked for.
    fn beside(&self, folder: &str) -> Vec<String> {
        fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(".cachesmith-"))
            .collect()
    }

    /// A host whose files are flushed when the test lets them.
    fn holding(&self, host: &Host) -> Host {
        let (held, go) = (self.path("held"), self.path("go"));
        let text = format!(
            "echo >>'{}'\nuntil [ -e '{}' ]; do sleep 0.05 2>/dev/null || sleep 1; done\n",
            held.display(),
            go.display()
        );
        executable(&self.path("programs/sync"), &text);
        self.at(host).with_programs(&self.path("programs"))
    }

    fn at(&self, host: &Host) -> Host {
        host.with("TMPDIR", self.path("tmp").to_str().unwrap())
    }

    fn wait_until_held(&self, host: &Host) {
        wait_until(&format!("{}: it does not start", host.name), || {
            self.path("held").exists()
        });
    }
}

/// Starts a script in a process group of its own.
fn start(host: &Host, steps: &[Step]) -> (Child, cachesmith::transport::script::Script) {
    let script = compile_steps(steps, &Options::default());
    let mut child = host.command().process_group(0).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(script.text()).unwrap();
    (child, script)
}

/// Ends it as a loss of power does: nothing of it gets to clean up.
fn kill(mut child: Child) {
    let killed = Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .status();
    assert!(killed.unwrap().success());
    child.wait().unwrap();
}

#[test]
fn the_next_write_takes_away_what_a_killed_one_left() {
    in_parallel(hosts(), |host| {
        let place = Place::new();
        let (child, _) = start(&place.holding(&host), &[place.write("file")]);
        place.wait_until_held(&host);
        kill(child);
        assert_eq!(place.beside("etc").len(), 1, "{}", host.name);
        assert!(!place.path("etc/file").exists());
        let outcome = place.at(&host).carry_out_one(place.write("another"));
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
        assert_eq!(place.beside("etc"), [""; 0], "{}", host.name);
    });
}

#[test]
fn a_link_takes_it_away_too() {
    in_parallel(hosts(), |host| {
        let place = Place::new();
        let (child, _) = start(&place.holding(&host), &[place.write("file")]);
        place.wait_until_held(&host);
        kill(child);
        let outcome = place.at(&host).carry_out_one(Step::new(Action::Link {
            path: place.path("etc/link").to_str().unwrap().to_owned(),
            target: "file".to_owned(),
            hard: false,
        }));
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
        assert_eq!(place.beside("etc"), [""; 0], "{}", host.name);
    });
}

/// Two scripts at work in one directory do not disturb each other.
#[test]
fn what_is_in_use_stays() {
    in_parallel(hosts(), |host| {
        let place = Place::new();
        let steps = [place.write("slow")];
        let (child, script) = start(&place.holding(&host), &steps);
        place.wait_until_held(&host);
        let outcome = place.at(&host).carry_out_one(place.write("quick"));
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
        assert_eq!(place.beside("etc").len(), 1, "{}", host.name);
        fs::write(place.path("go"), "").unwrap();
        let output = child.wait_with_output().unwrap();
        let outcomes = parse_outcomes(&script, &steps, &output.stdout);
        assert_eq!(outcomes[0].status, StepStatus::Done, "{}", host.name);
        assert!(place.path("etc/slow").exists());
        assert_eq!(place.beside("etc"), [""; 0], "{}", host.name);
    });
}

/// The directory for the output of programs is found in the same way.
#[test]
fn the_next_program_takes_away_the_room_of_a_killed_one() {
    in_parallel(hosts(), |host| {
        let place = Place::new();
        let program = |text: &str| {
            Step::new(Action::Program {
                program: Box::new(Program::shell(text)),
                accepted: vec![0],
            })
        };
        let held = place.path("held");
        let text = format!("echo >'{}'; sleep 60", held.display());
        // Without setsid, so that the program is in the group that is killed.
        let (child, _) = start(&place.at(&host), &[program(&text)]);
        place.wait_until_held(&host);
        kill(child);
        assert_eq!(place.beside("tmp").len(), 1, "{}", host.name);
        let outcome = place.at(&host).carry_out_one(program("true"));
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
        assert_eq!(place.beside("tmp"), [""; 0], "{}", host.name);
    });
}

fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let name = name.trim().split('.').next().unwrap().to_owned();
    name[name.len().saturating_sub(24)..].to_owned()
}

/// Names that are not those of a dead script of this machine are let alone, whatever they look like.
#[test]
fn what_is_not_known_to_be_dead_stays() {
    let host = hostname();
    // A process that lives, by its number and its start; and names that only look like ours.
    let own = fs::read_to_string("/proc/self/stat").unwrap();
    let born = own.rsplit_once(')').unwrap().1.split_whitespace().nth(19);
    let stay = [
        format!(
            ".cachesmith-{host}-{}-{}-aa-0",
            std::process::id(),
            born.unwrap()
        ),
        ".cachesmith-another-machine-1-1-aa-0".to_owned(),
        format!(".cachesmith-{host}-1-aa-0"),
        format!(".cachesmith-{host}--1-aa-0"),
        format!(".cachesmith-{host}-*-1-aa-0"),
        format!(".cachesmith-{host}-x$(touch pwned)-1-aa"),
        ".cachesmith-0123456789abcdef-0".to_owned(),
        ".cachesmith".to_owned(),
    ];
    // The number of a process that lives, begun at another time; none at all; a link, which is not followed.
    let go = [
        format!(".cachesmith-{host}-{}-1-aa-0", std::process::id()),
        format!(".cachesmith-{host}-4194305-1-aa-0"),
        format!(".cachesmith-{host}-4194305-1-link"),
    ];
    for host in hosts() {
        let place = Place::new();
        let etc = place.path("etc");
        fs::write(place.path("outside"), "").unwrap();
        for name in stay.iter().chain(&go) {
            if name.ends_with("link") {
                symlink(place.path("outside"), etc.join(name)).unwrap();
            } else {
                fs::write(etc.join(name), "").unwrap();
            }
        }
        let folder = etc.join(format!(".cachesmith-{}-4194305-1-folder", hostname()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("content"), "").unwrap();
        let outcome = place.at(&host).carry_out_one(place.write("file"));
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
        let there = |name: &String| fs::symlink_metadata(etc.join(name)).is_ok();
        for name in &stay {
            assert!(there(name), "{}: {name} is gone", host.name);
        }
        for name in &go {
            assert!(!there(name), "{}: {name} is still there", host.name);
        }
        assert!(place.path("outside").exists());
        // A write removes no directories: somebody may have renamed one that is not ours.
        assert!(folder.join("content").exists(), "{}", host.name);
    }
}

/// In a directory for everybody, the rooms of other accounts are not touched.
#[test]
fn rooms_of_others_stay() {
    if !crate::host::is_root() {
        return;
    }
    for host in hosts() {
        let place = Place::new();
        let name = |end: &str| {
            place
                .path("tmp")
                .join(format!(".cachesmith-{}-4194305-1-{end}", hostname()))
        };
        for end in ["own", "other"] {
            fs::create_dir(name(end)).unwrap();
            fs::write(name(end).join("in"), "").unwrap();
        }
        std::os::unix::fs::chown(name("other"), Some(crate::host::NOBODY), None).unwrap();
        symlink(name("other"), name("link")).unwrap();
        place.at(&host).carry_out_one(Step::new(Action::Program {
            program: Box::new(Program::shell("true")),
            accepted: vec![0],
        }));
        let there = |path: &Path| fs::symlink_metadata(path).is_ok();
        assert!(!there(&name("own")), "{}", host.name);
        assert!(!there(&name("link")), "{}", host.name);
        assert!(there(&name("other").join("in")), "{}", host.name);
    }
}
