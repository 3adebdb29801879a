//! Control groups (v2) that count what belongs to one side, daemons included. They limit nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long processes that are on their way out are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing ends where all is at rest.
const REST: Duration = Duration::from_millis(100);

pub struct Group {
    path: PathBuf,
}

impl Group {
    pub fn new(parent: &Path, name: &str) -> Result<Self> {
        let path = parent.join(name);
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Seconds of CPU so far, of all that ever ran in it.
    pub fn cpu(&self) -> Result<f64> {
        let text = self.read("cpu.stat")?;
        let used = text
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec "))
            .context("cpu.stat has no usage_usec")?;
        Ok(used.trim().parse::<f64>()? / 1e6)
    }

    pub fn processes(&self) -> Result<Vec<u32>> {
        let text = self.read("cgroup.procs")?;
        Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// Ends what is still there.
    pub fn kill(&self) -> Result<()> {
        fs::write(self.path.join("cgroup.kill"), "1").context("cgroup.kill (Linux 5.14 has it)")?;
        self.settle(0)
    }

    /// Waits until no more than so many processes are left.
    pub fn settle(&self, count: usize) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.processes()?.len() > count {
            anyhow::ensure!(
                Instant::now() < end,
                "processes in {} do not end",
                self.path.display()
            );
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// How many processes there are once no more of them end.
    pub fn at_rest(&self) -> Result<usize> {
        let mut count = self.processes()?.len();
        loop {
            thread::sleep(REST);
            let now = self.processes()?.len();
            if now >= count {
                return Ok(now);
            }
            count = now;
        }
    }

    fn read(&self, name: &str) -> Result<String> {
        let path = self.path.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}
