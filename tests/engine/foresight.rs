//! What a play looks at whatever the host is, is asked along with the facts.

use std::fs;
use std::sync::Arc;

use cachesmith::engine::run;
use cachesmith::model::event::{HostReport, HostStatus, Mode};

use crate::place::{Place, ended};

/// How the only host came through the play of a place.
async fn play(place: &Place, mode: Mode) -> HostReport {
    let (context, mut told) = place.context(mode);
    run::run(Arc::new(context), &place.playbook, place.plays(), 1).await;
    ended(&mut told).remove(0)
}

/// How many scripts a host of this play was sent, where nothing is to be changed.
async fn round_trips(tasks: &str, mode: Mode) -> u32 {
    let template = tempfile::NamedTempFile::new().unwrap();
    fs::write(&template, "{{ half | int > 0 }}\n").unwrap();
    let tasks = tasks.replace("TEMPLATE", &template.path().display().to_string());
    let place = Place::new(&format!("- hosts: all\n  tasks:\n{tasks}"), &["a"]);
    fs::create_dir(place.path("folder")).unwrap();
    fs::write(place.path("folder/file"), "text\n").unwrap();
    fs::write(place.path("folder/more"), "true\n").unwrap();
    let report = play(&place, mode).await;
    assert_eq!(report.status, HostStatus::Done, "{:?}", report.failure);
    assert_eq!(report.counts.changed, 0);
    report.round_trips
}

const USES_FACTS: &str = "
    - set_fact: {half: \"{{ ansible_facts['memtotal_mb'] | int // 2 }}\"}
    - assert: {that: \"half | int > 0\"}
    - file: {path: DIR/folder, state: directory}
    - copy: {dest: DIR/folder/file, content: \"text\\n\"}
    - template: {src: TEMPLATE, dest: DIR/folder/more}
";

#[tokio::test]
async fn files_are_asked_along_with_the_facts() {
    assert_eq!(round_trips(USES_FACTS, Mode::Plan).await, 1);
    assert_eq!(round_trips(USES_FACTS, Mode::Apply).await, 1);
}

#[tokio::test]
async fn what_depends_on_the_facts_is_asked_once_they_are_known() {
    let tasks = "
    - copy: {dest: DIR/folder/file, content: \"text\\n\"}
      when: ansible_facts['memtotal_mb'] | int > 0
";
    assert_eq!(round_trips(tasks, Mode::Plan).await, 2);
}

#[tokio::test]
async fn a_program_that_only_looks_at_files_is_asked_along_with_the_facts() {
    let tasks = "
    - assert: {that: \"ansible_facts['memtotal_mb'] | int > 0\"}
    - copy: {dest: DIR/folder/file, content: \"text\\n\"}
    - command: cat DIR/folder/file
      register: said
      check_mode: false
      changed_when: false
    - assert: {that: said.stdout == 'text' and said.rc == 0}
    - command: grep nothing DIR/folder/file
      register: missed
      check_mode: false
      changed_when: false
      failed_when: missed.rc != 1
";
    assert_eq!(round_trips(tasks, Mode::Plan).await, 1);
    assert_eq!(round_trips(tasks, Mode::Apply).await, 1);
}

#[tokio::test]
async fn any_other_program_waits_for_its_turn() {
    for program in [
        "sh -c 'cat DIR/folder/file'",
        "tail DIR/folder/file",
        "ls DIR",
    ] {
        let tasks = format!(
            "
    - assert: {{that: \"ansible_facts['memtotal_mb'] | int > 0\"}}
    - command: {program}
      check_mode: false
      changed_when: false
"
        );
        assert_eq!(round_trips(&tasks, Mode::Plan).await, 2, "{program}");
        assert_eq!(round_trips(&tasks, Mode::Apply).await, 2, "{program}");
    }
}

#[tokio::test]
async fn one_that_may_have_to_look_more_than_once_waits_for_its_turn() {
    let tasks = "
    - command: cat DIR/folder/file
      register: said
      check_mode: false
      changed_when: false
      until: said.stdout == 'text'
";
    assert_eq!(round_trips(tasks, Mode::Apply).await, 2);
}

#[tokio::test]
async fn what_a_program_said_before_its_turn_does_not_outlive_a_change() {
    for change in [
        "copy: {dest: DIR/file, content: \"new\\n\"}",
        "command: cp DIR/new DIR/file",
        "command: cp DIR/new DIR/file\n      changed_when: false",
        "command: cp DIR/new DIR/file\n      changed_when: false\n      check_mode: false",
        "command: cp DIR/new DIR/file\n      run_once: true",
        "command: cp DIR/new DIR/file\n      delegate_to: localhost",
    ] {
        let tasks = format!(
            "
    - {change}
    - command: cat DIR/file
      register: said
      check_mode: false
      changed_when: false
    - assert: {{that: said.stdout == 'new'}}
"
        );
        let place = Place::new(&format!("- hosts: all\n  tasks:\n{tasks}"), &["a"]);
        fs::write(place.path("file"), "old\n").unwrap();
        fs::write(place.path("new"), "new\n").unwrap();
        let report = play(&place, Mode::Apply).await;
        assert_eq!(report.status, HostStatus::Done, "{change}");
    }
}

/// How a play ended that writes a file and looks at it.
async fn looks_behind_a_change(rest: &str) -> HostStatus {
    let tasks = format!(
        "
    - copy: {{dest: DIR/file, content: \"new\\n\"}}
    - command: cat DIR/file
      register: first
      check_mode: false
      changed_when: false
{rest}"
    );
    let place = Place::new(&format!("- hosts: all\n  tasks:\n{tasks}"), &["a"]);
    play(&place, Mode::Apply).await.status
}

const LOOKS_AGAIN: &str = "
    - command: cat DIR/file
      register: second
      check_mode: false
      changed_when: false
    - assert: {that: second.stdout == 'new'}
";

#[tokio::test]
async fn what_may_change_something_ends_the_looking_ahead() {
    let rest = format!(
        "
    - copy: {{dest: DIR/file, content: \"{{{{ first.stdout }}}} and more\"}}
{}",
        LOOKS_AGAIN.replace("== 'new'", "== 'new and more'")
    );
    let seen = looks_behind_a_change(&rest).await;
    assert_eq!(seen, HostStatus::Done);
    let rest = format!(
        "    - assert: {{that: first.stdout == 'new'}}{}    - copy: {{dest: DIR/file, content: other}}\n{}",
        LOOKS_AGAIN,
        LOOKS_AGAIN.replace("== 'new'", "== 'other'")
    );
    let seen = looks_behind_a_change(&rest).await;
    assert_eq!(seen, HostStatus::Done);
}

/// A plan runs what is to run in plans, and what that did is seen by what looks behind it.
#[tokio::test]
async fn what_changes_something_in_a_plan_is_looked_at_behind_it() {
    let tasks = "
    - command: cp DIR/new DIR/file
      check_mode: false
    - command: cat DIR/file
      register: said
      check_mode: false
      changed_when: false
    - assert: {that: said.stdout == 'new'}
";
    let place = Place::new(&format!("- hosts: all\n  tasks:\n{tasks}"), &["a"]);
    fs::write(place.path("file"), "old\n").unwrap();
    fs::write(place.path("new"), "new\n").unwrap();
    assert_eq!(play(&place, Mode::Plan).await.status, HostStatus::Done);
}
