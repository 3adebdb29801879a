//! Spares a login what it waits for though nobody computes: twice 40 ms where it is the only one.
//!
//! ssh sets `TCP_NODELAY` on its socket only once its session begins, and so does sshd. Until then Nagle's algorithm holds
//! a small packet back while an earlier one has not been acknowledged, and who has nothing to say acknowledges 40 ms later.
//! The client's request for authentication waits so behind the end of the key exchange, and sshd's answer to the request
//! for a session behind what it tells of its host keys. So the option is set for ssh, on the socket of a child of ours, as
//! soon as there is one; and what arrives between the login and the session's first words is acknowledged at once.
//!
//! A `ProxyCommand` that hands such a socket over (`ProxyUseFdpass`) would spare the first. But it would take the place of
//! one in a person's ssh_config, of `ProxyJump`, and of what ssh itself does about addresses and time limits; and it costs
//! two programs. Where the way leads through a proxy, ssh has no socket, and nothing is set.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

pub(super) use kernel::Socket;

/// How long after the start of ssh its socket is looked for first. It needs longer to load.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// The key exchange, behind which the waiting begins, takes longer than what comes before the socket is there. So the
/// pauses may grow with what has passed already.
const GROWTH: f64 = 1.4;

/// The longest pause, for connections to a host that does not answer at its first address.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What arrives between a login and the session's first words: what sshd tells of its keys, its answers to the requests
/// for a session and for a program, and one more.
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
            // Where it fails, the login has waited.
            _ = arriving => {}
        }
    }
    ending.await
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::io;
    use std::net::TcpStream;

    use rustix::fs::{OFlags, fcntl_getfl};
    use rustix::io::Errno;
    use rustix::net::sockopt::set_tcp_quickack;
    use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
    use tokio::io::Interest;

    /// A TCP connection of another process. Nothing is ever read from it.
    #[derive(Debug)]
    pub(in crate::transport::ssh) struct Socket(TcpStream);

    impl Socket {
        /// The connection of a process of this account, with `TCP_NODELAY` set. `None` where it has none yet.
        ///
        /// # Errors
        /// The kernel, or a policy of this machine, does not let us at it.
        pub(super) fn of_process(process: u32) -> io::Result<Option<Self>> {
            match connection(process) {
                Ok(socket) => Ok(socket.map(Self)),
                Err(error @ (Errno::PERM | Errno::ACCESS | Errno::NOSYS)) => Err(error.into()),
                // Where it has ended, who waits for it hears of that.
                Err(_) => Ok(None),
            }
        }

        /// Acknowledges at once what is there, and what arrives, so many times.
        pub(super) async fn acknowledge(self, arrivals: usize) -> io::Result<()> {
            if !fcntl_getfl(&self.0)?.contains(OFlags::NONBLOCK) {
                // ssh has set that before it logs in. It would be set for ssh too, which must not be surprised by it.
                return Ok(());
            }
            let socket = tokio::net::TcpStream::from_std(self.0)?;
            for _ in 0..arrivals {
                set_tcp_quickack(&socket, true)?;
                socket.readable().await?;
                // What has arrived is ssh's to read, so only the next arrival is of interest.
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

    #[cfg(test)]
    mod tests {
        use std::io::{Read, Write};
        use std::net::TcpListener;
        use std::process::{Child, Command, Stdio};

        use super::*;

        /// A process that says when it has done something, and then waits for its end.
        fn process(what: &str) -> Child {
            let mut child = Command::new("bash")
                .args(["-c", &format!("{what}\necho; read -r")])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let said = child.stdout.as_mut().unwrap().read(&mut [0]).unwrap();
            assert_eq!(said, 1);
            child
        }

        #[test]
        fn the_connection_of_a_child_is_found_and_holds_nothing_back() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let mut child = process(&format!(
                "exec 8</dev/null 9<>/dev/udp/127.0.0.1/{port} 10<>/dev/tcp/127.0.0.1/{port}"
            ));
            let _accepted = listener.accept().unwrap();
            let found = Socket::of_process(child.id()).unwrap().unwrap();
            assert_eq!(found.0.peer_addr().unwrap().port(), port);
            assert!(found.0.nodelay().unwrap());
            child.kill().unwrap();
            child.wait().unwrap();
        }

        #[test]
        fn this_machines_ssh_lets_us_at_its_connection() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let mut ssh = Command::new("ssh")
                .args(["-F", "none", "-p", &port.to_string(), "127.0.0.1"])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // A server that says nothing: ssh waits for its banner.
            let _accepted = listener.accept().unwrap();
            let found = Socket::of_process(ssh.id()).unwrap().unwrap();
            assert!(found.0.nodelay().unwrap());
            ssh.kill().unwrap();
            ssh.wait().unwrap();
        }

        #[test]
        fn a_process_without_a_connection_has_none() {
            let mut child = process("exec 8</dev/null");
            assert!(Socket::of_process(child.id()).unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(Socket::of_process(child.id()).unwrap().is_none());
        }

        #[tokio::test]
        async fn what_arrives_is_left_to_the_process() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            client.set_nonblocking(true).unwrap();
            let socket = Socket(client.try_clone().unwrap());
            server.write_all(b"first").unwrap();
            let second = async {
                tokio::task::yield_now().await;
                server.write_all(b"second").unwrap();
                drop(server);
            };
            let (acknowledged, ()) = tokio::join!(socket.acknowledge(1), second);
            acknowledged.unwrap();
            client.set_nonblocking(false).unwrap();
            let mut said = String::new();
            client.read_to_string(&mut said).unwrap();
            assert_eq!(said, "firstsecond");
        }

        #[tokio::test]
        async fn a_socket_that_makes_its_process_wait_is_left_alone() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let socket = Socket(client.try_clone().unwrap());
            socket.acknowledge(1).await.unwrap();
            assert!(!fcntl_getfl(&client).unwrap().contains(OFlags::NONBLOCK));
        }
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
