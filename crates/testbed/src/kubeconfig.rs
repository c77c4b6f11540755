//! Kubeconfig files with everything inside them, so that they can be copied anywhere.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::pki::Credential;

/// One context, with the cluster and the user it names; all three have the same name.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) server: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) credential: &'a Credential,
}

/// Writes a kubeconfig with a context per entry; the first one is the current one.
pub(crate) fn write(path: &Path, entries: &[Entry<'_>]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&kubeconfig(entries))?;
    // JSON is YAML, and needs no rules of its own for quoting.
    replace_file(path, &text)
}

fn kubeconfig(entries: &[Entry<'_>]) -> Value {
    let list = |of: &dyn Fn(&Entry<'_>) -> Value| entries.iter().map(of).collect::<Vec<_>>();
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": list(&|e| json!({"name": e.name, "cluster": {
            "server": e.server,
            "certificate-authority-data": BASE64_STANDARD.encode(e.authority),
        }})),
        "users": list(&|e| json!({"name": e.name, "user": {
            "client-certificate-data": BASE64_STANDARD.encode(&e.credential.certificate),
            "client-key-data": BASE64_STANDARD.encode(&e.credential.key),
        }})),
        "contexts": list(&|e| json!({"name": e.name, "context": {"cluster": e.name, "user": e.name}})),
        "current-context": entries.first().map_or("", |e| e.name),
    })
}

/// Writes to a temporary name beside the file, readable by us alone, and renames it.
fn replace_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let partial = path.with_extension("partial");
    let written = fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&partial, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn each_entry_is_a_context_of_its_own() {
        let credential = Credential { certificate: "CERT".to_owned(), key: "KEY".to_owned() };
        let entry = |name, server| Entry { name, server, authority: "CA", credential: &credential };
        let config = kubeconfig(&[entry("c1", "https://127.0.0.1:1"), entry("c2", "https://127.0.0.1:2")]);
        assert_eq!(config["current-context"], "c1");
        assert_eq!(config["contexts"][1], json!({"name": "c2", "context": {"cluster": "c2", "user": "c2"}}));
        assert_eq!(config["clusters"][1]["cluster"]["server"], "https://127.0.0.1:2");
        assert_eq!(config["users"][0]["user"]["client-key-data"], "S0VZ");
    }
}
