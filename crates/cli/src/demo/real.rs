//! The demo on real clusters: each context of a kubeconfig is a region; everything lives in one namespace.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use seaway_core::{
    declaration::{Connection, Limits},
    digest::Digest,
    ids::{EnvironmentName, RolloutId, ServiceName, StepId, TargetName},
};
use seaway_engine::drivers::{Driver, Job, Target, kube::KubeDriver};
use tokio_util::sync::CancellationToken;

use super::{ENVIRONMENT, FILES, NAMESPACE, SERVICE};
use crate::{
    ask,
    commands::{
        init::kubeconfig::contexts,
        rollout::{Desk, start, watch::Leaving},
    },
    context::Context,
    error::Error,
    exit::Exit,
    output::text,
    session::Session,
};

/// Longest time for the removal from one cluster, in milliseconds.
const CLEAN_UP_LIMIT_MS: u64 = 120_000;

/// Rolls out on the clusters of a kubeconfig.
///
/// # Errors
/// When the kubeconfig cannot be used, the workspace cannot be written, or as `rollout start`.
pub async fn run(context: &Context, kubeconfig: &Path, yes: bool) -> Result<Exit, Error> {
    let (kubeconfig, contexts) = read(kubeconfig)?;
    context.remark(&format!(
        "This is real: the namespace `{NAMESPACE}` on {}: {}.\n",
        text::count(contexts.len(), "cluster"),
        contexts.join(", ")
    ));
    if !yes {
        ask::confirm(context, "Go on?", "the demo", "--yes")?;
    }
    let root = workspace(&kubeconfig, &contexts)?;
    let session = Session { context, root: root.clone() };
    let engine = session.engine().await?;
    let args = start::Args {
        services: Vec::new(),
        environment: Some(ENVIRONMENT.to_owned()),
        plan: None,
        allow_replace: false,
        yes: true,
        no_watch: false,
        leaving: Leaving { leave_at_approval: false },
        reason: Some("demo".to_owned()),
        reach: crate::fetching::Reach::default(),
    };
    let exit = start::run(&Desk { session: &session, engine: &engine }, &args).await?;
    context.remark(&format!(
        "\nIts workspace is `{root}`.\nWhat next:\n  \
         seaway -C {root} plan -e {ENVIRONMENT}        nothing to do, and no write\n  \
         seaway demo --kubeconfig {kubeconfig} --clean-up   remove everything again\n",
        root = root.display(),
        kubeconfig = kubeconfig.display(),
    ));
    Ok(exit)
}

/// Removes what the demo left on the clusters of a kubeconfig: what its inventory owns, and nothing else.
///
/// # Errors
/// When one of the clusters cannot be cleaned; the others are.
pub async fn clean_up(context: &Context, kubeconfig: &Path, yes: bool) -> Result<Exit, Error> {
    let (kubeconfig, contexts) = read(kubeconfig)?;
    if !yes {
        let question = format!("Remove the demo from {}?", contexts.join(", "));
        ask::confirm(context, &question, "the removal", "--yes")?;
    }
    let driver = KubeDriver::new("/");
    let mut failed = Error::new("the demo could not be removed everywhere");
    let mut is_clean = true;
    for name in &contexts {
        match driver.destroy(&job(&kubeconfig, name), &ServiceName::new(SERVICE)).await {
            Ok(report) => context.remark(&format!("{name}: {}\n", report.message)),
            Err(failure) => {
                is_clean = false;
                failed = failed.cause(format!("{name}: {failure}"));
            }
        }
    }
    if is_clean { Ok(Exit::Done) } else { Err(failed.hint("repair them, then run the same command again")) }
}

fn read(kubeconfig: &Path) -> Result<(PathBuf, Vec<String>), Error> {
    let contexts = contexts(kubeconfig)?;
    let absolute = kubeconfig
        .canonicalize()
        .map_err(|error| Error::new(format!("cannot read kubeconfig `{}`", kubeconfig.display())).because(&error))?;
    Ok((absolute, contexts))
}

fn job(kubeconfig: &Path, context: &str) -> Job {
    let (progress, _) = tokio::sync::mpsc::unbounded_channel();
    Job {
        target: Target {
            environment: EnvironmentName::new(ENVIRONMENT),
            name: TargetName::new(context),
            connection: Connection {
                kubeconfig: Some(kubeconfig.display().to_string()),
                context: context.to_owned(),
                limits: Limits::default(),
            },
        },
        wanted: Vec::new(),
        rollout: RolloutId::new("demo-clean-up"),
        plan: Digest::of(b""),
        step: StepId(0),
        attempt: 1,
        epoch: 1,
        limit_ms: CLEAN_UP_LIMIT_MS,
        progress,
        cancel: CancellationToken::new(),
        fence: Arc::new(|| true),
    }
}

/// A folder with the demo's declarations; it stays, so that every command can be tried on it.
fn workspace(kubeconfig: &Path, contexts: &[String]) -> Result<PathBuf, Error> {
    let failed = |error: std::io::Error| Error::new("cannot write the demo's workspace").because(&error);
    let folder = tempfile::Builder::new().prefix("seaway-demo-").tempdir().map_err(failed)?;
    let root = folder.path();
    let write = |path: &str, content: &str| {
        let path = root.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, content)
    };
    // Named, not copied: the file holds credentials, and may name others beside it.
    write("environments/demo.yaml", &environment(kubeconfig, contexts)).map_err(failed)?;
    for (path, content) in FILES {
        write(path, content).map_err(failed)?;
    }
    Ok(folder.keep())
}

/// First context = canary, second = pilot, the others = broad.
fn environment(kubeconfig: &Path, contexts: &[String]) -> String {
    let kubeconfig = serde_json::Value::String(kubeconfig.display().to_string());
    let stage_of = |number: usize| ["canary", "pilot", "broad"][number.min(2)];
    let mut stages: Vec<&str> = (0..contexts.len()).map(stage_of).collect();
    stages.dedup();
    let stages: String =
        stages.iter().map(|stage| format!("  - {{name: {stage}, bake: PT5S, maxConcurrent: 3}}\n")).collect();
    let regions: String = contexts
        .iter()
        .enumerate()
        .map(|(number, context)| {
            let stage = stage_of(number);
            let quoted = serde_json::Value::String(context.clone());
            format!(
                "  - {{name: region-{n}, stage: {stage}, clusters: [{{name: cluster-{n}, context: {quoted}, kubeconfig: {kubeconfig}}}]}}\n",
                n = number + 1
            )
        })
        .collect();
    format!(
        "apiVersion: seaway.dev/v1\nkind: Environment\nmetadata: {{name: {ENVIRONMENT}}}\nspec:\n  stages:\n{stages}  regions:\n{regions}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_contexts_gives_a_workspace_without_errors() {
        for count in [1, 2, 3, 7] {
            let contexts: Vec<String> = (0..count).map(|n| format!("kind \"{n}\"@é")).collect();
            let file = |path: &str, text: &str| seaway_core::declaration::SourceFile {
                path: path.to_owned(),
                text: text.to_owned(),
            };
            let mut files =
                vec![file("environments/demo.yaml", &environment(Path::new("/home/ana/.kube/config"), &contexts))];
            files.extend(FILES.iter().filter(|(path, _)| path.ends_with("seaway.yaml")).map(|(p, t)| file(p, t)));
            let (workspace, findings) = seaway_core::declaration::load(&files);
            assert_eq!(findings, vec![], "{count}");
            let demo = &workspace.environments[&EnvironmentName::new(ENVIRONMENT)];
            let found: Vec<&str> = demo.clusters().map(|(_, cluster)| cluster.connection.context.as_str()).collect();
            assert_eq!(found, contexts);
        }
    }
}
