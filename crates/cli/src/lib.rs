//! The `seaway` command as a library, so that its reference and its tests use the same definitions.
//!
//! Owns verbs, output, progress and exit codes. Decides nothing: plans and rollouts come from the engine.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod atomic;
pub mod cli;
pub mod commands;
pub mod context;
pub mod error;
pub mod exit;
pub mod output;
pub mod principal;
pub mod terminal;

use std::{ffi::OsString, io::Write};

use clap::Parser;

use cli::{Cli, Format, Verb};
use context::Context;
use error::Error;
use exit::Exit;

/// Runs a command line to its end.
pub fn run(args: impl Iterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; everything else is wrong usage. Clap's own code 2 means "changes" here.
            let exit = if error.use_stderr() { Exit::Error } else { Exit::Done };
            let _ = error.print();
            return exit;
        }
    };
    let context = Context::new(&cli.global);
    dispatch(&context, &cli.verb).unwrap_or_else(|error| report(&context, &error))
}

fn dispatch(context: &Context, verb: &Verb) -> Result<Exit, Error> {
    match verb {
        Verb::Completions(args) => commands::completions::run(context, args),
        Verb::Man(args) => commands::man::run(context, args),
        _ => Err(Error::new("not there yet")),
    }
}

fn report(context: &Context, error: &Error) -> Exit {
    if !error.what.is_empty() {
        let text = match context.format {
            Format::Table => error.render(context.paint_err),
            Format::Json | Format::Yaml => error.render_json(),
        };
        // When standard error is gone too, the exit code is all that is left.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
    error.exit
}
