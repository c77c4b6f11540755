//! The texts of a new workspace.

/// Name of the environment.
pub const ENVIRONMENT: &str = "dev";
/// Name of the service.
pub const SERVICE: &str = "hello";

/// State stays out of Git; schemas are worth having there, so that every clone has them in the editor.
pub const GITIGNORE: &str = "*\n!.gitignore\n!schema/\n!schema/*.json\n";

/// The environment: two stages, one cluster each.
pub fn environment() -> String {
    "# yaml-language-server: $schema=../.seaway/schema/environment.json
apiVersion: seaway.dev/v1
kind: Environment
metadata:
  name: dev
spec:
  # Stages open in this order. The next one opens when every cluster of this one runs the release, is healthy,
  # and has stayed so for the bake.
  stages:
    - name: canary
      bake: PT1M
    - name: broad
      maxConcurrent: 50%
      # gates:
      #   - approval: {count: 1}
  regions:
    - name: first
      stage: canary
      clusters:
        # `context` is a context of your kubeconfig; `kubectl config get-contexts` lists them.
        - name: first-1
          context: first-1
    - name: second
      stage: broad
      clusters:
        - name: second-1
          context: second-1
"
    .to_owned()
}

/// The service and its manifests.
pub const SERVICE_FILES: &[(&str, &str)] = &[
    (
        "services/hello/seaway.yaml",
        "# yaml-language-server: $schema=../../.seaway/schema/service.json
apiVersion: seaway.dev/v1
kind: Service
metadata:
  name: hello
spec:
  namespace: hello
  source:
    manifests:
      path: manifests
  # Typed configuration: `${config.replicas}` in a manifest becomes the value for the cluster.
  # A later layer wins: global < environments < regions < clusters.
  config:
    schema:
      replicas: {type: integer, minimum: 1, maximum: 50, description: Pods on each cluster}
      greeting: {type: string, description: What the service says}
    values:
      global:
        replicas: 1
        greeting: Hello
  health:
    timeout: PT5M
",
    ),
    (
        "services/hello/manifests/namespace.yaml",
        "apiVersion: v1
kind: Namespace
metadata:
  name: hello
",
    ),
    (
        "services/hello/manifests/hello.yaml",
        "apiVersion: v1
kind: ConfigMap
metadata:
  name: hello
data:
  greeting: ${config.greeting}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
spec:
  replicas: ${config.replicas}
  selector:
    matchLabels: {app: hello}
  template:
    metadata:
      labels: {app: hello}
    spec:
      containers:
        - name: hello
          # Replace this image with your own.
          image: registry.k8s.io/pause:3.10
          envFrom:
            - configMapRef: {name: hello}
          resources:
            requests: {cpu: 10m, memory: 16Mi}
---
apiVersion: v1
kind: Service
metadata:
  name: hello
spec:
  selector: {app: hello}
  ports:
    - name: http
      port: 80
      targetPort: 8080
",
    ),
];
