//! `seaway hld check`: where the two profiles differ.

use seaway_core::diagnostic::{Diagnostic, Severity};
use seaway_render::hld::{Profile, Settings};
use serde::Serialize;

use super::generate;
use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    hld::desk::{Desk, Reading, Top},
};

/// Show what keeps the definitions from the strict profile, without writing anything.
///
/// Each environment is rendered in both profiles. The exit code is 2 when there is something to do.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld check                            every environment that has a file
  seaway hld check -e prod -e prod,west       these environments
  seaway hld check -o json                    for programs")]
pub struct Args {
    /// Environments, such as `prod` or `prod,west`
    #[arg(short, long = "environments", value_name = "SET")]
    pub environments: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub top: Top,
}

/// What one environment set gives.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    environments: Vec<String>,
    findings: Vec<Diagnostic>,
    /// Files whose content differs, when both profiles render.
    different_files: Vec<String>,
}

/// Checks.
///
/// # Errors
/// When the definitions do not render in the compat profile either.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let mut desk = Desk::open(context, None, &args.top, &Reading::default())?;
    let mut rows = Vec::new();
    for environments in desk.sets(&args.environments) {
        desk.settings = Settings { profile: Profile::Compat, ..desk.settings };
        let compat = generate::render(&desk, &environments).map_err(|found| desk.refuse(&found))?;
        desk.settings = Settings { profile: Profile::Strict, ..desk.settings };
        let (findings, different_files) = match generate::render(&desk, &environments) {
            Ok(strict) => {
                let all: std::collections::BTreeSet<&String> = compat.files.keys().chain(strict.files.keys()).collect();
                // A file of nothing is left out in the strict profile, which changes no object.
                let content = |made: &seaway_render::hld::Generated, path: &String| {
                    made.files.get(path).filter(|bytes| !bytes.is_empty()).cloned()
                };
                let is_different = |path: &&&String| content(&compat, path) != content(&strict, path);
                (strict.remarks.clone(), all.iter().filter(is_different).map(|path| (*path).clone()).collect())
            }
            Err(found) => (found, Vec::new()),
        };
        let findings = findings.into_iter().filter(|finding| finding.severity >= Severity::Warning).collect();
        rows.push(Row { environments, findings, different_files });
    }
    let is_done = rows.iter().all(|row| row.findings.is_empty() && row.different_files.is_empty());
    context.show(&rows, || text(&desk, &rows))?;
    Ok(if is_done { Exit::Done } else { Exit::Changes })
}

fn text(desk: &Desk<'_>, rows: &[Row]) -> String {
    let mut out = String::new();
    let mut said: Vec<&Diagnostic> = Vec::new();
    for row in rows {
        for finding in &row.findings {
            if !said.contains(&finding) {
                said.push(finding);
                desk.show(std::slice::from_ref(finding));
            }
        }
        let name = if row.environments.is_empty() { "common".to_owned() } else { row.environments.join(",") };
        let findings = crate::output::text::count(row.findings.len(), "finding");
        let different = crate::output::text::count(row.different_files.len(), "different file");
        out += &format!("{name}: {findings}, {different}\n");
    }
    out
}
