//! Servers that speak TLS and nothing else: they are asked, configured, checked and guarded like any other, with the
//! files that their own configuration names.

use crate::support::{cachesmith, command, fleet, on, playbook, run_of};

/// One of each: Redis 7.0, Redis 8.0, Valkey 8.1.
const SERVERS: [(&str, &str); 3] = [("bw2", "redis"), ("tr1", "redis"), ("tr2", "valkey")];

/// A throwaway authority and a certificate of it, readable by the server's account alone.
fn certificate(host: &str, flavour: &str) {
    on(
        host,
        &format!(
            "set -e; mkdir -p /etc/{flavour}/tls; cd /etc/{flavour}/tls
             openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=throwaway -keyout ca.key -out ca.crt 2>/dev/null
             openssl req -newkey rsa:2048 -nodes -subj /CN=cache -keyout own.key -out own.csr 2>/dev/null
             openssl x509 -req -days 30 -in own.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out own.crt 2>/dev/null
             rm own.csr; chown {flavour}:{flavour} own.key; chmod 400 own.key ca.key"
        ),
    );
}

/// Has a server speak TLS alone, by these lines of a file of its own that the main one includes.
fn tls_only(host: &str, flavour: &str, lines: &str) {
    on(
        host,
        &format!(
            "printf '%s\\n' {lines} >/etc/{flavour}/tls.conf; chown {flavour}:{flavour} /etc/{flavour}/tls.conf; \
             grep -q tls.conf /etc/{flavour}/{flavour}.conf || echo 'include /etc/{flavour}/tls.conf' >>/etc/{flavour}/{flavour}.conf; \
             systemctl restart {flavour}-server; for try in $(seq 50); do pgrep -f '{flavour}-server .*:6380' >/dev/null && break; sleep 0.1; done"
        ),
    );
}

fn usual(flavour: &str) -> String {
    let at = format!("/etc/{flavour}/tls");
    format!(
        "'port 0' 'tls-port 6380' 'tls-cert-file {at}/own.crt' 'tls-key-file {at}/own.key' 'tls-ca-cert-file {at}/ca.crt'"
    )
}

/// A client of the server's that shows its certificate.
fn client(flavour: &str) -> String {
    let at = format!("/etc/{flavour}/tls");
    format!(
        "{flavour}-cli -p 6380 --tls --cacert {at}/ca.crt --cert {at}/own.crt --key {at}/own.key --no-auth-warning"
    )
}

fn run_id(host: &str, flavour: &str, password: &str) -> String {
    let client = client(flavour);
    let words = format!("REDISCLI_AUTH='{password}' {client} info server | sed -n 's/^run_id://p'");
    let id = on(host, &words);
    assert!(!id.trim().is_empty(), "{host}");
    id
}

/// How often somebody spoke to the server in a way that it does not understand.
fn misunderstood(host: &str, flavour: &str) -> String {
    let log = format!("/var/log/{flavour}/{flavour}-server.log");
    on(
        host,
        &format!("grep -c 'Error accepting a client' {log}; true"),
    )
}

/// All that is done to a server itself. Kernel values are left out: they are this machine's, and other hosts' too.
const PLAY: &str = "- hosts: all
  become: true
  tasks:
    - redis_config:
        directives: { maxmemory: 100mb, maxmemory-policy: allkeys-lfu, save: '', requirepass: tls-secret }
    - redis_user: { name: app, password: app-secret, keys: ['app:*'], commands: ['+@read', '+@write'], login_password: tls-secret }
    - redis_guard: { maxmemory: 100mb, password: tls-secret }
  post_checks:
    - redis_check: { maxmemory: 100mb, policy: allkeys-lfu, password: tls-secret, watch: 2s }
";

#[test]
fn a_a_server_that_speaks_tls_alone_becomes_a_hardened_cache() {
    let play = playbook("tls-play", PLAY);
    for (host, flavour) in SERVERS {
        fleet(&["reset", host]);
        certificate(host, flavour);
        // Valkey's asks its clients for no certificate.
        let open = if flavour == "valkey" {
            " 'tls-auth-clients no'"
        } else {
            ""
        };
        tls_only(host, flavour, &(usual(flavour) + open));
        let facts = cachesmith(&["facts", "-l", host]);
        assert!(
            facts.stdout.contains("on port 6380 (TLS), runs"),
            "{}",
            facts.stdout
        );

        let id = run_id(host, flavour, "");
        let applied = cachesmith(&["apply", &play, "--yes", "-l", host]).expect(0);
        for secret in ["tls-secret", "app-secret"] {
            assert!(!applied.stdout.contains(secret), "{}", applied.stdout);
        }
        cachesmith(&["plan", &play, "-l", host]).expect(0);
        assert_eq!(
            run_id(host, flavour, "tls-secret"),
            id,
            "{host} was restarted"
        );
        let client = client(flavour);
        let policy = format!("REDISCLI_AUTH=tls-secret {client} config get maxmemory-policy");
        assert!(on(host, &policy).contains("allkeys-lfu"));
        let account = format!("REDISCLI_AUTH=app-secret {client} --user app set app:1 x");
        assert_eq!(on(host, &account).trim(), "OK");
        let guard = on(host, "cat /run/cachesmith-guard/6380.status");
        assert!(guard.contains("state=steady"), "{guard}");

        // A gate and a check at a port that the task names.
        let named = playbook(
            "tls-named",
            "- hosts: all\n  become: true\n  tasks:\n    - redis_gate: { port: 6380, password: tls-secret }\n    - redis_check: { host: localhost, port: 6380, password: tls-secret }\n",
        );
        cachesmith(&["verify", &named, "-l", host]).expect(0);
        let asked = cachesmith(&["plan", &named, "-l", host]);
        assert_eq!(asked.code, 0, "{}", asked.stdout);
        // Nobody has spoken to it but with TLS, and a certificate where it wants one.
        assert_eq!(misunderstood(host, flavour).trim(), "0", "{host}");

        let runs = run_of(&command(&["runs", "--json"]).output().unwrap()).expect(0);
        let run = runs.events()[0]["run"].as_str().unwrap().to_owned();
        run_of(&command(&["rollback", &run, "--yes"]).output().unwrap()).expect(0);
        assert_eq!(run_id(host, flavour, ""), id, "{host} was restarted");
        let accounts = on(host, &format!("{client} acl list"));
        assert!(!accounts.contains("user app "), "{accounts}");
    }
}

#[test]
fn b_a_guard_lowers_maxmemory_over_tls() {
    let (host, flavour) = ("bw2", "redis");
    fleet(&["reset", host]);
    certificate(host, flavour);
    tls_only(host, flavour, &usual(flavour));
    let client = client(flavour);
    let at = "/etc/redis/tls";
    on(
        host,
        &format!(
            "{client} config set maxmemory 150mb maxmemory-policy allkeys-lfu save ''; \
             redis-benchmark -p 6380 --tls --cacert {at}/ca.crt --cert {at}/own.crt --key {at}/own.key -q -t set -n 60000 -r 100000000 -d 1500 -P 100 >/dev/null 2>&1"
        ),
    );
    let path = playbook(
        "tls-guard",
        "- hosts: all\n  become: true\n  tasks:\n    - redis_guard: { maxmemory: 150mb, floor: 20mb, limit: 80mb }\n  post_checks:\n    - redis_check:\n",
    );
    cachesmith(&["apply", &path, "--yes", "-l", host]).expect(0);
    cachesmith(&["plan", &path, "-l", host]).expect(0);
    let lowered = format!(
        "for try in $(seq 300); do [ $({client} config get maxmemory | tail -n 1) -lt 94371840 ] && echo yes && exit; sleep 0.2; done; journalctl --no-pager -n 40 -u 'cachesmith-guard@*'"
    );
    assert_eq!(on(host, &lowered).trim(), "yes");
    let facts = cachesmith(&["facts", "-l", host]);
    assert!(
        facts.stdout.contains("holds maxmemory at"),
        "{}",
        facts.stdout
    );
}

#[test]
fn c_what_keeps_it_from_being_asked_is_said_before_anything_is_touched() {
    let (host, flavour) = ("bw2", "redis");
    fleet(&["reset", host]);
    certificate(host, flavour);
    let task = playbook(
        "tls-task",
        "- hosts: all\n  become: true\n  tasks:\n    - redis_config: { directives: { timeout: 60 } }\n",
    );
    let file = || on(host, "sha256sum /etc/redis/redis.conf");
    let usual = usual(flavour);

    // Another authority vouches for the server than for its clients.
    let foreign = usual.replace("ca.crt", "foreign.crt");
    on(
        host,
        "cd /etc/redis/tls; openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=foreign -keyout foreign.key -out foreign.crt 2>/dev/null; \
         openssl rsa -aes128 -passout pass:phrase -in own.key -out locked.key 2>/dev/null; chown redis:redis locked.key foreign.key",
    );
    tls_only(host, flavour, &foreign);
    let before = file();
    let refused = cachesmith(&["apply", &task, "--yes", "-l", host]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert!(
        refused.stdout.contains("certificate verify failed"),
        "{}",
        refused.stdout
    );
    assert_eq!(file(), before);

    // A key that has a pass phrase: a client would be asked for it.
    let locked = usual.replace("own.key", "locked.key") + " 'tls-key-file-pass phrase'";
    tls_only(host, flavour, &locked);
    let facts = cachesmith(&["facts", "-l", host]);
    assert!(
        facts.stdout.contains("the key of its certificate"),
        "{}",
        facts.stdout
    );
    let refused = cachesmith(&["apply", &task, "--yes", "-l", host]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert_eq!(file(), before);

    // With a unix socket beside it no certificate is needed, and a path may be relative to the server's folder.
    let socket = locked.replace("/etc/redis/tls/own.crt", "../../../etc/redis/tls/own.crt")
        + " 'unixsocket /run/redis/own.sock'";
    tls_only(host, flavour, &socket);
    let facts = cachesmith(&["facts", "-l", host]);
    assert!(facts.stdout.contains("runs 7.0.15"), "{}", facts.stdout);
    cachesmith(&["apply", &task, "--yes", "-l", host]).expect(0);
    let value = on(
        host,
        "redis-cli -s /run/redis/own.sock config get timeout | tail -n 1",
    );
    assert_eq!(value.trim(), "60");
    // The certificate of clients is the one that is shown, by a path relative to the server's folder.
    let relative = usual.replace("/etc/redis/tls/own.key", "../../../etc/redis/tls/own.key");
    tls_only(host, flavour, &relative);
    cachesmith(&["plan", &task, "-l", host]).expect(0);
}
