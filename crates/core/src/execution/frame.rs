//! A plan made ready for execution: hashed once, positions looked up once.

use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Range,
    sync::Arc,
};

use super::FoldError;
use crate::{
    digest::Digest,
    ids::{StageName, StepId},
    plan::{Plan, StagePlan, StepPlan, TargetPlan},
};

/// A plan made ready for execution: with its hash and with positions looked up once.
pub struct Frame {
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: Digest,
    targets: Vec<TargetPosition>,
    target_of_step: Vec<usize>,
}

struct TargetPosition {
    stage: usize,
    in_stage: usize,
    steps: Range<usize>,
}

impl Frame {
    /// Takes a plan.
    ///
    /// # Errors
    /// When its steps are not numbered one after the other, or name steps of other targets.
    pub fn new(plan: Plan) -> Result<Arc<Self>, FoldError> {
        let hash = plan.hash().map_err(|error| FoldError(error.to_string()))?;
        let mut targets = Vec::new();
        let mut target_of_step = Vec::new();
        for (stage_index, stage) in plan.stages.iter().enumerate() {
            for (in_stage, target) in stage.targets.iter().enumerate() {
                let first = target_of_step.len();
                for step in &target.steps {
                    let expected = target_of_step.len();
                    let wrong_after = step.after.iter().any(|after| after.index() < first || after.index() >= expected);
                    if step.id.index() != expected || wrong_after {
                        return Err(FoldError(format!("step {} of target `{}` is out of order", step.id, target.name)));
                    }
                    target_of_step.push(targets.len());
                }
                if first == target_of_step.len() {
                    return Err(FoldError(format!("target `{}` has no steps", target.name)));
                }
                targets.push(TargetPosition { stage: stage_index, in_stage, steps: first..target_of_step.len() });
            }
        }
        Ok(Arc::new(Self { plan, hash, targets, target_of_step }))
    }

    /// Number of targets.
    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// Number of steps.
    pub fn step_count(&self) -> usize {
        self.target_of_step.len()
    }

    /// The stage of a target.
    pub fn stage_of(&self, target: usize) -> usize {
        self.targets[target].stage
    }

    /// A target by position.
    pub fn target(&self, target: usize) -> &TargetPlan {
        let position = &self.targets[target];
        &self.plan.stages[position.stage].targets[position.in_stage]
    }

    /// A stage by position.
    pub fn stage(&self, stage: usize) -> &StagePlan {
        &self.plan.stages[stage]
    }

    /// The target that a step belongs to; `None` = no such step.
    pub fn target_of(&self, step: StepId) -> Option<usize> {
        self.target_of_step.get(step.index()).copied()
    }

    /// A step; `None` = no such step.
    pub fn step(&self, step: StepId) -> Option<&StepPlan> {
        let target = self.target_of(step)?;
        self.target(target).steps.get(step.index() - self.targets[target].steps.start)
    }

    /// Positions of a target's steps.
    pub fn steps_of(&self, target: usize) -> Range<usize> {
        self.targets[target].steps.clone()
    }

    /// The position of a stage by name.
    pub fn stage_named(&self, name: &StageName) -> Option<usize> {
        self.plan.stages.iter().position(|stage| stage.name == *name)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({:?})", self.hash)
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Frame {}

impl Hash for Frame {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}
