//! What holds for every object, also for those that no API server would let through.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use seaway_core::duration::Millis;
use seaway_core::health::{
    Code, Context, MESSAGE_LIMIT, Now, OnDelete, Policy, Stability, Status, aggregate, compat, needs, strict,
};
use serde_json::{Map, Value, json};

/// Keys that the rules read, so that arbitrary JSON reaches them.
const KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "status",
    "generation",
    "observedGeneration",
    "deletionTimestamp",
    "conditions",
    "type",
    "reason",
    "message",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "currentReplicas",
    "updateStrategy",
    "rollingUpdate",
    "partition",
    "phase",
    "containerStatuses",
    "initContainerStatuses",
    "state",
    "lastState",
    "waiting",
    "terminated",
    "name",
    "namespace",
    "exitCode",
    "ownerReferences",
    "controller",
    "uid",
    "labels",
    "annotations",
    "creationTimestamp",
    "parentRefs",
    "parents",
    "parentRef",
    "suspend",
    "paused",
    "desiredNumberScheduled",
    "loadBalancer",
    "ingress",
    "sync",
    "health",
    "notAfter",
    "history",
    "volumes",
    "finalizers",
    "progressDeadlineSeconds",
    "lastTransitionTime",
];

/// Group, version and kind of everything that has a rule, and of some that have none.
const KINDS: &[(&str, &str)] = &[
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("v1", "Pod"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("networking.k8s.io/v1", "Ingress"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("gateway.networking.k8s.io/v1", "Gateway"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("cert-manager.io/v1", "Certificate"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("argoproj.io/v1alpha1", "Application"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("example.com/v1", "Widget"),
];

/// Kinds with a strict rule that kstatus reads by `Ready` alone.
const KINDS_BY_READY: &[&str] = &[
    "HorizontalPodAutoscaler",
    "APIService",
    "Gateway",
    "HTTPRoute",
    "Certificate",
    "Kustomization",
    "HelmRelease",
    "Application",
];

const WORDS: &[&str] = &[
    "",
    "True",
    "False",
    "Unknown",
    "Ready",
    "Available",
    "Progressing",
    "Stalled",
    "Reconciling",
    "Complete",
    "Failed",
    "Suspended",
    "Running",
    "Pending",
    "Succeeded",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "OnDelete",
    "LoadBalancer",
    "Unschedulable",
    "PodScheduled",
    "Established",
    "ScalingActive",
    "Programmed",
    "NewReplicaSetAvailable",
    "ProgressDeadlineExceeded",
    "2026-03-01T12:00:00Z",
    "Deployment",
    "api",
];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(WORDS).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(KEYS).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..5).prop_map(Value::from),
        select(&[i64::MIN, i64::MAX, i32::MAX as i64][..]).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 8, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => btree_map(any_key(), inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn small() -> impl Strategy<Value = Value> {
    prop_oneof![8 => (0_i64..4).prop_map(Value::from), 1 => Just(Value::Null), 1 => any_json()]
}

fn any_condition() -> impl Strategy<Value = Value> {
    (select(WORDS), select(&["True", "False", "Unknown", ""][..]), select(WORDS), 0_i64..3)
        .prop_map(|(kind, status, reason, of)| json!({"type": kind, "status": status, "reason": reason, "observedGeneration": of}))
}

fn any_container() -> impl Strategy<Value = Value> {
    let state = || {
        prop_oneof![
            Just(json!({"running": {}})),
            select(WORDS).prop_map(|reason| json!({"waiting": {"reason": reason}})),
            (-1_i64..3)
                .prop_map(|code| json!({"terminated": {"exitCode": code, "finishedAt": "2026-03-01T12:00:00Z"}})),
        ]
    };
    (state(), state(), any::<bool>(), 0..4_u32).prop_map(|(now, last, ready, restarts)| {
        json!({"name": "api", "state": now, "lastState": last, "ready": ready, "restartCount": restarts})
    })
}

/// An object of a known kind with a plausible status, so that the rules' later steps are reached too.
fn plausible() -> impl Strategy<Value = Value> {
    let counts = vec(small(), 8);
    let conditions = vec(any_condition(), 0..4);
    let containers = vec(any_container(), 0..3);
    (select(KINDS), 0_i64..3, 0_i64..3, counts, conditions, containers, select(WORDS), any_json()).prop_map(
        |((version, kind), generation, observed, counts, conditions, containers, phase, extra)| {
            json!({
                "apiVersion": version, "kind": kind,
                "metadata": {"name": "api", "namespace": "web", "generation": generation},
                "spec": {"replicas": counts[0], "type": phase, "suspend": counts[1], "parentRefs": [{"name": "a"}]},
                "status": {
                    "observedGeneration": observed, "replicas": counts[2], "updatedReplicas": counts[3],
                    "readyReplicas": counts[4], "availableReplicas": counts[5], "currentReplicas": counts[6],
                    "desiredNumberScheduled": counts[7], "fullyLabeledReplicas": counts[2],
                    "phase": phase, "conditions": conditions, "containerStatuses": containers,
                    "parents": [{"parentRef": {"name": "a"}, "conditions": conditions}], "sync": extra,
                },
            })
        },
    )
}

fn any_object() -> impl Strategy<Value = Value> {
    prop_oneof![any_json(), plausible()]
}

/// `object` with a field that no rule knows in each map that a rule reads, and at the end of each condition.
fn with_unknown_fields(object: &Value, extra: &Value) -> Value {
    let mut object = object.clone();
    let add = |value: Option<&mut Value>| {
        if let Some(Value::Object(map)) = value {
            map.insert("zzUnknownField".to_owned(), extra.clone());
        }
    };
    for pointer in ["", "/metadata", "/spec", "/status", "/status/conditions/0", "/status/containerStatuses/0"] {
        add(object.pointer_mut(pointer));
    }
    object
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_object_has_a_bounded_status(
        object in any_object(), others in vec(any_object(), 0..4), now in any::<i64>(),
        generation in proptest::option::of(-1_i64..4), wanted in proptest::option::of(any_text()), manual in any::<bool>(),
    ) {
        let now = Now(now);
        let context = Context {
            applied_generation: generation,
            applied_at: generation.map(|_| now),
            pods: others.iter().collect(),
            revisions: others.iter().collect(),
            storage_class: others.first(),
            wanted_revision: wanted.as_deref(),
            on_delete: if manual { OnDelete::Manual } else { OnDelete::Wait },
            policy: Policy { pod_grace: Millis(u64::MAX), ..Policy::default() },
        };
        let (lax, gate) = (compat(&object, now), strict(&object, &context, now));
        prop_assert_eq!(&compat(&object, now), &lax, "same object, same answer");
        prop_assert_eq!(&strict(&object, &context, now), &gate, "same object, same answer");
        for status in [&lax, &gate] {
            prop_assert!(status.message.chars().count() <= MESSAGE_LIMIT);
            prop_assert!(!status.message.chars().any(char::is_control));
            if let Some(cause) = &status.cause {
                prop_assert!(cause.message.chars().count() <= MESSAGE_LIMIT);
                prop_assert!(!cause.to_string().chars().any(char::is_control));
            }
        }
        prop_assert!(!gate.assumed || gate.code == Code::Current, "only health is ever assumed");
    }

    #[test]
    fn unknown_fields_change_nothing(object in any_object(), extra in any_json(), now in any::<i64>()) {
        let more = with_unknown_fields(&object, &extra);
        prop_assert_eq!(compat(&more, Now(now)), compat(&object, Now(now)));
        prop_assert_eq!(
            strict(&more, &Context::default(), Now(now)).code,
            strict(&object, &Context::default(), Now(now)).code
        );
    }

    /// A gate is never laxer than kstatus, but for the deviations that are meant: a verdict on the former wish
    /// does not count (so no condition here has a generation), and kinds that kstatus reads by `Ready` alone
    /// have rules (so `Ready` is no condition of theirs here).
    #[test]
    fn strict_is_never_laxer(object in plausible(), pods in vec(plausible(), 0..3), now in 0..2_000_000_000_000_i64) {
        let mut object = object;
        let has_rule_of_its_own = KINDS_BY_READY.contains(&object["kind"].as_str().unwrap_or_default());
        if let Some(Value::Array(conditions)) = object.pointer_mut("/status/conditions") {
            conditions.retain(|condition| !has_rule_of_its_own || condition["type"] != "Ready");
            conditions.iter_mut().for_each(|condition| condition["observedGeneration"] = Value::Null);
        }
        let context = Context { pods: pods.iter().collect(), ..Context::default() };
        let (lax, gate) = (compat(&object, Now(now)), strict(&object, &context, Now(now)));
        if gate.code == Code::Current {
            prop_assert_eq!(lax.code, Code::Current);
        }
    }

    /// What has not been seen by its controller is never current, whatever else it says.
    #[test]
    fn nothing_is_current_before_it_is_observed(object in plausible(), now in any::<i64>(), ahead in 1_i64..5) {
        let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
        let context = Context { applied_generation: Some(generation + ahead), ..Context::default() };
        prop_assert_ne!(strict(&object, &context, Now(now)).code, Code::Current);
    }

    /// The tracker agrees with looking at the whole history.
    #[test]
    fn stable_means_current_all_the_time(history in vec((0..3_usize, any::<bool>(), 0..20_u32), 0..40), hold in 0..40_u32) {
        let names = ["a", "b", "c"];
        let mut tracker = Stability::of(names.iter().map(|name| (*name).to_owned()));
        let mut since: [Option<i64>; 3] = [None; 3];
        let mut now = 0_i64;
        for (which, is_current, passed) in history {
            now += i64::from(passed);
            let status = if is_current { Status::current("") } else { Status::in_progress("") };
            tracker.observe(names[which], &status, Now(now));
            since[which] = is_current.then(|| since[which].unwrap_or(now));
            let expected = since.iter().all(|since| since.is_some_and(|since| now - since >= i64::from(hold)));
            prop_assert_eq!(tracker.stable(Now(now), Millis(u64::from(hold))), expected);
            if let Some(at) = tracker.stable_at(Millis(u64::from(hold))) {
                prop_assert!(tracker.stable(at, Millis(u64::from(hold))));
                prop_assert!(!tracker.stable(Now(at.0 - 1), Millis(u64::from(hold))));
            }
        }
    }
}

#[test]
fn a_set_is_as_bad_as_its_worst_object() {
    let statuses = KINDS.iter().map(|(version, kind)| {
        strict(
            &json!({"apiVersion": version, "kind": kind, "metadata": {"generation": 1}}),
            &Context::default(),
            Now(0),
        )
    });
    let statuses: Vec<Status> = statuses.collect();
    assert_eq!(aggregate(&statuses), Some(Code::InProgress), "none of them has been observed");
    assert!(needs("apps", "Deployment").pods);
}
