//! A mistake of our own that ends the work on one host must not be passed over: the host has failed, and says so.

use std::path::PathBuf;
use std::sync::Arc;

use cachesmith::engine::run;
use cachesmith::model::event::{HostStatus, Mode};
use cachesmith::model::playbook::{Include, Item};
use cachesmith::model::source::Source;
use cachesmith::model::template::Template;
use cachesmith::module::parameters::LocalFile;
use cachesmith::module::{Failure, Resources};

use crate::place::{Place, ended};

/// Breaks when a file is asked for.
struct Broken;

impl Resources for Broken {
    fn template(&self, _: &str, _: &[PathBuf]) -> Result<(Arc<Source>, Arc<Template>), Failure> {
        Err(Failure::new("there is none"))
    }

    fn file(&self, _: &str, _: &[PathBuf]) -> Result<Arc<LocalFile>, Failure> {
        panic!("a file that breaks")
    }

    fn tasks(&self, _: &str, _: &Include) -> Result<Arc<Vec<Item>>, Failure> {
        Err(Failure::new("there are none"))
    }
}

const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  tasks:
    - copy: {src: site.yml, dest: /nonexistent/breaks}
      when: inventory_hostname == 'a'
    - debug: {msg: on}
";

#[tokio::test]
async fn a_host_on_whose_way_the_engine_breaks_has_failed() {
    let place = Place::new(PLAYBOOK, &["a", "b"]);
    let (mut context, mut told) = place.context(Mode::Plan);
    context.resources = Arc::new(Broken);
    let summary = run::run(Arc::new(context), &place.playbook, place.plays(), 2).await;
    assert_eq!(Vec::from_iter(&summary.failed), ["a"]);
    let ended = ended(&mut told);
    assert_eq!(ended[1].status, HostStatus::Done);
    assert_eq!(ended[0].status, HostStatus::Failed);
    let failure = ended[0].failure.as_ref().unwrap();
    assert!(
        failure.message.contains("a file that breaks"),
        "{failure:?}"
    );
    assert!(failure.help[0].contains("report"), "{failure:?}");
}
