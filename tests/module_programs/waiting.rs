//! `wait_for`.

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use cachesmith::model::value::Value;

use crate::machine::Task;

fn wait(values: &[(&str, Value)]) -> (i32, String) {
    let said = Task::new("wait_for", values).apply();
    (said.code, said.stderr.to_lossy().into_owned())
}

#[test]
fn a_port_is_waited_for_until_it_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = i64::from(listener.local_addr().unwrap().port());
    drop(listener);
    let opener = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1500));
        let listener = TcpListener::bind(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
        thread::sleep(Duration::from_secs(4));
        drop(listener);
    });
    let started = Instant::now();
    let done = wait(&[("port", port.into()), ("timeout", 20.into())]);
    assert_eq!(done, (0, String::new()));
    assert!(started.elapsed() > Duration::from_secs(1));
    opener.join().unwrap();
}

#[test]
fn it_gives_up_when_the_time_is_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = i64::from(listener.local_addr().unwrap().port());
    let stopped = [
        ("port", port.into()),
        ("state", "stopped".into()),
        ("timeout", 1.into()),
    ];
    let (code, said) = wait(&stopped);
    assert_eq!(code, 1);
    assert!(
        said.contains(&format!("port {port} of 127.0.0.1 still answers")),
        "{said}"
    );
    drop(listener);
    let (code, said) = wait(&[
        ("port", port.into()),
        ("timeout", 1.into()),
        ("msg", "it's late".into()),
    ]);
    assert_eq!((code, said.as_str()), (1, "it's late\n"));
}

#[test]
fn what_a_port_sends_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = i64::from(listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(b"hello\nSSH-2.0-OpenSSH_9.2\r\n");
            thread::sleep(Duration::from_millis(300));
        }
    });
    let task = |pattern: &str| {
        wait(&[
            ("port", port.into()),
            ("search_regex", pattern.into()),
            ("connect_timeout", 1.into()),
            ("timeout", 1.into()),
        ])
    };
    if crate::machine::said(&["sh", "-c", "command -v bash"]).is_empty() {
        assert_eq!(task("SSH").0, 127);
        return;
    }
    assert_eq!(task("^SSH-2.*OpenSSH").0, 0);
    assert_eq!(task("^nothing").0, 1);
}

#[test]
fn connections_are_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = i64::from(listener.local_addr().unwrap().port());
    let task = |host: &str| {
        wait(&[
            ("port", port.into()),
            ("state", "drained".into()),
            ("host", host.into()),
            ("timeout", 1.into()),
        ])
        .0
    };
    assert_eq!(task("127.0.0.1"), 0);
    let client = std::net::TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert_eq!(task("127.0.0.1"), 1);
    assert_eq!(task("0.0.0.0"), 1);
    assert_eq!(task("127.0.0.2"), 0);
    drop((client, server));
}

#[test]
fn paths_and_lines_are_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a log");
    let name = path.to_str().unwrap().to_owned();
    let task = |state: &str, pattern: Option<&str>| {
        let mut values = vec![
            ("path", name.as_str().into()),
            ("state", state.into()),
            ("timeout", 1.into()),
            // Otherwise nothing has to be run where it is so already.
            ("delay", 1.into()),
        ];
        values.extend(pattern.map(|pattern| ("search_regex", pattern.into())));
        wait(&values)
    };
    assert_eq!(task("absent", None).0, 0);
    assert_eq!(task("present", None).0, 1);
    std::fs::write(&path, "starting\nready 12\n").unwrap();
    assert_eq!(task("present", None).0, 0);
    assert_eq!(task("absent", None).0, 1);
    assert_eq!(task("present", Some(r"^ready \d+$")).0, 0);
    let (code, said) = task("present", Some("^done"));
    assert_eq!(code, 1);
    assert!(said.starts_with("no line of"), "{said}");
}

#[test]
fn nothing_but_time_is_waited_for() {
    let started = Instant::now();
    assert_eq!(wait(&[("timeout", 1.into())]), (0, String::new()));
    assert!(started.elapsed() >= Duration::from_millis(900));
}
