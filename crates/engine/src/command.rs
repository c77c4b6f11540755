//! Starting rollouts, and what people do to them.

use std::sync::Arc;

use seaway_core::{
    digest::Digest,
    execution::{Command, Envelope, Frame, Input, State, create, handle},
    ids::{Principal, RolloutId},
    plan::Plan,
    release::Content,
};
use seaway_store::{RolloutFilter, RolloutRow};

use crate::{Engine, Error, journal};

/// How often a command is decided again because another process appended first.
const CONFLICTS_MAX: u32 = 100;
/// Kind of the store's documents that hold plans.
const PLANS: &str = "plan";
/// Plans listed from the store in one go.
const PLANS_PAGE: u32 = 500;

impl Engine {
    /// Creates a rollout of a stored plan. Nothing runs until a process drives it.
    ///
    /// # Errors
    /// When the plan is not stored, or holds refused changes.
    pub async fn start(&self, plan: &Digest, by: &Principal, reason: Option<String>) -> Result<RolloutId, Error> {
        let frame = self.frame_of(plan.as_str()).await?;
        if frame.plan.totals.refused > 0 {
            let count = frame.plan.totals.refused;
            return Err(Error::PlanRefused(format!(
                "{count} of its changes are refused; `seaway plan` shows which and why"
            )));
        }
        if frame.target_count() == 0 {
            return Err(Error::PlanRefused("it has no targets".to_owned()));
        }
        let rollout = new_id(&frame);
        let (state, decision) = create(rollout.clone(), frame, self.clock.now_ms(), by, reason)?;
        journal::append(&self.store, &state, &decision.events, None, None).await?;
        Ok(rollout)
    }

    /// Appends a command to a rollout. What follows from it is decided by the process that drives.
    ///
    /// # Errors
    /// [`Error::Refused`] when the rules do not allow it.
    pub async fn command(
        &self,
        rollout: &RolloutId,
        command: Command,
        by: &Principal,
        reason: Option<String>,
    ) -> Result<State, Error> {
        for _ in 0..CONFLICTS_MAX {
            let mut state = self.state(rollout).await?;
            let phase = state.phase();
            let envelope = Envelope {
                at_ms: self.clock.now_ms(),
                by: by.clone(),
                reason: reason.clone(),
                input: Input::Command(command.clone()),
            };
            let decision = handle(&mut state, &envelope)?;
            match journal::append(&self.store, &state, &decision.events, None, Some(phase)).await {
                Ok(()) => return Ok(state),
                Err(Error::Store(seaway_store::Error::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Record {
            rollout: rollout.to_string(),
            why: format!("other processes appended first {CONFLICTS_MAX} times in a row"),
        })
    }

    /// Rollouts, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn rollouts(&self, filter: &RolloutFilter, limit: u32) -> Result<Vec<RolloutRow>, Error> {
        Ok(self.store.rollouts(filter, limit, None).await?)
    }

    /// The rollout whose id starts so.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub async fn resolve_rollout(&self, prefix: &str) -> Result<RolloutId, Error> {
        match self.store.resolve_rollout(prefix).await {
            Ok(row) => Ok(RolloutId::new(row.id)),
            Err(seaway_store::Error::NotFound { .. }) => Err(Error::NotFound {
                what: "rollout",
                name: prefix.to_owned(),
                hint: "; `seaway rollout list` shows all".to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the content of a release, without secret manifests. Storing it twice is the same as once.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_contents<'a>(&self, contents: impl Iterator<Item = &'a Arc<Content>>) -> Result<(), Error> {
        self.contents.save(contents).await
    }

    /// Stores a plan by its hash. Storing it twice is the same as once.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save_plan(&self, plan: &Plan) -> Result<Digest, Error> {
        let broken = |error: serde_json::Error| Error::PlanRefused(error.to_string());
        let value = serde_json::to_value(plan).map_err(broken)?;
        let hash = Digest::of_json(&value);
        match self.store.put_document(PLANS, hash.as_str(), &seaway_core::digest::canonical_json(&value)).await {
            Ok(_) => Ok(hash),
            Err(seaway_store::Error::Conflict { .. }) => Ok(hash),
            Err(error) => Err(error.into()),
        }
    }

    /// The stored plan whose hash starts so, with or without `sha256:`.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub async fn plan_by_hash(&self, prefix: &str) -> Result<Plan, Error> {
        let full = if prefix.starts_with("sha256:") { prefix.to_owned() } else { format!("sha256:{prefix}") };
        let document = self.store.resolve_document(PLANS, &full).await.map_err(|error| match error {
            seaway_store::Error::NotFound { .. } => Error::NotFound {
                what: "plan",
                name: prefix.to_owned(),
                hint: "; `seaway get plans` shows all".to_owned(),
            },
            other => other.into(),
        })?;
        seaway_core::plan::read(&document.id, document.json.as_bytes()).map_err(Error::Findings)
    }

    /// All stored plans with their hashes, by hash.
    ///
    /// # Errors
    /// When the store cannot be read, or a plan in it cannot be understood.
    pub async fn plans(&self) -> Result<Vec<(Digest, Plan)>, Error> {
        let (mut plans, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.store.list_documents(PLANS, after.as_deref(), PLANS_PAGE).await?;
            let Some(last) = page.last().cloned() else { return Ok(plans) };
            for id in &page {
                let plan = self.plan_by_hash(id).await?;
                let hash = plan.hash().map_err(|error| Error::PlanRefused(error.to_string()))?;
                plans.push((hash, plan));
            }
            after = Some(last);
        }
    }

    pub(crate) async fn frame_of(&self, hash: &str) -> Result<Arc<Frame>, Error> {
        if let Some(frame) = self.frames.lock().await.get(hash) {
            return Ok(Arc::clone(frame));
        }
        let frame = Frame::new(self.plan_by_hash(hash).await?)?;
        if frame.hash.as_str() != hash {
            return Err(Error::PlanRefused(format!("the stored plan `{hash}` does not have its hash")));
        }
        self.frames.lock().await.insert(hash.to_owned(), Arc::clone(&frame));
        Ok(frame)
    }
}

/// `prod-261121-k3x9qd`: the environment, the day, and what makes it unique.
fn new_id(frame: &Frame) -> RolloutId {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let unique = uuid::Uuid::now_v7();
    // The last bytes of a version 7 UUID are random.
    let random: String =
        unique.as_bytes()[9..16].iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let day = jiff::Timestamp::now().strftime("%y%m%d");
    RolloutId::new(format!("{}-{day}-{random}", frame.plan.environment))
}
