//! Step: one attempt after the other, each with a limit, transient failures tried again with growing pauses.

use super::{Event, Failure, FailureKind, Outcome, Refusal, State, StepStatus, bake, decider::Draft};
use crate::ids::StepId;

/// How long after its own limit a driver may still answer, in milliseconds. Drivers end by themselves at the
/// limit and say why; the decider's deadline is for drivers that do not.
const DEADLINE_GRACE_MS: u64 = 5000;
/// First pause before another attempt, in milliseconds; doubles each time.
const BACKOFF_FIRST_MS: u64 = 1000;
/// Longest pause, in milliseconds.
const BACKOFF_MAX_MS: u64 = 15_000;

pub(super) fn start(draft: &mut Draft<'_>, id: StepId) -> Result<(), Refusal> {
    let attempt = draft.state.steps[id.index()].attempt + 1;
    let deadline_ms = deadline_ms(draft.state, id, draft.at_ms);
    draft.emit(Event::StepStarted { step: id, attempt, deadline_ms })
}

/// Starts the attempts whose pause is over.
pub(super) fn start_due(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    while let Some((at_ms, id)) = draft.state.retrying.first().copied() {
        if at_ms > draft.at_ms {
            break;
        }
        start(draft, id)?;
    }
    Ok(())
}

/// When an attempt that starts, or is taken over, at a time counts as failed for want of an answer.
pub(super) fn deadline_ms(state: &State, id: StepId, at_ms: i64) -> i64 {
    let limit_ms = state.frame.step(id).map_or(0, |step| step.limit.0);
    let from_ms = bake::until_ms(state, id).unwrap_or(at_ms).max(at_ms);
    from_ms.saturating_add(i64::try_from(limit_ms.saturating_add(DEADLINE_GRACE_MS)).unwrap_or(i64::MAX))
}

pub(super) fn answer(draft: &mut Draft<'_>, id: StepId, attempt: u32, outcome: &Outcome) -> Result<(), Refusal> {
    let Some(step) = draft.state.steps.get(id.index()) else { return Ok(()) };
    let is_awaited = step.status == StepStatus::Running && step.attempt == attempt;
    if !is_awaited || draft.state.end.is_some() {
        return Ok(());
    }
    match outcome {
        Outcome::Progress(progress) if step.progress.as_ref() == Some(progress) => Ok(()),
        Outcome::Progress(progress) => {
            draft.emit(Event::StepProgressed { step: id, attempt, progress: progress.clone() })
        }
        Outcome::Succeeded(report) => draft.emit(Event::StepSucceeded { step: id, attempt, report: report.clone() }),
        Outcome::Failed(failure) => fail(draft, id, failure.clone()),
    }
}

/// Ends attempts that gave no answer in time.
pub(super) fn expire(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let at_ms = draft.at_ms;
    let late: Vec<StepId> =
        draft.state.running.iter().copied().filter(|id| draft.state.steps[id.index()].deadline_ms <= at_ms).collect();
    for id in late {
        let step = &draft.state.steps[id.index()];
        let attempt = step.attempt;
        let waiting = step.progress.as_ref().map(|progress| progress.waiting.as_str()).filter(|text| !text.is_empty());
        let last = waiting.map(|text| format!("; last seen: {text}")).unwrap_or_default();
        let failure = Failure::new(FailureKind::Timeout, format!("no answer within its limit{last}"));
        draft.effect(super::Effect::Cancel { step: id, attempt });
        fail(draft, id, failure)?;
    }
    Ok(())
}

fn fail(draft: &mut Draft<'_>, id: StepId, failure: Failure) -> Result<(), Refusal> {
    let attempt = draft.state.steps[id.index()].attempt;
    let retry_at_ms = draft.at_ms.saturating_add(backoff_ms(attempt));
    let trying_since_ms = trying_since_ms(draft.state, id, draft.at_ms);
    let give_up_ms = give_up_ms(draft.state);
    let is_retried = failure.kind.is_transient()
        && draft.state.stop.is_none()
        && retry_at_ms.saturating_sub(trying_since_ms) <= give_up_ms;
    let retry_at_ms = is_retried.then_some(retry_at_ms);
    draft.emit(Event::StepFailed { step: id, attempt, failure, retry_at_ms })
}

/// Since when a target has not answered, when one more attempt fails for now: since the first such failure in a row.
///
/// What an attempt did before it failed for the first time does not count: a bake may have watched for hours. Nor does
/// an earlier row when a bake has watched for longer than an unreachable target could take to be noticed.
pub(super) fn trying_since_ms(state: &State, id: StepId, at_ms: i64) -> i64 {
    let step = &state.steps[id.index()];
    let request_ms =
        state.frame.target_of(id).map(|target| state.frame.target(target).connection.limits.request_timeout);
    let silent_ms = give_up_ms(state).saturating_add(request_ms.map_or(0, |request| millis(request.0)));
    let ran_ms = at_ms.saturating_sub(step.started_ms.unwrap_or(at_ms));
    let has_watched = bake::until_ms(state, id).is_some_and(|until_ms| at_ms < until_ms) && ran_ms > silent_ms;
    step.trying_since_ms.filter(|_| !has_watched).unwrap_or(at_ms)
}

fn give_up_ms(state: &State) -> i64 {
    millis(state.frame.plan.give_up_unreachable_after.0)
}

fn millis(unsigned: u64) -> i64 {
    i64::try_from(unsigned).unwrap_or(i64::MAX)
}

fn backoff_ms(attempt: u32) -> i64 {
    let doubled = BACKOFF_FIRST_MS.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    doubled.min(BACKOFF_MAX_MS) as i64
}
