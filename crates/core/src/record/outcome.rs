//! What came of a rollout: per stage and target, with what was written.

use serde::Serialize;

use crate::{
    duration::Millis,
    execution::{Failure, Phase, StageEnd, StageStatus, State, StepStatus, TargetStatus},
    ids::{StageName, TargetName},
    plan::StepKind,
};

/// What came of a rollout so far.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Rollout word.
    pub phase: Phase,
    /// Write requests that changed something.
    pub writes: u32,
    /// From creation to the last event.
    pub took: Millis,
    /// Stages in order.
    pub stages: Vec<StageOutcome>,
}

/// What came of a stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageOutcome {
    /// Name.
    pub name: StageName,
    /// How it ended; `None` = it has not.
    pub end: Option<StageEnd>,
    /// Its targets.
    pub targets: Vec<TargetOutcome>,
}

/// What came of a target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetOutcome {
    /// Name.
    pub name: TargetName,
    /// How far it is.
    pub status: TargetStatus,
    /// Write requests that changed something.
    pub writes: u32,
    /// The step that failed, and how.
    pub failure: Option<(StepKind, Failure)>,
}

impl Outcome {
    /// Folds a state.
    pub fn of(state: &State) -> Self {
        let mut stages = Vec::with_capacity(state.stages.len());
        let mut next_target = 0;
        for (planned, stage) in state.frame.plan.stages.iter().zip(&state.stages) {
            let targets = planned.targets.iter().map(|target| {
                let status = state.targets[next_target].status;
                next_target += 1;
                let steps = || target.steps.iter().map(|step| (step.kind, &state.steps[step.id.index()]));
                let failure = steps().find(|(_, step)| step.status == StepStatus::Failed);
                TargetOutcome {
                    name: target.name.clone(),
                    status,
                    writes: steps().filter_map(|(_, step)| step.report.as_ref()).map(|report| report.writes).sum(),
                    failure: failure.and_then(|(kind, step)| Some((kind, step.failure.clone()?))),
                }
            });
            let targets = targets.collect();
            let end = match stage.status {
                StageStatus::Done(end) => Some(end),
                StageStatus::Closed | StageStatus::Open | StageStatus::Baking { .. } => None,
            };
            stages.push(StageOutcome { name: planned.name.clone(), end, targets });
        }
        let writes = stages.iter().flat_map(|stage: &StageOutcome| &stage.targets).map(|target| target.writes).sum();
        let took = Millis(u64::try_from(state.at_ms - state.created_ms).unwrap_or(0));
        Self { phase: state.phase(), writes, took, stages }
    }

    /// Whether it ended well but left targets behind that failed within the stage's threshold.
    pub fn left_behind(&self) -> impl Iterator<Item = &TargetOutcome> {
        self.stages.iter().flat_map(|stage| &stage.targets).filter(|target| target.status == TargetStatus::Failed)
    }
}
