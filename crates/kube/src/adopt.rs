//! What taking over would mean, before anything is taken; what runs; and giving up what is owned.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use seaway_core::{
    digest::Digest,
    execution::{Failure, Report},
    ids::{EnvironmentName, ServiceName},
    object::ObjectRef,
    plan::FieldChange,
    release::Content,
};
use tokio_util::sync::CancellationToken;

use crate::{
    apply::{ProgressFn, WriteContext},
    connection::Cluster,
    difference::{Desired, owners},
    failure::{FieldConflict, Tried, What},
    inventory,
    survey::{Item, Standing, Survey},
    transport::{Ask, Verb},
};

/// What taking over one object would mean.
#[derive(Clone, PartialEq, Debug)]
pub struct Adoption {
    /// The service that wants it.
    pub service: ServiceName,
    /// The object.
    pub object: ObjectRef,
    /// Whether it is on the cluster.
    pub exists: bool,
    /// Whether the service owns it already.
    pub is_ours: bool,
    /// Who has it now: field managers, or another service.
    pub owners: String,
    /// Fields that their owners would have to give up first.
    pub conflicts: Vec<FieldConflict>,
    /// What would change.
    pub fields: Vec<FieldChange>,
    /// Why it cannot be taken over as it is; empty when it can.
    pub refused: String,
}

/// A service as the cluster's inventory has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Running {
    /// The environment that it was rolled out for.
    pub environment: EnvironmentName,
    /// Content of the last apply that finished.
    pub content: Option<Digest>,
    /// Content of an apply that has not finished.
    pub applying: Option<Digest>,
    /// Rollout that wrote last.
    pub rollout: String,
    /// How many objects it owns.
    pub objects: u32,
}

impl Cluster {
    /// What is on the cluster of every object, who has it, and what an adoption would change. Writes nothing.
    ///
    /// # Errors
    /// When the cluster does not answer or may not be read.
    pub async fn adopt_report(&self, desired: &[Desired]) -> Result<Vec<Adoption>, Failure> {
        let desired: Vec<&Desired> = desired.iter().collect();
        let surveys = self.survey(&desired).await?;
        let items = surveys.iter().flat_map(|survey| survey.items.iter().map(move |item| (survey, item)));
        let asked: Vec<_> = items.map(|(survey, item)| self.adoption(survey, item)).collect();
        let mut found: Vec<Adoption> = stream::iter(asked).buffer_unordered(self.width()).try_collect().await?;
        found.sort_by(|a, b| (&a.service, &a.object).cmp(&(&b.service, &b.object)));
        Ok(found)
    }

    async fn adoption(&self, survey: &Survey<'_>, item: &Item<'_>) -> Result<Adoption, Failure> {
        let mut adoption = Adoption {
            service: survey.desired.content.service.clone(),
            object: item.object().clone(),
            exists: true,
            is_ours: false,
            owners: String::new(),
            conflicts: Vec::new(),
            fields: Vec::new(),
            refused: String::new(),
        };
        match &item.standing {
            Standing::Same(_) | Standing::Ours(_) | Standing::Rerun(_) | Standing::Expired => adoption.is_ours = true,
            Standing::Absent { .. } | Standing::UnknownKind | Standing::NoNamespace => adoption.exists = false,
            Standing::OtherService { service, .. } => {
                adoption.owners = format!("service `{service}`");
                adoption.refused = format!("belongs to service `{service}`");
            }
            Standing::Foreign(presence) => {
                adoption.owners = owners(presence);
                (adoption.conflicts, adoption.fields, adoption.refused) = self.taking_over(survey, item).await?;
            }
        }
        Ok(adoption)
    }

    /// Every service that has an inventory on the cluster.
    ///
    /// # Errors
    /// When the cluster does not answer, or an inventory cannot be read.
    pub async fn running(&self) -> Result<BTreeMap<ServiceName, Running>, Failure> {
        let inventories = self.all_inventories().await?;
        let running = inventories.into_iter().map(|inventory| {
            let running = Running {
                environment: inventory.environment,
                content: inventory.content,
                applying: inventory.applying,
                rollout: inventory.writer.rollout,
                objects: u32::try_from(inventory.entries.len()).unwrap_or(u32::MAX),
            };
            (inventory.service, running)
        });
        Ok(running.collect())
    }

    /// Deletes everything that a service owns, in the reverse of the order in which it was made, and then its
    /// inventory. A service without inventory owns nothing.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn destroy(
        &self,
        service: &ServiceName,
        environment: &EnvironmentName,
        ctx: &WriteContext,
        progress: ProgressFn<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Failure> {
        let nothing = Desired {
            environment: environment.clone(),
            content: Content::new(service.clone(), Vec::new()),
            prune: true,
            allow_replace: false,
        };
        let mut report = self.apply(&nothing, None, ctx, progress, cancel).await?;
        if !self.all_inventories().await?.iter().any(|inventory| inventory.service == *service) {
            return Ok(report);
        }
        if !(ctx.fence)() {
            return Err(crate::apply::fenced());
        }
        let ask = Ask::new(Verb::Delete, format!("{}/{service}", inventory::PATH));
        match self.transport().call(&ask).await {
            Ok(_) => report.writes += 1,
            Err(error) if error.code() == 404 => {}
            Err(error) => {
                let what = What::Kind("inventory");
                return Err(Tried { server: self.server(), verb: "delete", what }.failure(&error));
            }
        }
        Ok(report)
    }
}
