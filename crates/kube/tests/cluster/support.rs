//! A shared cluster, contents from manifests, and what the audit log says about a piece of work.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaway_core::{
    ANNOTATION_PHASE,
    declaration::{Connection, Limits},
    digest::Digest,
    duration::Millis,
    execution::{Failure, Progress, Report},
    ids::{EnvironmentName, RolloutId, ServiceName, StepId},
    object::ObjectRef,
    plan::ServiceDifference,
    release::{Content, Entry, Rendered},
};
use seaway_kube::{Cluster, Desired, WaitPolicy, WriteContext};
use seaway_testbed::{Audit, AuditEvent, Options, Testbed};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The cluster of all tests that break nothing. It ends with the last test that uses it.
static SHARED: Mutex<Weak<Testbed>> = Mutex::new(Weak::new());
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Far longer than anything here takes on a busy machine.
pub const LIMIT: Millis = Millis::secs(90);

/// Runs blocking work without keeping the other tasks of this test from running.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

pub fn shared() -> Arc<Testbed> {
    blocking(|| {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let testbed = Arc::new(Testbed::start(Options { audit: Audit::All, ..Options::default() }).unwrap());
            *shared = Arc::downgrade(&testbed);
            testbed
        })
    })
}

/// A cluster for one test that breaks it.
pub fn own() -> Testbed {
    blocking(|| Testbed::start(Options { audit: Audit::All, ..Options::default() }).unwrap())
}

/// One test's place on a cluster: a namespace and a service of its own.
pub struct Place {
    pub testbed: Arc<Testbed>,
    pub cluster: Cluster,
    pub namespace: String,
    pub service: ServiceName,
}

impl Place {
    pub async fn shared(name: &str) -> Self {
        Self::on(shared(), name).await
    }

    /// With the namespace made by somebody else.
    pub async fn on(testbed: Arc<Testbed>, name: &str) -> Self {
        let place = Self::bare(testbed, name).await;
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}});
        assert_eq!(place.bed().post("/api/v1/namespaces", &body).unwrap().0, 201);
        place
    }

    /// Without the namespace.
    pub async fn bare(testbed: Arc<Testbed>, name: &str) -> Self {
        let unique = format!("{name}-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let cluster = connect(&testbed).await;
        Self { testbed, cluster, namespace: unique.clone(), service: ServiceName::new(unique) }
    }

    pub fn bed(&self) -> &seaway_testbed::Cluster {
        self.testbed.cluster(0)
    }

    pub fn desired(&self, manifests: Vec<Value>) -> Desired {
        let objects = manifests.into_iter().map(|manifest| self.rendered(manifest)).collect();
        Desired {
            environment: EnvironmentName::new("test"),
            content: Content::new(self.service.clone(), objects),
            prune: true,
            allow_replace: false,
        }
    }

    fn rendered(&self, mut manifest: Value) -> Rendered {
        if !CLUSTER_WIDE.contains(&manifest["kind"].as_str().unwrap()) && manifest["metadata"]["namespace"].is_null() {
            manifest["metadata"]["namespace"] = json!(self.namespace);
        }
        let object = ObjectRef::of(&manifest).unwrap();
        let phase = manifest["metadata"]["annotations"][ANNOTATION_PHASE].as_str().map_or(0, |p| p.parse().unwrap());
        let entry = Entry { digest: Digest::of_json(&manifest), phase, sensitive: object.is_secret(), object };
        Rendered { entry, manifest: Arc::new(manifest) }
    }

    pub async fn difference(&self, desired: &Desired) -> ServiceDifference {
        let found = self.cluster.difference(std::slice::from_ref(desired)).await.unwrap();
        found.into_values().next().unwrap()
    }

    pub async fn apply(&self, desired: &Desired) -> Result<Report, Failure> {
        self.apply_from(desired, None).await
    }

    pub async fn apply_from(&self, desired: &Desired, base: Option<&Digest>) -> Result<Report, Failure> {
        self.cluster.apply(desired, base, &context("r1", 1), &quiet, &CancellationToken::new()).await
    }

    pub async fn wait(&self, desired: &Desired) -> Result<Report, Failure> {
        let policy = WaitPolicy { timeout: LIMIT, stable_for: Millis(0), pod_grace: Millis(0) };
        self.cluster.wait(std::slice::from_ref(desired), policy, &quiet, &CancellationToken::new()).await
    }

    pub async fn verify(&self, desired: &Desired) -> Result<Report, Failure> {
        self.cluster.verify(std::slice::from_ref(desired)).await
    }

    /// Verifies as soon as the server is itself again.
    pub async fn verify_soon(&self, desired: &Desired) {
        for _ in 0..300 {
            match self.verify(desired).await {
                Ok(_) => return,
                Err(failure) if failure.kind.is_transient() => tokio::time::sleep(Duration::from_millis(100)).await,
                Err(failure) => panic!("{failure}"),
            }
        }
        panic!("the server did not come back");
    }

    /// Runs the work and says what reached the API server meanwhile, from this program.
    pub async fn audited<T>(&self, work: impl Future<Output = T>) -> (T, Requests) {
        let mark = blocking(|| self.bed().audit_mark().unwrap());
        let result = work.await;
        let events = blocking(|| self.bed().audit_since(mark).unwrap());
        let ours = events
            .into_iter()
            .filter(|event| !event.is_internal() && event.user_agent.starts_with("seaway/") && self.concerns(event));
        (result, Requests(ours.collect()))
    }

    /// Other tests work on the same cluster: only requests that name this one's service or namespace count.
    fn concerns(&self, event: &AuditEvent) -> bool {
        let is_named = event.object.as_ref().is_some_and(|object| object.name == self.namespace);
        is_named || event.request_uri.contains(self.namespace.as_str())
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, body) = blocking(|| self.bed().get(path).unwrap());
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub fn exists(&self, path: &str) -> bool {
        blocking(|| self.bed().get(path).unwrap()).0 == 200
    }

    pub fn inventory(&self) -> Value {
        self.get(&format!("/api/v1/namespaces/seaway-system/configmaps/{}", self.service))
    }

    pub fn path(&self, resource: &str, name: &str) -> String {
        let prefix = match resource {
            "deployments" | "statefulsets" | "replicasets" => "/apis/apps/v1",
            "jobs" => "/apis/batch/v1",
            _ => "/api/v1",
        };
        format!("{prefix}/namespaces/{}/{resource}/{name}", self.namespace)
    }
}

const CLUSTER_WIDE: &[&str] = &["Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"];

pub struct Requests(pub Vec<AuditEvent>);

impl Requests {
    pub fn writes(&self) -> Vec<String> {
        self.0.iter().filter(|event| event.is_write()).map(words).collect()
    }

    pub fn count(&self, verb: &str) -> usize {
        self.0.iter().filter(|event| event.verb == verb).count()
    }

    pub fn all(&self) -> Vec<String> {
        self.0.iter().map(words).collect()
    }
}

/// `patch configmaps/a`
pub fn words(event: &AuditEvent) -> String {
    let object = event.object.clone().unwrap_or_default();
    format!("{} {}/{}", event.verb, object.resource, object.name)
}

pub async fn connect(testbed: &Testbed) -> Cluster {
    connect_with(testbed, Limits::default()).await
}

pub async fn connect_with(testbed: &Testbed, limits: Limits) -> Cluster {
    let kubeconfig = testbed.kubeconfig().to_str().unwrap().to_owned();
    let context = testbed.cluster(0).context().to_owned();
    let connection = Connection { kubeconfig: Some(kubeconfig), context, limits };
    Cluster::connect(std::path::Path::new("/"), &connection).await.unwrap()
}

pub fn context(rollout: &str, epoch: u64) -> WriteContext {
    WriteContext {
        rollout: RolloutId::new(rollout),
        step: StepId(0),
        attempt: 1,
        epoch,
        plan: Digest::of(b"plan"),
        policy: WaitPolicy { timeout: LIMIT, stable_for: Millis(0), pod_grace: Millis(0) },
        fence: Arc::new(|| true),
    }
}

pub fn quiet(_: Progress) {}

/// Waits for something that another program does.
pub async fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    for _ in 0..900 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited 90 s for {what}");
}

pub fn config_map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": value}})
}

pub fn deployment(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

pub fn job(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "main", "image": image}],
        }}},
    })
}

pub fn annotated(mut manifest: Value, key: &str, value: &str) -> Value {
    manifest["metadata"]["annotations"][key] = json!(value);
    manifest
}
