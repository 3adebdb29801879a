//! The servers to ask: a folder for each, with a program `server`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cachesmith::redis::version::{self, Server};

/// One server program.
#[derive(Debug, Clone)]
pub struct Build {
    pub program: PathBuf,
    pub server: Server,
    pub version_line: String,
    /// Whether TLS was built in; without it none of its directives is known.
    pub tls: bool,
    folder: String,
}

impl Build {
    pub fn name(&self) -> String {
        format!("{} ({})", self.server, self.folder)
    }

    /// Redis before 7.0: some directives are outside of its table, and CONFIG SET takes one pair.
    pub fn is_old(&self) -> bool {
        !self.server.sets_many_at_once()
    }

    /// The program itself, where `program` only brings its libraries along.
    pub fn file(&self) -> PathBuf {
        let beside = self.program.with_file_name("root/usr/bin/server");
        if beside.is_file() {
            beside
        } else {
            self.program.clone()
        }
    }

    fn of(folder: &Path) -> Option<Self> {
        let program = folder.join("server");
        if !program.is_file() {
            return None;
        }
        let output = Command::new(&program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let version_line = String::from_utf8(output.stdout).unwrap();
        let build = version::Build::from_version_line(&version_line)
            .unwrap_or_else(|| panic!("{}: {version_line}", program.display()));
        let mut build = Self {
            program,
            server: build.server,
            version_line,
            tls: true,
            folder: folder.file_name().unwrap().to_string_lossy().into_owned(),
        };
        build.tls = crate::trial::accepts(&build, "tls-cluster", "no");
        Some(build)
    }
}

/// All that are there. `CACHESMITH_SERVERS` names the folder, and more of them after colons.
pub fn all() -> Vec<Build> {
    let folders = std::env::var_os("CACHESMITH_SERVERS")
        .expect("CACHESMITH_SERVERS is not set: `script/test servers` fetches servers and sets it");
    let mut builds: Vec<Build> = std::env::split_paths(&folders)
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .filter_map(|entry| Build::of(&entry.unwrap().path()))
        .collect();
    assert!(!builds.is_empty(), "no server in {}", folders.display());
    builds.sort_by_key(Build::name);
    builds
}
