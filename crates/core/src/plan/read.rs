//! Reading a plan file: hostile input until it has been checked.

use super::{Plan, lint};
use crate::{
    API_VERSION,
    diagnostic::{Diagnostic, Place, Severity, codes},
};

/// Largest plan file, in bytes. A plan for 5,000 clusters with 100 changed objects each is below this.
pub const PLAN_BYTES_MAX: usize = 256 << 20;

/// Reads a plan and lints it.
///
/// # Errors
/// The findings, when there is at least one error: not JSON, not a plan of this version, or a plan that breaks
/// its own rules.
pub fn read(file: &str, bytes: &[u8]) -> Result<Plan, Vec<Diagnostic>> {
    let whole = Place { file: file.to_owned(), line: 0, column: 0, offset: 0, len: 0 };
    if bytes.len() > PLAN_BYTES_MAX {
        let found = format!("the plan has {} bytes, more than {PLAN_BYTES_MAX}", bytes.len());
        return Err(vec![Diagnostic::error(codes::PLAN_TOO_LARGE, found).at(whole)]);
    }
    let plan: Plan = serde_json::from_slice(bytes).map_err(|error| {
        let place = Place { line: error.line() as u32, column: error.column() as u32, ..whole.clone() };
        let found = format!("this is not a plan: {error}");
        vec![Diagnostic::error(codes::NOT_A_PLAN, found).at(place).help("make one with `seaway plan … --out FILE`")]
    })?;
    if plan.api_version != API_VERSION || plan.kind != "Plan" {
        let found =
            format!("expected `{API_VERSION}`, kind `Plan`; found `{}`, kind `{}`", plan.api_version, plan.kind);
        return Err(vec![Diagnostic::error(codes::PLAN_OF_OTHER_VERSION, found).at(whole)]);
    }
    let findings: Vec<Diagnostic> =
        lint(&plan).into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if findings.is_empty() { Ok(plan) } else { Err(findings.into_iter().map(|f| f.at(whole.clone())).collect()) }
}
