//! Claim: at most one rollout changes a service of an environment at a time.

use super::{ClaimAnswer, ClaimState, Effect, Event, Refusal, State, decider::Draft};

/// How long a waiting rollout waits before it asks again, in milliseconds. The queue is in the store, so asking
/// seldom loses no place.
pub(super) const ASK_AGAIN_MS: i64 = 1000;

pub(super) fn answer(draft: &mut Draft<'_>, answer: &ClaimAnswer) -> Result<(), Refusal> {
    if draft.state.end.is_some() || draft.state.claim == ClaimState::Granted {
        return Ok(());
    }
    match answer {
        ClaimAnswer::Granted => draft.emit(Event::ClaimGranted),
        ClaimAnswer::Held { by, position } => {
            let known = ClaimState::Held { by: by.clone(), position: *position };
            if draft.state.claim == known {
                return Ok(());
            }
            draft.emit(Event::ClaimHeld { by: by.clone(), position: *position })
        }
    }
}

pub(super) fn ask_again(draft: &mut Draft<'_>) {
    draft.decision.effects.extend(wanted(draft.state));
}

/// The claim that a rollout needs. One that has ended, or is about to, must not take a place in the queue: nobody
/// would give it back.
pub(super) fn wanted(state: &State) -> Option<Effect> {
    let is_over = state.end.is_some() || state.stop.is_some();
    let is_wanted = !is_over && state.claim != ClaimState::Granted;
    is_wanted.then(|| Effect::Claim { services: state.frame.plan.services.keys().cloned().collect() })
}
