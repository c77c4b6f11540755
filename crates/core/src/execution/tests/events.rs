//! The format of events: every line of `events.jsonl` must stay readable for ever, and be written back as it is.

use super::fixture::{Run, plan, stage};
use crate::{
    digest::Digest,
    execution::{
        ClaimAnswer, Command, EVENT_VERSION, Event, Failure, FailureKind, Outcome, Progress, Report, StageEnd,
    },
    ids::{EnvironmentName, RolloutId, ServiceName, StageName, StepId, TargetName},
    plan::StepKind,
};

const GOLDEN: &str = include_str!("events.jsonl");

/// One event of each type and each form; those without a reason and with one.
fn samples() -> Vec<Event> {
    let (stage, why) = (StageName::new("canary"), Some("the fix is in".to_owned()));
    let (step, attempt) = (StepId(3), 2);
    let failure = Failure::new(FailureKind::Unhealthy, "Deployment.apps shop/web: 0 of 3 ready")
        .detail("Back-off pulling image")
        .help("check the image's name");
    let kinds = [
        FailureKind::Unreachable,
        FailureKind::Throttled,
        FailureKind::Timeout,
        FailureKind::Conflict,
        FailureKind::Immutable,
        FailureKind::Denied,
        FailureKind::Refused,
        FailureKind::Stale,
        FailureKind::Cancelled,
        FailureKind::Internal,
    ];
    let mut samples = vec![
        Event::Created {
            rollout: RolloutId::new("r1"),
            plan: Digest::of(b"plan"),
            environment: EnvironmentName::new("prod"),
            services: vec![ServiceName::new("shop")],
            reason: why.clone(),
        },
        Event::Created {
            rollout: RolloutId::new("r1"),
            plan: Digest::of(b"plan"),
            environment: EnvironmentName::new("prod"),
            services: Vec::new(),
            reason: None,
        },
        Event::Led { epoch: 1, unobserved_ms: 1500 },
        Event::ClaimGranted,
        Event::ClaimHeld { by: RolloutId::new("r0"), position: 1 },
        Event::Approved { stage: stage.clone(), plan: Digest::of(b"plan"), reason: None },
        Event::Approved { stage: stage.clone(), plan: Digest::of(b"plan"), reason: why.clone() },
        Event::StageOpened { stage: stage.clone() },
        Event::StepStarted { step, attempt, deadline_ms: 1_700_000_000_000 },
        Event::StepProgressed { step, attempt, progress: Progress { done: 1, total: 3, waiting: String::new() } },
        Event::StepProgressed { step, attempt, progress: Progress { done: 1, total: 3, waiting: "pods".to_owned() } },
        Event::StepSucceeded { step, attempt, report: Report::default() },
        Event::StepSucceeded {
            step,
            attempt,
            report: Report {
                writes: 3,
                message: "3 objects".to_owned(),
                evidence: serde_json::json!({"objects": ["a"], "resourceVersion": "7"}),
            },
        },
        Event::StepFailed { step, attempt, failure: failure.clone(), retry_at_ms: None },
        Event::StepFailed { step, attempt, failure, retry_at_ms: Some(1_700_000_000_000) },
        Event::BakeStarted { stage: stage.clone(), until_ms: 1_700_000_000_000 },
        Event::Paused { reason: None },
        Event::Paused { reason: why.clone() },
        Event::Resumed { reason: None },
        Event::Resumed { reason: why.clone() },
        Event::StopRequested { reason: None },
        Event::StopRequested { reason: why.clone() },
        Event::Retried { targets: vec![TargetName::new("a"), TargetName::new("b")], reason: None },
        Event::Retried { targets: vec![TargetName::new("a")], reason: why },
        Event::Stopped,
        Event::Failed { stage: stage.clone(), targets: vec![TargetName::new("a")] },
        Event::Succeeded,
    ];
    let ends = [StageEnd::Baked, StageEnd::NoBake, StageEnd::NoChange, StageEnd::NoneVerified];
    samples.extend(ends.map(|end| Event::StageCompleted { stage: stage.clone(), end }));
    samples.extend(kinds.map(|kind| Event::StepFailed {
        step,
        attempt,
        failure: Failure::new(kind, "short"),
        retry_at_ms: None,
    }));
    samples
}

#[test]
fn events_are_read_and_written_as_they_always_were() {
    let golden: Vec<&str> = GOLDEN.lines().collect();
    let written: Vec<String> = samples().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    assert_eq!(written, golden, "the format changed: raise EVENT_VERSION, keep reading the old lines");
    for (line, sample) in golden.iter().zip(samples()) {
        let read: Event = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(read, sample);
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["type"], read.kind(), "the type of the format is not the event's kind");
    }
    assert_eq!(EVENT_VERSION, 1, "a new version needs a golden file of its own beside the old one");
}

#[test]
fn every_event_that_a_rollout_can_make_is_in_the_golden_file() {
    let mut run = Run::create(plan(vec![stage("all", &["a", "b"]).bake(60).failures(1).approved_by(1, &[])]));
    run.lead(1, 0);
    run.claim(ClaimAnswer::Held { by: RolloutId::new("r0"), position: 1 });
    run.claim(ClaimAnswer::Granted);
    run.approve("ann", "all");
    run.command("ann", Command::Pause);
    run.command("ann", Command::Resume);
    run.tick();
    run.progress("a", StepKind::Apply, "pods");
    run.verify(&["a"]);
    run.answer("b", StepKind::Apply, Outcome::Failed(Failure::new(FailureKind::Denied, "no")));
    run.pass(60).ok("a", StepKind::Bake);
    run.command("ann", Command::Retry { targets: Vec::new() });
    run.command("ann", Command::Stop);
    run.lead(2, 0);
    let mut failed = Run::start(plan(vec![stage("all", &["a"])]));
    failed.fail("a", StepKind::Apply, FailureKind::Denied);
    let golden: std::collections::BTreeSet<&str> = samples().iter().map(Event::kind).collect();
    let made = run.events.iter().chain(&failed.events).map(|recorded| recorded.event.kind());
    assert_eq!(made.collect::<std::collections::BTreeSet<&str>>(), golden);
}

#[test]
fn unknown_fields_and_types_are_refused() {
    for line in [
        r#"{"type":"StageOpened","stage":"all","extra":1}"#,
        r#"{"type":"Rewound"}"#,
        r#"{"type":"StageOpened"}"#,
        r#"{"type":"Led","epoch":-1,"unobservedMs":0}"#,
        r#"{}"#,
    ] {
        assert!(serde_json::from_str::<Event>(line).is_err(), "{line}");
    }
}
