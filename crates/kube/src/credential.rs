//! Credentials from the plugin that a kubeconfig names (`exec`).
//!
//! The plugin is a program of the user's; it may hang, fail or print nonsense. It runs beside all other work, for a
//! limited time, and nothing that it prints is ever logged or put into a message: its output is the credential.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use k8s_openapi::ByteString;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use seaway_core::execution::{Failure, FailureKind};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

/// Longest run of a plugin. It may wait for a person to log in.
const PLUGIN_LIMIT: Duration = Duration::from_secs(120);
/// Most output that is read. Tokens and certificate chains stay far below.
const OUTPUT_BYTES_MAX: u64 = 1 << 20;
/// Longest part of the plugin's complaint that is kept.
const COMPLAINT_CHARS_MAX: usize = 600;
/// Words of a complaint that are longer are left out: they may be parts of a credential.
const COMPLAINT_WORD_MAX: usize = 40;

/// What a plugin answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    client_certificate_data: Option<String>,
    #[serde(default)]
    client_key_data: Option<String>,
    #[serde(default)]
    expiration_timestamp: Option<String>,
}

/// Puts the plugin's credential into `user` in the place of the plugin. When it expires, by this machine's clock.
///
/// # Errors
/// [`FailureKind::Denied`] when the plugin cannot be run or gives no credential.
pub(crate) async fn resolve(user: &mut AuthInfo, folder: Option<&Path>) -> Result<Option<jiff::Timestamp>, Failure> {
    // A token or certificate in the file goes first, as with other clients.
    let has_other = user.token.is_some() || user.token_file.is_some();
    let Some(exec) = user.exec.take().filter(|_| !has_other) else { return Ok(None) };
    let name = exec.command.clone().unwrap_or_default();
    let fail = |why: &str| Failure::new(FailureKind::Denied, format!("credential plugin `{name}` {why}"));
    let output = run(&exec, folder, &fail).await?;
    // The error of the JSON library could repeat a piece of the output.
    let answer: Answer = serde_json::from_slice(&output).map_err(|_| fail("printed no `ExecCredential`"))?;
    let status = answer.status.ok_or_else(|| fail("printed an `ExecCredential` without `status`"))?;
    let expires = match status.expiration_timestamp {
        None => None,
        Some(text) => {
            Some(text.parse::<jiff::Timestamp>().map_err(|_| fail("gave an `expirationTimestamp` that is no time"))?)
        }
    };
    match (status.token, status.client_certificate_data, status.client_key_data) {
        (token, Some(certificate), Some(key)) => {
            user.client_certificate_data = Some(base64(certificate));
            user.client_key_data = Some(base64(key).into());
            user.token = token.map(Into::into);
        }
        (Some(token), _, _) => user.token = Some(token.into()),
        (None, _, _) => return Err(fail("gave neither a token nor a certificate with its key")),
    }
    Ok(expires)
}

async fn run(exec: &ExecConfig, folder: Option<&Path>, fail: &impl Fn(&str) -> Failure) -> Result<Vec<u8>, Failure> {
    let command = exec.command.as_deref().ok_or_else(|| fail("has no `command`"))?;
    let is_interactive =
        !matches!(exec.interactive_mode, Some(ExecInteractiveMode::Never)) && std::io::stdin().is_terminal();
    let info = json!({
        "apiVersion": exec.api_version,
        "kind": "ExecCredential",
        "spec": {"interactive": is_interactive, "cluster": exec.cluster.as_ref().and_then(|c| serde_json::to_value(c).ok())},
    });
    let variables = exec.env.iter().flatten().filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
    let mut child = Command::new(program(command, folder))
        .args(exec.args.iter().flatten())
        .envs(variables)
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(if is_interactive { Stdio::inherit() } else { Stdio::null() })
        // A person who has to log in must see where.
        .stderr(if is_interactive { Stdio::inherit() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            let failure = fail(&format!("cannot be started: {error}"));
            match &exec.install_hint {
                Some(hint) => failure.help(crate::failure::clean(hint, COMPLAINT_CHARS_MAX)),
                None => failure,
            }
        })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = async { tokio::join!(child.wait(), read(stdout), read(stderr)) };
    let ended = tokio::time::timeout(PLUGIN_LIMIT, ended).await;
    let (status, output, complaint) = ended.map_err(|_| fail(&format!("did not end within {PLUGIN_LIMIT:?}")))?;
    let status = status.map_err(|error| fail(&format!("was lost: {error}")))?;
    if status.success() {
        return Ok(output);
    }
    let failure = fail(&format!("ended with {status}")).help("run it by hand to see what it says");
    let complaint = harmless(&String::from_utf8_lossy(&complaint));
    Err(if complaint.is_empty() { failure } else { failure.detail(complaint) })
}

/// A path is relative to the kubeconfig, a bare name is looked up.
fn program(command: &str, folder: Option<&Path>) -> PathBuf {
    match folder {
        Some(folder) if command.contains('/') => folder.join(command),
        _ => PathBuf::from(command),
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // A pipe that breaks ends what can be read; the exit status tells the rest.
        let _ = stream.take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes).await;
    }
    bytes
}

/// What the plugin complained about, without anything that could be a credential.
fn harmless(complaint: &str) -> String {
    let words = complaint.split_whitespace().map(|word| if word.len() > COMPLAINT_WORD_MAX { "…" } else { word });
    crate::failure::clean(&words.collect::<Vec<_>>().join(" "), COMPLAINT_CHARS_MAX)
}

fn base64(text: String) -> String {
    match serde_json::to_value(ByteString(text.into_bytes())) {
        Ok(Value::String(text)) => text,
        Ok(_) | Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// A user whose plugin is this shell script.
    fn user(script: &str) -> AuthInfo {
        let exec: ExecConfig = serde_json::from_value(json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
            "env": [{"name": "WHO", "value": "plugin"}], "interactiveMode": "Never",
        }))
        .unwrap();
        AuthInfo { exec: Some(exec), ..AuthInfo::default() }
    }

    async fn failure(script: &str) -> Failure {
        resolve(&mut user(script), None).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_token_with_its_end() {
        let mut user = user(
            r#"case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 1;; esac
               echo "{\"status\":{\"token\":\"t-$WHO\",\"expirationTimestamp\":\"2030-01-01T00:00:00Z\"}}""#,
        );
        let expires = resolve(&mut user, None).await.unwrap();
        assert_eq!(expires, Some("2030-01-01T00:00:00Z".parse().unwrap()));
        assert!(user.token.is_some() && user.exec.is_none());
    }

    #[tokio::test]
    async fn a_certificate_with_its_key() {
        let mut user = user(r#"echo '{"status":{"clientCertificateData":"CERT","clientKeyData":"KEY"}}'"#);
        assert_eq!(resolve(&mut user, None).await.unwrap(), None);
        assert_eq!(user.client_certificate_data.as_deref(), Some("Q0VSVA=="));
        assert!(user.client_key_data.is_some());
    }

    #[tokio::test]
    async fn what_it_prints_is_never_repeated() {
        let canary = "kanarienvogel".repeat(4);
        for (script, expected) in [
            (format!("echo {canary}"), "credential plugin `sh` printed no `ExecCredential`"),
            (
                format!("echo '{{\"status\":{{\"token\":7,\"x\":\"{canary}\"}}}}'"),
                "credential plugin `sh` printed no `ExecCredential`",
            ),
            ("echo '{}'".to_owned(), "credential plugin `sh` printed an `ExecCredential` without `status`"),
            (
                "echo '{\"status\":{}}'".to_owned(),
                "credential plugin `sh` gave neither a token nor a certificate with its key",
            ),
            (
                format!("echo log in first {canary} >&2; echo {canary}; exit 3"),
                "credential plugin `sh` ended with exit status: 3",
            ),
        ] {
            let failure = failure(&script).await;
            assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Denied, expected));
            assert!(!format!("{failure:?}").contains("kanarienvogel"), "{failure:?}");
        }
        let failure = failure("echo log in first >&2; exit 3").await;
        assert_eq!(failure.detail.as_deref(), Some("log in first"));
    }

    #[tokio::test]
    async fn a_plugin_that_is_not_there() {
        let mut user = user("");
        let exec = user.exec.as_mut().unwrap();
        exec.command = Some("seaway-no-such-plugin".to_owned());
        exec.install_hint = Some("install it from …".to_owned());
        let failure = resolve(&mut user, None).await.unwrap_err();
        assert!(
            failure.message.starts_with("credential plugin `seaway-no-such-plugin` cannot be started"),
            "{failure}"
        );
        assert_eq!(failure.help.as_deref(), Some("install it from …"));
        assert_eq!(program("bin/plugin", Some(Path::new("/etc/kube"))), Path::new("/etc/kube/bin/plugin"));
    }
}
