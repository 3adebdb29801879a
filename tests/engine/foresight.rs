//! What a play looks at whatever the host is, is asked along with the facts.

use std::fs;
use std::sync::Arc;

use cachesmith::engine::run;
use cachesmith::model::event::{HostStatus, Mode};

use crate::place::{Place, ended};

/// How many scripts a host of this play was sent, where nothing is to be changed.
async fn round_trips(tasks: &str, mode: Mode) -> u32 {
    let template = tempfile::NamedTempFile::new().unwrap();
    fs::write(&template, "{{ half | int > 0 }}\n").unwrap();
    let tasks = tasks.replace("TEMPLATE", &template.path().display().to_string());
    let place = Place::new(&format!("- hosts: all\n  tasks:\n{tasks}"), &["a"]);
    fs::create_dir(place.path("folder")).unwrap();
    fs::write(place.path("folder/file"), "text\n").unwrap();
    fs::write(place.path("folder/more"), "true\n").unwrap();
    let (context, mut told) = place.context(mode);
    run::run(Arc::new(context), &place.playbook, place.plays(), 1).await;
    let report = ended(&mut told).remove(0);
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
async fn a_program_that_only_looks_waits_for_its_turn() {
    let tasks = "
    - assert: {that: \"ansible_facts['memtotal_mb'] | int > 0\"}
    - command: cat DIR/folder/file
      check_mode: false
      changed_when: false
";
    assert_eq!(round_trips(tasks, Mode::Plan).await, 2);
}
