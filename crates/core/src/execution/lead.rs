//! Lead: a process takes the rollout's lease and drives from then on.

use super::{Event, Refusal, State, decider::Draft};

/// Takes over. Everything that must be under way is performed again by the new process; the old one's answers
/// carry an old epoch and are ignored.
pub(super) fn take(draft: &mut Draft<'_>, epoch: u64, unobserved_ms: u64) -> Result<(), Refusal> {
    if let Some(end) = draft.state.end {
        return Err(Refusal::Ended(super::stop::word(end)));
    }
    if epoch <= draft.state.epoch {
        return Err(Refusal::OldEpoch { found: epoch, known: draft.state.epoch });
    }
    draft.emit(Event::Led { epoch, unobserved_ms })
}

/// Refuses the input of a process that does not drive.
pub(super) fn require(state: &State, epoch: u64) -> Result<(), Refusal> {
    if epoch == state.epoch { Ok(()) } else { Err(Refusal::NotDriving { found: epoch, known: state.epoch }) }
}
