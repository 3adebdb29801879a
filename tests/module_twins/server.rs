//! A web server on the bridge, for `get_url`: the files of `served/`, and a few answers that are none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// Serves until the test ends; gives the address, such as `http://10.83.66.1:40123`.
pub fn serve(address: &str) -> String {
    let listener = TcpListener::bind((address, 0)).expect("the bridge's address can be bound");
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(&stream));
        }
    });
    format!("http://{address}:{port}")
}

/// One request: `/name` is a file, `/moved/name` leads to it, anything else is not there.
fn answer(stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    // The rest of the head, so that the client is not cut off while it still writes.
    let _ = lines.take_while(|line| !line.is_empty()).count();
    let mut words = request.split(' ');
    let head_only = words.next() == Some("HEAD");
    let path = words.next().unwrap_or_default();
    let name = path.trim_start_matches('/');
    let (status, more, body) = if let Some(target) = name.strip_prefix("moved/") {
        ("302 Found", format!("Location: /{target}\r\n"), Vec::new())
    } else {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/module_twins/served")
            .join(name);
        match std::fs::read(file) {
            Ok(body) if !name.contains("..") => (
                "200 OK",
                "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT\r\n".to_owned(),
                body,
            ),
            _ => (
                "404 Not Found",
                String::new(),
                b"there is no such file\n".to_vec(),
            ),
        }
    };
    let head = format!(
        "HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    let _ = stream.write_all(head.as_bytes());
    if !head_only {
        let _ = stream.write_all(&body);
    }
}
