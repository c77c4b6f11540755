//! Manifests of the services that are measured. Images are names only: the testbed's nodes run no container.

use serde_json::{Value, json};

/// Objects of [`shop`], and how many of them another version changes.
pub(crate) const SHOP_OBJECTS: usize = 11;
/// See [`SHOP_OBJECTS`].
pub(crate) const SHOP_CHANGES: usize = 7;

/// A service of eleven objects; two versions of it differ in seven.
pub(crate) fn shop(version: &str) -> Vec<Value> {
    let config = |name: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
            "data": {"version": version, "region": "all"}})
    };
    vec![
        namespace("shop"),
        service_account("shop"),
        service("api"),
        service("web"),
        config("settings"),
        config("features"),
        deployment("api", &image("api", version), 2),
        deployment("web", &image("web", version), 2),
        deployment("worker", &image("worker", version), 1),
        stateful_set("ledger", &image("ledger", version), 1),
        cron_job("report", &image("report", version)),
    ]
}

/// `registry.example.com/shop/api:1`.
pub(crate) fn image(name: &str, version: &str) -> String {
    format!("registry.example.com/shop/{name}:{version}")
}

/// An app of ten objects.
pub(crate) fn app(name: &str, version: &str) -> Vec<Value> {
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]);
    let config = |part: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("{name}-{part}")},
            "data": {"app": name, "part": part}})
    };
    vec![
        namespace(name),
        service_account(name),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": name}]}),
        config("settings"),
        config("features"),
        service(name),
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name},
            "spec": {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"],
                "ingress": [{"ports": [{"protocol": "TCP", "port": 8080}]}]}}),
        deployment(name, &image(name, version), 1),
    ]
}

/// A service of the fleet: six objects, of which one names an image.
pub(crate) fn small(name: &str, version: &str) -> Vec<Value> {
    let mut objects = vec![namespace(name), service_account(name), service(name)];
    for part in ["settings", "features"] {
        objects.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("{name}-{part}")},
            "data": {"part": part}}));
    }
    objects.push(deployment(name, &image(name, version), 2));
    objects
}

/// So many ConfigMaps of about 300 bytes each. They name no namespace.
pub(crate) fn config_maps(count: usize) -> Vec<Value> {
    let one = |number: usize| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("item-{number:04}")}, "data": {
            "number": number.to_string(),
            "settings.properties": format!("shard={}\nreplicas=3\n{}", number % 16, "# filler\n".repeat(20)),
        }})
    };
    (0..count).map(one).collect()
}

/// Different kinds among some objects.
pub(crate) fn kinds(objects: &[Value]) -> usize {
    let kind = |object: &Value| (object["apiVersion"].to_string(), object["kind"].to_string());
    objects.iter().map(kind).collect::<std::collections::BTreeSet<_>>().len()
}

/// A namespace.
pub(crate) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn service_account(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
}

fn service(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}]}})
}

fn template(name: &str, image: &str) -> Value {
    json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [
        {"name": "server", "image": image, "ports": [{"name": "http", "protocol": "TCP", "containerPort": 8080}]},
    ]}})
}

fn deployment(name: &str, image: &str, replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template(name, image)}})
}

fn stateful_set(name: &str, image: &str, replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
        "spec": {"serviceName": name, "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": template(name, image)}})
}

/// It never becomes due during a bench.
fn cron_job(name: &str, image: &str) -> Value {
    let mut pod = template(name, image);
    pod["spec"]["restartPolicy"] = json!("OnFailure");
    json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {"schedule": "0 3 29 2 *", "suspend": false, "jobTemplate": {"spec": {"template": pod}}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_are_as_they_are_called() {
        let (a, b) = (shop("1"), shop("2"));
        let changed = a.iter().zip(&b).filter(|(a, b)| a != b).count();
        assert_eq!((a.len(), changed), (SHOP_OBJECTS, SHOP_CHANGES));
        assert_eq!((app("x", "1").len(), small("x", "1").len(), config_maps(3).len()), (10, 6, 3));
        assert_eq!((kinds(&small("x", "1")), kinds(&app("x", "1"))), (5, 9));
    }
}
