//! The workspace: all declarations together.

use std::collections::BTreeMap;

use super::{Environment, Service};
use crate::ids::{EnvironmentName, ServiceName};

/// One file of a workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFile {
    /// Path relative to the workspace, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// All declarations, by name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Workspace {
    /// Environments.
    pub environments: BTreeMap<EnvironmentName, Environment>,
    /// Services.
    pub services: BTreeMap<ServiceName, Service>,
}
