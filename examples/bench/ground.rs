//! The ground that everybody runs on: one sshd that plays all hosts, in a process namespace of its own, with keys and
//! inventories. A host is an address of the loopback, and writes below its own folder alone.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cells::Link;
use crate::delay::{self, Traffic};
use crate::groups::Group;

const PORT: u16 = 2222;
const FAR_PORT: u16 = 2223;
/// sshd and what holds its namespace.
pub const IDLE: usize = 2;

pub struct Ground {
    pub place: PathBuf,
    pub job: PathBuf,
    pub controller: Group,
    pub hosts: Group,
    pub traffic: Arc<Traffic>,
    sshd: Child,
}

impl Ground {
    /// Starts everything. The network namespace is ours already.
    pub fn up(place: &Path, group: &Path, most: usize) -> Result<Self> {
        run(Command::new("ip").args(["link", "set", "lo", "mtu", "1500", "up"]))?;
        for folder in ["home", "fleet", "sockets"] {
            fs::create_dir(place.join(folder))?;
        }
        for key in ["host_key", "user_key"] {
            run(Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(place.join(key)))?;
        }
        for name in names(most) {
            for folder in ["home", "tmp"] {
                fs::create_dir_all(own_folder(place, &name).join(folder))?;
            }
        }
        fs::write(place.join("sshd_config"), sshd_config(place, most))?;
        fs::write(place.join("sshd.log"), "")?;
        fs::create_dir_all("/run/sshd")?;
        let hosts = Group::new(group, "hosts")?;
        let sshd = Command::new("sh")
            .args([
                "-c",
                "echo 0 >\"$1/cgroup.procs\" && shift && exec \"$@\"",
                "sh",
            ])
            .arg(hosts.path())
            .args([
                "unshare",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "--",
            ])
            .args(["/usr/sbin/sshd", "-D", "-f"])
            .arg(place.join("sshd_config"))
            .arg("-E")
            .arg(place.join("sshd.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(place.join("sshd.error"))?)
            .spawn()?;
        let ground = Self {
            place: place.to_owned(),
            job: fs::canonicalize("benches/job").context("benches/job")?,
            controller: Group::new(group, "controller")?,
            hosts,
            traffic: delay::start(FAR_PORT, PORT)?,
            sshd,
        };
        ground.know(most)?;
        ground.inventory(1, Link::Near)?;
        ground.await_sshd()?;
        Ok(ground)
    }

    pub fn fleet(&self) -> PathBuf {
        self.place.join("fleet")
    }

    /// What sshd said from a place in its log on, and where it ends now.
    pub fn log_since(&self, offset: usize) -> Result<(String, usize)> {
        let text = fs::read(self.place.join("sshd.log"))?;
        let new = text.get(offset..).unwrap_or_default();
        Ok((String::from_utf8_lossy(new).into_owned(), text.len()))
    }

    /// How many processes have been started on the hosts so far. The kernel numbers them in their namespace one by one.
    pub fn started(&self) -> Result<Started> {
        let sshd = self
            .hosts
            .processes()?
            .into_iter()
            .find(|process| *process != self.sshd.id())
            .context("sshd is not there")?;
        let said = Command::new("nsenter")
            .args(["--pid", "--mount", "--target", &sshd.to_string(), "--"])
            .args(["cat", "/proc/loadavg", "/proc/sys/kernel/pid_max"])
            .output()?;
        Started::read(&String::from_utf8_lossy(&said.stdout)).context("the count of processes")
    }

    /// Bytes and exchanges over the far link so far.
    pub fn exchanges(&self) -> u64 {
        self.traffic.exchanges.load(Ordering::Relaxed)
    }

    pub fn bytes(&self) -> (u64, u64) {
        (
            self.traffic.sent.load(Ordering::Relaxed),
            self.traffic.received.load(Ordering::Relaxed),
        )
    }

    /// The folder with the inventories for so many hosts.
    pub fn inventory(&self, hosts: usize, link: Link) -> Result<PathBuf> {
        let port = match link {
            Link::Near => PORT,
            Link::Far => FAR_PORT,
        };
        let folder = self.place.join(format!("inventory-{hosts}-{port}"));
        if folder.exists() {
            return Ok(folder);
        }
        fs::create_dir(&folder)?;
        let place = self.place.display();
        let fleet = self.fleet();
        let mut ssh = String::new();
        let mut yaml = "all:\n  hosts:\n".to_owned();
        let mut python = "hosts = [\n".to_owned();
        for (number, name) in names(hosts).iter().enumerate() {
            let address = address(number);
            writeln!(ssh, "Host {name}\n  HostName {address}")?;
            writeln!(yaml, "    {name}: {{ ansible_host: {address} }}")?;
            let root = fleet.join(name);
            let root = root.display();
            writeln!(
                python,
                "    (\"{name}\", {{\"ssh_hostname\": \"{address}\", \"root\": \"{root}\"}}),"
            )?;
        }
        write!(
            ssh,
            "Host *\n  Port {port}\n  User root\n  IdentityFile {place}/user_key\n  IdentitiesOnly yes\n  BatchMode yes\n  \
             StrictHostKeyChecking yes\n  UserKnownHostsFile {place}/known_hosts\n  GlobalKnownHostsFile none\n  LogLevel ERROR\n"
        )?;
        let config = folder.join("ssh_config");
        write!(
            yaml,
            "  vars:\n    ansible_port: {port}\n    ansible_user: root\n    ansible_ssh_private_key_file: {place}/user_key\n    \
             ansible_ssh_common_args: \"-F {}\"\n    ansible_python_interpreter: /usr/bin/python3\n    \
             ansible_remote_tmp: \"{fleet}/{{{{ inventory_hostname }}}}/tmp\"\n    \
             root: \"{fleet}/{{{{ inventory_hostname }}}}\"\n",
            config.display(),
            fleet = fleet.display(),
        )?;
        write!(
            python,
            "]\nall = (hosts, {{\n    \"ssh_port\": {port}, \"ssh_user\": \"root\", \"ssh_key\": \"{place}/user_key\",\n    \
             \"ssh_known_hosts_file\": \"{place}/known_hosts\", \"ssh_strict_host_key_checking\": \"yes\",\n    \
             \"ssh_allow_agent\": False, \"ssh_look_for_keys\": False,\n}})\n"
        )?;
        fs::write(config, ssh)?;
        fs::write(folder.join("hosts.yml"), yaml)?;
        fs::write(folder.join("hosts.py"), python)?;
        fs::write(folder.join("names"), names(hosts).join("\n") + "\n")?;
        Ok(folder)
    }

    fn know(&self, most: usize) -> Result<()> {
        let key = fs::read_to_string(self.place.join("host_key.pub"))?;
        let mut text = String::new();
        for number in 0..most {
            for port in [PORT, FAR_PORT] {
                write!(text, "[{}]:{port} {key}", address(number))?;
            }
        }
        Ok(fs::write(self.place.join("known_hosts"), text)?)
    }

    fn await_sshd(&self) -> Result<()> {
        let config = self.inventory(1, Link::Near)?.join("ssh_config");
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let said = Command::new("ssh")
                .arg("-F")
                .arg(&config)
                .args([&names(1)[0], "true"])
                .output()?;
            if said.status.success() {
                return Ok(());
            }
            if Instant::now() > end {
                let said = String::from_utf8_lossy(&said.stderr).into_owned();
                let log = fs::read_to_string(self.place.join("sshd.log"))?;
                bail!("sshd does not answer: {said}{log}");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // The namespaces end with what holds them; `script/bench` removes the folders and the groups.
        let _ = self.controller.kill();
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

/// A reading of the count of processes.
#[derive(Clone, Copy)]
pub struct Started {
    last: u64,
    most: u64,
}

impl Started {
    /// From `/proc/loadavg` and `/proc/sys/kernel/pid_max`.
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let last = words.nth(4)?.parse().ok()?;
        let most = words.next()?.parse().ok()?;
        Some(Self { last, most })
    }

    /// Processes and threads since an earlier reading. The kernel begins again at 300 when it is through.
    pub fn since(self, before: Self) -> u64 {
        let since = if self.last >= before.last {
            self.last - before.last
        } else {
            (self.last + self.most).saturating_sub(before.last + 300)
        };
        // This reading's own.
        since.saturating_sub(1)
    }
}

fn sshd_config(place: &Path, most: usize) -> String {
    let of_hosts = names(most).into_iter().enumerate().map(|(number, name)| {
        let folder = own_folder(place, &name);
        let (address, folder) = (address(number), folder.display());
        format!(
            "Match LocalAddress {address}\nSetEnv HOME={folder}/home CACHESMITH_HOST_FOLDER={folder}/cachesmith TMPDIR={folder}/tmp\n"
        )
    });
    let place = place.display();
    let of_all = format!(
        "Port {PORT}\nListenAddress 0.0.0.0\nHostKey {place}/host_key\nPidFile none\nAuthorizedKeysFile {place}/user_key.pub\n\
         StrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         UsePAM no\nUseDNS no\nMaxStartups 1000\nMaxSessions 1000\nLogLevel VERBOSE\nPrintMotd no\n\
         Subsystem sftp internal-sftp\n"
    );
    std::iter::once(of_all).chain(of_hosts).collect()
}

/// What a host has to itself beside the tree that is compared: a home, a folder for temporary files, and the folder of leases
/// and notes. Where hosts share one, they wait for each other.
fn own_folder(place: &Path, name: &str) -> PathBuf {
    place.join("own").join(name)
}

pub fn names(hosts: usize) -> Vec<String> {
    (1..=hosts).map(|number| format!("h{number:04}")).collect()
}

fn address(number: usize) -> String {
    format!("127.1.{}.{}", number / 250, number % 250 + 1)
}

fn run(command: &mut Command) -> Result<()> {
    let said = command.output().with_context(|| format!("{command:?}"))?;
    if !said.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&said.stderr));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_goes_on_where_the_kernel_begins_again() {
        let before = Started::read("0.10 0.20 0.30 1/99 32760\n32768\n").unwrap();
        let after = Started::read("0.10 0.20 0.30 1/99 310\n32768\n").unwrap();
        assert_eq!(after.since(before), 17);
        assert_eq!(Started::read("0.10").map(|one| one.last), None);
    }
}
