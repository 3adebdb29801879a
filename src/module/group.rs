//! `group`: a group of users.

use super::shared::describe::number;
use super::shared::pending::numbered;
use super::shared::program::run;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{GroupState, Observation, Probe, UNKNOWN_ID};
use crate::model::value::Map;

/// See the [module](self).
#[derive(Debug)]
pub struct Group;

static SPEC: Spec = Spec {
    name: "group",
    aliases: &[],
    summary: "Sees to it that a group of users exists, or does not.",
    parameters: &[
        Parameter::new("name", Kind::String, "The name of the group.").required(),
        Parameter::new("state", Kind::String, "Whether it exists.")
            .choices(&["absent", "present"])
            .default("present"),
        Parameter::new("gid", Kind::Integer, "Its number.").default("the next that is free"),
        Parameter::new(
            "system",
            Kind::Boolean,
            "Take the number from those for systems. It matters for a new group only.",
        )
        .default("no"),
        Parameter::new(
            "non_unique",
            Kind::Boolean,
            "Accept a `gid` that another group has.",
        )
        .default("no"),
        Parameter::new(
            "force",
            Kind::Boolean,
            "Remove the group even where it is the primary group of a user.",
        )
        .default("no"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Group {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let name = parameters.required("name")?;
        let gid = gid(parameters)?;
        let mut probes = vec![Probe::Group(name.clone())];
        probes.extend(gid.map(|gid| Probe::Group(gid.to_string())));
        look.ask(&probes)?;
        let found = look.group(&name)?;
        if parameters.string("state")?.as_deref() == Some("absent") {
            let force = parameters.boolean("force", false)?;
            if let Some(group) = found {
                numbered(group.gid, &name)?;
            }
            let changes = found.iter().map(|group| remove(group, force)).collect();
            return Ok(Decision {
                changes,
                result: Map::from_iter([
                    ("name".to_owned(), name.into()),
                    ("state".to_owned(), "absent".into()),
                ]),
                ..Decision::default()
            });
        }
        let unique = !parameters.boolean("non_unique", false)?;
        let system = parameters.boolean("system", false)?;
        if let Some(gid) = gid
            && unique
            && let Some(other) = look.group(&gid.to_string())?
            && other.name != name
        {
            return Err(Failure::new(format!(
                "the gid {gid} belongs to the group `{}`",
                other.name
            ))
            .help("choose another, or accept both with `non_unique: yes`")
            .into());
        }
        let (change, gid) = match found {
            None => {
                let change = create(&name, gid, system, unique);
                (Some(change), gid.unwrap_or(UNKNOWN_ID))
            }
            Some(group) => match gid.filter(|gid| *gid != group.gid) {
                Some(gid) => {
                    numbered(group.gid, &name)?;
                    (Some(renumber(group, gid, unique)), gid)
                }
                None => (None, group.gid),
            },
        };
        let result = Map::from_iter([
            ("gid".to_owned(), number(gid, &name)),
            ("name".to_owned(), name.into()),
            ("state".to_owned(), "present".into()),
            ("system".to_owned(), system.into()),
        ]);
        Ok(Decision {
            changes: change.into_iter().collect(),
            result,
            ..Decision::default()
        })
    }
}

fn gid(parameters: &Parameters) -> Result<Option<u32>, Stop> {
    match parameters.integer("gid")? {
        None => Ok(None),
        Some(gid) => u32::try_from(gid)
            .ok()
            .filter(|gid| *gid != UNKNOWN_ID)
            .map(Some)
            .ok_or_else(|| Stop::failed(format!("{gid} is no number for a group"))),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn becomes(name: &str, gid: u32, group: Option<GroupState>) -> Vec<Effect> {
    let mut effects = vec![Effect::Becomes(
        Probe::Group(name.to_owned()),
        Observation::Group(group.clone()),
    )];
    if gid != UNKNOWN_ID {
        effects.push(Effect::Becomes(
            Probe::Group(gid.to_string()),
            Observation::Group(group),
        ));
    }
    effects
}

fn create(name: &str, gid: Option<u32>, system: bool, unique: bool) -> Change {
    let mut argv = words(&["groupadd"]);
    let mut fields = vec![Field::new("state", Some("absent"), Some("present"))];
    if system {
        argv.push("-r".to_owned());
    }
    if let Some(gid) = gid {
        argv.extend(["-g".to_owned(), gid.to_string()]);
        fields.push(Field::new("gid", None::<String>, Some(gid.to_string())));
    }
    if !unique && gid.is_some() {
        argv.push("-o".to_owned());
    }
    argv.extend(words(&["--", name]));
    let gid = gid.unwrap_or(UNKNOWN_ID);
    let group = GroupState {
        name: name.to_owned(),
        gid,
        members: Vec::new(),
    };
    Change {
        kind: ChangeKind::Create,
        resource: format!("group {name}"),
        difference: Difference::Fields(fields),
        notes: Vec::new(),
        steps: vec![run(argv)],
        undo: Undo::Steps(vec![run(words(&["groupdel", "--", name]))]),
        effects: becomes(name, gid, Some(group)),
    }
}

fn renumber(group: &GroupState, gid: u32, unique: bool) -> Change {
    let argv = |gid: u32| {
        let mut argv = words(&["groupmod", "-g", &gid.to_string()]);
        if !unique {
            argv.push("-o".to_owned());
        }
        argv.extend(words(&["--", &group.name]));
        run(argv)
    };
    let mut effects = becomes(&group.name, group.gid, None);
    effects.extend(becomes(
        &group.name,
        gid,
        Some(GroupState {
            gid,
            ..group.clone()
        }),
    ));
    Change {
        kind: ChangeKind::Update,
        resource: format!("group {}", group.name),
        difference: Difference::Fields(vec![Field::new(
            "gid",
            Some(group.gid.to_string()),
            Some(gid.to_string()),
        )]),
        notes: vec![format!(
            "files keep the number {}, and belong to nobody or another group then",
            group.gid
        )],
        steps: vec![argv(gid)],
        undo: Undo::Steps(vec![argv(group.gid)]),
        effects,
    }
}

fn remove(group: &GroupState, force: bool) -> Change {
    let name = group.name.as_str();
    let gid = group.gid.to_string();
    let mut argv = words(&["groupdel"]);
    if force {
        argv.push("-f".to_owned());
    }
    argv.extend(words(&["--", name]));
    let mut undo = vec![run(words(&["groupadd", "-o", "-g", &gid, "--", name]))];
    if !group.members.is_empty() {
        let members = group.members.join(",");
        undo.push(run(words(&["gpasswd", "-M", &members, "--", name])));
    }
    Change {
        kind: ChangeKind::Remove,
        resource: format!("group {name}"),
        difference: Difference::Fields(vec![Field::new(
            "state",
            Some(format!("present, gid {gid}")),
            Some("absent"),
        )]),
        notes: Vec::new(),
        steps: vec![run(argv)],
        undo: Undo::Steps(undo),
        effects: becomes(name, group.gid, None),
    }
}
