//! What must hold before the first write: nothing is refused, no newer driver was here, and the world is still the
//! one that the plan saw.

use seaway_core::{
    digest::Digest,
    execution::{Failure, FailureKind},
    object::ObjectRef,
};

use crate::{
    apply::{Apply, cancelled, fenced, joined},
    difference::refusal,
    survey::{Item, Standing},
};

/// What the live state is, compared with the plan's base.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum World {
    /// The one that the plan saw, or nobody asked.
    AsPlanned,
    /// On the way from it: an apply of the same content died.
    OnTheWay,
}

impl Apply<'_> {
    /// Whether the apply may start.
    pub(crate) async fn check(&self, base: Option<&Digest>) -> Result<World, Failure> {
        self.check_refusals()?;
        self.check_epoch()?;
        let Some(base) = base else { return Ok(World::AsPlanned) };
        if *base == self.survey.base() {
            return Ok(World::AsPlanned);
        }
        if self.is_done() {
            return Ok(World::OnTheWay);
        }
        if *base != self.survey.base_by_inventory() {
            return Err(self.stale());
        }
        for item in &self.survey.items {
            if !self.is_before(item) && !self.is_after(item).await? {
                return Err(moved(item.object()));
            }
        }
        let others = self.survey.leaving.iter();
        match others
            .map(|leaving| &leaving.entry)
            .zip(&self.survey.leaving)
            .find(|(entry, leaving)| entry.live.as_ref() != Some(&leaving.live.fingerprint))
        {
            Some((entry, _)) => Err(moved(&entry.object)),
            None => Ok(World::OnTheWay),
        }
    }

    fn check_refusals(&self) -> Result<(), Failure> {
        let refused = self.survey.items.iter().filter_map(|item| {
            let why = refusal(&self.survey, item)?;
            let kind = match item.standing {
                Standing::UnknownKind | Standing::NoNamespace => FailureKind::Refused,
                _ => FailureKind::Conflict,
            };
            Some(Failure::new(kind, format!("`{}`: {why}", item.object())))
        });
        joined(refused.collect()).map_or(Ok(()), Err)
    }

    fn check_epoch(&self) -> Result<(), Failure> {
        let Some(inventory) = &self.survey.inventory else { return Ok(()) };
        let writer = &inventory.writer;
        if writer.rollout == self.ctx.rollout.as_str() && writer.epoch > self.ctx.epoch {
            let message = format!(
                "a newer driver of this rollout (epoch {}, ours is {}) has written the inventory of `{}`",
                writer.epoch, self.ctx.epoch, inventory.service
            );
            return Err(Failure::new(FailureKind::Cancelled, message));
        }
        Ok(())
    }

    /// Whether everything is as wanted, whatever the world was before.
    fn is_done(&self) -> bool {
        let is_same = |item: &Item<'_>| matches!(item.standing, Standing::Same(_) | Standing::Expired);
        self.survey.items.iter().all(is_same) && (self.survey.leaving.is_empty() || !self.survey.desired.prune)
    }

    /// Whether an object is as the inventory says that the last apply left it.
    fn is_before(&self, item: &Item<'_>) -> bool {
        let listed = item.listed.as_ref().and_then(|entry| entry.live.as_ref());
        match &item.standing {
            // A Job that failed is what an apply of ours left.
            Standing::Same(_) | Standing::Expired | Standing::Rerun(_) => true,
            Standing::Ours(live) => listed == Some(&live.fingerprint),
            Standing::Foreign(presence) => listed == Some(&crate::fingerprint::of_foreign(&presence.uid)),
            // A replacement that died has deleted and not yet created it.
            Standing::Absent { .. } => listed.is_none() || item.may_replace(self.survey.desired),
            Standing::OtherService { .. } | Standing::UnknownKind | Standing::NoNamespace => false,
        }
    }

    /// Whether an object is as this content wants it, by asking the server.
    async fn is_after(&self, item: &Item<'_>) -> Result<bool, Failure> {
        match &item.standing {
            Standing::Ours(live) => self.cluster.is_as_wanted(&self.survey, item, live).await,
            _ => Ok(false),
        }
    }

    /// The first object that is not as the inventory says, or the inventory itself.
    fn stale(&self) -> Failure {
        let item = self.survey.items.iter().find(|item| !self.is_before(item)).map(Item::object);
        let leaving = || {
            let mut moved = self.survey.leaving.iter();
            moved
                .find(|leaving| leaving.entry.live.as_ref() != Some(&leaving.live.fingerprint))
                .map(|leaving| &leaving.entry.object)
        };
        match (item.or_else(leaving), &self.survey.inventory) {
            (Some(object), _) => moved(object),
            (None, Some(inventory)) => Failure::new(
                FailureKind::Stale,
                format!(
                    "service `{}` was applied by rollout `{}` after the plan was made",
                    inventory.service, inventory.writer.rollout
                ),
            )
            .help("make a new plan"),
            (None, None) => Failure::new(
                FailureKind::Stale,
                format!(
                    "service `{}` is no longer on the cluster as the plan saw it",
                    self.survey.desired.content.service
                ),
            )
            .help("make a new plan"),
        }
    }

    /// Asked before every write.
    pub(crate) fn permit(&self) -> Result<(), Failure> {
        if self.cancel.is_cancelled() {
            return Err(cancelled());
        }
        if (self.ctx.fence)() {
            return Ok(());
        }
        Err(fenced())
    }
}

fn moved(object: &ObjectRef) -> Failure {
    Failure::new(FailureKind::Stale, format!("`{object}` is no longer as the plan saw it")).help("make a new plan")
}
