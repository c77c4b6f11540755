//! How long services took, kept for the prediction of later plans.
//!
//! These are views: they can be computed from the events again, and nothing but predictions rests on them.

use seaway_core::{
    declaration::Environment,
    duration::Millis,
    execution::{Phase, State},
    ids::ServiceName,
    plan::Timings,
    record::{durations, median},
};

use crate::{Engine, Error};

/// Kind of the store's documents that hold timings.
const KIND: &str = "timing";

impl Engine {
    /// The usual time of services in an environment.
    pub(crate) async fn timings(
        &self,
        environment: &Environment,
        services: impl Iterator<Item = &ServiceName>,
    ) -> Result<Timings, Error> {
        let mut timings = Timings::default();
        for service in services {
            match self.store.get_document(KIND, &format!("{}/{service}", environment.name)).await {
                Ok(document) => {
                    // A view that cannot be read is as good as none: the guess stands in for it.
                    if let Ok(usual) = serde_json::from_str::<Millis>(&document.json) {
                        timings.0.insert(service.clone(), usual);
                    }
                }
                Err(seaway_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(timings)
    }

    /// Remembers how long the services of a rollout that succeeded took.
    pub(crate) async fn remember_timings(&self, state: &State) -> Result<(), Error> {
        if state.end != Some(Phase::Succeeded) {
            return Ok(());
        }
        for (service, took) in durations(state) {
            let Some(usual) = median(took) else { continue };
            let id = format!("{}/{service}", state.frame.plan.environment);
            let json = serde_json::json!(usual).to_string();
            match self.store.put_document(KIND, &id, &json).await {
                Ok(_) => {}
                Err(seaway_store::Error::Conflict { .. }) => {
                    let known = self.store.get_document(KIND, &id).await?;
                    self.store.replace_document(KIND, &id, &json, known.revision).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
