//! Blast radius (invariant 2): never more targets in flight, or failed, than the plan allows.

use seaway_core::{execution::Event, plan::StepKind};

use super::{Findings, kind, replay::Replay};
use crate::evidence::Entry;

const RADIUS: &str = "blast radius";

/// A target begins only while its stage has not failed too often.
pub(super) fn before(replay: &Replay, entry: &Entry, findings: &mut Findings<'_>) {
    let Event::StepStarted { step, .. } = entry.recorded.event else { return };
    let Some(target) = replay.frame.target_of(step) else { return };
    let stage = replay.frame.stage_of(target);
    let is_new = !replay.is_in_flight(target) && kind(replay, step) != Some(StepKind::Bake);
    let is_over = replay.failed_in(stage) > replay.frame.stage(stage).max_failures as usize;
    findings.require(RADIUS, !(is_new && is_over), || {
        format!("{} begins although too many failed", replay.frame.target(target).name)
    });
}

pub(super) fn after(replay: &Replay, entry: &Entry, findings: &mut Findings<'_>) {
    let step = match entry.recorded.event {
        Event::StepStarted { step, .. } | Event::StepFailed { step, .. } => step,
        _ => return,
    };
    let Some(target) = replay.frame.target_of(step) else { return };
    let stage = replay.frame.stage_of(target);
    let planned = replay.frame.stage(stage);
    let (mut in_flight, mut failed) = (0, 0);
    for target in replay.targets(stage) {
        in_flight += usize::from(replay.is_in_flight(target));
        failed += usize::from(replay.is_failed(target));
    }
    findings.require(RADIUS, in_flight <= planned.max_concurrent as usize, || {
        format!("{in_flight} targets of {} in flight, {} allowed", planned.name, planned.max_concurrent)
    });
    // Those in flight when the threshold is passed may fail too; all of them may lose their health in the bake.
    let most = (planned.max_failures + planned.max_concurrent) as usize;
    let is_bake = kind(replay, step) == Some(StepKind::Bake);
    findings.require(RADIUS, failed <= most || is_bake, || {
        format!("{failed} targets of {} failed, at most {most} can", planned.name)
    });
}
