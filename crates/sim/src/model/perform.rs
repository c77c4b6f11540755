//! Performing: what the effects start, and what becomes of it on the fleet.

use std::sync::Arc;

use seaway_core::{
    digest::Digest,
    execution::{ClaimAnswer, Effect, FailureKind, Input},
    ids::{RolloutId, StepId},
    plan::StepKind,
};

use super::{
    Node,
    drive::Driver,
    node::{Answer, Runs, Said, Success, Work},
};
use crate::{
    evidence::Written,
    fleet::{Author, Write, Wrote},
};

/// The rollout that may have the claim first.
const RIVAL: &str = "r1";

impl Driver<'_> {
    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if !self.made.node.is_driven {
                return;
            }
            if self.dies_after == Some(self.made.performed) {
                self.die(None);
                return;
            }
            self.made.performed += 1;
            match effect {
                Effect::Claim { .. } => self.claim(),
                Effect::Perform { step, attempt, epoch, until_ms } => self.begin(step, attempt, epoch, until_ms),
                Effect::Cancel { step, attempt } => self.cancel(step, attempt),
            }
        }
    }

    /// Makes what runs what the state says must run, after others appended.
    pub(super) fn reconcile(&mut self) {
        let node = &mut self.made.node;
        node.has_news = false;
        if !node.is_driven {
            return;
        }
        let outstanding = node.state.outstanding();
        let is_wanted = |work: &Work| {
            outstanding.iter().any(|effect| match effect {
                Effect::Perform { step, attempt, .. } | Effect::Cancel { step, attempt } => {
                    (*step, *attempt) == (work.step, work.attempt)
                }
                Effect::Claim { .. } => false,
            })
        };
        node.works.retain(is_wanted);
        self.perform(outstanding.into_iter().filter(|effect| !matches!(effect, Effect::Claim { .. })).collect());
    }

    fn claim(&mut self) {
        let node = &mut self.made.node;
        let answer = if node.has_claim {
            ClaimAnswer::Granted
        } else if self.is_held {
            self.is_held = false;
            node.rival();
            ClaimAnswer::Held { by: RolloutId::new(RIVAL), position: 1 }
        } else {
            self.made.could_be_held = true;
            node.has_claim = true;
            ClaimAnswer::Granted
        };
        let epoch = self.made.node.state.epoch;
        self.decide(Input::Claim { epoch, answer });
    }

    fn begin(&mut self, step: StepId, attempt: u32, epoch: u64, until_ms: Option<i64>) {
        let node = &mut self.made.node;
        let is_known = node.works.iter().any(|work| (work.step, work.attempt) == (step, attempt));
        if is_known || node.answered.contains(&(step, attempt)) {
            return;
        }
        let frame = &self.model.frame;
        let (Some(planned), Some(target)) = (frame.step(step), frame.target_of(step)) else {
            node.violate("fold", format!("step {step} is not in the plan"));
            return;
        };
        let (target, until_ms) = (target as u8, until_ms.unwrap_or(0));
        node.works.push(Work { step, attempt, epoch, target, kind: planned.kind, has_written: false, until_ms });
        node.works.sort_unstable();
    }

    fn cancel(&mut self, step: StepId, attempt: u32) {
        if !self.made.node.answered.contains(&(step, attempt)) {
            self.made.node.works.retain(|work| (work.step, work.attempt) != (step, attempt));
            self.answer(step, attempt, Said::Failed(FailureKind::Cancelled));
        }
    }

    pub(super) fn answer(&mut self, step: StepId, attempt: u32, said: Said) {
        let node = &mut self.made.node;
        node.answered.push((step, attempt));
        node.answers.push(Answer { step, attempt, epoch: node.state.epoch, said });
        node.answers.sort_unstable();
    }

    pub(super) fn write(&mut self, work: u8) {
        let node = &mut self.made.node;
        node.works[work as usize].has_written = true;
        let work = node.works[work as usize];
        node.runs[work.target as usize] = Runs::Part;
        node.wrote(&work, Wrote::Inventory);
    }

    pub(super) fn finish(&mut self, work: u8) {
        let node = &mut self.made.node;
        let work = node.works.remove(work as usize);
        if work.kind == StepKind::Apply && node.runs[work.target as usize] != Runs::New {
            node.runs[work.target as usize] = Runs::New;
            node.wrote(&work, Wrote::Complete);
        }
        node.order += 1;
        let Work { step, attempt, epoch, .. } = work;
        node.successes.push(Success { step, attempt, epoch, order: node.order });
        self.answer(step, attempt, Said::Succeeded);
    }
}

impl Node {
    fn wrote(&mut self, work: &Work, wrote: Wrote) {
        self.order += 1;
        let target = self.state.frame.target(work.target as usize);
        let Some(planned) = target.services.first() else { return };
        let Work { step, attempt, epoch, .. } = *work;
        let write = Write {
            at_ms: self.now_ms,
            target: target.name.clone(),
            service: planned.service.clone(),
            content: Some(planned.content.clone()),
            wrote,
            author: Some(Author { rollout: self.state.rollout.clone(), step, attempt, epoch }),
        };
        Arc::make_mut(&mut self.walk).write(&Written { write, order: self.order });
    }

    /// Another rollout has the claim for a while, and changes the first target that runs the plan's content.
    fn rival(&mut self) {
        let Some(at) = self.runs.iter().position(|runs| *runs == Runs::New) else { return };
        self.runs[at] = Runs::Other;
        self.order += 1;
        let target = self.state.frame.target(at);
        let Some(planned) = target.services.first() else { return };
        let write = Write {
            at_ms: self.now_ms,
            target: target.name.clone(),
            service: planned.service.clone(),
            content: Some(Digest::of(b"another content")),
            wrote: Wrote::Complete,
            author: Some(Author { rollout: RolloutId::new(RIVAL), step: StepId(0), attempt: 1, epoch: 1 }),
        };
        Arc::make_mut(&mut self.walk).write(&Written { write, order: self.order });
    }
}
