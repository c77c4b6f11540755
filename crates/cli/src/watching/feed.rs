//! States on their way from the engine to the display.
//!
//! The state of a large fleet is not copied for every event: the display keeps its own copy and folds the events
//! into it. Only when events are missing does it get a whole state.

use seaway_core::execution::{Recorded, State};
use tokio::sync::mpsc;

/// What is new.
pub enum Update {
    /// Everything: the first look, or after events that this process has not seen.
    Whole(Box<State>),
    /// Events that follow on what was sent before.
    Events(Vec<Recorded>),
}

/// The sending end.
pub struct Feed {
    sender: mpsc::UnboundedSender<Update>,
    /// Sequence number of what was sent; `None` = nothing yet.
    seq: Option<u64>,
}

impl Feed {
    /// A feed and its receiving end. Unbounded: the engine must never wait for a terminal.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Update>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender, seq: None }, receiver)
    }

    /// Sends what `state` has and was not sent yet; `events` are the newest of it.
    pub fn push(&mut self, state: &State, events: &[Recorded]) {
        let is_next = self.seq.is_some_and(|seq| seq + events.len() as u64 == state.seq);
        self.seq = Some(state.seq);
        let update = if is_next { Update::Events(events.to_vec()) } else { Update::Whole(Box::new(state.clone())) };
        // The receiver lives as long as the engine is polled; when it is gone nobody looks any more.
        let _ = self.sender.send(update);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, Rollout};

    #[test]
    fn a_whole_state_only_when_something_is_missing() {
        let mut rollout = Rollout::led(fixture::plan());
        let (mut feed, mut updates) = Feed::new();
        let mut push =
            |rollout: &Rollout, events| feed.push(&rollout.state, &rollout.events[rollout.events.len() - events..]);
        push(&rollout, 0);
        assert!(matches!(updates.try_recv(), Ok(Update::Whole(_))));
        let before = rollout.events.len();
        rollout.at(2).succeed("c1");
        push(&rollout, rollout.events.len() - before);
        assert!(matches!(updates.try_recv(), Ok(Update::Events(_))));
        rollout.at(3).succeed("c1");
        push(&rollout, 1);
        assert!(matches!(updates.try_recv(), Ok(Update::Whole(_))), "an event was left out");
    }
}
