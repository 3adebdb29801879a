//! Becoming another user with the real sudo.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::LONG;
use super::sshd::Sshd;
use super::sudo_rules::{PASSWORD, Sudo};
use crate::model::secret::Secret;
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::limits::Limits;
use crate::transport::session::{Exit, Session};
use crate::transport::target::{Become, Target, TargetKind};

async fn failure(as_user: &Become) -> TransportError {
    let started = Instant::now();
    let error = here()
        .await
        .run(b"echo no", Some(as_user), LONG)
        .await
        .unwrap_err();
    println!("{error}\n  {}", error.help.join("\n  "));
    assert!(error.partial.stdout.is_empty());
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "it was waited for in vain"
    );
    assert!(!format!("{error:?}").contains("horse"));
    error
}

async fn here() -> Session {
    let target = Target {
        name: "localhost".to_owned(),
        kind: TargetKind::Local,
    };
    Session::connect(&target, &Limits::default(), None)
        .await
        .unwrap()
}

/// Runs as nobody and expects exactly this script's output, and nothing of sudo's.
async fn works(session: &Session, as_user: &Become) {
    let answer = session
        .run(
            b"id -un; echo error >&2; cat <<'END'\n  any 'text' $HOME\nEND\nexit 5\n",
            Some(as_user),
            LONG,
        )
        .await
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&answer.stdout),
        "nobody\n  any 'text' $HOME\n"
    );
    assert_eq!(String::from_utf8_lossy(&answer.stderr), "error\n");
    assert_eq!(answer.exit, Exit::Code(5));
}

#[tokio::test]
async fn without_a_password() {
    let Some(sudo) = Sudo::with("daemon ALL=(ALL) NOPASSWD: ALL") else {
        return;
    };
    works(&here().await, &sudo.as_nobody(None)).await;
}

#[tokio::test]
async fn with_a_password_and_a_lecture_and_no_tickets() {
    let rules = "Defaults use_pty, lecture=always, timestamp_timeout=0\ndaemon ALL=(ALL) ALL";
    let Some(sudo) = Sudo::with(rules) else {
        return;
    };
    let session = here().await;
    for _ in 0..3 {
        works(&session, &sudo.as_nobody(Some(PASSWORD))).await;
    }
}

#[tokio::test]
async fn a_password_that_sudo_does_not_want_after_all_is_never_run() {
    let Some(sudo) = Sudo::with("daemon ALL=(ALL) NOPASSWD: ALL") else {
        return;
    };
    let marker = sudo.directory.path().join("marker");
    let password = format!("touch {}", marker.display());
    works(&here().await, &sudo.as_nobody(Some(&password))).await;
    assert!(!marker.exists());
}

#[tokio::test]
async fn a_ticket_that_is_still_good() {
    let Some(sudo) = Sudo::with("Defaults timestamp_type=global\ndaemon ALL=(ALL) ALL") else {
        return;
    };
    let session = here().await;
    works(&session, &sudo.as_nobody(Some(PASSWORD))).await;
    // Asked for at first, so all is sent at once now; and again in a session that knows nothing of it.
    works(&session, &sudo.as_nobody(Some(PASSWORD))).await;
    works(&here().await, &sudo.as_nobody(Some(PASSWORD))).await;
    works(&here().await, &sudo.as_nobody(None)).await;
}

#[tokio::test]
async fn a_large_script_with_a_password() {
    let Some(sudo) = Sudo::with("Defaults use_pty, timestamp_timeout=0\ndaemon ALL=(ALL) ALL")
    else {
        return;
    };
    let script = format!("cat <<'END'\n{}END\n", "0123456789abcdef\n".repeat(300_000));
    let session = here().await;
    let as_nobody = sudo.as_nobody(Some(PASSWORD));
    let answer = session
        .run(script.as_bytes(), Some(&as_nobody), LONG)
        .await
        .unwrap();
    assert_eq!(answer.stdout.len(), 17 * 300_000);
}

#[tokio::test]
async fn over_ssh_with_a_password() {
    let Some(sudo) = Sudo::with("Defaults use_pty, timestamp_timeout=0\ndaemon ALL=(ALL) ALL")
    else {
        return;
    };
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    works(&session, &sudo.as_nobody(Some(PASSWORD))).await;
    works(&session, &sudo.as_nobody(Some(PASSWORD))).await;
    let error = session
        .run(b"id", Some(&sudo.as_nobody(Some("wrong"))), LONG)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::SudoPasswordWrong);
    session.close().await;
}

#[tokio::test]
async fn a_wrong_password_costs_one_attempt_and_no_script_line() {
    let rules = format!(
        "Defaults timestamp_timeout=0, logfile={}\ndaemon ALL=(ALL) ALL",
        "/run/sudo/log"
    );
    let Some(sudo) = Sudo::with(&rules) else {
        return;
    };
    let error = failure(&sudo.as_nobody(Some("wrong"))).await;
    assert_eq!(error.kind, Kind::SudoPasswordWrong);
    let log = fs::read_to_string(sudo.directory.path().join("tickets/log")).unwrap();
    assert!(
        log.replace("\n    ", " ")
            .contains("1 incorrect password attempt"),
        "{log}"
    );
}

#[tokio::test]
async fn a_password_that_changed_in_between() {
    let Some(sudo) = Sudo::with("Defaults timestamp_timeout=0\ndaemon ALL=(ALL) ALL") else {
        return;
    };
    let session = here().await;
    works(&session, &sudo.as_nobody(Some(PASSWORD))).await;
    let shadow = sudo.directory.path().join("shadow");
    let changed = fs::read_to_string(&shadow)
        .unwrap()
        .replace("$6$cachesmith$", "$6$another$");
    fs::write(&shadow, changed).unwrap();
    let error = session
        .run(b"echo no\n", Some(&sudo.as_nobody(Some(PASSWORD))), LONG)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::SudoPasswordWrong);
    assert!(error.partial.stdout.is_empty());
}

#[tokio::test]
async fn everything_that_sudo_refuses_is_told_apart() {
    for (rules, password, kind) in [
        ("daemon ALL=(ALL) ALL", None, Kind::SudoPasswordRequired),
        ("root ALL=(ALL) ALL", Some(PASSWORD), Kind::SudoNotAllowed),
        (
            "daemon ALL=(ALL) NOPASSWD: /bin/true",
            None,
            Kind::SudoPasswordRequired,
        ),
        (
            "daemon ALL=(ALL) /bin/true",
            Some(PASSWORD),
            Kind::SudoNotAllowed,
        ),
        (
            "daemon ALL=(root) NOPASSWD: ALL",
            Some(PASSWORD),
            Kind::SudoNotAllowed,
        ),
        (
            "Defaults requiretty\ndaemon ALL=(ALL) NOPASSWD: ALL",
            None,
            Kind::SudoNeedsTerminal,
        ),
        (
            "Defaults requiretty\ndaemon ALL=(ALL) ALL",
            Some(PASSWORD),
            Kind::SudoNeedsTerminal,
        ),
        (
            "Defaults badpass_message=\"Ihr Einsatz!\"\ndaemon ALL=(ALL) ALL",
            Some("wrong"),
            Kind::SudoPasswordWrong,
        ),
    ] {
        let Some(sudo) = Sudo::with(rules) else {
            return;
        };
        let error = failure(&sudo.as_nobody(password)).await;
        assert_eq!(error.kind, kind, "{rules}: {error}");
    }
}

#[tokio::test]
async fn what_we_do_not_know_is_told_in_the_words_of_sudo() {
    let Some(sudo) = Sudo::with("daemon ALL=(ALL) NOPASSWD: ALL") else {
        return;
    };
    let rules = sudo.directory.path().join("sudoers");
    fs::set_permissions(rules, fs::Permissions::from_mode(0o666)).unwrap();
    let error = failure(&sudo.as_nobody(None)).await;
    assert_eq!(error.kind, Kind::SudoFailed);
    assert!(error.message.contains("sudoers"), "{error}");
}

#[tokio::test]
async fn a_sudo_that_hangs() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("sudo");
    fs::write(&program, "#!/bin/sh\nsleep 60\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let hanging = Become {
        exe: program.display().to_string(),
        ..Become::user("nobody")
    };
    let error = here()
        .await
        .run(b"echo no", Some(&hanging), Duration::from_secs(1))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::SudoFailed);
    assert!(!error.kind.may_have_run());
}

#[tokio::test]
async fn a_program_that_is_no_sudo() {
    let strange = Become {
        exe: "true".to_owned(),
        ..Become::user("nobody")
    };
    let error = here()
        .await
        .run(b"echo no", Some(&strange), LONG)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::SudoFailed);
    assert!(
        error
            .message
            .contains("`true` ended with status 0: it said nothing"),
        "{error}"
    );
}

#[tokio::test]
async fn a_user_that_does_not_exist() {
    let Some(sudo) = Sudo::with("daemon ALL=(ALL) NOPASSWD: ALL") else {
        return;
    };
    for password in [None, Some(PASSWORD)] {
        let nobody_at_all = Become {
            user: "nosuchuser".to_owned(),
            ..sudo.as_nobody(password)
        };
        let error = failure(&nobody_at_all).await;
        assert_eq!(error.kind, Kind::SudoUnknownUser);
        assert!(error.message.contains("nosuchuser"));
    }
}

#[tokio::test]
async fn no_sudo_at_all() {
    let session = here().await;
    for password in [None, Some(Secret::new(PASSWORD))] {
        let missing = Become {
            exe: "/nonexistent/sudo".to_owned(),
            password,
            ..Become::user("nobody")
        };
        let error = session
            .run(b"echo no", Some(&missing), LONG)
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::SudoMissing);
    }
}

#[tokio::test]
async fn the_password_is_in_no_argument_and_no_environment() {
    let Some(sudo) = Sudo::with("Defaults timestamp_timeout=0\ndaemon ALL=(ALL) ALL") else {
        return;
    };
    let session = here().await;
    let script = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\000' '\\n' | grep -c 'ho[r]se'";
    let as_nobody = sudo.as_nobody(Some(PASSWORD));
    let look = session.run(script.as_bytes(), Some(&as_nobody), LONG);
    // As root, who sees all processes, from before sudo begins until after it ended.
    let often = format!("i=0; while [ $i -lt 30 ]; do {script}; i=$((i + 1)); done");
    let everything = async { session.run(often.as_bytes(), None, LONG).await.unwrap() };
    let (as_nobody, as_root) = tokio::join!(look, everything);
    assert_eq!(as_nobody.unwrap().stdout, b"0\n");
    assert_eq!(as_root.stdout, b"0\n".repeat(30));
}
