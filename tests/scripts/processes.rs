//! What a script costs a host, in processes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cachesmith::model::fact_parts::FactParts;
use cachesmith::model::probe::{Probe, Program};
use cachesmith::model::step::{Action, Attributes, Step};
use cachesmith::transport::script::lease::{Hold, Mode};
use cachesmith::transport::script::{Options, Script, compile_probes, compile_steps};

use crate::host::{feed, held};

/// Programs started and processes forked by dash while it runs a script.
fn cost(script: &Script) -> (usize, usize) {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=execve,clone,clone3,fork,vfork",
            "-o",
        ])
        .arg(&log)
        .arg("dash")
        .env("CACHESMITH_HOST_FOLDER", directory.path().join("state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = feed(command, script.text());
    assert!(output.stdout.ends_with(&script.last_line()));
    let log = fs::read_to_string(&log).unwrap();
    // A call that another one interrupts is told in two lines, of which the second has its result.
    let count = |calls: &[&str]| {
        log.lines()
            .filter(|line| !line.contains("<unfinished") && !line.contains(" = -1 "))
            .filter(|line| calls.iter().any(|call| line.contains(call)))
            .count()
    };
    let started = count(&["execve"]);
    let forked = count(&["clone", "fork"]);
    // The first program is the shell itself.
    (started - 1, forked)
}

fn content(path: &str) -> Probe {
    Probe::Content(path.into())
}

fn kernel(key: &str) -> Probe {
    Probe::KernelValue(key.into())
}

/// The probes of a playbook that finds its host as it should be: files with and without contents, kernel values,
/// accounts, the boot. One stat, one reading program and one hash serve them all, each under a time limit.
#[test]
fn twenty_probes_cost_few_processes() {
    let mut probes: Vec<Probe> = [
        "/etc/passwd",
        "/etc/group",
        "/etc/hosts",
        "/etc/fstab",
        "/etc/resolv.conf",
        "/etc/absent",
    ]
    .map(content)
    .to_vec();
    probes.extend(
        [
            "vm.overcommit_memory",
            "vm.swappiness",
            "vm.max_map_count",
            "net.core.somaxconn",
            "net.ipv4.tcp_max_syn_backlog",
            "fs.file-max",
        ]
        .map(kernel),
    );
    probes.push(content("/sys/kernel/mm/transparent_hugepage/enabled"));
    probes.extend(
        ["/etc", "/etc/shadow", "/var/lib", "/etc/absent"].map(|path| Probe::File(path.into())),
    );
    probes.extend([
        Probe::User("daemon".into()),
        Probe::Group("daemon".into()),
        Probe::BootId,
    ]);
    assert_eq!(probes.len(), 20);
    let (started, forked) = cost(&compile_probes(&probes));
    println!("20 probes: {started} programs started, {forked} processes forked");
    // stat, head, sha256sum, getent twice, id, each under timeout, and sha256sum of the password field.
    assert!(started <= 13, "{started} programs started");
    assert!(forked <= 24, "{forked} processes forked");
}

#[test]
fn a_probe_more_costs_no_process_more() {
    let few: Vec<Probe> = ["/etc/passwd", "/etc/hosts"].map(content).to_vec();
    let mut many = few.clone();
    many.extend(["/etc/group", "/etc/fstab", "/etc/profile"].map(content));
    many.extend(["vm.swappiness", "vm.max_map_count"].map(kernel));
    assert_eq!(cost(&compile_probes(&few)), cost(&compile_probes(&many)));
}

#[test]
fn a_program_that_would_say_a_value_of_the_kernels_costs_no_process_before_its_turn() {
    let facts = Probe::SomeFacts {
        parts: FactParts::default(),
        server_password: None,
    };
    let mut probes = vec![facts, content("/etc/passwd")];
    let without = cost(&compile_probes(&probes));
    let words = [["cat", "/proc/sys/vm/overcommit_memory"], ["uname", "-r"]];
    probes.extend(words.map(|words| Probe::EarlyProgram(Box::new(Program::new(words)))));
    assert_eq!(cost(&compile_probes(&probes)), without);
}

#[test]
fn a_program_costs_few_processes() {
    let probe = Probe::Program(Box::new(Program::new(["true"])));
    let (started, forked) = cost(&compile_probes(&[probe]));
    println!("a program: {started} programs started, {forked} processes forked");
    // A place for its output, the program in a session of its own, the clock beside it, and the place removed.
    assert!(started <= 5, "{started} programs started");
    assert!(forked <= 7, "{forked} processes forked");
}

fn file(path: &Path) -> Step {
    Step::new(Action::WriteFile {
        path: path.to_str().unwrap().to_owned(),
        content: "content\n".into(),
        attributes: Attributes {
            mode: Some(0o640),
            ..Attributes::default()
        },
        validate: None,
        backup: None,
    })
}

/// However many files: one program looks at their modes, two flush, and each is renamed by one.
#[test]
fn a_file_more_costs_one_process_more() {
    let costs = |count: usize| {
        let place = tempfile::tempdir().unwrap();
        let steps: Vec<Step> = (0..count)
            .map(|number| file(&place.path().join(number.to_string())))
            .collect();
        cost(&compile_steps(&steps, &Options::default()))
    };
    // In place of the look, chmod; beside them, the subshell of the script.
    assert_eq!(costs(1), (4, 5));
    assert_eq!(costs(5), (8, 9));
    assert_eq!(costs(20), (23, 24));
}

#[test]
fn a_directory_more_costs_none() {
    let costs = |count: usize| {
        let place = tempfile::tempdir().unwrap();
        let steps: Vec<Step> = (0..count)
            .map(|number| {
                let path = place.path().join(number.to_string());
                Step::new(Action::MakeDirectory {
                    path: path.to_str().unwrap().to_owned(),
                    attributes: Attributes::default(),
                })
            })
            .collect();
        cost(&compile_steps(&steps, &Options::default()))
    };
    assert_eq!(costs(1), (1, 2));
    assert_eq!(costs(20), (1, 2));
}

/// To take it: the folder, the time for people, the renaming. To give it back: both files and the folder.
#[test]
fn a_lease_costs_few_processes() {
    let hold = Hold {
        name: "host".to_owned(),
        run: "run".to_owned(),
        by: "somebody".to_owned(),
        what: "apply".to_owned(),
        term: 900,
        mode: Mode::Join,
        dead: Vec::new(),
        give_back: true,
    };
    let costs = cost(&held(&[], &hold));
    assert_eq!(costs, (5, 6));
}
