//! The workspace that a command works in: where it is, what it declares, and its engine.

use std::path::{Path, PathBuf};

use seaway_core::{
    declaration::Workspace,
    diagnostic::{Diagnostic, Severity, has_errors},
};
use seaway_engine::{Engine, Error as EngineError, workspace};

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    output::{findings, text},
};

/// A workspace folder.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    /// Settings of the call.
    pub context: &'a Context,
    /// The folder.
    pub root: PathBuf,
}

impl<'a> Session<'a> {
    /// Finds the workspace: the folder of `-C`, else the nearest one from the current folder upwards.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(context: &'a Context) -> Result<Self, Error> {
        if let Some(folder) = &context.folder {
            if !folder.is_dir() {
                return Err(Error::new(format!("`{}` is not a folder", folder.display()))
                    .hint("`-C` takes the folder of a workspace; `seaway init DIR` makes one"));
            }
            return Ok(Self { context, root: folder.clone() });
        }
        let here = std::env::current_dir()
            .map_err(|error| Error::new("cannot find out the current folder").because(&error).hint("use `-C DIR`"))?;
        let root = workspace::find_root(&here).ok_or_else(|| {
            Error::new(format!("no workspace in `{}` or above it", here.display()))
                .cause("expected a folder `environments` or a file `seaway.yaml`")
                .hint("make one with `seaway init`, or name one with `-C DIR`")
        })?;
        Ok(Self { context, root })
    }

    /// The declarations. Findings that are no errors go to standard error; with errors nothing can be done.
    ///
    /// # Errors
    /// When the declarations have errors or cannot be read.
    pub fn declarations(&self) -> Result<Workspace, Error> {
        let loaded = workspace::read(&self.root).map_err(|error| self.explain(error))?;
        if has_errors(&loaded.findings) {
            return Err(self.explain(EngineError::Findings(loaded.findings)));
        }
        self.remarks(&loaded.findings);
        Ok(loaded.workspace)
    }

    /// The engine, with its state in the workspace.
    ///
    /// # Errors
    /// When the state cannot be opened.
    pub async fn engine(&self) -> Result<Engine, Error> {
        Engine::open(&self.root).await.map_err(|error| self.explain(error))
    }

    /// Findings that refuse nothing: warnings always, remarks with `-v`.
    pub fn remarks(&self, found: &[Diagnostic]) {
        let least = if self.context.verbose > 0 { Severity::Remark } else { Severity::Warning };
        let shown: Vec<&Diagnostic> = found.iter().filter(|finding| finding.severity >= least).collect();
        let mut sources = findings::Sources::new(&self.root);
        for finding in shown {
            self.context.remark(&findings::render(finding, &mut sources, self.context.paint_err));
        }
    }

    /// An error of the engine with what to do next. Findings are written at once, with their places.
    pub fn explain(&self, error: EngineError) -> Error {
        explain(error, self.context, Some(&self.root))
    }
}

/// An error of the engine with what to do next.
pub fn explain(error: EngineError, context: &Context, root: Option<&Path>) -> Error {
    match error {
        EngineError::Findings(found) => {
            let mut sources = root.map_or_else(findings::Sources::none, findings::Sources::new);
            for finding in &found {
                context.remark(&findings::render(finding, &mut sources, context.paint_err));
            }
            let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
            Error::new(format!("{} found", text::count(errors, "error")))
                .hint("repair them and try again; `seaway validate` checks the whole workspace")
        }
        EngineError::Refused(refusal) => Error::refused("the rollout does not allow this").because(&refusal),
        EngineError::Driven { ref rollout, .. } => {
            let hint = format!("watch it with `seaway rollout watch {rollout}`, or stop the other process first");
            Error { exit: Exit::Refused, ..chain(&error) }.hint(hint)
        }
        EngineError::LostLease(ref rollout) | EngineError::Stalled(ref rollout) => {
            let hint = format!("nothing is lost; `seaway rollout watch {rollout}` shows how it goes on");
            chain(&error).hint(hint)
        }
        EngineError::PlanRefused(_) => Error { exit: Exit::Refused, ..chain(&error) },
        EngineError::Fetch(error) => error.into(),
        EngineError::Store(_)
        | EngineError::Read { .. }
        | EngineError::Write { .. }
        | EngineError::NotFound { .. }
        | EngineError::Record { .. } => chain(&error),
    }
}

/// The error with its sources as causes.
fn chain(error: &EngineError) -> Error {
    let mut out = Error::new(error.to_string());
    if let Some(source) = std::error::Error::source(error) {
        out = out.because(source);
    }
    out
}
