//! Content of releases: manifests by digest, from the store; secret ones rendered again from the workspace.
//!
//! Manifests that hold secret data are never stored. When a step needs one, the workspace is rendered again and
//! must give exactly the planned digest; otherwise the step fails and nothing is written.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use seaway_core::{
    digest::{Digest, canonical_json},
    execution::{Failure, FailureKind},
    ids::{EnvironmentName, ServiceName, TargetName},
    plan::{Plan, TargetPlan, TargetService},
    release::{Content, Rendered},
};
use seaway_store::Store;
use serde_json::Value;

use crate::Error;

/// Renders a service for a target again, for the manifests that the store does not hold.
#[async_trait]
pub trait Renderer: Send + Sync {
    /// The content as the sources give it now. `source` is the digest of the source tree that was planned: what was
    /// rendered from that tree before need not be rendered again.
    ///
    /// # Errors
    /// Why it cannot be rendered.
    async fn render(
        &self,
        environment: &EnvironmentName,
        service: &ServiceName,
        source: &Digest,
        target: &TargetName,
    ) -> Result<Arc<Content>, Error>;
}

/// Content by digest, kept in memory once read: all targets with equal content share it.
pub struct Contents {
    store: Store,
    renderer: Arc<dyn Renderer>,
    known: Mutex<BTreeMap<Digest, Arc<Content>>>,
}

impl Contents {
    pub(crate) fn new(store: Store, renderer: Arc<dyn Renderer>) -> Self {
        Self { store, renderer, known: Mutex::default() }
    }

    /// Stores what is not there yet. Secret manifests are left out.
    pub(crate) async fn save<'a>(&self, contents: impl Iterator<Item = &'a Arc<Content>>) -> Result<(), Error> {
        let mut blobs: BTreeMap<Digest, Arc<Value>> = BTreeMap::new();
        for content in contents {
            for object in content.objects.iter().filter(|object| !object.entry.sensitive) {
                blobs.entry(object.entry.digest.clone()).or_insert_with(|| Arc::clone(&object.manifest));
            }
        }
        let digests: Vec<&str> = blobs.keys().map(Digest::as_str).collect();
        let missing = self.store.missing_blobs(&digests).await?;
        for chunk in missing.chunks(256) {
            let bytes: Vec<(&str, String)> = chunk
                .iter()
                .filter_map(|digest| {
                    let manifest = blobs.get(&Digest::parse(digest)?)?;
                    Some((digest.as_str(), canonical_json(manifest)))
                })
                .collect();
            self.store.put_blobs(&bytes).await?;
        }
        Ok(())
    }

    /// The content that a plan puts on a target.
    pub(crate) async fn get(
        &self,
        plan: &Plan,
        target: &TargetPlan,
        planned: &TargetService,
    ) -> Result<Arc<Content>, Failure> {
        if let Some(content) = self.lock().get(&planned.content) {
            return Ok(Arc::clone(content));
        }
        let entries = plan.contents.get(&planned.content).ok_or_else(|| {
            Failure::new(FailureKind::Internal, format!("the plan has no content {}", planned.content.short()))
        })?;
        let mut rendered: Option<Arc<Content>> = None;
        let mut objects = Vec::with_capacity(entries.objects.len());
        for entry in &entries.objects {
            let manifest = if entry.sensitive {
                if rendered.is_none() {
                    rendered = Some(self.render(plan, target, planned).await?);
                }
                let found = rendered.iter().flat_map(|content| &content.objects).find(|object| object.entry == *entry);
                found.map(|object| Arc::clone(&object.manifest)).ok_or_else(|| {
                    Failure::new(FailureKind::Stale, format!("{} is no longer rendered as planned", entry.object))
                        .help("secret manifests are never stored: check out the planned sources, or make a new plan")
                })?
            } else {
                self.stored(&entry.digest).await?
            };
            objects.push(Rendered { entry: entry.clone(), manifest });
        }
        let content = Arc::new(Content::new(planned.service.clone(), objects));
        if content.digest != planned.content {
            let found = format!("content {} of the plan does not have its digest", planned.content.short());
            return Err(Failure::new(FailureKind::Internal, found));
        }
        self.lock().insert(planned.content.clone(), Arc::clone(&content));
        Ok(content)
    }

    async fn render(&self, plan: &Plan, target: &TargetPlan, planned: &TargetService) -> Result<Arc<Content>, Failure> {
        let source = plan.services.get(&planned.service).map(|policy| policy.source.clone()).ok_or_else(|| {
            Failure::new(FailureKind::Internal, format!("the plan has no service `{}`", planned.service))
        })?;
        let rendered = self.renderer.render(&plan.environment, &planned.service, &source, &target.name).await;
        rendered.map_err(|error| {
            Failure::new(FailureKind::Stale, format!("`{}` cannot be rendered again: {error}", planned.service))
                .help("secret manifests are never stored: the workspace must still hold the planned sources")
        })
    }

    async fn stored(&self, digest: &Digest) -> Result<Arc<Value>, Failure> {
        let bytes = self.store.get_blob(digest.as_str()).await.map_err(|error| {
            Failure::new(
                FailureKind::Internal,
                format!("content {} cannot be read from the store: {error}", digest.short()),
            )
            .help("plan again: `seaway plan` stores the content of its release")
        })?;
        serde_json::from_slice(&bytes).map(Arc::new).map_err(|error| {
            Failure::new(FailureKind::Internal, format!("content {} is not JSON: {error}", digest.short()))
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, Arc<Content>>> {
        // A panic elsewhere cannot leave the map half changed: each use is one call.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
