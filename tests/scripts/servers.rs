//! Ports and servers.

use std::fs;
use std::net::TcpListener;

use cachesmith::model::probe::{Observation, Probe, RedisAddress, RedisState};
use cachesmith::model::secret::Secret;
use cachesmith::transport::script::compile_probes;

use crate::host::{executable, hosts};
use crate::minimal::Minimal;

#[test]
fn ports_are_open_or_closed() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut cases = vec![
        ("127.0.0.1", open.local_addr().unwrap().port(), true),
        ("localhost", open.local_addr().unwrap().port(), true),
        ("127.0.0.1", everywhere.local_addr().unwrap().port(), true),
        ("127.0.0.1", closed, false),
    ];
    let six = TcpListener::bind("[::1]:0");
    if let Ok(six) = &six {
        cases.push(("::1", six.local_addr().unwrap().port(), true));
    }
    let probes: Vec<Probe> = cases
        .iter()
        .map(|(host, port, _)| Probe::Port {
            host: (*host).into(),
            port: *port,
        })
        .collect();
    let expected: Vec<Observation> = cases
        .iter()
        .map(|(_, _, open)| Observation::Port(*open))
        .collect();
    for host in hosts() {
        assert_eq!(host.observe(&probes), expected, "{}", host.name);
    }
    // Without a client, from the kernel's table.
    assert_eq!(Minimal::without(&[]).observe(&probes), expected);
}

/// The password reaches the client by its environment and shows nowhere else.
#[test]
fn a_password_is_in_no_process_list() {
    const PASSWORD: &str = "it's $(a) \"secret\" \\ with 100% odd\tsigns";
    let address = RedisAddress {
        port: 6379,
        password: Some(Secret::new(PASSWORD)),
        ..RedisAddress::default()
    };
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("password"), PASSWORD).unwrap();
        executable(
            &at("redis-cli"),
            &format!(
                "cat /proc/[0-9]*/cmdline >'{0}/seen' 2>/dev/null\n\
                 [ \"$REDISCLI_AUTH\" = \"$(cat '{0}/password')\" ] || exit 1\n\
                 while read -r line; do case $line in PING) echo PONG;; PING*) echo \"${{line#PING }}\";; INFO*) echo x:1;; *) echo y; echo 2;; esac; done\n",
                directory.path().display()
            ),
        );
        let probes = [Probe::Redis(address.clone())];
        let answer = host
            .with_programs(directory.path())
            .observe(&probes)
            .remove(0);
        let expected = RedisState {
            alive: true,
            open: false,
            error: None,
            info: "x:1\n".into(),
            config: "y\n2\n".into(),
        };
        assert_eq!(answer, Observation::Redis(expected), "{}", host.name);
        let seen = fs::read(at("seen")).unwrap();
        assert!(!seen.is_empty());
        let seen = String::from_utf8_lossy(&seen);
        assert!(
            !seen.contains("secret"),
            "{}: the password is in a process list",
            host.name
        );
        assert!(!format!("{:?}", compile_probes(&probes)).contains("secret"));
    }
}

/// What a server answers to a client that goes on as nobody after its password was refused, as redis-cli does with code 0.
fn refusing(words: &str) -> String {
    format!(
        "[ -z \"$REDISCLI_AUTH\" ] || echo 'AUTH failed: {words}' >&2\n\
         while read -r line; do case $line in PING) echo PONG;; PING*) echo \"${{line#PING }}\";; INFO*) echo x:1;; *) echo y; echo 2;; esac; done\n"
    )
}

#[test]
fn a_password_that_is_not_taken_is_no_answer() {
    let address = RedisAddress {
        port: 6379,
        password: Some(Secret::new("wrong")),
        ..RedisAddress::default()
    };
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let client = directory.path().join("redis-cli");
        let host = host.with_programs(directory.path());
        let ask = |words: &str, address: &RedisAddress| {
            executable(&client, &refusing(words));
            match host.observe_one(Probe::Redis(address.clone())) {
                Observation::Redis(state) => state,
                other => panic!("{other:?}"),
            }
        };
        let wrong = "WRONGPASS invalid username-password pair or user is disabled.";
        let state = ask(wrong, &address);
        assert_eq!(state.error.as_deref(), Some(wrong), "{}", host.name);
        assert!(!state.alive && !state.open && state.info.is_empty() && state.config.is_empty());

        let none = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";
        for words in [none, "ERR Client sent AUTH, but no password is set"] {
            let state = ask(words, &address);
            assert!(state.alive && state.open, "{}: {state:?}", host.name);
            assert_eq!(state.info, "x:1\n");
        }
        let nobody = RedisAddress {
            password: None,
            ..address.clone()
        };
        let state = ask(wrong, &nobody);
        assert!(state.alive && !state.open && state.error.is_none());
    }
}

/// A program of this name that does nothing for a while.
fn server_process(directory: &std::path::Path) -> std::process::Child {
    let program = directory.join("redis-server");
    fs::copy(crate::host::which("sleep"), &program).unwrap();
    std::process::Command::new(program)
        .arg("60")
        .spawn()
        .unwrap()
}

#[test]
fn a_host_tells_of_the_process_of_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = server_process(directory.path());
    let mut other = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    for host in hosts() {
        let path = directory.path().join(host.name);
        fs::create_dir_all(&path).unwrap();
        let host = host.with_programs(&path);
        let ask = |pid: u32, at: &str, watch: u32| {
            executable(
                &path.join("redis-cli"),
                &format!(
                    "while read -r line; do case $line in PING*) echo \"${{line#PING }}\";; INFO*) printf 'run_id:a\\r\\nprocess_id:{pid}\\r\\n';; \
                     LATENCY*) printf 'command\\n1\\n2\\n3\\n';; esac; done\n"
                ),
            );
            let probe = Probe::ServerHealth {
                address: RedisAddress {
                    host: Some(at.into()),
                    port: 6379,
                    ..RedisAddress::default()
                },
                watch,
            };
            match host.observe_one(probe) {
                Observation::ServerHealth(health) => *health,
                other => panic!("{other:?}"),
            }
        };
        let health = ask(server.id(), "127.0.0.1", 1);
        assert_eq!(
            health.later,
            format!("run_id:a\r\nprocess_id:{}\r\n", server.id())
        );
        assert_eq!(health.latency, "command\n1\n2\n3\n", "{}", host.name);
        assert!(health.memory_total.unwrap() > 0 && health.memory_available.unwrap() > 0);
        assert!(health.most_maps.unwrap() > 0 && health.oom_kills.is_some());
        let process = health.process.unwrap();
        assert_eq!(process.pid, server.id());
        assert!(
            process.resident.unwrap() > 0 && process.maps.unwrap() > 0,
            "{process:?}"
        );
        assert!(process.open_files.unwrap() > 0 && process.oom_score_adj.is_some());
        assert_eq!(process.swapped, Some(0));
        // Neither another program's number, nor that of a server elsewhere, is taken for it.
        assert_eq!(ask(other.id(), "127.0.0.1", 0).process, None);
        assert_eq!(ask(server.id(), "192.0.2.7", 0).process, None);
        assert_eq!(ask(4_000_000, "127.0.0.1", 0).process, None);
    }
    for child in [&mut server, &mut other] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
