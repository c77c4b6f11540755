//! Approval: people open a stage by signing the plan's hash.

use super::{Event, Refusal, StageStatus, decider::Draft};
use crate::{
    declaration::{ApprovalGate, Gate},
    digest::Digest,
    ids::StageName,
    plan::StagePlan,
};

pub(super) fn approve(draft: &mut Draft<'_>, stage: &StageName, plan: &Digest) -> Result<(), Refusal> {
    if let Some(end) = draft.state.end {
        return Err(Refusal::Ended(super::stop::word(end)));
    }
    if *plan != draft.state.frame.hash {
        return Err(Refusal::OtherPlan { approved: plan.clone(), running: draft.state.frame.hash.clone() });
    }
    let index = draft.state.frame.stage_named(stage).ok_or_else(|| Refusal::NoStage(stage.clone()))?;
    let planned = draft.state.frame.stage(index);
    let gate = gates(planned).next().ok_or_else(|| Refusal::NoApprovalGate(stage.clone()))?;
    if draft.state.stages[index].status != StageStatus::Closed {
        return Err(Refusal::AlreadyOpen(stage.clone()));
    }
    if !gate.from.is_empty() && !gate.from.contains(&draft.by) {
        let from: Vec<&str> = gate.from.iter().map(|who| who.as_str()).collect();
        return Err(Refusal::MayNotApprove { who: draft.by.clone(), from: from.join(", ") });
    }
    if draft.state.stages[index].approvals.contains_key(&draft.by) {
        return Err(Refusal::AlreadyApproved(draft.by.clone()));
    }
    let reason = draft.reason.clone();
    draft.emit(Event::Approved { stage: stage.clone(), plan: plan.clone(), reason })
}

/// The approval gates of a stage.
pub(super) fn gates(stage: &StagePlan) -> impl Iterator<Item = &ApprovalGate> {
    stage.gates.iter().map(|gate| match gate {
        Gate::Approval(gate) => gate,
    })
}

/// How many approvals a stage needs; 0 = none. Several gates all have to open, so the greatest count decides.
pub(super) fn needed(stage: &StagePlan) -> u32 {
    gates(stage).map(|gate| gate.count).max().unwrap_or(0)
}
