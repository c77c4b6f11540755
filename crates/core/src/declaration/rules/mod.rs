//! What a description of a format cannot say: names that refer to each other, pairs, circles, selections.
//!
//! One file per subject. Each rule reads documents for their places and the model for what is meant.

mod config;
mod dependencies;
mod drawn;
mod environment;
mod patch;
mod renderer;
mod selection;
mod service;
mod source;

use super::{Workspace, format::Kind, load::Declared};
use crate::diagnostic::Diagnostic;

pub use environment::CLUSTERS_MAX;

/// Applies all rules.
pub(super) fn check(declared: &[Declared<'_>], workspace: &Workspace, findings: &mut Vec<Diagnostic>) {
    for one in declared {
        match one.kind {
            Kind::Environment => environment::check(one, findings),
            Kind::Service => {
                service::check(one, findings);
                source::check(one, findings);
                patch::check(one, findings);
                renderer::check(one, findings);
                drawn::check(one, findings);
                selection::check(one, workspace, findings);
                config::check(one, workspace, findings);
            }
        }
    }
    dependencies::check(declared, workspace, findings);
}
