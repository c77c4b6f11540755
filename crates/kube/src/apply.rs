//! Making a cluster as wanted: inventory, namespaces, definitions, phases, prune, inventory.
//!
//! ```text
//!  survey ─► guard ─► inventory (only when it does not list everything yet) ─► namespaces ─► definitions
//!         ─► phase ─► healthy ─► next phase … ─► prune in reverse ─► inventory
//! ```
//!
//! Nothing follows a failed phase. What is as wanted is not written. Every write asks the fence first. An apply that
//! dies at any point is repeated as it is: what it had done is found to be as wanted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use seaway_core::{
    digest::Digest,
    execution::{Failure, FailureKind, Progress, Report},
    ids::{RolloutId, StepId},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    connection::Cluster,
    difference::Desired,
    guard::World,
    inventory::{Inventory, Writer},
    kinds::Key,
    order::{Place, place},
    survey::{Item, Standing, Survey},
    wait::WaitPolicy,
    write::Outcome,
};

/// Most failures of one phase that a message names.
const FAILURES_SHOWN: usize = 5;
/// Shortest time between two progress messages.
const PROGRESS_PAUSE: Duration = Duration::from_secs(1);
/// Most objects that the evidence names by kind of outcome.
const EVIDENCE_OBJECTS: usize = 50;

/// Says how it goes.
pub type ProgressFn<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// On whose behalf objects are written.
#[derive(Clone)]
pub struct WriteContext {
    /// The rollout.
    pub rollout: RolloutId,
    /// Its step.
    pub step: StepId,
    /// Attempt of the step, from 1.
    pub attempt: u32,
    /// Lease epoch. An apply of an older epoch stops when it finds a newer one in the inventory.
    pub epoch: u64,
    /// Hash of the plan.
    pub plan: Digest,
    /// Patience with the phases that must be healthy before the next one starts.
    pub policy: WaitPolicy,
    /// Asked before every write; `false` ends the apply.
    pub fence: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl std::fmt::Debug for WriteContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rollout, step, attempt, epoch, .. } = self;
        write!(f, "WriteContext({rollout} {step} attempt {attempt} epoch {epoch})")
    }
}

/// One apply under way.
pub(crate) struct Apply<'a> {
    pub cluster: &'a Cluster,
    pub survey: Survey<'a>,
    pub ctx: &'a WriteContext,
    pub cancel: &'a CancellationToken,
    progress: ProgressFn<'a>,
    /// Write requests that changed something.
    writes: AtomicU32,
    done: AtomicU32,
    total: u32,
    said: Mutex<Option<Instant>>,
    /// Set when the server or the caller is done with us: nothing more is started.
    halted: AtomicBool,
    /// Groups of kinds that this apply defines.
    new_groups: Mutex<Vec<String>>,
}

/// What became of the objects.
#[derive(Default)]
struct Tally {
    objects: BTreeMap<Outcome, Vec<String>>,
    /// Fingerprints of what was written.
    live: BTreeMap<Key, Digest>,
}

impl Cluster {
    /// Makes the cluster as wanted for one service. With `base`, only in the world that the plan saw.
    ///
    /// # Errors
    /// [`FailureKind::Stale`] when the world has moved, [`FailureKind::Cancelled`] by the fence or `cancel`, and
    /// whatever the server says to the objects.
    pub async fn apply(
        &self,
        desired: &Desired,
        base: Option<&Digest>,
        ctx: &WriteContext,
        progress: ProgressFn<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Failure> {
        let wanted = [desired];
        let survey = tokio::select! {
            survey = self.survey(&wanted) => survey?.pop(),
            () = cancel.cancelled() => return Err(cancelled()),
        };
        let Some(survey) = survey else {
            return Err(Failure::new(FailureKind::Internal, "the survey of one service holds none"));
        };
        let total = survey.items.iter().filter(|item| is_todo(item)).count() + survey.pruned().count();
        let apply = Apply {
            cluster: self,
            survey,
            ctx,
            cancel,
            progress,
            writes: AtomicU32::new(0),
            done: AtomicU32::new(0),
            total: u32::try_from(total).unwrap_or(u32::MAX),
            said: Mutex::new(None),
            halted: AtomicBool::new(false),
            new_groups: Mutex::new(Vec::new()),
        };
        let world = apply.check(base).await?;
        apply.run(world, base.is_some()).await
    }
}

impl Apply<'_> {
    async fn run(mut self, world: World, has_base: bool) -> Result<Report, Failure> {
        let todo: Vec<usize> = (0..self.survey.items.len()).filter(|i| is_todo(&self.survey.items[*i])).collect();
        if self.total == 0 && !self.survey.is_inventory_stale(|_| true) {
            return Ok(self.report(&Tally::default(), 0));
        }
        let mut inventory = self.inventory_before(world, has_base);
        if self.survey.inventory.as_ref().is_none_or(|known| known.entries != inventory.entries) {
            inventory.applying = Some(self.survey.desired.content.digest.clone());
            self.write_inventory(&mut inventory).await?;
        }
        let tally = self.write_all(&todo).await?;
        let pruned = self.prune().await?;
        self.finish_inventory(&mut inventory, &tally);
        if self.survey.inventory.as_ref() != Some(&inventory) {
            self.write_inventory(&mut inventory).await?;
        }
        self.survey.inventory = Some(inventory);
        Ok(self.report(&tally, pruned))
    }

    /// Writes what is not as wanted, place by place.
    async fn write_all(&self, todo: &[usize]) -> Result<Tally, Failure> {
        let mut places: BTreeMap<Place, Vec<&Item<'_>>> = BTreeMap::new();
        for item in todo.iter().map(|i| &self.survey.items[*i]) {
            places.entry(place(item.object(), item.rendered.entry.phase)).or_default().push(item);
        }
        let mut tally = Tally::default();
        let mut healthy_below = None;
        for (place, items) in &places {
            if let Place::Phase(phase, _) = place
                && healthy_below != Some(*phase)
            {
                self.await_phases_below(*phase).await?;
                healthy_below = Some(*phase);
            }
            if let Err(failure) = self.write_place(items, &mut tally).await {
                return Err(self.with_other_conflicts(failure, *place, &places).await);
            }
            if *place == Place::Definitions {
                self.await_definitions(items).await?;
            }
        }
        // A finished Job that its time to live takes away must be known to have finished.
        let short_lived = self.survey.items.iter().filter(|item| is_short_lived_job(item));
        let written = short_lived.filter(|item| tally.live.contains_key(&item.key)).collect();
        self.await_healthy(written, "the Job ends").await?;
        Ok(tally)
    }

    /// Writes an object, unless the server or the caller is done with us. `None` = it was not tried.
    async fn write_unless_halted(&self, item: &Item<'_>) -> Option<Result<(Outcome, Digest), Failure>> {
        if self.halted.load(Ordering::Relaxed) {
            return None;
        }
        let result = self.write(item).await;
        if let Err(failure) = &result
            && is_final(failure.kind)
        {
            self.halted.store(true, Ordering::Relaxed);
        }
        Some(result)
    }

    /// After a field conflict the places that are not reached any more are asked too, so that all conflicts are known
    /// at once.
    async fn with_other_conflicts(
        &self,
        failure: Failure,
        failed: Place,
        places: &BTreeMap<Place, Vec<&Item<'_>>>,
    ) -> Failure {
        if failure.kind != FailureKind::Conflict {
            return failure;
        }
        let later = places.iter().filter(|(place, _)| **place > failed).flat_map(|(_, items)| items.iter().copied());
        let later: Vec<&Item<'_>> = later.collect();
        // By position: a closure over references would not do for tasks that move between threads.
        let asked = stream::iter(0..later.len()).map(|i| self.cluster.conflict_of(&self.survey, later[i]));
        let found: Vec<Option<Failure>> = asked.buffer_unordered(self.cluster.width()).collect().await;
        let all = std::iter::once(failure.clone()).chain(found.into_iter().flatten()).collect();
        joined(all).unwrap_or(failure)
    }

    /// Writes objects side by side. One that fails does not keep the others of its place from being written.
    async fn write_place(&self, items: &[&Item<'_>], tally: &mut Tally) -> Result<(), Failure> {
        // By position: a closure over references would not do for tasks that move between threads.
        let writes = stream::iter(0..items.len()).map(|i| async move { (i, self.write_unless_halted(items[i]).await) });
        let mut results = std::pin::pin!(writes.buffer_unordered(self.cluster.width()));
        let mut failures = BTreeMap::new();
        while let Some((i, result)) = results.next().await {
            let item = items[i];
            match result {
                Some(Ok((outcome, live))) => {
                    tally.objects.entry(outcome).or_default().push(item.object().to_string());
                    tally.live.insert(item.key.clone(), live);
                    self.advance();
                }
                Some(Err(failure)) => {
                    failures.insert(item.key.clone(), failure);
                }
                None => {}
            }
        }
        joined(failures.into_values().collect()).map_or(Ok(()), Err)
    }

    /// All phases before this one must be healthy: what comes later may rely on them.
    async fn await_phases_below(&self, phase: i32) -> Result<(), Failure> {
        let earlier = self.survey.items.iter().filter(|item| {
            matches!(place(item.object(), item.rendered.entry.phase), Place::Phase(earlier, _) if earlier < phase)
        });
        self.await_healthy(earlier.collect(), "the phase before is healthy").await
    }

    async fn await_definitions(&self, items: &[&Item<'_>]) -> Result<(), Failure> {
        let groups = items.iter().filter_map(|item| item.rendered.manifest.pointer("/spec/group")?.as_str());
        for group in groups {
            self.cluster.forget_kinds(group);
            self.new_groups.lock().unwrap_or_else(PoisonError::into_inner).push(group.to_owned());
        }
        self.await_healthy(items.to_vec(), "the definition is established").await
    }

    /// Whether the kind of an object is defined by this very apply, so that the server may not know it for a moment.
    pub(crate) fn is_new_kind(&self, item: &Item<'_>) -> bool {
        self.new_groups.lock().unwrap_or_else(PoisonError::into_inner).contains(&item.object().group)
    }

    async fn await_healthy(&self, items: Vec<&Item<'_>>, until: &str) -> Result<(), Failure> {
        if items.is_empty() {
            return Ok(());
        }
        let say = |progress: Progress| self.say(format!("until {until}: {}", progress.waiting));
        self.cluster.await_items(&items, self.ctx.policy, &say, self.cancel).await
    }

    /// The inventory as it must be before the first object is written: it lists everything that this apply touches,
    /// in the state in which the plan saw it.
    fn inventory_before(&self, world: World, has_base: bool) -> Inventory {
        let mut inventory = self.inventory();
        for item in self.survey.items.iter().filter(|item| is_todo(item)) {
            match inventory.entries.get_mut(&item.key) {
                None => {
                    inventory.entries.insert(item.key.clone(), item.entry_before());
                }
                // A repeated apply is recognised by what the inventory says of the world before.
                Some(entry) if has_base && world == World::AsPlanned => entry.live = item.entry_before().live,
                Some(_) => {}
            }
        }
        inventory
    }

    /// What is there, or an empty one; either way under our name.
    fn inventory(&self) -> Inventory {
        let desired = self.survey.desired;
        let empty = || Inventory::empty(desired.content.service.clone(), desired.environment.clone());
        self.survey.inventory.clone().unwrap_or_else(empty)
    }

    /// The inventory once everything is as wanted.
    fn finish_inventory(&self, inventory: &mut Inventory, tally: &Tally) {
        let kept = |key: &Key| !self.survey.desired.prune && self.survey.leaving.iter().any(|l| l.entry.key() == *key);
        inventory.entries.retain(|key, _| kept(key));
        for item in &self.survey.items {
            let live = tally.live.get(&item.key).cloned().or_else(|| match &item.standing {
                Standing::Same(live) => Some(live.fingerprint.clone()),
                _ => item.listed.as_ref().and_then(|entry| entry.live.clone()),
            });
            if let Some(live) = live {
                inventory.entries.insert(item.key.clone(), item.entry_after(live));
            }
        }
        inventory.content = Some(self.survey.desired.content.digest.clone());
        inventory.applying = None;
    }

    /// Writes the inventory, and the namespace that it lives in when that is not there.
    async fn write_inventory(&self, inventory: &mut Inventory) -> Result<(), Failure> {
        inventory.writer = Writer {
            rollout: self.ctx.rollout.as_str().to_owned(),
            plan: self.ctx.plan.as_str().to_owned(),
            epoch: self.ctx.epoch,
        };
        self.permit()?;
        let made = self.cluster.put_inventory(inventory).await?;
        self.count(made);
        Ok(())
    }

    pub(crate) fn count(&self, writes: u32) {
        self.writes.fetch_add(writes, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= PROGRESS_PAUSE) {
            *said = Some(Instant::now());
            drop(said);
            (self.progress)(Progress { done, total: self.total, waiting: String::new() });
        }
    }

    /// Says what it waits for.
    pub(crate) fn say(&self, waiting: String) {
        let done = self.done.load(Ordering::Relaxed);
        (self.progress)(Progress { done, total: self.total, waiting });
    }

    fn report(&self, tally: &Tally, pruned: u32) -> Report {
        let count = |outcome| tally.objects.get(&outcome).map_or(0, Vec::len);
        let names = |outcome| {
            let mut names = tally.objects.get(&outcome).cloned().unwrap_or_default();
            names.sort();
            names.truncate(EVIDENCE_OBJECTS);
            names
        };
        let unchanged = self.survey.items.len() - tally.live.len() + count(Outcome::Unchanged);
        let parts = [
            (count(Outcome::Created), "created"),
            (count(Outcome::Modified), "changed"),
            (count(Outcome::Replaced), "replaced"),
            (pruned as usize, "deleted"),
            (unchanged, "unchanged"),
        ];
        let said: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        Report {
            writes: self.writes.load(Ordering::Relaxed),
            message: if said.is_empty() { "nothing to apply".to_owned() } else { said.join(", ") },
            evidence: json!({
                "content": self.survey.desired.content.digest,
                "created": names(Outcome::Created),
                "changed": names(Outcome::Modified),
                "replaced": names(Outcome::Replaced),
                "deleted": pruned,
                "unchanged": unchanged,
            }),
        }
    }
}

/// Whether an object must be written.
fn is_todo(item: &Item<'_>) -> bool {
    match item.standing {
        Standing::Same(_) | Standing::Expired => false,
        Standing::Ours(_) | Standing::Rerun(_) | Standing::Absent { .. } | Standing::Foreign(_) => true,
        Standing::OtherService { .. } | Standing::UnknownKind | Standing::NoNamespace => true,
    }
}

fn is_short_lived_job(item: &Item<'_>) -> bool {
    item.key.group == "batch"
        && item.key.kind == "Job"
        && item.rendered.manifest.pointer("/spec/ttlSecondsAfterFinished").is_some()
}

/// Whether nothing more should be started after this failure.
fn is_final(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Unreachable | FailureKind::Throttled | FailureKind::Cancelled)
}

pub(crate) fn cancelled() -> Failure {
    Failure::new(FailureKind::Cancelled, "the step was cancelled")
}

/// The fence is closed.
pub(crate) fn fenced() -> Failure {
    Failure::new(FailureKind::Cancelled, "this process no longer drives the rollout: another one has taken over")
}

/// One failure out of several: the first ones by name, the rest by count. One that concerns the whole cluster
/// decides the kind, because the others may be its doing.
pub(crate) fn joined(mut failures: Vec<Failure>) -> Option<Failure> {
    failures.sort_by_key(|failure| !is_final(failure.kind));
    let count = failures.len();
    let mut failures = failures.into_iter();
    let mut first = failures.next()?;
    if is_final(first.kind) || count == 1 {
        return Some(first);
    }
    for failure in failures.take(FAILURES_SHOWN - 1) {
        first.message.push_str("; ");
        first.message.push_str(&failure.message);
    }
    if count > FAILURES_SHOWN {
        first.message.push_str(&format!("; and {} more objects", count - FAILURES_SHOWN));
    }
    Some(first)
}
