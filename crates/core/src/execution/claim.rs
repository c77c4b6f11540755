//! Claim: at most one rollout changes a service of an environment at a time.

use super::{ClaimAnswer, ClaimState, Effect, Event, Refusal, decider::Draft};

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
    if draft.state.end.is_none() && draft.state.claim != ClaimState::Granted {
        let services = draft.state.frame.plan.services.keys().cloned().collect();
        draft.effect(Effect::Claim { services });
    }
}
