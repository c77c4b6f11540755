//! Events as lines for people.

use seaway_core::{
    execution::{Event, Frame},
    ids::StepId,
};

/// One event as a line.
pub fn event(frame: &Frame, event: &Event) -> String {
    let name = |step: StepId| {
        let target = frame.target_of(step).map_or("?", |target| frame.target(target).name.as_str());
        format!("{} {target}", frame.step(step).map_or("?", |step| step.kind.word()))
    };
    match event {
        Event::StepStarted { step, attempt, .. } => format!("{} started, attempt {attempt}", name(*step)),
        Event::StepProgressed { step, progress, .. } => format!("{} … {}", name(*step), progress.waiting),
        Event::StepSucceeded { step, .. } => format!("{} succeeded", name(*step)),
        Event::StepFailed { step, failure, retry_at_ms, .. } => {
            let again = retry_at_ms.map(|at_ms| format!(", again at {:.3}s", at_ms as f64 / 1000.0));
            format!("{} failed: {failure}{}", name(*step), again.unwrap_or_default())
        }
        Event::Led { epoch, unobserved_ms } => format!("led, epoch {epoch}, nobody watched for {unobserved_ms} ms"),
        Event::ClaimHeld { by, position } => format!("claim held by {by}, place {position}"),
        Event::Approved { stage, .. } => format!("{stage} approved"),
        Event::StageOpened { stage } => format!("{stage} open"),
        Event::BakeStarted { stage, until_ms } => format!("{stage} bakes until {:.3}s", *until_ms as f64 / 1000.0),
        Event::StageCompleted { stage, end } => format!("{stage} done: {end:?}"),
        Event::Retried { targets, .. } => format!("retry of {targets:?}"),
        Event::Failed { stage, targets } => format!("FAILED in {stage}: {targets:?}"),
        Event::Created { .. }
        | Event::ClaimGranted
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::StopRequested { .. }
        | Event::Stopped
        | Event::Succeeded => event.kind().to_owned(),
    }
}
