//! A program that renders instead of this one, behind the sandbox: what was declared is what runs, and nothing else.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use seaway_core::{
    declaration::ExternalRenderer,
    diagnostic::{Diagnostic, codes},
    provenance::Network,
};
use seaway_render::external::{Call, Program};
use seaway_sandbox::{Error, Limits, Network as Reach, Run, Sandbox};

/// A program, checked and copied.
pub(crate) struct Confined {
    /// Holds the copy as long as it may be run.
    _holder: Sandbox,
    copy: PathBuf,
    /// What the runs so far could reach.
    network: Mutex<Network>,
}

impl Confined {
    /// Reads the program that a declaration names.
    ///
    /// # Errors
    /// When it cannot be read or is not the one that was declared.
    pub(crate) fn of(root: &Path, declared: &ExternalRenderer) -> Result<Self, Diagnostic> {
        let holder = Sandbox::new().map_err(|error| finding(&error))?;
        let copy = holder.provide(&root.join(&declared.path), &declared.digest).map_err(|error| finding(&error))?;
        Ok(Self { _holder: holder, copy, network: Mutex::new(Network::None) })
    }
}

impl Program for Confined {
    fn run(&self, call: &Call) -> Result<Vec<u8>, Diagnostic> {
        let work = || {
            // A folder of its own for each call: what one leaves behind is nothing to the next.
            let sandbox = Sandbox::new()?;
            for (path, bytes) in &call.files {
                sandbox.put(path, bytes)?;
            }
            let arguments: Vec<&OsStr> = call.arguments.iter().map(OsStr::new).collect();
            let run = Run {
                program: &self.copy,
                arguments: &arguments,
                folder: "",
                environment: &[],
                limits: Limits::default(),
            };
            sandbox.run(&run)
        };
        let output = work().map_err(|error| finding(&error))?;
        if output.network == Reach::Open {
            *self.network.lock().unwrap_or_else(PoisonError::into_inner) = Network::Open;
        }
        Ok(output.stdout)
    }

    fn network(&self) -> Network {
        *self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn finding(error: &Error) -> Diagnostic {
    let mut message = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        message += &format!(": {cause}");
        next = cause.source();
    }
    let help =
        "it runs with the files of the source alone, an empty environment and, where the system allows it, no network";
    Diagnostic { hides_source: true, ..Diagnostic::error(codes::EXTERNAL, message).help(help) }
}
