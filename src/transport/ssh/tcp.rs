//! Spares a login what it waits for though nobody computes: twice 40 ms where it is the only one.
//!
//! ssh sets `TCP_NODELAY` on its socket only once its session begins, and so does sshd. Until then Nagle's algorithm holds
//! a small packet back while an earlier one has not been acknowledged, and who has nothing to say acknowledges 40 ms later.
//! The client's request for authentication waits so behind the end of the key exchange, and sshd's answer to the request
//! for a session behind what it tells of its host keys. So `TCP_NODELAY` is set for ssh, which is a child of ours, as soon
//! as it has a socket; and what arrives between the login and the session's first words is acknowledged at once
//! (`TCP_QUICKACK`), as far as we hear of it before ssh has read it.
//!
//! A `ProxyCommand` that hands such a socket over (`ProxyUseFdpass`) would spare the first. But it would take the place of
//! one in a person's ssh_config, of `ProxyJump`, and of what ssh itself does about addresses and time limits; and it costs
//! two programs. Where the way leads through a proxy's pipe, ssh has no socket, and nothing is set.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

pub(super) use kernel::Socket;

/// How long after the start of ssh its socket is looked for first. It needs longer to load.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// By how much pauses grow: where many begin at once, loading takes longer.
const GROWTH: f64 = 1.4;

/// The longest pause. The waiting begins behind the key exchange, which takes longer than that.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// What arrives between a login and the session's first words: what sshd tells of its keys, its answers to the requests
/// for a session and for a program, and the first words themselves.
const ARRIVALS: usize = 4;

/// How long that is waited for at the most. On a slow link it takes two exchanges.
const ARRIVING: Duration = Duration::from_secs(2);

/// Waits for a login, and meanwhile looks for the connection that ssh makes, to set `TCP_NODELAY` on it. Gives the
/// connection where it could be had.
pub(super) async fn without_delay<T>(
    ssh: Option<u32>,
    login: impl Future<Output = T>,
) -> (T, Option<Socket>) {
    let mut login = pin!(login);
    let mut pause = FIRST_PAUSE;
    let Some(ssh) = ssh else {
        return (login.await, None);
    };
    loop {
        if let Ok(outcome) = timeout(pause, login.as_mut()).await {
            return (outcome, None);
        }
        match Socket::of_process(ssh) {
            Ok(Some(socket)) => return (login.await, Some(socket)),
            Ok(None) => pause = pause.mul_f64(GROWTH).min(LONGEST_PAUSE),
            Err(error) => {
                tracing::debug!(ssh, %error, "ssh's socket is out of reach, so its login may wait for nothing");
                return (login.await, None);
            }
        }
    }
}

/// Waits for the end of an ssh that has just logged in, and meanwhile acknowledges the first that arrives.
pub(super) async fn acknowledging<T>(socket: Option<Socket>, ending: impl Future<Output = T>) -> T {
    let mut ending = pin!(ending);
    if let Some(socket) = socket {
        let arriving = timeout(ARRIVING, socket.acknowledge(ARRIVALS));
        tokio::select! {
            biased;
            // As long as we have the socket, the host does not hear that ssh has ended.
            outcome = &mut ending => return outcome,
            arrived = arriving => {
                if let Ok(Err(error)) = arrived {
                    tracing::debug!(%error, "what arrives for ssh cannot be acknowledged at once");
                }
            }
        }
    }
    ending.await
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::io;
    use std::net::TcpStream;
    use std::sync::LazyLock;

    use rustix::fs::{OFlags, fcntl_getfl};
    use rustix::io::Errno;
    use rustix::net::sockopt::set_tcp_quickack;
    use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
    use tokio::io::Interest;

    /// Whether a filter decides which system calls this process may make (`Seccomp` in `proc(5)`). One of systemd's kills
    /// whoever makes another, and systemd counts `pidfd_getfd` among those of debuggers, which `@system-service` lacks.
    static IS_FILTERED: LazyLock<bool> = LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let filter = status
            .lines()
            .find_map(|line| line.strip_prefix("Seccomp:"));
        filter.is_none_or(|filter| filter.trim() != "0")
    });

    /// A TCP connection of another process. Nothing is ever read from it.
    #[derive(Debug)]
    pub(in crate::transport::ssh) struct Socket(pub(super) TcpStream);

    impl Socket {
        /// The first connection of a process of this account, with `TCP_NODELAY` set. `None` where it has none yet, or has
        /// ended.
        ///
        /// # Errors
        /// The kernel, or a policy of this machine, does not let us at it.
        pub(super) fn of_process(process: u32) -> io::Result<Option<Self>> {
            if *IS_FILTERED {
                return Err(io::ErrorKind::Unsupported.into());
            }
            match connection(process) {
                Ok(socket) => Ok(socket.map(Self)),
                // Who waits for its end hears of that.
                Err(Errno::SRCH | Errno::NOENT) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }

        /// Acknowledges at once what is there, and what arrives, so many times.
        pub(super) async fn acknowledge(self, arrivals: usize) -> io::Result<()> {
            // Tokio wants it so. It is a flag that ssh would share; but ssh has set it before the key exchange.
            if !fcntl_getfl(&self.0)?.contains(OFlags::NONBLOCK) {
                return Err(io::ErrorKind::Unsupported.into());
            }
            let socket = tokio::net::TcpStream::from_std(self.0)?;
            for _ in 0..arrivals {
                set_tcp_quickack(&socket, true)?;
                socket.readable().await?;
                // What has arrived is ssh's to read: only the next arrival is of interest.
                let _: io::Result<()> =
                    socket.try_io(Interest::READABLE, || Err(io::ErrorKind::WouldBlock.into()));
            }
            Ok(set_tcp_quickack(&socket, true)?)
        }
    }

    /// A socket that is still on its way to the host has the option set, too.
    fn connection(process: u32) -> Result<Option<TcpStream>, Errno> {
        let number = i32::try_from(process).ok().and_then(Pid::from_raw);
        let pidfd = pidfd_open(number.ok_or(Errno::SRCH)?, PidfdFlags::empty())?;
        let folder = format!("/proc/{process}/fd");
        for number in open_files(&folder)? {
            if !is_socket(&format!("{folder}/{number}")) {
                continue;
            }
            let socket = match pidfd_getfd(&pidfd, number, PidfdGetfdFlags::empty()) {
                Ok(socket) => TcpStream::from(socket),
                // It has been closed meanwhile.
                Err(Errno::BADF) => continue,
                Err(error) => return Err(error),
            };
            // Other sockets do not have the option.
            if socket.set_nodelay(true).is_ok() && socket.peer_addr().is_ok() {
                return Ok(Some(socket));
            }
        }
        Ok(None)
    }

    /// Those behind its standard input and outputs.
    fn open_files(folder: &str) -> Result<Vec<i32>, Errno> {
        let entries = std::fs::read_dir(folder)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        let numbers = names.filter_map(|name| name.to_str()?.parse().ok());
        Ok(numbers.filter(|number| *number > 2).collect())
    }

    fn is_socket(file: &str) -> bool {
        let leads_to = std::fs::read_link(file);
        leads_to.is_ok_and(|path| path.as_os_str().as_encoded_bytes().starts_with(b"socket:"))
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::io;

    /// No other kernel lets us at another process's socket.
    #[derive(Debug)]
    pub(in crate::transport::ssh) enum Socket {}

    impl Socket {
        pub(super) fn of_process(_: u32) -> io::Result<Option<Self>> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) async fn acknowledge(self, _: usize) -> io::Result<()> {
            match self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::thread;

    use rustix::fs::{OFlags, fcntl_getfl};

    use super::*;

    /// A child that is ended with the test.
    struct Process(Child);

    impl Process {
        fn spawn(command: &mut Command) -> Self {
            let silent = command.stdin(Stdio::null()).stderr(Stdio::null());
            Self(silent.spawn().unwrap())
        }

        /// A shell that has opened files and then waits.
        fn shell(opening: &str) -> Self {
            let script = format!("exec {opening}\necho\nexec sleep 60");
            let mut command = Command::new("bash");
            let mut process = Self::spawn(command.args(["-c", &script]).stdout(Stdio::piped()));
            let said = process.0.stdout.as_mut().unwrap().read(&mut [0]).unwrap();
            assert_eq!(said, 1);
            process
        }

        /// What it connects to a server with, seen by the server.
        fn accepted(&mut self, server: &TcpListener) -> TcpStream {
            server.set_nonblocking(true).unwrap();
            loop {
                match server.accept() {
                    Ok((accepted, _)) => return accepted,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
                assert_eq!(self.0.try_wait().unwrap(), None);
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    impl Drop for Process {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn server() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Both ends of a connection, the first as ssh has it, and our second handle of that.
    fn connection() -> (TcpStream, Socket, TcpStream) {
        let (listener, address) = server();
        let client = TcpStream::connect(address).unwrap();
        client.set_nonblocking(true).unwrap();
        let socket = Socket(client.try_clone().unwrap());
        (client, socket, listener.accept().unwrap().0)
    }

    /// `None` where this machine lets nobody at sockets of others: its kernel, a policy or a filter of system calls.
    fn of_process(process: &Process) -> Option<Socket> {
        match Socket::of_process(process.0.id()) {
            Ok(socket) => Some(socket.unwrap()),
            Err(error) if error.raw_os_error().is_some() => {
                let kind = error.kind();
                assert!(
                    matches!(kind, ErrorKind::PermissionDenied | ErrorKind::Unsupported),
                    "{error}"
                );
                None
            }
            Err(_) => {
                let status = std::fs::read_to_string("/proc/self/status").unwrap();
                assert!(!status.contains("\nSeccomp:\t0\n"), "{status}");
                None
            }
        }
    }

    #[test]
    fn the_connection_of_a_child_is_found_and_holds_nothing_back() {
        let (listener, address) = server();
        let port = address.port();
        let mut shell = Process::shell(&format!(
            "8</dev/null 9<>/dev/udp/127.0.0.1/{port} 10<>/dev/tcp/127.0.0.1/{port}"
        ));
        let _accepted = shell.accepted(&listener);
        let Some(found) = of_process(&shell) else {
            return;
        };
        assert_eq!(found.0.peer_addr().unwrap(), address);
        assert!(found.0.nodelay().unwrap());
    }

    #[test]
    fn this_machines_ssh_lets_us_at_its_connection() {
        let (listener, address) = server();
        let port = address.port().to_string();
        let mut command = Command::new("ssh");
        let mut ssh = Process::spawn(command.args(["-F", "none", "-p", &port, "127.0.0.1"]));
        // A server that says nothing: ssh waits for its banner.
        let _accepted = ssh.accepted(&listener);
        let Some(found) = of_process(&ssh) else {
            return;
        };
        assert!(found.0.nodelay().unwrap());
    }

    #[test]
    fn a_process_without_a_connection_has_none() {
        let mut shell = Process::shell("8</dev/null");
        assert!(!matches!(Socket::of_process(shell.0.id()), Ok(Some(_))));
        shell.0.kill().unwrap();
        shell.0.wait().unwrap();
        assert!(!matches!(Socket::of_process(shell.0.id()), Ok(Some(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_is_waited_for_and_its_connection_found() {
        let (listener, address) = server();
        let mut shell = Process::shell(&format!("8<>/dev/tcp/127.0.0.1/{}", address.port()));
        let _accepted = shell.accepted(&listener);
        let login = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            "in"
        };
        let (outcome, found) = without_delay(Some(shell.0.id()), login).await;
        assert_eq!(outcome, "in");
        assert_eq!(found.is_some(), of_process(&shell).is_some());
    }

    #[tokio::test]
    async fn what_arrives_is_left_to_the_process() {
        let (mut client, socket, mut server) = connection();
        let arriving = async {
            for word in ["one ", "two ", "three "] {
                tokio::time::sleep(Duration::from_millis(1)).await;
                server.write_all(word.as_bytes()).unwrap();
            }
        };
        let (acknowledged, ()) = tokio::join!(socket.acknowledge(2), arriving);
        acknowledged.unwrap();
        drop(server);
        client.set_nonblocking(false).unwrap();
        let mut said = String::new();
        client.read_to_string(&mut said).unwrap();
        assert_eq!(said, "one two three ");
    }

    #[tokio::test]
    async fn the_host_hears_at_once_that_ssh_has_ended() {
        let (client, socket, mut server) = connection();
        let ending = async {
            tokio::task::yield_now().await;
            drop(client);
            "ended"
        };
        assert_eq!(acknowledging(Some(socket), ending).await, "ended");
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
    }

    #[tokio::test]
    async fn a_socket_that_makes_its_process_wait_is_left_alone() {
        let (client, socket, _server) = connection();
        client.set_nonblocking(false).unwrap();
        assert!(socket.acknowledge(1).await.is_err());
        assert!(!fcntl_getfl(&client).unwrap().contains(OFlags::NONBLOCK));
    }
}
