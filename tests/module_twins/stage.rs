//! What both programs read: playbooks, their files, and an inventory for each.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cases::{Case, PLACE};
use crate::hosts::Twin;
use crate::runs::Side;

/// A folder with everything that a run needs.
pub struct Stage {
    pub folder: PathBuf,
    /// The same host name in both, so that nothing can tell the twins apart.
    pub inventories: [PathBuf; 2],
    /// How the hosts of a case's own inventory are reached.
    connections: [PathBuf; 2],
    /// Where the files of `served/` are to be had.
    pub url: String,
}

impl Stage {
    pub fn prepare(cases: &[Case], twins: &[Twin; 2], url: &str) -> Self {
        let folder = crate::hosts::state().join("twins");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let written = |end: &str, text: fn(&Twin) -> String| {
            [0, 1].map(|side| {
                let path = folder.join(format!("{}-{end}.yml", ["ansible", "ours"][side]));
                fs::write(&path, text(&twins[side])).unwrap();
                path
            })
        };
        let inventories = written("inventory", Twin::inventory);
        let connections = written("connection", Twin::connection);
        for case in cases {
            let place = folder.join(&case.name);
            fs::create_dir_all(&place).unwrap();
            if let Some(files) = &case.folder {
                copy(files, &place);
            }
            fs::write(place.join("play.yml"), &case.playbook).unwrap();
            let mut both = "- import_playbook: play.yml\n".to_owned();
            if !case.head.compare.is_empty() {
                fs::write(place.join("keep.yml"), keep(case)).unwrap();
                both.push_str("- import_playbook: keep.yml\n");
            }
            fs::write(place.join("alone.yml"), both).unwrap();
        }
        Self {
            folder,
            inventories,
            connections,
            url: url.to_owned(),
        }
    }

    /// The inventories of a case that runs by itself.
    pub fn inventories_of(&self, side: Side, case: &Case) -> Vec<PathBuf> {
        let index = usize::from(side == Side::Ours);
        match case.inventory() {
            None => vec![self.inventories[index].clone()],
            Some(own) => vec![
                self.folder.join(&case.name).join(own),
                self.connections[index].clone(),
            ],
        }
    }

    /// A playbook that brings several cases into one run.
    pub fn together(&self, side: Side, name: &str, cases: &[&Case]) -> PathBuf {
        let mut text = String::new();
        for case in cases {
            writeln!(text, "- import_playbook: {}/alone.yml", case.name).unwrap();
        }
        let path = self.folder.join(format!("{name}-{side:?}.yml"));
        fs::write(&path, text).unwrap();
        path
    }
}

/// A play that keeps values on the host, as JSON.
fn keep(case: &Case) -> String {
    let mut text = format!(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - copy:\n        dest: \"{PLACE}/.results/{}@{{{{ inventory_hostname }}}}.json\"\n        content:\n",
        case.name
    );
    for name in &case.head.compare {
        writeln!(text, "          \"{name}\": \"{{{{ {name} }}}}\"").unwrap();
    }
    text.push_str("      tags: always\n");
    text
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            // With its mode, which `mode: preserve` looks at.
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
