//! Kubeconfigs: files, contexts, credential plugins, certificates.

use std::path::Path;

use k8s_openapi::ByteString;
use seaway_core::{
    declaration::{Connection, Limits},
    execution::{Failure, FailureKind},
};
use seaway_kube::Cluster;
use serde_json::{Value, json};

use crate::support::{Place, config_map};

async fn connect(folder: &Path, file: &str, context: &str) -> Result<Cluster, Failure> {
    let connection =
        Connection { kubeconfig: Some(file.to_owned()), context: context.to_owned(), limits: Limits::default() };
    Cluster::connect(folder, &connection).await
}

fn kubeconfig(server: &str, cluster: &Value, user: &Value) -> String {
    let mut cluster = cluster.clone();
    cluster["server"] = json!(server);
    json!({"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}], "contexts": [{"name": "prod-westus2", "context": {"cluster": "c", "user": "u"}}]})
    .to_string()
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let failure = connect(folder.path(), "none.yaml", "x").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Misconfigured);
    assert!(!failure.kind.is_transient(), "waiting does not bring a file");
    assert!(failure.message.contains("none.yaml` cannot be read: No such file"), "{failure}");

    std::fs::write(folder.path().join("good.yaml"), kubeconfig("https://127.0.0.1:1", &json!({}), &json!({}))).unwrap();
    let failure = connect(folder.path(), "good.yaml", "prod-westus").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Misconfigured);
    assert!(failure.message.contains("good.yaml` has no context `prod-westus`"), "{failure}");
    assert_eq!(failure.help.as_deref(), Some("did you mean `prod-westus2`?"));
    let failure = connect(folder.path(), "good.yaml", "other").await.unwrap_err();
    assert_eq!(failure.help.as_deref(), Some("`kubectl config get-contexts` lists the 1 there are"));

    // A file that is broken where the token is.
    let broken = "apiVersion: v1\nusers: [{name: u, user: {token: kanarienvogel-7391}]\ncontexts: [";
    std::fs::write(folder.path().join("broken.yaml"), broken).unwrap();
    let failure = connect(folder.path(), "broken.yaml", "x").await.unwrap_err();
    assert!(failure.message.contains("not valid YAML for a kubeconfig at line"), "{failure}");
    assert!(!format!("{failure:?}").contains("kanarienvogel"), "{failure:?}");

    let cluster = connect(folder.path(), "good.yaml", "prod-westus2").await.unwrap();
    let failure = cluster.running().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.message.contains("`https://127.0.0.1:1` does not answer: Connection refused"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_gives_a_certificate() {
    let place = Place::shared("plugin").await;
    let config: Value = serde_json::from_str(&std::fs::read_to_string(place.bed().kubeconfig()).unwrap())
        .unwrap_or_else(|_| panic!("the testbed's kubeconfig is JSON"));
    let (cluster, user) = (&config["clusters"][0]["cluster"], &config["users"][0]["user"]);
    let pem =
        |key: &str| String::from_utf8(serde_json::from_value::<ByteString>(user[key].clone()).unwrap().0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let credential = |expires: &str| {
        json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {
            "clientCertificateData": pem("client-certificate-data"), "clientKeyData": pem("client-key-data"),
            "expirationTimestamp": expires}})
        .to_string()
    };
    std::fs::write(folder.path().join("credential.json"), credential("2020-01-01T00:00:00Z")).unwrap();
    let script = "cat \"$(dirname \"$0\")/credential.json\"; echo x >> \"$(dirname \"$0\")/runs\"";
    std::fs::write(folder.path().join("plugin"), format!("#!/bin/sh\n{script}\n")).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder.path().join("plugin"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let exec = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", "interactiveMode": "Never"}});
    let text = kubeconfig(place.bed().url(), cluster, &exec);
    std::fs::write(folder.path().join("kubeconfig"), text).unwrap();

    let connected = connect(folder.path(), "kubeconfig", "prod-westus2").await.unwrap();
    let mut place = place;
    place.cluster = connected;
    let desired = place.desired(vec![config_map("a", "1")]);
    place.apply(&desired).await.unwrap();
    place.verify(&desired).await.unwrap();
    let runs = || std::fs::read_to_string(folder.path().join("runs")).unwrap().lines().count();
    assert_eq!(runs(), 1, "a credential that is short-lived from the start is not fetched for every request");

    std::fs::write(folder.path().join("plugin"), "#!/bin/sh\nexit 1\n").unwrap();
    let failure = connect(folder.path(), "kubeconfig", "prod-westus2").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.message.contains("ended with exit status: 1"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_trusted_gets_no_request() {
    let place = Place::shared("trust").await;
    let folder = tempfile::tempdir().unwrap();
    // The machine's own authorities do not know the cluster's.
    let text = kubeconfig(place.bed().url(), &json!({}), &json!({"token": "kanarienvogel-7391"}));
    std::fs::write(folder.path().join("kubeconfig"), text).unwrap();
    let cluster = connect(folder.path(), "kubeconfig", "prod-westus2").await.unwrap();
    let failure = cluster.running().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied, "{failure:?}");
    assert!(failure.message.contains("certificate"), "{failure}");
    assert!(!format!("{failure:?}").contains("kanarienvogel"));
}
