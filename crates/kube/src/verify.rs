//! Reading back: the cluster runs exactly this content, and it is healthy.

use seaway_core::{
    execution::{Failure, FailureKind, Report},
    health::{self, Context, Now},
};
use serde_json::{Value, json};

use crate::{
    connection::Cluster,
    difference::Desired,
    observe::{Seen, Watched, unhealthy},
    survey::{Standing, Survey},
    wait::failed,
};

impl Cluster {
    /// Reads inventories and one list per kind, and compares: manifests and content by digest, live state by
    /// fingerprint, health by the strict rules.
    ///
    /// # Errors
    /// [`FailureKind::Stale`] when the cluster runs something else, [`FailureKind::Unhealthy`] with the cause; both
    /// name the object.
    pub async fn verify(&self, desired: &[Desired]) -> Result<Report, Failure> {
        let desired: Vec<&Desired> = desired.iter().collect();
        let surveys = self.survey_listed(&desired).await?;
        let mut objects = 0;
        let mut contents = Vec::new();
        let mut seen = Vec::new();
        for survey in &surveys {
            self.verify_content(survey).await?;
            objects += survey.items.len();
            contents.push(json!({"service": survey.desired.content.service, "content": survey.desired.content.digest}));
            seen.extend(look(survey, self.transport().now()));
        }
        let bad = unhealthy(&seen);
        if !bad.is_empty() {
            return Err(failed(&bad));
        }
        Ok(Report {
            writes: 0,
            message: format!("{objects} objects run as planned and are healthy"),
            evidence: json!({"objects": objects, "healthChecked": seen.len(), "contents": contents}),
        })
    }

    async fn verify_content(&self, survey: &Survey<'_>) -> Result<(), Failure> {
        let service = &survey.desired.content.service;
        let stale = |message: String| Failure::new(FailureKind::Stale, message).help("make a new plan");
        let Some(inventory) = &survey.inventory else {
            return Err(stale(format!("service `{service}` has no inventory on the cluster")));
        };
        if let Some(environment) = survey.foreign_environment() {
            return Err(stale(format!("service `{service}` on the cluster belongs to environment `{environment}`")));
        }
        if inventory.content.as_ref() != Some(&survey.desired.content.digest) || inventory.applying.is_some() {
            let found = inventory.applying.as_ref().or(inventory.content.as_ref());
            let found = found.map_or("nothing", |digest| digest.short());
            let message = format!(
                "the inventory of service `{service}` says that content `{found}` runs, expected `{}`",
                survey.desired.content.digest.short()
            );
            return Err(stale(message));
        }
        for item in &survey.items {
            let object = item.object();
            match &item.standing {
                Standing::Same(_) | Standing::Rerun(_) | Standing::Expired => {}
                Standing::Ours(live) => {
                    let is_applied =
                        item.listed.as_ref().is_some_and(|e| e.rendered.as_ref() == Some(&item.rendered.entry.digest));
                    // A fingerprint may move without a change of anything that we want, so the server decides.
                    if !is_applied || !self.is_as_wanted(survey, item, live).await? {
                        return Err(stale(format!("`{object}` was changed on the cluster")));
                    }
                }
                Standing::Absent { .. } => return Err(stale(format!("`{object}` is not on the cluster"))),
                Standing::Foreign(_) | Standing::OtherService { .. } => {
                    return Err(stale(format!("`{object}` belongs to somebody else")));
                }
                Standing::UnknownKind | Standing::NoNamespace => {
                    return Err(stale(format!("`{object}` is of a kind that the cluster does not know")));
                }
            }
        }
        Ok(())
    }
}

/// Health as the listed objects themselves tell it; causes in pods are found while waiting.
fn look(survey: &Survey<'_>, now: Now) -> Vec<Seen> {
    let watched = survey.items.iter().filter(|item| !Watched::is_settled(item.object()));
    watched
        .filter_map(|item| {
            let object: &Value = match &item.standing {
                Standing::Same(live) | Standing::Ours(live) | Standing::Rerun(live) => &live.object,
                _ => return None,
            };
            let status = health::strict(object, &Context::default(), now);
            Some(Seen { object: item.object().clone(), status })
        })
        .collect()
}
