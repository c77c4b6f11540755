//! The plan (invariants 3 and 9): what is done is what was approved, and what is unchanged is not touched.

use seaway_core::{execution::Event, plan::StepKind};

use super::{Findings, replay::Replay};
use crate::{
    evidence::{Entry, Written},
    fleet::Author,
};

const PLAN: &str = "the approved plan";
const NOOP: &str = "no-op is free";

pub(super) fn event(replay: &Replay, entry: &Entry, findings: &mut Findings<'_>) {
    let hash = &replay.frame.hash;
    match &entry.recorded.event {
        Event::Created { plan, .. } | Event::Approved { plan, .. } => {
            let is_same = plan == hash;
            let kind = entry.recorded.event.kind();
            findings.require(PLAN, is_same, || format!("{kind} is for plan {}", plan.short()));
        }
        Event::BakeStarted { stage, .. } => {
            let planned = replay.frame.stage_named(stage).map(|stage| replay.frame.stage(stage));
            let is_changed = planned.is_some_and(|stage| stage.targets.iter().any(|target| target.is_changed()));
            findings.require(NOOP, is_changed, || format!("{stage} bakes although nothing changes in it"));
        }
        _ => {}
    }
}

pub(super) fn write(replay: &Replay, written: &Written, author: &Author, findings: &mut Findings<'_>) {
    let write = &written.write;
    let place = || format!("{:?} of {} on {}", write.wrote, write.service, write.target);
    let target = replay.frame.target_of(author.step).map(|target| replay.frame.target(target));
    let step = replay.frame.step(author.step);
    let is_its_step = step.is_some_and(|step| step.kind == StepKind::Apply && step.services.contains(&write.service));
    let is_its_target = target.is_some_and(|target| target.name == write.target);
    findings.require(PLAN, is_its_step && is_its_target, || format!("{} is not in the plan", place()));
    let planned = target.and_then(|target| target.services.iter().find(|planned| planned.service == write.service));
    let Some(planned) = planned else { return };
    findings.require(PLAN, write.content.as_ref() == Some(&planned.content), || {
        format!("{} is of other content than the plan's", place())
    });
    findings.require(NOOP, planned.is_changed, || format!("{}, which does not change", place()));
}
