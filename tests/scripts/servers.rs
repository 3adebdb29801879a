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
