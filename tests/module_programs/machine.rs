//! This machine as a host: observes what a module asks, and runs the programs that it decides on.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use cachesmith::model::blob::Blob;
use cachesmith::model::probe::{
    CONTENT_LIMIT, FileInfo, FileKind, FileState, Observation, Probe, Program, ProgramResult,
};
use cachesmith::model::step::Action;
use cachesmith::model::value::{Map, Value};
use cachesmith::module::world::World;
use cachesmith::module::{Decision, LocalFile, Look, Parameters, Stop, registry};

/// A task on this machine.
pub(crate) struct Task {
    module: &'static str,
    values: Map,
    files: Vec<(&'static str, LocalFile)>,
    /// Answers that are not asked of the machine.
    pub(crate) given: Vec<(Probe, Observation)>,
}

impl Task {
    pub(crate) fn new(module: &'static str, values: &[(&str, Value)]) -> Self {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Self {
            module,
            values: values.collect(),
            files: Vec::new(),
            given: Vec::new(),
        }
    }

    pub(crate) fn with_file(mut self, name: &'static str, file: LocalFile) -> Self {
        self.files.push((name, file));
        self
    }

    /// What the module decides, with everything observed that it asks for.
    pub(crate) fn decide(&self) -> Result<Decision, Stop> {
        let module = registry::find(self.module).unwrap();
        let mut parameters = Parameters::new(module.spec(), self.values.clone());
        for (name, file) in &self.files {
            parameters.add_file(name, file.clone());
        }
        let mut world = World::default();
        world.facts = std::sync::Arc::new(facts());
        for (probe, answer) in &self.given {
            world.observe(probe.clone(), answer.clone());
        }
        loop {
            let look = Look::new(&world);
            match module.decide(&parameters, &look) {
                Err(Stop::Missing) => {
                    for probe in look.into_missing() {
                        let answer = observe(&probe);
                        world.observe(probe, answer);
                    }
                }
                decided => return decided,
            }
        }
    }

    /// Decides, and runs all programs; the outcome of the first that fails, or of the last.
    pub(crate) fn apply(&self) -> ProgramResult {
        let decision = self.decide().unwrap();
        let mut last = ProgramResult::default();
        for step in decision.changes.iter().flat_map(|change| &change.steps) {
            match &step.action {
                Action::Program { program, accepted } => {
                    last = run(program);
                    if !accepted.contains(&last.code) {
                        return last;
                    }
                }
                other => panic!("{other:?} is no program"),
            }
        }
        last
    }

    /// Applies what has to succeed, and sees that nothing is left to do.
    pub(crate) fn converge(&self) {
        let said = self.apply();
        assert_eq!(said.code, 0, "{}", said.stderr.to_lossy());
        let again = self.decide().unwrap();
        assert!(again.changes.is_empty(), "{:?}", again.changes);
    }
}

/// The session's user, as the facts of a host have it.
fn facts() -> Map {
    let number = |option: &str| said(&["id", option]).parse::<i64>().unwrap();
    Map::from_iter([
        ("ansible_user_id".to_owned(), said(&["id", "-un"]).into()),
        ("ansible_user_uid".to_owned(), number("-u").into()),
        ("ansible_user_gid".to_owned(), number("-g").into()),
    ])
}

/// The first line that a program says.
pub(crate) fn said(argv: &[&str]) -> String {
    let result = run(&Program::new(argv.iter().copied()));
    result
        .stdout
        .to_lossy()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

pub(crate) fn run(program: &Program) -> ProgramResult {
    let mut command = Command::new(&program.argv[0]);
    // `PROGRAMS=/folder/of/busybox/links` runs everything with another set of programs.
    if let Ok(programs) = std::env::var("PROGRAMS") {
        let shell = format!("{programs}/sh");
        command = Command::new(program.argv[0].replace("/bin/sh", &shell));
        command.env("PATH", programs);
    }
    let mut child = command
        .args(&program.argv[1..])
        .envs(&program.environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = program.stdin.clone().unwrap_or_default();
    let writer = std::thread::spawn(move || {
        // A program that fails early does not read all.
        let _ = input.write_all(bytes.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    ProgramResult {
        code: output.status.code().unwrap_or(255),
        stdout: output.stdout.into(),
        stderr: output.stderr.into(),
        timed_out: false,
    }
}

fn observe(probe: &Probe) -> Observation {
    match probe {
        Probe::File(path) => Observation::File(state(Path::new(path), false)),
        Probe::Content(path) => Observation::File(state(Path::new(path), true)),
        Probe::Program(program) => Observation::Program(run(program)),
        Probe::Port { host, port } => {
            Observation::Port(std::net::TcpStream::connect((host.as_str(), *port)).is_ok())
        }
        other => panic!("{other:?} is not observed here"),
    }
}

fn state(path: &Path, with_content: bool) -> FileState {
    let Ok(found) = path.symlink_metadata() else {
        let parent_exists = path.parent().is_some_and(Path::exists);
        return FileState::Absent { parent_exists };
    };
    let bytes = path
        .is_file()
        .then(|| Blob::from(std::fs::read(path).unwrap()));
    let kind = if found.is_symlink() {
        FileKind::Link {
            target: path.read_link().unwrap().display().to_string(),
            resolved: path
                .canonicalize()
                .ok()
                .map(|path| path.display().to_string()),
        }
    } else if found.is_dir() {
        FileKind::Directory
    } else {
        FileKind::File
    };
    FileState::Present(Box::new(FileInfo {
        kind,
        mode: found.permissions().mode() & 0o7777,
        owner: found.uid().to_string(),
        group: found.gid().to_string(),
        uid: found.uid(),
        gid: found.gid(),
        size: found.len(),
        modified: found.mtime(),
        sha256: bytes.as_ref().map(Blob::sha256),
        content: bytes.filter(|bytes| with_content && bytes.len() as u64 <= CONTENT_LIMIT),
    }))
}
