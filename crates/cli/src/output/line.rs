//! Events as lines, one each: the output where there is no terminal to draw on.

use seaway_core::{
    execution::{Event, Recorded, Report, StageEnd, State},
    ids::StepId,
    plan::StepKind,
};

use super::{
    sentence::{because, failure_line, took},
    text::{self, printable},
    time::{Now, clock_with_seconds},
};

/// The line for an event; `None` = nothing that a reader misses. `state` is the state after it, or later.
pub fn of(state: &State, recorded: &Recorded) -> Option<String> {
    let said = said(state, recorded)?;
    Some(format!("{} {said}", clock_with_seconds(recorded.at_ms)))
}

fn said(state: &State, recorded: &Recorded) -> Option<String> {
    let by = &recorded.by;
    let why = |reason: &Option<String>| because(reason.as_deref());
    Some(match &recorded.event {
        Event::Created { reason, .. } => format!("created by {by}{}", why(reason)),
        Event::Led { unobserved_ms, .. } if *unobserved_ms >= 1000 => {
            let rested = super::time::whole(seaway_core::duration::Millis(*unobserved_ms));
            format!("goes on after nobody drove it for {rested}; that time counts for no bake")
        }
        Event::Led { .. } | Event::ClaimGranted => return None,
        Event::ClaimHeld { by: other, position } => {
            format!("waits for rollout {other}, which changes one of its services (place {position} in the queue)")
        }
        Event::Approved { stage, reason, .. } => format!("stage {stage}: approved by {by}{}", why(reason)),
        Event::StageOpened { stage } => {
            let targets = state.frame.stage_named(stage).map_or(0, |at| state.frame.stage(at).targets.len());
            format!("stage {stage}: opens ({})", text::count(targets, "target"))
        }
        Event::StepStarted { .. }
        | Event::StepProgressed { .. }
        | Event::StepSucceeded { .. }
        | Event::StepFailed { .. } => return step(state, recorded),
        Event::BakeStarted { stage, until_ms } => {
            let now = Now(recorded.at_ms);
            format!("stage {stage}: bakes for {}, until {}", now.until(*until_ms), now.clock(*until_ms))
        }
        Event::StageCompleted { stage, end } => format!("stage {stage}: {}", stage_end(*end)),
        Event::Paused { reason } => format!("paused by {by}{}", why(reason)),
        Event::Resumed { reason } => format!("resumed by {by}{}", why(reason)),
        Event::StopRequested { reason } => format!("{by} asked it to stop{}", why(reason)),
        Event::Retried { targets, reason } => {
            let names: Vec<&str> = targets.iter().map(|name| name.as_str()).collect();
            format!("{by} tries again: {}{}", text::some_of(&names, 10), why(reason))
        }
        Event::Stopped => "rollout stopped".to_owned(),
        Event::Failed { stage, targets } => {
            let names: Vec<&str> = targets.iter().map(|name| name.as_str()).collect();
            format!("rollout failed in stage {stage}: {}", text::some_of(&names, 10))
        }
        Event::Succeeded => "rollout succeeded".to_owned(),
    })
}

fn stage_end(end: StageEnd) -> &'static str {
    match end {
        StageEnd::Baked => "done, baked",
        StageEnd::NoBake => "done",
        StageEnd::NoChange => "done, nothing changed, bake skipped",
        StageEnd::NoneVerified => "done, every target that was to change failed, as many as the plan allows",
    }
}

/// Events of a step, named by its target.
fn step(state: &State, recorded: &Recorded) -> Option<String> {
    let id = match &recorded.event {
        Event::StepStarted { step, .. }
        | Event::StepProgressed { step, .. }
        | Event::StepSucceeded { step, .. }
        | Event::StepFailed { step, .. } => *step,
        _ => return None,
    };
    let planned = state.frame.step(id)?;
    let target = &state.frame.target(state.frame.target_of(id)?).name;
    let services: Vec<&str> = planned.services.iter().map(|name| name.as_str()).collect();
    let word = match planned.kind {
        StepKind::Apply | StepKind::Wait => format!("{} {}", planned.kind.word(), text::some_of(&services, 3)),
        StepKind::Verify | StepKind::Bake => planned.kind.word().to_owned(),
    };
    match &recorded.event {
        // Waits, reads and bakes follow from what was said before; only their outcome is news.
        Event::StepStarted { attempt, .. } if *attempt > 1 => Some(format!("{target}: {word}, attempt {attempt}")),
        Event::StepStarted { .. } if planned.kind == StepKind::Apply => Some(format!("{target}: {word}")),
        Event::StepProgressed { progress, .. } if !progress.waiting.is_empty() => {
            let total =
                if progress.total > 0 { format!(" {}/{}", progress.done, progress.total) } else { String::new() };
            Some(format!("{target}: {word}{total}: {}", printable(&progress.waiting)))
        }
        Event::StepSucceeded { report, .. } => Some(succeeded(state, id, recorded.at_ms, &word, report)),
        Event::StepFailed { failure, retry_at_ms: Some(again_ms), attempt, .. } => {
            let again = Now(recorded.at_ms).until(*again_ms);
            Some(format!("{target}: {word}, attempt {attempt}: {}; again in {again}", failure_line(failure)))
        }
        Event::StepFailed { failure, .. } => Some(format!("{target}: {word} failed: {}", failure_line(failure))),
        _ => None,
    }
}

fn succeeded(state: &State, id: StepId, at_ms: i64, word: &str, report: &Report) -> String {
    let Some(index) = state.frame.target_of(id) else { return String::new() };
    let target = &state.frame.target(index).name;
    let is_verify = state.frame.step(id).is_some_and(|step| step.kind == StepKind::Verify);
    let started_ms = if is_verify { state.targets[index].started_ms } else { state.steps[id.index()].started_ms };
    let took = took(started_ms, Some(at_ms)).map(|took| format!(" after {took}")).unwrap_or_default();
    let message = if report.message.is_empty() { String::new() } else { format!(": {}", printable(&report.message)) };
    if is_verify {
        format!("{target}: verified{took}{message}")
    } else {
        format!("{target}: {word} done{took}{message}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, Rollout};
    use seaway_core::{
        execution::{Command, FailureKind},
        ids::StageName,
    };

    fn log(rollout: &Rollout) -> String {
        let lines = rollout.events.iter().filter_map(|recorded| of(&rollout.state, recorded));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_whole_rollout() {
        let mut rollout = Rollout::led(fixture::plan());
        rollout.at(2).succeed("c1").at(3).progress("c1", 8, 15, "Deployment shop/api: 1 of 3 pods ready\u{1b}[2J");
        rollout.at(9).succeed("c1").at(10).succeed("c1").at(610).succeed("c1");
        rollout.at(611).fail("c2", FailureKind::Unreachable, "connection refused").at(612).tick();
        rollout.at(620).verify("c2").verify("c3").at(2500).succeed("c2").succeed("c3");
        rollout.at(2600).command("bo", Some("lunch"), Command::Pause);
        rollout.at(2700).command("bo", None, Command::Resume);
        let plan = rollout.state.frame.hash.clone();
        for (secs, who) in [(2800, "ana"), (2801, "bo")] {
            let command = Command::Approve { stage: StageName::new("broad"), plan: plan.clone() };
            rollout.at(secs).command(who, Some("looks good"), command);
        }
        rollout.at(2802).tick().at(2803).succeed("c4").at(2810).verify("c5");
        insta::assert_snapshot!(log(&rollout));
    }

    #[test]
    fn a_failure_names_its_cause() {
        insta::assert_snapshot!(log(&fixture::broken_canary()), @r"
        14:30:00 created by ana (release 42)
        14:30:00 stage canary: opens (1 target)
        14:30:00 c1: apply shop
        14:30:02 c1: apply shop done after 2s: 6 objects written
        14:30:04 c1: wait shop 8/15: Deployment shop/api: 1 of 3 pods ready
        14:31:05 c1: wait shop failed: unhealthy: Deployment.apps shop/api: pod `api-6d4c9` container `api`: ImagePullBackOff: image `registry.example.com/shop/api:1.5.0-broken` cannot be pulled
        14:31:05 rollout failed in stage canary: c1
        ");
    }
}
