//! Retry: failed targets start again from their first step, with the same plan.

use std::collections::BTreeSet;

use super::{Effect, Event, Phase, Refusal, StageStatus, State, TargetStatus, decider::Draft};
use crate::ids::{StepId, TargetName};

pub(super) fn retry(draft: &mut Draft<'_>, names: &[TargetName]) -> Result<(), Refusal> {
    if draft.state.stop.is_some() || draft.state.end == Some(Phase::Stopped) {
        return Err(Refusal::Ended("Stopped"));
    }
    let chosen: Vec<usize> = if names.is_empty() {
        draft.state.stages.iter().flat_map(|stage| stage.failed.iter().copied()).collect()
    } else {
        names.iter().map(|name| find(draft.state, name)).collect::<Result<_, _>>()?
    };
    if chosen.is_empty() {
        return Err(Refusal::NothingFailed);
    }
    for target in &chosen {
        let stage = draft.state.frame.stage_of(*target);
        let is_done = matches!(draft.state.stages[stage].status, StageStatus::Done(_));
        if draft.state.end.is_none() && is_done {
            return Err(Refusal::StageDone {
                target: draft.state.frame.target(*target).name.clone(),
                stage: draft.state.frame.stage(stage).name.clone(),
            });
        }
    }
    let stages: BTreeSet<usize> = chosen.iter().map(|target| draft.state.frame.stage_of(*target)).collect();
    let bakes: Vec<StepId> = stages.into_iter().flat_map(|stage| draft.state.bakes_in_flight(stage)).collect();
    for step in bakes {
        let attempt = draft.state.steps[step.index()].attempt;
        draft.effect(Effect::Cancel { step, attempt });
    }
    let targets = chosen.iter().map(|target| draft.state.frame.target(*target).name.clone()).collect();
    let reason = draft.reason.clone();
    draft.emit(Event::Retried { targets, reason })
}

fn find(state: &State, name: &TargetName) -> Result<usize, Refusal> {
    let found = (0..state.frame.target_count()).find(|target| state.frame.target(*target).name == *name);
    let target = found.ok_or_else(|| Refusal::NoTarget(name.clone()))?;
    match state.targets[target].status {
        TargetStatus::Failed => Ok(target),
        TargetStatus::Pending | TargetStatus::Running | TargetStatus::Verified => Err(Refusal::NotFailed(name.clone())),
    }
}
