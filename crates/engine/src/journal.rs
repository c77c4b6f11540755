//! The journal of a rollout: its events in the store, and the state that they fold to.

use std::sync::Arc;

use seaway_core::{
    execution::{EVENT_VERSION, Event, Frame, Phase, Recorded, State},
    ids::{Principal, RolloutId},
};
use seaway_store::{Append, ClaimChange, Fence, NewEvent, RolloutRow, Store, StoredEvent};

use crate::Error;

/// Events read from the store in one go. Bounds memory: an event is mostly below a kilobyte.
const PAGE: u32 = 5000;

/// Name of the stream that holds a rollout's events.
pub(crate) fn stream(rollout: &RolloutId) -> String {
    format!("rollout/{rollout}")
}

/// Reads all events and folds them.
pub(crate) async fn load(store: &Store, rollout: &RolloutId, frame: Arc<Frame>) -> Result<State, Error> {
    let mut state = State::empty(rollout.clone(), frame);
    catch_up(store, &mut state).await?;
    if state.seq == 0 {
        return Err(Error::NotFound { what: "rollout", name: rollout.to_string(), hint: String::new() });
    }
    Ok(state)
}

/// Folds the events that the state has not seen, and returns them.
pub(crate) async fn catch_up(store: &Store, state: &mut State) -> Result<Vec<Recorded>, Error> {
    let stream = stream(&state.rollout);
    let mut fresh = Vec::new();
    loop {
        let page = store.read(&stream, state.seq, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        for stored in page {
            let recorded = decode(&state.rollout, stored)?;
            state.apply(&recorded)?;
            fresh.push(recorded);
        }
        if is_last {
            return Ok(fresh);
        }
    }
}

fn decode(rollout: &RolloutId, stored: StoredEvent) -> Result<Recorded, Error> {
    let broken =
        |why: String| Error::Record { rollout: rollout.to_string(), why: format!("event {}: {why}", stored.seq) };
    if stored.version > EVENT_VERSION {
        return Err(broken(format!(
            "it has version {}, this program knows up to {EVENT_VERSION}: use a newer seaway",
            stored.version
        )));
    }
    let event: Event = serde_json::from_str(&stored.body).map_err(|error| broken(error.to_string()))?;
    Ok(Recorded { at_ms: stored.at_ms, by: Principal::new(&stored.by), event })
}

/// Appends events after those that `state` had before them. `state` has them folded already.
///
/// The index row is written with them when the phase changed, and the claim is given back with the event that
/// ends the rollout, so that neither can be lost on its own.
pub(crate) async fn append(
    store: &Store,
    state: &State,
    events: &[Recorded],
    fence: Option<&Fence>,
    last_phase: Option<Phase>,
) -> Result<(), Error> {
    let encode = |recorded: &Recorded| {
        let body = serde_json::to_string(&recorded.event)
            .map_err(|error| Error::Record { rollout: state.rollout.to_string(), why: error.to_string() })?;
        Ok(NewEvent {
            kind: recorded.event.kind().to_owned(),
            version: EVENT_VERSION,
            at_ms: recorded.at_ms,
            by: recorded.by.to_string(),
            body,
        })
    };
    let encoded: Vec<NewEvent> = events.iter().map(encode).collect::<Result<_, Error>>()?;
    let row = (last_phase != Some(state.phase())).then(|| index_row(state));
    let owner = state.rollout.to_string();
    let is_over = state.end.is_some() && events.iter().any(|recorded| recorded.event.is_end());
    store
        .append(Append {
            stream: &stream(&state.rollout),
            expected_seq: state.seq - events.len() as u64,
            fence,
            events: &encoded,
            index: row.as_ref(),
            claims: is_over.then_some(ClaimChange::Release { owner: &owner }),
        })
        .await?;
    Ok(())
}

fn index_row(state: &State) -> RolloutRow {
    let services: Vec<&str> = state.frame.plan.services.keys().map(|name| name.as_str()).collect();
    RolloutRow {
        id: state.rollout.to_string(),
        environment: state.frame.plan.environment.to_string(),
        services: serde_json::json!(services).to_string(),
        plan: state.frame.hash.to_string(),
        phase: format!("{:?}", state.phase()),
        created_ms: state.created_ms,
        updated_ms: state.at_ms,
    }
}
