//! Plans that would wait for ever, or for nobody, do not become rollouts; records and plans belong together.

use super::fixture::{Run, plan, stage};
use crate::{
    execution::{Event, Frame, Recorded, State},
    ids::{Principal, StageName, StepId, TargetName},
    plan::{Plan, StepKind},
};

fn refusal(change: impl FnOnce(&mut Plan)) -> String {
    let mut plan = plan(vec![stage("all", &["a", "b"]).bake(60).approved_by(1, &[])]);
    change(&mut plan);
    Frame::new(plan).unwrap_err().to_string()
}

#[test]
fn plans_that_cannot_run() {
    let found = [
        refusal(|plan| plan.stages[0].max_concurrent = 0),
        refusal(|plan| {
            let crate::declaration::Gate::Approval(gate) = &mut plan.stages[0].gates[0];
            gate.count = 0;
        }),
        refusal(|plan| plan.stages[0].targets[1].steps.clear()),
        refusal(|plan| plan.stages[0].targets[0].steps[1].id = StepId(7)),
        refusal(|plan| plan.stages[0].targets[1].steps[0].after = vec![StepId(0)]),
        refusal(|plan| plan.stages[0].targets[0].steps[2].kind = StepKind::Wait),
        refusal(|plan| plan.stages[0].targets[0].steps[1].kind = StepKind::Bake),
        refusal(|plan| plan.stages[0].targets[0].steps.swap(2, 3)),
    ];
    insta::assert_snapshot!(found.join("\n"), @"
    the record does not fit the plan: stage `all` lets no target change
    the record does not fit the plan: stage `all` has an approval gate that nobody needs to open
    the record does not fit the plan: target `b` has no steps before its bake
    the record does not fit the plan: step #7 of target `a` is out of order
    the record does not fit the plan: step #4 of target `b` is out of order
    the record does not fit the plan: target `a` has no step that verifies it
    the record does not fit the plan: target `a` bakes twice
    the record does not fit the plan: step #3 of target `a` is out of order
    ");
}

#[test]
fn a_bake_comes_last() {
    let found = refusal(|plan| {
        let steps = &mut plan.stages[0].targets[0].steps;
        (steps[2].kind, steps[3].kind) = (StepKind::Bake, StepKind::Verify);
    });
    insta::assert_snapshot!(found, @"the record does not fit the plan: target `a` has step #3 after its bake");
}

#[test]
fn events_of_another_plan_are_refused() {
    let run = Run::create(plan(vec![stage("all", &["a"])]));
    let other = Frame::new(plan(vec![stage("all", &["b"])])).unwrap();
    let mut found = Vec::new();
    for event in [
        run.events[0].event.clone(),
        Event::StageOpened { stage: StageName::new("none") },
        Event::StepStarted { step: StepId(9), attempt: 1, deadline_ms: 0 },
        Event::Retried { targets: vec![TargetName::new("none")], reason: None },
    ] {
        let mut state = State::empty(run.state.rollout.clone(), other.clone());
        let recorded = Recorded { at_ms: 0, by: Principal::new("ann"), event };
        found.push(state.apply(&recorded).unwrap_err().to_string());
    }
    found[0] = found[0].replace(run.state.frame.hash.short(), "PLAN").replace(other.hash.short(), "OTHER");
    insta::assert_snapshot!(found.join("\n"), @"
    the record does not fit the plan: it was made for plan PLAN, not OTHER
    the record does not fit the plan: it has no stage `none`
    the record does not fit the plan: it has no step #9
    the record does not fit the plan: it has no target `none`
    ");
}
