//! The application that the tests roll out: thirteen objects of nine kinds, with a migration before the workloads.

use super::fleet::Fleet;

/// An environment with one stage, region and cluster for each of so many clusters.
pub fn staged(clusters: usize, bake: &str) -> String {
    let stage = |n| format!("  - {{name: s{n}, bake: {bake}}}\n");
    let region = |n| {
        format!("  - {{name: r{n}, stage: s{n}, clusters: [{{name: c{n}, context: c{n}, kubeconfig: KUBECONFIG}}]}}\n")
    };
    let stages: String = (1..=clusters).map(stage).collect();
    let regions: String = (1..=clusters).map(region).collect();
    format!(
        "apiVersion: seaway.dev/v1\nkind: Environment\nmetadata: {{name: test}}\nspec:\n  stages:\n{stages}  regions:\n{regions}  unreachable: {{giveUpAfter: PT5S}}\n"
    )
}

/// Writes the service with this tag of its images.
pub fn write(fleet: &Fleet, api_tag: &str) {
    // The migration itself works, so that a broken image is met in the workloads after it.
    let migrate_tag = api_tag.trim_end_matches("-broken");
    fleet.write(
        "services/shop/seaway.yaml",
        &format!(
            "apiVersion: seaway.dev/v1
kind: Service
metadata: {{name: shop}}
spec:
  source: {{manifests: {{path: manifests}}}}
  namespace: shop
  config:
    schema:
      apiTag: {{type: string}}
      migrateTag: {{type: string}}
      replicas: {{type: integer, default: 2}}
    values: {{global: {{apiTag: \"{api_tag}\", migrateTag: \"{migrate_tag}\"}}}}
  health: {{timeout: PT60S, podGrace: PT3S}}
"
        ),
    );
    for (name, text) in MANIFESTS {
        fleet.write(&format!("services/shop/manifests/{name}.yaml"), text);
    }
}

/// Objects of the service.
pub const OBJECTS: usize = 14;

const MANIFESTS: [(&str, &str); 6] = [
    (
        "base",
        "apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {tag: \"${config.apiTag}\", cluster: \"${cluster.name}\"}
---
apiVersion: v1
kind: Secret
metadata: {name: token}
stringData: {token: correct-horse-battery-staple}
",
    ),
    (
        "crd",
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: coupons.shop.example.com}
spec:
  group: shop.example.com
  names: {kind: Coupon, plural: coupons, singular: coupon, listKind: CouponList}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {percent: {type: integer}}}}}}
---
apiVersion: shop.example.com/v1
kind: Coupon
metadata: {name: spring}
spec: {percent: 10}
",
    ),
    (
        "migrate",
        "apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {seaway.dev/phase: \"-1\", seaway.dev/replace: allowed}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: \"registry.example.com/migrate:${config.migrateTag}\"}]
",
    ),
    (
        "api",
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: ${config.replicas}
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: api
      containers: [{name: api, image: \"registry.example.com/api:${config.apiTag}\"}]
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api}
spec: {minAvailable: 1, selector: {matchLabels: {app: api}}}
",
    ),
    (
        "web",
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: \"registry.example.com/web:${config.apiTag}\"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: 1
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec: {containers: [{name: worker, image: \"registry.example.com/worker:1\"}]}
",
    ),
    (
        "db",
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 1
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: \"registry.example.com/db:15\"}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
",
    ),
];
