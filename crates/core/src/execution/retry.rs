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
    stages.iter().try_for_each(|stage| refuse_useless(draft.state, *stage, &chosen))?;
    let bakes: Vec<StepId> = stages.into_iter().flat_map(|stage| draft.state.bakes_in_flight(stage)).collect();
    for step in bakes {
        let attempt = draft.state.steps[step.index()].attempt;
        draft.effect(Effect::Cancel { step, attempt });
    }
    let targets = chosen.iter().map(|target| draft.state.frame.target(*target).name.clone()).collect();
    let reason = draft.reason.clone();
    draft.emit(Event::Retried { targets, reason })
}

/// A stage that stays over its threshold starts nothing; saying so is better than ending again at once.
fn refuse_useless(state: &State, stage: usize, chosen: &[usize]) -> Result<(), Refusal> {
    let planned = state.frame.stage(stage);
    let others = state.stages[stage].failed.iter().filter(|target| !chosen.contains(target));
    let others: Vec<&str> = others.map(|target| state.frame.target(*target).name.as_str()).collect();
    if others.len() <= planned.max_failures as usize {
        return Ok(());
    }
    Err(Refusal::StillOverThreshold {
        stage: planned.name.clone(),
        others: others.join("`, `"),
        max_failures: planned.max_failures,
    })
}

fn find(state: &State, name: &TargetName) -> Result<usize, Refusal> {
    let found = (0..state.frame.target_count()).find(|target| state.frame.target(*target).name == *name);
    let target = found.ok_or_else(|| Refusal::NoTarget(name.clone()))?;
    match state.targets[target].status {
        TargetStatus::Failed => Ok(target),
        TargetStatus::Pending | TargetStatus::Running | TargetStatus::Verified => Err(Refusal::NotFailed(name.clone())),
    }
}
