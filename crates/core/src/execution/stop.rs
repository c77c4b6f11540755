//! Stop, pause and resume: people hold a rollout or end it.

use super::{Event, Phase, Refusal, decider::Draft};

pub(super) fn pause(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    refuse_ended(draft)?;
    if draft.state.paused.is_some() {
        return Err(Refusal::AlreadyPaused);
    }
    let reason = draft.reason.clone();
    draft.emit(Event::Paused { reason })
}

pub(super) fn resume(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    refuse_ended(draft)?;
    if draft.state.paused.is_none() {
        return Err(Refusal::NotPaused);
    }
    let reason = draft.reason.clone();
    draft.emit(Event::Resumed { reason })
}

pub(super) fn request(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    refuse_ended(draft)?;
    let reason = draft.reason.clone();
    draft.emit(Event::StopRequested { reason })
}

/// Cancels what is in flight once more: the process that asked for the end may not be the one that drives.
pub(super) fn cancel_again(draft: &mut Draft<'_>) {
    if draft.state.stop.is_some() {
        draft.cancel_running();
    }
}

/// Ends the rollout when nothing is in flight any more.
pub(super) fn advance(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.state.running.is_empty() { draft.emit(Event::Stopped) } else { Ok(()) }
}

fn refuse_ended(draft: &Draft<'_>) -> Result<(), Refusal> {
    match (draft.state.end, &draft.state.stop) {
        (Some(end), _) => Err(Refusal::Ended(word(end))),
        (None, Some(_)) => Err(Refusal::AlreadyStopping),
        (None, None) => Ok(()),
    }
}

/// The rollout word.
pub(super) const fn word(phase: Phase) -> &'static str {
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
