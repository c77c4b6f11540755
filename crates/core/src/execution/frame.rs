//! A plan made ready for execution: hashed once, positions looked up once.

use std::{
    collections::BTreeSet,
    fmt,
    hash::{Hash, Hasher},
    ops::Range,
    sync::Arc,
};

use super::{FoldError, approval};
use crate::{
    digest::Digest,
    ids::{StageName, StepId},
    plan::{Plan, StagePlan, StepKind, StepPlan, TargetPlan},
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
    /// When its steps are not numbered one after the other, name steps of other targets, could never start, or
    /// when a gate would be open without anybody. Such a plan would wait for ever, or for nobody.
    pub fn new(plan: Plan) -> Result<Arc<Self>, FoldError> {
        let hash = plan.hash().map_err(|error| FoldError(error.to_string()))?;
        let mut targets = Vec::new();
        let mut target_of_step = Vec::new();
        for (stage_index, stage) in plan.stages.iter().enumerate() {
            check_stage(stage)?;
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
                check_target(target)?;
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

fn check_stage(stage: &StagePlan) -> Result<(), FoldError> {
    let wrong = |what: &str| Err(FoldError(format!("stage `{}` {what}", stage.name)));
    if stage.max_concurrent == 0 {
        return wrong("lets no target change");
    }
    if approval::gates(stage).any(|gate| gate.count == 0) {
        return wrong("has an approval gate that nobody needs to open");
    }
    Ok(())
}

fn check_target(target: &TargetPlan) -> Result<(), FoldError> {
    let wrong = |what: String| Err(FoldError(format!("target `{}` {what}", target.name)));
    let bakes: BTreeSet<StepId> =
        target.steps.iter().filter(|step| step.kind == StepKind::Bake).map(|step| step.id).collect();
    if bakes.len() == target.steps.len() {
        return wrong("has no steps before its bake".to_owned());
    }
    if bakes.len() > 1 {
        return wrong("bakes twice".to_owned());
    }
    if !target.steps.iter().any(|step| step.kind == StepKind::Verify) {
        return wrong("has no step that verifies it".to_owned());
    }
    match target.steps.iter().find(|step| step.after.iter().any(|after| bakes.contains(after))) {
        Some(step) => wrong(format!("has step {} after its bake", step.id)),
        None => Ok(()),
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
