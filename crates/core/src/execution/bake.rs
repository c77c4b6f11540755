//! Bake: a changed stage must stay healthy for a time before the next opens.

use super::{Event, Refusal, StageStatus, State, StepStatus, decider::Draft, stage, step};
use crate::{
    ids::StepId,
    plan::{StepKind, StepPlan},
};

/// Starts the bake of a stage whose targets are all verified. The bake has one step per changed target; each
/// watches its target until the bake ends.
pub(super) fn start(draft: &mut Draft<'_>, current: usize) -> Result<(), Refusal> {
    let planned = draft.state.frame.stage(current);
    let until_ms = draft.at_ms.saturating_add(i64::try_from(planned.bake.0).unwrap_or(i64::MAX));
    let stage = planned.name.clone();
    draft.emit(Event::BakeStarted { stage, until_ms })?;
    for id in pending_steps(draft.state, current) {
        step::start(draft, id)?;
    }
    Ok(())
}

/// Bake steps of verified targets that have not run.
pub(super) fn pending_steps(state: &State, stage: usize) -> Vec<StepId> {
    let frame = &state.frame;
    let verified = state.stages[stage].verified.iter();
    let bakes = verified.flat_map(|target| frame.target(*target).steps.iter().filter(|step| is_bake(step)));
    bakes.map(|step| step.id).filter(|id| state.steps[id.index()].status == StepStatus::Pending).collect()
}

fn is_bake(step: &StepPlan) -> bool {
    step.kind == StepKind::Bake
}

/// Ends the bake, or the rollout. Returns whether the stage moved.
pub(super) fn advance(draft: &mut Draft<'_>, current: usize) -> Result<bool, Refusal> {
    if draft.state.is_over_threshold(current) {
        return stage::fail(draft, current);
    }
    if draft.state.paused.is_none() {
        step::start_due(draft)?;
    }
    let is_open = |target: &usize| {
        draft.state.frame.steps_of(*target).any(|index| {
            matches!(
                draft.state.steps[index].status,
                StepStatus::Running | StepStatus::Retrying { .. } | StepStatus::Pending
            )
        })
    };
    if draft.state.stages[current].verified.iter().any(is_open) {
        return Ok(false);
    }
    stage::complete(draft, current)?;
    Ok(true)
}

/// When the bake that a step belongs to ends; `None` = not a bake step, or its stage is not baking.
pub(super) fn until_ms(state: &State, step: StepId) -> Option<i64> {
    let target = state.frame.target_of(step)?;
    state.frame.step(step).filter(|step| is_bake(step))?;
    match state.stages[state.frame.stage_of(target)].status {
        StageStatus::Baking { until_ms } => Some(until_ms),
        _ => None,
    }
}
