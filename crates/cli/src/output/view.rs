//! A rollout as data for programs. This is a format: stable, golden-tested; keys are only ever added.

use seaway_core::{
    execution::{Failure, Phase, Progress, Report, StageEnd, StageStatus, State, StepStatus, TargetStatus, WaitingOn},
    ids::{EnvironmentName, Principal, RegionName, RolloutId, ServiceName, StageName, TargetName},
    plan::StepKind,
};
use serde::Serialize;

use super::{
    sentence::{self, Driver},
    time::{Now, rfc3339},
};

/// A whole rollout.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Rollout<'a> {
    id: &'a RolloutId,
    environment: &'a EnvironmentName,
    services: Vec<&'a ServiceName>,
    plan: &'a str,
    phase: &'static str,
    created_at: String,
    created_by: Option<&'a Principal>,
    updated_at: String,
    driver: Option<String>,
    paused: Option<Asked<'a>>,
    stop: Option<Asked<'a>>,
    waiting_on: Vec<Waiting>,
    stages: Vec<Stage<'a>>,
}

/// Who wanted something, and why.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    by: &'a Principal,
    reason: Option<&'a str>,
}

/// One reason why something does not move.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    sentence: String,
    #[serde(flatten)]
    reason: WaitingOn,
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Stage<'a> {
    name: &'a StageName,
    status: &'static str,
    bake_until: Option<String>,
    opened_at: Option<String>,
    done_at: Option<String>,
    approvals: Vec<Approval<'a>>,
    targets: Vec<Target<'a>>,
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Approval<'a> {
    by: &'a Principal,
    at: String,
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Target<'a> {
    name: &'a TargetName,
    region: Option<&'a RegionName>,
    status: TargetStatus,
    started_at: Option<String>,
    ended_at: Option<String>,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    id: u32,
    kind: StepKind,
    services: &'a [ServiceName],
    status: &'static str,
    attempt: u32,
    started_at: Option<String>,
    ended_at: Option<String>,
    retry_at: Option<String>,
    progress: Option<&'a Progress>,
    failure: Option<&'a Failure>,
    report: Option<&'a Report>,
}

/// The rollout word.
pub const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "Pending",
        Phase::Running => "Running",
        Phase::Waiting => "Waiting",
        Phase::Paused => "Paused",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
        Phase::Stopped => "Stopped",
    }
}

/// How far a stage is, in one word.
pub const fn stage_status(status: StageStatus) -> &'static str {
    match status {
        StageStatus::Closed => "Closed",
        StageStatus::Open => "Open",
        StageStatus::Baking { .. } => "Baking",
        StageStatus::Done(StageEnd::Baked) => "Baked",
        StageStatus::Done(StageEnd::NoBake) => "Done",
        StageStatus::Done(StageEnd::NoChange) => "NoChange",
        StageStatus::Done(StageEnd::NoneVerified) => "NoneVerified",
    }
}

/// How far a step is, in one word.
pub const fn step_status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "Pending",
        StepStatus::Running => "Running",
        StepStatus::Retrying { .. } => "Retrying",
        StepStatus::Succeeded => "Succeeded",
        StepStatus::Failed => "Failed",
    }
}

impl<'a> Rollout<'a> {
    /// The view of a state.
    pub fn new(state: &'a State, driver: &Driver, now: Now) -> Self {
        let asked = |asked: &'a Option<(Principal, Option<String>)>| {
            asked.as_ref().map(|(by, reason)| Asked { by, reason: reason.as_deref() })
        };
        let waiting = state.waiting_on().into_iter();
        Self {
            id: &state.rollout,
            environment: &state.frame.plan.environment,
            services: state.frame.plan.services.keys().collect(),
            plan: state.frame.hash.as_str(),
            phase: phase(state.phase()),
            created_at: rfc3339(state.created_ms),
            created_by: state.by.as_ref(),
            updated_at: rfc3339(state.at_ms),
            driver: match driver {
                Driver::Nobody => None,
                Driver::Us => Some("this process".to_owned()),
                Driver::Other(holder) => Some(holder.clone()),
            },
            paused: asked(&state.paused),
            stop: asked(&state.stop),
            waiting_on: waiting
                .map(|reason| Waiting { sentence: sentence::waiting(&reason, state, driver.is_there(), now), reason })
                .collect(),
            stages: (0..state.stages.len()).map(|stage| Stage::new(state, stage)).collect(),
        }
    }
}

impl<'a> Stage<'a> {
    fn new(state: &'a State, index: usize) -> Self {
        let stage = &state.stages[index];
        let targets = (0..state.frame.target_count()).filter(|target| state.frame.stage_of(*target) == index);
        Self {
            name: &state.frame.stage(index).name,
            status: stage_status(stage.status),
            bake_until: match stage.status {
                StageStatus::Baking { until_ms } => Some(rfc3339(until_ms)),
                StageStatus::Closed | StageStatus::Open | StageStatus::Done(_) => None,
            },
            opened_at: stage.opened_ms.map(rfc3339),
            done_at: stage.done_ms.map(rfc3339),
            approvals: stage.approvals.iter().map(|(by, at_ms)| Approval { by, at: rfc3339(*at_ms) }).collect(),
            targets: targets.map(|target| Target::new(state, target)).collect(),
        }
    }
}

impl<'a> Target<'a> {
    fn new(state: &'a State, index: usize) -> Self {
        let (planned, target) = (state.frame.target(index), state.targets[index]);
        let steps = planned.steps.iter().map(|planned| {
            let step = &state.steps[planned.id.index()];
            Step {
                id: planned.id.0,
                kind: planned.kind,
                services: &planned.services,
                status: step_status(step.status),
                attempt: step.attempt,
                started_at: step.started_ms.map(rfc3339),
                ended_at: step.ended_ms.map(rfc3339),
                retry_at: match step.status {
                    StepStatus::Retrying { at_ms } => Some(rfc3339(at_ms)),
                    StepStatus::Pending | StepStatus::Running | StepStatus::Succeeded | StepStatus::Failed => None,
                },
                progress: step.progress.as_ref(),
                failure: step.failure.as_ref(),
                report: step.report.as_ref(),
            }
        });
        Self {
            name: &planned.name,
            region: planned.region.as_ref(),
            status: target.status,
            started_at: target.started_ms.map(rfc3339),
            ended_at: target.ended_ms.map(rfc3339),
            steps: steps.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture;

    #[test]
    fn json_is_stable() {
        let rollout = fixture::broken_canary();
        insta::assert_json_snapshot!(Rollout::new(&rollout.state, &Driver::Nobody, Now(rollout.at_ms)));
        let mut rollout = fixture::Rollout::led(fixture::plan());
        rollout.at(30).verify("c1").at(380);
        let driver = Driver::Other("ana@build-7".to_owned());
        insta::assert_json_snapshot!(Rollout::new(&rollout.state, &driver, Now(rollout.at_ms)));
    }
}
