//! One simulated cluster: what runs there, how fast it is, how it feels.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{digest::Digest, ids::ServiceName, plan::Change, release::Content};

use super::Weather;

/// How fast a cluster is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// One request, in milliseconds.
    pub request_ms: i64,
    /// Until something that was written is healthy, in milliseconds.
    pub warm_up_ms: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { request_ms: 20, warm_up_ms: 3_000 }
    }
}

/// A simulated cluster.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// How fast it is.
    pub pace: Pace,
    /// What is wrong with it.
    pub weather: Weather,
    pub(super) services: BTreeMap<ServiceName, Installed>,
}

impl Cluster {
    /// Content that is wholly there by the inventory, by service.
    pub fn contents(&self) -> impl Iterator<Item = &Arc<Content>> {
        self.services.values().filter_map(|installed| installed.content.as_ref())
    }
}

/// A service as it is on a cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Installed {
    /// Content that is wholly there, by the inventory.
    pub content: Option<Arc<Content>>,
    /// Content that is being written, and how many of its changes are there.
    pub next: Option<(Arc<Content>, usize)>,
    /// How often other hands changed something since the last apply.
    pub drift: u32,
    /// When it is healthy after the last write, in epoch milliseconds.
    pub warm_ms: i64,
}

/// What is done to one object on the way from one content to another.
pub(super) struct Edit {
    pub change: Change,
    /// Position in the new content, or in the old one for deletions.
    pub at: usize,
}

impl Installed {
    /// Fingerprint of the live state.
    pub fn base(&self, service: &ServiceName) -> Digest {
        let digest = |content: &Arc<Content>| content.digest.as_str().to_owned();
        let content = self.content.as_ref().map(digest).unwrap_or_default();
        let next = self.next.as_ref().map(|(content, done)| format!("{} {done}", digest(content))).unwrap_or_default();
        Digest::of(format!("{service}\n{content}\n{next}\n{}", self.drift).as_bytes())
    }

    /// Content that runs, when it is whole and nobody else touched it.
    pub fn runs(&self) -> Option<&Digest> {
        let is_whole = self.next.is_none() && self.drift == 0;
        self.content.as_ref().filter(|_| is_whole).map(|content| &content.digest)
    }

    /// What has to be written so that a content is there.
    pub fn edits(&self, wanted: &Content) -> Vec<Edit> {
        let old = self.content.as_deref();
        // After other hands, or half of another content, it is not known what is there: everything is written.
        let is_unknown = self.drift > 0 || self.next.as_ref().is_some_and(|(next, _)| next.digest != wanted.digest);
        let mut edits = Vec::new();
        for (at, object) in wanted.objects.iter().enumerate() {
            let before = old.and_then(|old| old.objects.iter().find(|o| o.entry.object == object.entry.object));
            match before {
                None => edits.push(Edit { change: Change::Create, at }),
                Some(before) if before.entry.digest != object.entry.digest || is_unknown => {
                    edits.push(Edit { change: Change::Modify, at });
                }
                Some(_) => {}
            }
        }
        for (at, object) in old.map(|old| old.objects.as_slice()).unwrap_or_default().iter().enumerate() {
            if !wanted.objects.iter().any(|o| o.entry.object == object.entry.object) {
                edits.push(Edit { change: Change::Delete, at });
            }
        }
        // What an interrupted apply of the same content has written is there already.
        let done = self.next.as_ref().filter(|(next, _)| next.digest == wanted.digest).map_or(0, |(_, done)| *done);
        edits.split_off(done.min(edits.len()))
    }
}
