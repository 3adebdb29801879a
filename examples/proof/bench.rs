//! The programs of the proof: the fleet that boots hosts, Cachesmith itself, and the client.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

use crate::cases::Case;
use crate::hosts::Host;

const PLAYBOOK: &str = "playbooks/redis-cache.yml";
const GUARD_ALONE: &str = "tests/proof/guard-alone.yml";

pub struct Bench {
    pub fleet: PathBuf,
    /// The state folder of the fleet, where its inventory is.
    pub state: PathBuf,
    pub cachesmith: PathBuf,
    pub churn: PathBuf,
    /// Where reports and logs go.
    pub output: PathBuf,
}

impl Bench {
    fn fleet(&self, words: &[&str]) -> Result<String> {
        let output = Command::new(&self.fleet).args(words).output();
        finished(
            output.context("the fleet")?,
            &format!("fleet {}", words.join(" ")),
        )
    }

    /// Boots the hosts that the cases need.
    pub fn up(&self, cases: &[Case]) -> Result<()> {
        let mut lines: Vec<&str> = cases.iter().map(|case| case.host.line.as_str()).collect();
        lines.dedup();
        let set = self.output.join("set");
        fs::write(&set, lines.join("\n") + "\n")?;
        let names: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        self.fleet(&["up", &set.to_string_lossy()])?;
        self.fleet(&[&["stop"], names.as_slice()].concat())?;
        Ok(())
    }

    /// A host as new, with the machine's own kernel values.
    pub fn reset(&self, host: &Host) -> Result<()> {
        self.fleet(&["reset", &host.name]).map(drop)
    }

    pub fn stop(&self, host: &Host) -> Result<()> {
        self.fleet(&["stop", &host.name]).map(drop)
    }

    /// What a command on the host prints.
    pub fn ask(&self, host: &Host, command: &str) -> Result<String> {
        self.fleet(&["ssh", &host.name, command])
    }

    /// The folder of the control group around the host.
    pub fn group(&self, host: &Host) -> Result<PathBuf> {
        Ok(self.fleet(&["memory", &host.name])?.trim().into())
    }

    /// The client, in the host's network and outside of its memory.
    fn client(&self, host: &Host, words: &[String]) -> Command {
        let mut command = Command::new(&self.fleet);
        command.args(["beside", &host.name]);
        command.arg(&self.churn).args(words);
        command.args(["--address", "127.0.0.1:6379"]);
        command
    }

    /// Runs the client to its end; its report is kept in a file too.
    pub fn report<T: DeserializeOwned>(
        &self,
        host: &Host,
        words: &[String],
        file: &str,
    ) -> Result<T> {
        let output = self.client(host, words).output().context("the client")?;
        let report = finished(output, &format!("churn {}", words.join(" ")))?;
        self.keep(file, &report)
    }

    /// Starts the client, which goes on until its standard input is closed.
    pub fn start(&self, host: &Host, words: &[String]) -> Result<Child> {
        let mut command = self.client(host, words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().context("the client")
    }

    /// Ends a client that was started, and keeps its report.
    pub fn end<T: DeserializeOwned>(&self, mut client: Child, file: &str) -> Result<T> {
        drop(client.stdin.take());
        let output = client.wait_with_output().context("the client")?;
        let report = finished(output, "churn")?;
        self.keep(file, &report)
    }

    fn keep<T: DeserializeOwned>(&self, file: &str, report: &str) -> Result<T> {
        fs::write(self.output.join(file), report)?;
        serde_json::from_str(report).with_context(|| format!("the client's report, {file}"))
    }

    /// Applies the playbook `redis-cache` with or without its guard.
    pub fn harden(&self, host: &Host, guarded: bool, policy: &str, log: &str) -> Result<()> {
        let package = host.server.package();
        let variables =
            format!("cache_package={package} cache_guard={guarded} cache_policy={policy}");
        self.apply(PLAYBOOK, host, &variables, log)
    }

    /// Installs the guard and changes nothing else.
    pub fn guard_alone(&self, host: &Host, log: &str) -> Result<()> {
        self.apply(GUARD_ALONE, host, "cache_guard=true", log)
    }

    fn apply(&self, playbook: &str, host: &Host, variables: &str, log: &str) -> Result<()> {
        let path = self.output.join(log);
        let file = File::create(&path)?;
        let status = self
            .cachesmith(playbook, host)
            .args(["--extra-vars", variables, "--yes", "--color", "never"])
            .stdout(file.try_clone()?)
            .stderr(file)
            .stdin(Stdio::null())
            .status()
            .context("cachesmith")?;
        if !status.success() {
            bail!(
                "cachesmith apply {playbook} on {} ended with {status}:\n{}",
                host.name,
                last_lines(&fs::read_to_string(&path).unwrap_or_default())
            );
        }
        Ok(())
    }

    /// What was printed while a playbook was applied.
    pub fn log(&self, log: &str) -> Result<String> {
        Ok(fs::read_to_string(self.output.join(log))?)
    }

    fn cachesmith(&self, playbook: &str, host: &Host) -> Command {
        let mut command = Command::new(&self.cachesmith);
        command.args(["apply", playbook, "--inventory"]);
        command.arg(self.state.join("inventory.yml"));
        command.args(["--limit", &host.name]);
        command
    }

    /// What Cachesmith says of a host as a cache that keeps nothing on disk, as JSON lines.
    pub fn facts(&self, host: &Host) -> Result<String> {
        let as_cache = r#"{"redis_sizing": {"persistence": false}}"#;
        let output = Command::new(&self.cachesmith)
            .args(["facts", "--json", "--extra-vars", as_cache, "--inventory"])
            .arg(self.state.join("inventory.yml"))
            .args(["--limit", &host.name])
            .output()
            .context("cachesmith")?;
        finished(output, "cachesmith facts")
    }
}

fn finished(output: Output, what: &str) -> Result<String> {
    if !output.status.success() {
        bail!(
            "`{what}` ended with {}:\n{}",
            output.status,
            last_lines(&String::from_utf8_lossy(&output.stderr))
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
