//! What happened between two states, one line each: the output where there is no terminal to draw on.
//!
//! States may be skipped between two looks, so lines come from comparing, never from counting; every target
//! and stage still is named once for each thing that became of it.

use seaway_core::execution::{Phase, StageEnd, StageStatus, State, StepStatus, TargetStatus};

use super::{
    sentence::{because, failure_line, took},
    text,
    time::{Now, clock_with_seconds},
};

/// Lines for everything that is in `new` and was not in `old`; `None` = nothing was known before.
pub fn between(old: Option<&State>, new: &State) -> Vec<String> {
    let mut happened = Happened { old, new, lines: Vec::new() };
    happened.people();
    for stage in 0..new.stages.len() {
        happened.stage_started(stage);
        happened.targets(stage);
        happened.stage_went_on(stage);
    }
    happened.end();
    happened.lines.sort_by_key(|(at_ms, _)| *at_ms);
    happened.lines.into_iter().map(|(at_ms, line)| format!("{} {line}", clock_with_seconds(at_ms))).collect()
}

struct Happened<'a> {
    old: Option<&'a State>,
    new: &'a State,
    lines: Vec<(i64, String)>,
}

impl Happened<'_> {
    fn say(&mut self, at_ms: i64, line: String) {
        self.lines.push((at_ms, line));
    }

    fn people(&mut self) {
        let (old, new) = (self.old, self.new);
        match (old.and_then(|old| old.paused.as_ref()), &new.paused) {
            (None, Some((by, reason))) => {
                self.say(new.at_ms, format!("paused by {by}{}", because(reason.as_deref())));
            }
            (Some(_), None) if new.end.is_none() => self.say(new.at_ms, "goes on after a pause".to_owned()),
            _ => {}
        }
        if let (None, Some((by, reason))) = (old.and_then(|old| old.stop.as_ref()), &new.stop) {
            self.say(new.at_ms, format!("{by} asked it to stop{}", because(reason.as_deref())));
        }
        if let (Some(old), None) = (old.and_then(|old| old.end), new.end) {
            self.say(new.at_ms, format!("goes on after it had ended ({})", super::view::phase(old)));
        }
    }

    fn stage_started(&mut self, index: usize) {
        let (new, stage) = (self.new, &self.new.stages[index]);
        let name = &new.frame.stage(index).name;
        let before = self.old.map(|old| &old.stages[index]);
        for (who, at_ms) in &stage.approvals {
            if before.is_none_or(|before| !before.approvals.contains_key(who)) {
                self.say(*at_ms, format!("stage {name}: approved by {who}"));
            }
        }
        if let Some(at_ms) = stage.opened_ms
            && before.is_none_or(|before| before.opened_ms.is_none())
        {
            let targets = text::count(new.frame.stage(index).targets.len(), "target");
            self.say(at_ms, format!("stage {name}: opens ({targets})"));
        }
    }

    fn targets(&mut self, stage: usize) {
        let frame = &self.new.frame;
        for target in (0..frame.target_count()).filter(|target| frame.stage_of(*target) == stage) {
            self.target(target);
        }
    }

    fn target(&mut self, index: usize) {
        let (new, target) = (self.new, self.new.targets[index]);
        let name = &new.frame.target(index).name;
        let before = self.old.map(|old| old.targets[index]);
        if before == Some(target) && !self.has_running_steps(index) {
            return;
        }
        let is_new_start = before.is_none_or(|before| before.started_ms != target.started_ms);
        if let Some(at_ms) = target.started_ms.filter(|_| is_new_start) {
            self.say(at_ms, format!("{name}: starts"));
        }
        for step in new.frame.steps_of(index) {
            self.step(index, step);
        }
        if before.is_some_and(|before| before.status == target.status) && !is_new_start {
            return;
        }
        match target.status {
            TargetStatus::Verified => {
                let took = took(target.started_ms, target.ended_ms);
                let took = took.map(|took| format!(" after {took}")).unwrap_or_default();
                self.say(target.ended_ms.unwrap_or(new.at_ms), format!("{name}: verified{took}"));
            }
            TargetStatus::Failed => self.say(target.ended_ms.unwrap_or(new.at_ms), format!("{name}: failed")),
            TargetStatus::Pending | TargetStatus::Running => {}
        }
    }

    /// Whether a step may differ although its target looks the same.
    fn has_running_steps(&self, target: usize) -> bool {
        let is_moving = |state: &State| {
            state
                .frame
                .steps_of(target)
                .any(|step| matches!(state.steps[step].status, StepStatus::Running | StepStatus::Retrying { .. }))
        };
        is_moving(self.new) || self.old.is_some_and(is_moving)
    }

    fn step(&mut self, target: usize, index: usize) {
        let (new, step) = (self.new, &self.new.steps[index]);
        let before = self.old.map(|old| &old.steps[index]);
        if before == Some(step) {
            return;
        }
        let frame = &new.frame;
        let name = &frame.target(target).name;
        let Some(planned) = frame.target(target).steps.get(index - frame.steps_of(target).start) else { return };
        let kind = planned.kind.word();
        let is_other = |get: fn(&seaway_core::execution::StepState) -> bool| before.is_none_or(|before| !get(before));
        let at_ms = step.ended_ms.unwrap_or(new.at_ms);
        match step.status {
            StepStatus::Succeeded if is_other(|step| step.status == StepStatus::Succeeded) => {
                let message =
                    step.report.as_ref().map(|report| report.message.as_str()).filter(|text| !text.is_empty());
                let message = message.map(|text| format!(": {}", text::printable(text))).unwrap_or_default();
                self.say(at_ms, format!("{name}: {kind} done{message}"));
            }
            StepStatus::Failed if is_other(|step| step.status == StepStatus::Failed) => {
                let why = step.failure.as_ref().map(failure_line).unwrap_or_default();
                self.say(at_ms, format!("{name}: {kind} failed: {why}"));
            }
            StepStatus::Retrying { at_ms: again_ms } => {
                let why = step.failure.as_ref().map(failure_line).unwrap_or_default();
                let again = Now(new.at_ms).coming(again_ms);
                self.say(new.at_ms, format!("{name}: {kind} attempt {} failed: {why}; again {again}", step.attempt));
            }
            StepStatus::Running => self.progress(target, index, kind),
            StepStatus::Pending | StepStatus::Succeeded | StepStatus::Failed => {}
        }
    }

    fn progress(&mut self, target: usize, index: usize, kind: &str) {
        let (new, step) = (self.new, &self.new.steps[index]);
        let Some(progress) = &step.progress else { return };
        let before = self.old.and_then(|old| old.steps[index].progress.as_ref());
        if before == Some(progress) || progress.waiting.is_empty() {
            return;
        }
        let count = if progress.total > 0 { format!(" {}/{}", progress.done, progress.total) } else { String::new() };
        let name = &new.frame.target(target).name;
        self.say(new.at_ms, format!("{name}: {kind}{count}: {}", text::printable(&progress.waiting)));
    }

    fn stage_went_on(&mut self, index: usize) {
        let (new, stage) = (self.new, &self.new.stages[index]);
        if self.old.is_some_and(|old| old.stages[index].status == stage.status) {
            return;
        }
        let name = &new.frame.stage(index).name;
        match stage.status {
            StageStatus::Baking { until_ms } => {
                let until = Now(new.at_ms).clock(until_ms);
                let length = seaway_core::duration::Millis(until_ms.saturating_sub(new.at_ms).max(0).unsigned_abs());
                self.say(new.at_ms, format!("stage {name}: bakes for {length}, until {until}"));
            }
            StageStatus::Done(end) => {
                let how = match end {
                    StageEnd::Baked => "done, baked",
                    StageEnd::NoBake => "done",
                    StageEnd::NoChange => "done, nothing changed, bake skipped",
                };
                self.say(stage.done_ms.unwrap_or(new.at_ms), format!("stage {name}: {how}"));
            }
            StageStatus::Closed | StageStatus::Open => {}
        }
    }

    fn end(&mut self) {
        let new = self.new;
        let Some(end) = new.end.filter(|_| self.old.is_none_or(|old| old.end != new.end)) else { return };
        let line = match end {
            Phase::Succeeded => "rollout succeeded",
            Phase::Failed => "rollout failed",
            Phase::Stopped => "rollout stopped",
            Phase::Pending | Phase::Running | Phase::Waiting | Phase::Paused => return,
        };
        self.say(new.at_ms, line.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, Rollout};
    use seaway_core::execution::{Command, FailureKind};

    /// Runs the moves, looking after each.
    fn log(rollout: &mut Rollout, moves: &[&dyn Fn(&mut Rollout)]) -> String {
        let mut lines = between(None, &rollout.state);
        for one in moves {
            let old = rollout.state.clone();
            one(rollout);
            lines.extend(between(Some(&old), &rollout.state));
        }
        lines.join("\n")
    }

    #[test]
    fn a_whole_rollout() {
        let mut rollout = Rollout::led(fixture::plan());
        let approve = |who: &'static str| {
            move |r: &mut Rollout| {
                let plan = r.state.frame.hash.clone();
                r.command(who, None, Command::Approve { stage: seaway_core::ids::StageName::new("broad"), plan });
            }
        };
        let log = log(
            &mut rollout,
            &[
                &|r| {
                    r.at(2).succeed("c1");
                },
                &|r| {
                    r.at(3).progress("c1", 8, 15, "Deployment shop/api: 1 of 3 pods ready");
                },
                &|r| {
                    r.at(9).succeed("c1");
                },
                &|r| {
                    r.at(10).succeed("c1");
                },
                &|r| {
                    r.at(610).succeed("c1");
                },
                &|r| {
                    r.at(611).fail("c2", FailureKind::Unreachable, "connection refused");
                },
                &|r| {
                    r.at(612).tick();
                },
                &|r| {
                    r.at(620).verify("c2").verify("c3");
                },
                &|r| {
                    r.at(2500).succeed("c2").succeed("c3");
                },
                &|r| {
                    r.at(2600).command("bo", Some("lunch"), Command::Pause);
                },
                &|r| {
                    r.at(2700).command("bo", None, Command::Resume);
                },
                &|r| approve("ana")(r.at(2800)),
                &|r| approve("bo")(r.at(2801)),
                &|r| {
                    r.at(2802).tick();
                },
                &|r| {
                    r.at(2803).succeed("c4").verify("c5");
                },
            ],
        );
        insta::assert_snapshot!(log);
    }

    #[test]
    fn a_failure_names_its_cause_once() {
        let rollout = fixture::broken_canary();
        let all = between(None, &rollout.state).join("\n");
        insta::assert_snapshot!(all, @r"
        14:30:00 stage canary: opens (1 target)
        14:30:00 c1: starts
        14:30:02 c1: apply done: 6 objects written
        14:31:05 c1: wait failed: unhealthy: Deployment.apps shop/api: pod `api-6d4c9` container `api`: ImagePullBackOff: image `registry.example.com/shop/api:1.5.0-broken` cannot be pulled
        14:31:05 c1: failed
        14:31:05 rollout failed
        ");
        assert!(between(Some(&rollout.state), &rollout.state).is_empty());
    }
}
