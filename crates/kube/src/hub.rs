//! Watches that several waits share: one per kind and scope, as long as somebody looks.
//!
//! A feed lists, watches, and starts again when the server forgets or the connection breaks. It never gives up; who
//! waits decides how long a feed in trouble is good enough.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use seaway_core::execution::Failure;
use serde_json::Value;
use tokio::{sync::watch, task::AbortHandle};

use crate::{
    connection::Cluster,
    failure::ApiError,
    kinds::Resource,
    watch::{Event, Events, version},
};

/// First pause after a failure; doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// Longest pause between two attempts to reach a server: short enough to notice its return at once.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What a feed is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct FeedId {
    pub resource: Resource,
    /// `None` = all namespaces.
    pub namespace: Option<String>,
    /// Label selector; empty = all objects.
    pub labels: String,
}

/// The feeds of one cluster.
#[derive(Debug)]
pub(crate) struct Hub {
    feeds: Mutex<HashMap<FeedId, Weak<Feed>>>,
    /// Counts changes of all feeds.
    changes: watch::Sender<u64>,
}

impl Default for Hub {
    fn default() -> Self {
        Self { feeds: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

/// One shared watch. Dropping the last handle ends it.
#[derive(Debug)]
pub(crate) struct Feed {
    state: Arc<Mutex<State>>,
    task: AbortHandle,
}

/// What a feed knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By namespace and name; without `managedFields`.
    pub objects: HashMap<(String, String), Arc<Value>>,
    /// Whether the first list has come.
    pub is_synced: bool,
    /// Why and since when nothing is heard.
    pub trouble: Option<Trouble>,
    /// Counts the changes of this feed.
    pub revision: u64,
}

/// A feed that hears nothing.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub since: Instant,
    pub failure: Failure,
    /// HTTP status, 0 without one.
    pub code: u16,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feed {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Hub {
    /// Says when any feed changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl Cluster {
    /// Joins or starts a feed.
    pub(crate) fn feed(&self, id: &FeedId) -> Arc<Feed> {
        let mut feeds = lock(&self.inner.hub.feeds);
        if let Some(feed) = feeds.get(id).and_then(Weak::upgrade) {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let state = Arc::new(Mutex::new(State::default()));
        let follower = Follower { cluster: self.clone(), id: id.clone(), state: state.clone() };
        let task = tokio::spawn(follower.run()).abort_handle();
        let feed = Arc::new(Feed { state, task });
        feeds.insert(id.clone(), Arc::downgrade(&feed));
        feed
    }
}

/// Keeps the state of one feed.
struct Follower {
    cluster: Cluster,
    id: FeedId,
    state: Arc<Mutex<State>>,
}

impl Follower {
    async fn run(self) {
        let mut pause = PAUSE_MIN;
        loop {
            let error = match self.list().await {
                Ok(version) => {
                    pause = PAUSE_MIN;
                    match self.follow(version).await {
                        // The server has forgotten this version: list again at once.
                        error if error.code() == 410 => continue,
                        error => error,
                    }
                }
                Err(error) => error,
            };
            self.trouble(&error);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn list(&self) -> Result<String, ApiError> {
        let FeedId { resource, namespace, labels } = &self.id;
        let listed = self.cluster.list(resource, namespace.as_deref(), labels, "").await?;
        let objects = listed.items.into_iter().map(|object| (name_of(&object), Arc::new(trimmed(object)))).collect();
        self.update(|state| {
            state.objects = objects;
            state.is_synced = true;
            state.trouble = None;
            true
        });
        Ok(listed.resource_version)
    }

    /// Follows until the watch cannot be opened any more.
    async fn follow(&self, mut version: String) -> ApiError {
        let FeedId { resource, namespace, labels } = &self.id;
        loop {
            let opened = self.cluster.watch(resource, namespace.as_deref(), labels, "", &version).await;
            let mut events = match opened {
                Ok(events) => events,
                Err(error) => return error,
            };
            self.update(|state| state.trouble.take().is_some());
            match self.read(&mut events, &mut version).await {
                // Servers end watches now and then; that is no trouble unless the next one cannot be opened.
                Ok(()) => {}
                Err(ApiError::Unreachable(why)) => {
                    tracing::debug!(server = self.cluster.server(), why, "a watch broke; opening it again");
                }
                Err(error) => return error,
            }
        }
    }

    async fn read(&self, events: &mut Events, version_seen: &mut String) -> Result<(), ApiError> {
        while let Some(event) = events.next().await? {
            match event {
                Event::Bookmark(seen) => *version_seen = seen,
                Event::Changed(object) => {
                    *version_seen = version(&object).to_owned();
                    let object = self.identified(object);
                    self.update(|state| {
                        state.objects.insert(name_of(&object), Arc::new(trimmed(object)));
                        true
                    });
                }
                Event::Deleted(object) => {
                    *version_seen = version(&object).to_owned();
                    self.update(|state| state.objects.remove(&name_of(&object)).is_some());
                }
            }
        }
        Ok(())
    }

    /// Watch events of some servers leave out what the path says.
    fn identified(&self, mut object: Value) -> Value {
        if let Some(map) = object.as_object_mut() {
            map.entry("apiVersion").or_insert_with(|| Value::from(self.id.resource.api_version()));
            map.entry("kind").or_insert_with(|| Value::from(self.id.resource.kind.as_str()));
        }
        object
    }

    fn trouble(&self, error: &ApiError) {
        let failure = self.cluster.list_failure(&self.id.resource.words(), error);
        let code = error.code();
        self.update(|state| {
            let since = state.trouble.as_ref().map_or_else(Instant::now, |trouble| trouble.since);
            state.trouble = Some(Trouble { since, failure, code });
            true
        });
    }

    fn update(&self, change: impl FnOnce(&mut State) -> bool) {
        let mut state = lock(&self.state);
        if change(&mut state) {
            state.revision += 1;
            drop(state);
            self.cluster.inner.hub.changes.send_modify(|count| *count += 1);
        }
    }
}

fn name_of(object: &Value) -> (String, String) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/metadata/namespace"), text("/metadata/name"))
}

/// Without what health never looks at.
fn trimmed(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
