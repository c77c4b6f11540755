//! `seaway validate`: every finding in the declarations.

use seaway_core::{
    declaration::Workspace,
    diagnostic::{Diagnostic, Severity},
};
use seaway_engine::{Error as EngineError, render_all, workspace};
use serde::Serialize;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    fetching::Reach,
    output::{
        findings::{self, Sources, severity_role},
        text::count,
    },
    session::Session,
    terminal::Role,
};

/// Check every declaration of the workspace and report all findings.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway validate                    check the workspace that this folder is in
  seaway validate -C examples/shop   check another one
  seaway validate -o json            for programs and editors

Exit codes: 0 no errors, 1 errors.")]
pub struct Args {
    /// Count warnings as errors
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reach: Reach,
}

/// What programs read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    environments: usize,
    services: usize,
    errors: usize,
    warnings: usize,
    findings: &'a [Diagnostic],
}

/// Checks the workspace.
///
/// # Errors
/// When it cannot be read.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let loaded = workspace::read(&session.root).map_err(|error| session.explain(error))?;
    let mut found = loaded.findings;
    if !seaway_core::diagnostic::has_errors(&found) {
        found.extend(rendered(&session, &loaded.workspace, &args.reach)?);
    }
    let of = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let report = Report {
        environments: loaded.workspace.environments.len(),
        services: loaded.workspace.services.len(),
        errors,
        warnings,
        findings: &found,
    };
    let known = loaded.sources.into_iter().map(|file| (file.path, file.text));
    let mut sources = Sources::new(&session.root).and(known);
    context.show(&report, || {
        let shown = found.iter().map(|finding| findings::render(finding, &mut sources, context.paint));
        shown.collect::<String>() + &summary(context, &report)
    })?;
    let is_bad = errors > 0 || args.strict && warnings > 0;
    Ok(if is_bad { Exit::Error } else { Exit::Done })
}

/// Findings that only show when the sources are rendered for every target.
fn rendered(session: &Session<'_>, workspace: &Workspace, reach: &Reach) -> Result<Vec<Diagnostic>, Error> {
    let sources = reach.sources(session)?;
    let mut found: Vec<Diagnostic> = Vec::new();
    for environment in workspace.environments.values() {
        let more = match render_all(workspace, environment, &[], &sources) {
            Ok(rendered) => rendered.remarks,
            Err(EngineError::Findings(findings)) => findings,
            Err(error) => return Err(session.explain(error)),
        };
        let fresh: Vec<Diagnostic> = more.into_iter().filter(|finding| !found.contains(finding)).collect();
        found.extend(fresh);
    }
    Ok(found)
}

fn summary(context: &Context, report: &Report<'_>) -> String {
    let what = format!("{} and {}", count(report.environments, "environment"), count(report.services, "service"));
    let role = match (report.errors, report.warnings) {
        (0, 0) => Role::Good,
        (0, _) => severity_role(Severity::Warning),
        _ => severity_role(Severity::Error),
    };
    let verdict = match (report.errors, report.warnings) {
        (0, 0) => "valid".to_owned(),
        (0, warnings) => format!("valid, {}", count(warnings, "warning")),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    format!("{what}: {}\n", context.paint.apply(role, &verdict))
}
