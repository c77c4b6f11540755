//! What a kept plan puts on its targets, read from the store alone.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    digest::Digest,
    ids::{ServiceName, TargetName},
    plan::Plan,
    release::{Content, Rendered},
};
use serde_json::Value;

use crate::{Engine, Error};

impl Engine {
    /// What a plan puts on each target of a service, in the order of its stages. Manifests of secrets are kept nowhere:
    /// theirs is `null`, and only their digest says whether they are the same.
    ///
    /// # Errors
    /// When the content is not in the store, or cannot be read.
    pub async fn kept(&self, plan: &Plan, service: &ServiceName) -> Result<Vec<(TargetName, Arc<Content>)>, Error> {
        let (mut known, mut found) = (BTreeMap::<&Digest, Arc<Content>>::new(), Vec::new());
        for (_, target) in plan.targets() {
            for planned in target.services.iter().filter(|planned| planned.service == *service) {
                let content = match known.get(&planned.content) {
                    Some(content) => Arc::clone(content),
                    None => {
                        let content = Arc::new(self.kept_content(plan, service, &planned.content).await?);
                        known.insert(&planned.content, Arc::clone(&content));
                        content
                    }
                };
                found.push((target.name.clone(), content));
            }
        }
        Ok(found)
    }

    async fn kept_content(&self, plan: &Plan, service: &ServiceName, digest: &Digest) -> Result<Content, Error> {
        let missing = |digest: &Digest| Error::NotFound {
            what: "content",
            name: digest.short().to_owned(),
            hint: "; plan again: `seaway plan` stores the content of its release".to_owned(),
        };
        let planned = plan.contents.get(digest).ok_or_else(|| missing(digest))?;
        let mut objects = Vec::with_capacity(planned.objects.len());
        for entry in &planned.objects {
            let manifest = if entry.sensitive {
                Value::Null
            } else {
                let bytes = self.store.get_blob(entry.digest.as_str()).await.map_err(|error| match error {
                    seaway_store::Error::NotFound { .. } => missing(&entry.digest),
                    other => other.into(),
                })?;
                serde_json::from_slice(&bytes).map_err(|_| missing(&entry.digest))?
            };
            objects.push(Rendered { entry: entry.clone(), manifest: Arc::new(manifest) });
        }
        Ok(Content::new(service.clone(), objects))
    }
}
