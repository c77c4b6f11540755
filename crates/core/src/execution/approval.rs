//! Approval: people open a stage by signing the plan's hash.

use std::collections::BTreeMap;

use super::{Event, Refusal, StageStatus, decider::Draft};
use crate::{
    declaration::{ApprovalGate, Gate},
    digest::Digest,
    ids::{Principal, StageName},
    plan::StagePlan,
};

/// Who approved a stage, and when.
type Given = BTreeMap<Principal, i64>;

pub(super) fn approve(draft: &mut Draft<'_>, stage: &StageName, plan: &Digest) -> Result<(), Refusal> {
    if let Some(end) = draft.state.end {
        return Err(Refusal::Ended(super::stop::word(end)));
    }
    if *plan != draft.state.frame.hash {
        return Err(Refusal::OtherPlan { approved: plan.clone(), running: draft.state.frame.hash.clone() });
    }
    let index = draft.state.frame.stage_named(stage).ok_or_else(|| Refusal::NoStage(stage.clone()))?;
    let planned = draft.state.frame.stage(index);
    if gates(planned).next().is_none() {
        return Err(Refusal::NoApprovalGate(stage.clone()));
    }
    if draft.state.stages[index].status != StageStatus::Closed {
        return Err(Refusal::AlreadyOpen(stage.clone()));
    }
    if !gates(planned).any(|gate| counts(gate, &draft.by)) {
        let from: Vec<&str> = gates(planned).flat_map(|gate| gate.from.iter().map(|who| who.as_str())).collect();
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

/// Whether every approval gate of a stage has its approvals. Each gate counts only those who may open it.
pub(super) fn is_open(stage: &StagePlan, given: &Given) -> bool {
    gates(stage).all(|gate| is_given(gate, given))
}

/// Whether a gate has its approvals.
pub(super) fn is_given(gate: &ApprovalGate, given: &Given) -> bool {
    counted(gate, given).count() >= gate.count as usize
}

/// Those who approved and count for a gate.
pub(super) fn counted(gate: &ApprovalGate, given: &Given) -> impl Iterator<Item = Principal> {
    given.keys().filter(|who| counts(gate, who)).cloned()
}

fn counts(gate: &ApprovalGate, who: &Principal) -> bool {
    gate.from.is_empty() || gate.from.contains(who)
}
