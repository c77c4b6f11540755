//! Random sequences of calls, compared call by call with a model that keeps everything in maps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use seaway_store::{Append, ClaimChange, Error, Fence, Lease, Store};

use crate::place::{Place, append, event, run};

#[derive(Debug, Clone)]
enum Call {
    Append { stream: usize, skew: i8, events: usize, fence: Option<(usize, i8)>, claims: Option<Claims> },
    Acquire { lease: usize, holder: usize, ttl: i64 },
    Renew { lease: usize, skew: i8, ttl: i64 },
    ReleaseLease { lease: usize, skew: i8 },
    Claims(Claims),
    Replace { id: usize, skew: i8 },
    Wait(i64),
    Reopen,
}

#[derive(Debug, Clone)]
enum Claims {
    Claim { keys: BTreeSet<usize>, owner: usize },
    Enqueue { keys: BTreeSet<usize>, owner: usize },
    Release { owner: usize },
}

/// Mostly the right number, sometimes one that is off.
fn skew() -> impl Strategy<Value = i8> {
    prop_oneof![4 => Just(0), 1 => -2..=2_i8]
}

fn claims() -> impl Strategy<Value = Claims> {
    let keys = || proptest::collection::btree_set(0..5_usize, 0..4);
    prop_oneof![
        3 => (keys(), 0..4_usize).prop_map(|(keys, owner)| Claims::Claim { keys, owner }),
        2 => (keys(), 0..4_usize).prop_map(|(keys, owner)| Claims::Enqueue { keys, owner }),
        2 => (0..4_usize).prop_map(|owner| Claims::Release { owner }),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let fence = proptest::option::of((0..2_usize, skew()));
    prop_oneof![
        6 => (0..3_usize, skew(), 1..5_usize, fence, proptest::option::of(claims()))
            .prop_map(|(stream, skew, events, fence, claims)| Call::Append { stream, skew, events, fence, claims }),
        3 => (0..2_usize, 0..3_usize, 0..30_i64).prop_map(|(lease, holder, ttl)| Call::Acquire { lease, holder, ttl }),
        1 => (0..2_usize, skew(), 0..30_i64).prop_map(|(lease, skew, ttl)| Call::Renew { lease, skew, ttl }),
        1 => (0..2_usize, skew()).prop_map(|(lease, skew)| Call::ReleaseLease { lease, skew }),
        5 => claims().prop_map(Call::Claims),
        2 => (0..2_usize, skew()).prop_map(|(id, skew)| Call::Replace { id, skew }),
        2 => (0..20_i64).prop_map(Call::Wait),
        1 => Just(Call::Reopen),
    ]
}

#[derive(Debug, Clone, Default)]
struct Model {
    now: i64,
    streams: BTreeMap<String, u64>,
    /// Epoch, holder, until, released.
    leases: BTreeMap<String, (u64, String, i64, bool)>,
    claims: BTreeMap<String, String>,
    /// Owners in the order in which they began to wait, and for what since when.
    queue: Vec<(String, BTreeMap<String, i64>)>,
    documents: BTreeMap<String, u64>,
}

impl Model {
    fn hold(&self, fence: &Fence) -> Result<(), Error> {
        match self.leases.get(&fence.lease) {
            Some((epoch, _, _, false)) if *epoch == fence.epoch => Ok(()),
            _ => Err(Error::Fenced { lease: fence.lease.clone(), epoch: fence.epoch }),
        }
    }

    fn append(&mut self, append: &Append<'_>) -> Result<u64, Error> {
        append.fence.map_or(Ok(()), |fence| self.hold(fence))?;
        let found = self.streams.get(append.stream).copied().unwrap_or(0);
        if found != append.expected_seq {
            return Err(Error::Conflict { expected: append.expected_seq, found });
        }
        append.claims.map_or(Ok(()), |claims| self.change_claims(claims))?;
        let seq = found + append.events.len() as u64;
        self.streams.insert(append.stream.to_owned(), seq);
        Ok(seq)
    }

    fn acquire(&mut self, name: &str, holder: &str, ttl: i64) -> Result<Lease, Error> {
        let epoch = match self.leases.get(name) {
            Some((_, by, until_ms, false)) if by != holder && *until_ms > self.now => {
                return Err(Error::Held { by: by.clone(), until_ms: *until_ms });
            }
            Some((epoch, ..)) => epoch + 1,
            None => 1,
        };
        let until_ms = self.now + ttl;
        self.leases.insert(name.to_owned(), (epoch, holder.to_owned(), until_ms, false));
        Ok(Lease { name: name.to_owned(), epoch, until_ms })
    }

    fn renew(&mut self, fence: &Fence, ttl: i64) -> Result<Lease, Error> {
        self.hold(fence)?;
        let until_ms = self.now + ttl;
        self.leases.get_mut(&fence.lease).unwrap().2 = until_ms;
        Ok(Lease { name: fence.lease.clone(), epoch: fence.epoch, until_ms })
    }

    fn release_lease(&mut self, fence: &Fence) -> Result<(), Error> {
        match self.leases.get_mut(&fence.lease) {
            Some((epoch, _, _, released)) if *epoch == fence.epoch => {
                *released = true;
                Ok(())
            }
            _ => Err(Error::Fenced { lease: fence.lease.clone(), epoch: fence.epoch }),
        }
    }

    fn change_claims(&mut self, change: ClaimChange<'_>) -> Result<(), Error> {
        match change {
            ClaimChange::Claim { keys, owner } => self.claim(keys, owner),
            ClaimChange::Enqueue { keys, owner, at_ms } => {
                if !keys.is_empty() && !self.queue.iter().any(|(waiting, _)| waiting == owner) {
                    self.queue.push((owner.to_owned(), BTreeMap::new()));
                }
                for (_, wanted) in self.queue.iter_mut().filter(|(waiting, _)| waiting == owner) {
                    keys.iter().for_each(|key| _ = wanted.entry(key.clone()).or_insert(at_ms));
                }
                Ok(())
            }
            ClaimChange::Release { owner } => {
                self.claims.retain(|_, by| by != owner);
                self.queue.retain(|(waiting, _)| waiting != owner);
                Ok(())
            }
        }
    }

    fn claim(&mut self, keys: &[String], owner: &str) -> Result<(), Error> {
        let keys: BTreeSet<&String> = keys.iter().collect();
        let refusal = |key: &String, by: &String, waiting| Error::Claimed { key: key.clone(), by: by.clone(), waiting };
        if let Some((key, by)) = self.claims.iter().find(|(key, by)| keys.contains(key) && *by != owner) {
            return Err(refusal(key, by, false));
        }
        let earlier = self.queue.iter().take_while(|(waiting, _)| waiting != owner);
        for (by, wanted) in earlier {
            if let Some(key) = wanted.keys().find(|key| keys.contains(key) && !self.claims.contains_key(*key)) {
                return Err(refusal(key, by, true));
            }
        }
        for key in keys {
            self.claims.insert(key.clone(), owner.to_owned());
            for (_, wanted) in self.queue.iter_mut().filter(|(waiting, _)| waiting == owner) {
                wanted.remove(key);
            }
        }
        // Who waits for nothing has lost its turn.
        self.queue.retain(|(_, wanted)| !wanted.is_empty());
        Ok(())
    }

    fn replace(&mut self, id: &str, expected: u64) -> Result<u64, Error> {
        let found = self.documents.get(id).copied().unwrap_or(0);
        if found != expected {
            return Err(Error::Conflict { expected, found });
        }
        self.documents.insert(id.to_owned(), found + 1);
        Ok(found + 1)
    }
}

fn names(prefix: &str, numbers: &BTreeSet<usize>) -> Vec<String> {
    numbers.iter().rev().map(|number| format!("{prefix}{number}")).collect()
}

fn skewed(number: u64, skew: i8) -> u64 {
    number.saturating_add_signed(skew.into())
}

impl Claims {
    fn owner(&self) -> String {
        match self {
            Self::Claim { owner, .. } | Self::Enqueue { owner, .. } | Self::Release { owner } => format!("r{owner}"),
        }
    }

    fn keys(&self) -> Vec<String> {
        match self {
            Self::Claim { keys, .. } | Self::Enqueue { keys, .. } => names("k", keys),
            Self::Release { .. } => Vec::new(),
        }
    }

    fn change<'a>(&self, keys: &'a [String], owner: &'a str, at_ms: i64) -> ClaimChange<'a> {
        match self {
            Self::Claim { .. } => ClaimChange::Claim { keys, owner },
            Self::Enqueue { .. } => ClaimChange::Enqueue { keys, owner, at_ms },
            Self::Release { .. } => ClaimChange::Release { owner },
        }
    }
}

fn same<T: Debug, M: Debug>(
    call: &Call,
    store: Result<T, Error>,
    model: Result<M, Error>,
) -> Result<(), TestCaseError> {
    let (store, model) = (format!("{store:?}"), format!("{model:?}"));
    prop_assert_eq!(&store, &model, "{:?}", call);
    Ok(())
}

async fn apply(store: &Store, model: &mut Model, call: &Call) -> Result<(), TestCaseError> {
    let epoch = |model: &Model, lease: &str| model.leases.get(lease).map_or(1, |lease| lease.0);
    let fence = |model: &Model, lease: usize, skew| {
        let lease = format!("l{lease}");
        Fence { epoch: skewed(epoch(model, &lease), skew), lease }
    };
    match call {
        Call::Append { stream, skew, events, fence: wanted, claims } => {
            let stream = format!("s{stream}");
            let expected = skewed(model.streams.get(&stream).copied().unwrap_or(0), *skew);
            let events: Vec<_> =
                (0..*events).map(|n| event(&format!("{stream}/{}", expected + 1 + n as u64))).collect();
            let fence = wanted.map(|(lease, skew)| fence(model, lease, skew));
            let (keys, owner) = claims.as_ref().map_or_else(Default::default, |c| (c.keys(), c.owner()));
            let claims = claims.as_ref().map(|claims| claims.change(&keys, &owner, model.now));
            let append = Append { fence: fence.as_ref(), claims, ..append(&stream, expected, &events) };
            same(call, store.append(append).await, model.append(&append))
        }
        Call::Acquire { lease, holder, ttl } => {
            let (lease, holder) = (format!("l{lease}"), format!("h{holder}"));
            let done = store.acquire_lease(&lease, &holder, model.now, *ttl).await;
            same(call, done, model.acquire(&lease, &holder, *ttl))
        }
        Call::Renew { lease, skew, ttl } => {
            let fence = fence(model, *lease, *skew);
            same(call, store.renew_lease(&fence, model.now, *ttl).await, model.renew(&fence, *ttl))
        }
        Call::ReleaseLease { lease, skew } => {
            let fence = fence(model, *lease, *skew);
            same(call, store.release_lease(&fence).await, model.release_lease(&fence))
        }
        Call::Claims(claims) => {
            let (keys, owner) = (claims.keys(), claims.owner());
            let done = match claims {
                Claims::Claim { .. } => store.claim(&keys, &owner).await,
                Claims::Enqueue { .. } => store.enqueue_claim(&keys, &owner, model.now).await,
                Claims::Release { .. } => store.release_claims(&owner).await,
            };
            same(call, done, model.change_claims(claims.change(&keys, &owner, model.now)))
        }
        Call::Replace { id, skew } => {
            let id = format!("d{id}");
            let expected = skewed(model.documents.get(&id).copied().unwrap_or(0), *skew);
            let json = format!("{}", expected + 1);
            same(call, store.replace_document("k", &id, &json, expected).await, model.replace(&id, expected))
        }
        Call::Wait(ms) => {
            model.now += ms;
            Ok(())
        }
        Call::Reopen => Ok(()),
    }
}

/// Everything that can be read is what the model has.
async fn same_state(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    for (stream, head) in &model.streams {
        let events = store.read(stream, 0, 10_000).await.unwrap();
        let bodies: Vec<String> = events.into_iter().map(|event| event.body).collect();
        let expected: Vec<String> = (1..=*head).map(|seq| format!("{stream}/{seq}")).collect();
        prop_assert_eq!(bodies, expected);
    }
    let audit = store.verify_all().await.unwrap();
    prop_assert_eq!(audit.broken, []);
    let heads: BTreeMap<String, u64> = audit.intact.into_iter().map(|head| (head.stream, head.seq)).collect();
    prop_assert_eq!(&heads, &model.streams);
    for (name, (epoch, holder, until_ms, released)) in &model.leases {
        let state = store.lease(name).await.unwrap().unwrap();
        prop_assert_eq!((&state.holder, state.epoch, state.until_ms), (holder, *epoch, *until_ms));
        prop_assert_eq!(state.is_released, *released);
    }
    let claims: BTreeMap<String, String> =
        store.claims().await.unwrap().into_iter().map(|claim| (claim.key, claim.owner)).collect();
    prop_assert_eq!(&claims, &model.claims);
    for key in (0..5).map(|number| format!("k{number}")) {
        let queue: Vec<(String, i64)> =
            store.queue(&key).await.unwrap().into_iter().map(|waiting| (waiting.owner, waiting.at_ms)).collect();
        let waits = |(owner, wanted): &(String, BTreeMap<String, i64>)| Some((owner.clone(), *wanted.get(&key)?));
        prop_assert_eq!(queue, model.queue.iter().filter_map(waits).collect::<Vec<_>>());
    }
    for (id, revision) in &model.documents {
        let document = store.get_document("k", id).await.unwrap();
        prop_assert_eq!((document.revision, document.json), (*revision, revision.to_string()));
    }
    Ok(())
}

async fn follow(place: &Place, calls: &[Call]) -> Result<(), TestCaseError> {
    let mut store = place.open().await;
    let mut model = Model::default();
    for call in calls {
        if matches!(call, Call::Reopen) {
            store.close().await;
            store = place.open().await;
        }
        apply(&store, &mut model, call).await?;
    }
    same_state(&store, &model).await?;
    store.close().await;
    Ok(())
}

fn check(cases: u32, place: fn() -> Place) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let calls = proptest::collection::vec(call(), 1..60);
    let outcome = runner.run(&calls, |calls| {
        let place = place();
        let mut outcome = Ok(());
        run(async { outcome = follow(&place, &calls).await });
        outcome
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn behaves_like_the_model_on_sqlite() {
    check(60, Place::sqlite);
}

#[test]
fn behaves_like_the_model_on_postgres() {
    check(20, Place::postgres);
}
