//! Stage: targets start in plan order, so many at once, until too many failed.

use super::{Event, Refusal, StageEnd, approval, bake, decider::Draft, step};

/// Opens a stage when its gates are open. Returns whether it moved.
pub(super) fn open(draft: &mut Draft<'_>, current: usize) -> Result<bool, Refusal> {
    let planned = draft.state.frame.stage(current);
    if draft.state.paused.is_some() || !approval::is_open(planned, &draft.state.stages[current].approvals) {
        return Ok(false);
    }
    let stage = planned.name.clone();
    draft.emit(Event::StageOpened { stage })?;
    Ok(true)
}

/// Starts what may start, and ends the stage when all its targets have. Returns whether it moved on.
pub(super) fn advance(draft: &mut Draft<'_>, current: usize) -> Result<bool, Refusal> {
    if draft.state.paused.is_none() {
        step::start_due(draft)?;
        for id in draft.state.ready.clone() {
            step::start(draft, id)?;
        }
        start_targets(draft, current)?;
    }
    let is_over = draft.state.is_over_threshold(current);
    let stage = &draft.state.stages[current];
    if !stage.running.is_empty() {
        return Ok(false);
    }
    if is_over {
        return fail(draft, current);
    }
    if !stage.pending.is_empty() || draft.state.paused.is_some() {
        return Ok(false);
    }
    if !bake::pending_steps(draft.state, current).is_empty() {
        bake::start(draft, current)?;
        return Ok(true);
    }
    complete(draft, current)?;
    Ok(true)
}

/// Records that a stage is done, and how.
pub(super) fn complete(draft: &mut Draft<'_>, current: usize) -> Result<(), Refusal> {
    let (state, planned) = (&*draft.state, draft.state.frame.stage(current));
    let mut verified = state.stages[current].verified.iter().map(|target| state.frame.target(*target));
    let is_meant_to_change = planned.targets.iter().any(|target| target.is_changed());
    let has_changed = verified.any(|target| target.is_changed());
    let end = match (is_meant_to_change, has_changed, planned.bake.0) {
        (false, _, _) => StageEnd::NoChange,
        (true, false, _) => StageEnd::NoneVerified,
        (true, true, 0) => StageEnd::NoBake,
        (true, true, _) => StageEnd::Baked,
    };
    let stage = planned.name.clone();
    draft.emit(Event::StageCompleted { stage, end })
}

fn start_targets(draft: &mut Draft<'_>, current: usize) -> Result<(), Refusal> {
    let max_concurrent = draft.state.frame.stage(current).max_concurrent as usize;
    while draft.state.stages[current].running.len() < max_concurrent && !draft.state.is_over_threshold(current) {
        let Some(target) = draft.state.stages[current].pending.first().copied() else { break };
        for id in draft.state.startable(target) {
            step::start(draft, id)?;
        }
    }
    Ok(())
}

/// Ends the rollout in this stage.
pub(super) fn fail(draft: &mut Draft<'_>, current: usize) -> Result<bool, Refusal> {
    let frame = std::sync::Arc::clone(&draft.state.frame);
    let failed = draft.state.stages[current].failed.iter();
    let targets = failed.map(|target| frame.target(*target).name.clone()).collect();
    draft.emit(Event::Failed { stage: frame.stage(current).name.clone(), targets })?;
    Ok(false)
}
