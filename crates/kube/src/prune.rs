//! Deleting what left the content: only what the inventory lists, only while it is the same object with our label.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use seaway_core::execution::Failure;

use crate::{
    apply::{Apply, joined},
    order::place,
    survey::{Leaving, Survey},
    write::Propagation,
};

impl Survey<'_> {
    /// The objects that this apply deletes.
    pub(crate) fn pruned(&self) -> impl Iterator<Item = &Leaving> {
        self.leaving.iter().filter(|_| self.desired.prune)
    }
}

impl Apply<'_> {
    /// Deletes in the reverse of the order in which objects are written. How many were there.
    pub(crate) async fn prune(&self) -> Result<u32, Failure> {
        let mut places: BTreeMap<_, Vec<&Leaving>> = BTreeMap::new();
        for leaving in self.survey.pruned() {
            places.entry(place(&leaving.entry.object, leaving.entry.phase)).or_default().push(leaving);
        }
        let mut deleted = 0;
        for leaving in places.into_values().rev() {
            let leaving = &leaving;
            let pruned = stream::iter(0..leaving.len()).map(|i| self.prune_one(leaving[i]));
            let results: Vec<Result<bool, Failure>> = pruned.buffer_unordered(self.cluster.width()).collect().await;
            deleted += results.iter().filter(|result| matches!(result, Ok(true))).count();
            let failures = results.into_iter().filter_map(Result::err).collect();
            if let Some(failure) = joined(failures) {
                return Err(failure);
            }
        }
        Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
    }

    async fn prune_one(&self, leaving: &Leaving) -> Result<bool, Failure> {
        self.permit()?;
        let (resource, object) = (&leaving.resource, &leaving.entry.object);
        let was_there = self.cluster.delete(resource, object, &leaving.live, Propagation::Background).await?;
        self.count(u32::from(was_there));
        self.advance();
        Ok(was_there)
    }
}
