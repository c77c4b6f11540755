//! One file of `tests/health` is one object with both verdicts. The format is in its README.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use seaway_core::duration::Millis;
use seaway_core::health::{Code, Context, Health, Now, OnDelete, Policy, compat, holding_up, strict, word};
use serde::Deserialize;
use serde_json::Value;

/// The time at which a vector is read when it does not say.
const NOW: &str = "2026-03-01T12:00:00Z";

/// The vectors that have to be there whatever others there are: one for each kind of decision.
const REQUIRED: &[&str] = &[
    "deployment_generation_not_observed",
    "deployment_rolled_out",
    "deployment_surplus_pod",
    "deployment_deadline_exceeded",
    "deployment_no_replicas_wanted",
    "deployment_without_deadline",
    "stateful_set_on_delete_none_ready",
    "stateful_set_partition",
    "stateful_set_revisions_differ",
    "daemon_set_not_observed",
    "daemon_set_no_nodes",
    "pod_unschedulable_10s",
    "pod_unschedulable_20s",
    "pod_crash_loop",
    "pod_failed",
    "pod_image_2min",
    "job_running",
    "job_suspended",
    "service_load_balancer_no_address",
    "claim_lost",
    "definition_installing",
    "custom_ready_unknown",
    "custom_no_status",
    "any_deletion_timestamp",
    "custom_reconciling_and_stalled",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    about: String,
    now: Option<String>,
    object: Value,
    #[serde(default)]
    context: VectorContext,
    compat: Code,
    strict: Expected,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct VectorContext {
    applied_generation: Option<i64>,
    applied_at: Option<String>,
    #[serde(default)]
    pods: Vec<Value>,
    #[serde(default)]
    revisions: Vec<Value>,
    storage_class: Option<Value>,
    wanted_revision: Option<String>,
    on_delete: Option<String>,
    #[serde(default)]
    policy: VectorPolicy,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct VectorPolicy {
    pod_grace: Option<Millis>,
    crash_restarts: Option<u32>,
    ingress_needs_address: Option<bool>,
}

/// A bare code means: nothing assumed, no warning, no cause, and the usual word.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Code(Code),
    Status(ExpectedStatus),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedStatus {
    code: Code,
    #[serde(default)]
    assumed: bool,
    #[serde(default)]
    warning: bool,
    cause: Option<String>,
    image: Option<String>,
    since: Option<String>,
    message: Option<String>,
    word: Option<Health>,
}

impl Vector {
    fn context(&self) -> Context<'_> {
        let standard = Policy::default();
        let policy = &self.context.policy;
        Context {
            applied_generation: self.context.applied_generation,
            applied_at: self.context.applied_at.as_deref().map(time),
            pods: self.context.pods.iter().collect(),
            revisions: self.context.revisions.iter().collect(),
            storage_class: self.context.storage_class.as_ref(),
            wanted_revision: self.context.wanted_revision.as_deref(),
            on_delete: match self.context.on_delete.as_deref() {
                None => OnDelete::Wait,
                Some("manual") => OnDelete::Manual,
                Some(other) => panic!("onDelete is `manual` or absent, found `{other}`"),
            },
            policy: Policy {
                pod_grace: policy.pod_grace.unwrap_or(standard.pod_grace),
                crash_restarts: policy.crash_restarts.unwrap_or(standard.crash_restarts),
                ingress_needs_address: policy.ingress_needs_address.unwrap_or(standard.ingress_needs_address),
                ..standard
            },
        }
    }

    fn now(&self) -> Now {
        time(self.now.as_deref().unwrap_or(NOW))
    }

    /// What is not as the file says.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |what: &str, found: String, expected: String| {
            if found != expected {
                faults.push(format!("{what}\n    found    {found}\n    expected {expected}"));
            }
        };
        let lax = compat(&self.object, self.now());
        check("compat", format!("{:?}", lax.code), format!("{:?}", self.compat));

        let found = strict(&self.object, &self.context(), self.now());
        let bare = ExpectedStatus {
            code: Code::Unknown,
            assumed: false,
            warning: false,
            cause: None,
            image: None,
            since: None,
            message: None,
            word: None,
        };
        let expected = match &self.strict {
            Expected::Code(code) => &ExpectedStatus { code: *code, ..bare },
            Expected::Status(status) => status,
        };
        check("strict", format!("{:?}", found.code), format!("{:?}", expected.code));
        check("assumed", found.assumed.to_string(), expected.assumed.to_string());
        check("warning", found.warning.to_string(), expected.warning.to_string());
        let cause = found.cause.as_ref().map(ToString::to_string);
        check("cause", format!("{cause:?}"), format!("{:?}", expected.cause));
        if let Some(message) = &expected.message {
            check("message", found.message.clone(), message.clone());
        }
        if let Some(image) = &expected.image {
            check(
                "image",
                format!("{:?}", found.cause.as_ref().and_then(|c| c.image.clone())),
                format!("{:?}", Some(image)),
            );
        }
        if let Some(since) = &expected.since {
            check(
                "since",
                format!("{:?}", found.cause.as_ref().and_then(|c| c.since_ms)),
                format!("{:?}", Some(time(since).0)),
            );
        }
        let usual = match expected.code {
            Code::Current => Health::Healthy,
            Code::InProgress | Code::Terminating => Health::Progressing,
            Code::Failed => Health::Degraded,
            Code::NotFound => Health::Missing,
            Code::Unknown => Health::Unknown,
        };
        check("word", format!("{:?}", word(&found)), format!("{:?}", expected.word.unwrap_or(usual)));
        check("empty message", found.message.is_empty().to_string(), "false".to_owned());
        faults
    }
}

fn time(text: &str) -> Now {
    Now::parse(text).unwrap_or_else(|| panic!("expected RFC 3339, found `{text}`"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/health")
}

#[test]
fn every_file_is_a_vector_and_holds() {
    let mut names = BTreeSet::new();
    let mut abouts = BTreeSet::new();
    let mut faults = Vec::new();
    for entry in fs::read_dir(folder()).expect("tests/health exists") {
        let path = entry.expect("tests/health can be listed").path();
        let file = path.file_name().expect("a listed file has a name").to_string_lossy().into_owned();
        if file == "README.md" {
            continue;
        }
        let Some(name) = file.strip_suffix(".json") else {
            faults.push(format!("{file}: expected only `<name>.json` and `README.md` in tests/health"));
            continue;
        };
        let text = fs::read_to_string(&path).expect("a vector is text");
        match serde_json::from_str::<Vector>(&text) {
            Ok(vector) => {
                faults.extend(vector.faults().into_iter().map(|fault| format!("{file}: {fault}")));
                abouts.insert(vector.about);
            }
            Err(error) => faults.push(format!("{file}: {error}")),
        }
        names.insert(name.to_owned());
    }
    for required in REQUIRED {
        if !names.contains(*required) {
            faults.push(format!("{required}.json is missing"));
        }
    }
    assert!(faults.is_empty(), "{} faults in {} vectors:\n{}", faults.len(), names.len(), faults.join("\n"));
    assert!(names.len() >= 70 && abouts.len() >= 70, "{} vectors, {} different", names.len(), abouts.len());
}

/// A driver learns which pods to delete so that a StatefulSet can go on.
#[test]
fn pods_that_hold_up_a_stateful_set() {
    let names = |file: &str| {
        let text = fs::read_to_string(folder().join(file)).expect("the vector is there");
        let vector: Vector = serde_json::from_str(&text).expect("the vector is well formed");
        let pods = holding_up(&vector.object, &vector.context(), vector.now());
        pods.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("stateful_set_held_up.json"), ["db-1"]);
    assert_eq!(names("stateful_set_held_up_with_partition.json"), ["db-1"]);
    assert!(names("stateful_set_held_up_below_partition.json").is_empty());
    assert!(names("stateful_set_parallel_not_held_up.json").is_empty());
    assert!(names("stateful_set_new_pod_broken.json").is_empty(), "a new pod that is broken is not in the way");
    assert!(names("stateful_set_on_delete_pod_is_old.json").is_empty(), "nobody is waited for");

    let text = fs::read_to_string(folder().join("stateful_set_held_up.json")).expect("the vector is there");
    let vector: Vector = serde_json::from_str(&text).expect("the vector is well formed");
    for (field, value, why) in [
        ("/metadata/generation", Value::from(9), "not yet observed: the revisions are about the former wish"),
        ("/spec", serde_json::json!({"updateStrategy": {"type": "OnDelete"}}), "somebody else deletes them"),
        ("/status/updateRevision", Value::Null, "no revision is wanted"),
    ] {
        let mut set = vector.object.clone();
        *set.pointer_mut(field).expect("the field is there") = value;
        assert!(holding_up(&set, &vector.context(), vector.now()).is_empty(), "{why}");
    }
}

/// Reading vectors is strict itself: a slip in a file must not make it pass.
#[test]
fn a_slip_in_a_vector_is_found() {
    let good = r#"{"about":"x","object":{},"compat":"Current","strict":"Current"}"#;
    assert!(serde_json::from_str::<Vector>(good).is_ok());
    for bad in [
        r#"{"about":"x","object":{},"compat":"Current"}"#,
        r#"{"about":"x","object":{},"compat":"current","strict":"Current"}"#,
        r#"{"about":"x","object":{},"compat":"Current","strict":"Current","strictt":1}"#,
        r#"{"about":"x","object":{},"compat":"Current","strict":{"code":"Current","couse":"y"}}"#,
        r#"{"about":"x","object":{},"compat":"Current","strict":"Current","context":{"pod":[]}}"#,
    ] {
        assert!(serde_json::from_str::<Vector>(bad).is_err(), "{bad}");
    }
    let wrong: Vector = serde_json::from_str(
        r#"{"about":"x","object":{"kind":"Pod"},"compat":"Current","strict":{"code":"Failed","cause":"y","word":"Missing"}}"#,
    )
    .expect("well formed");
    assert_eq!(wrong.faults().len(), 4, "compat, strict, cause, word");
}
