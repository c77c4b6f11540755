//! The `seaway` command as a library, so that its reference and its tests use the same definitions.
//!
//! Owns verbs, output, progress and exit codes. Decides nothing: plans and rollouts come from the engine.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod ask;
pub mod atomic;
pub mod cli;
pub mod commands;
pub mod context;
pub mod demo;
pub mod error;
pub mod exit;
pub mod fetching;
pub mod hld;
pub mod locked;
pub mod output;
pub mod principal;
pub mod progress;
pub mod session;
pub mod terminal;
pub mod watching;

use std::{ffi::OsString, io::Write};

use clap::Parser;
use seaway_core::yaml::on_deep_stack;

use cli::{Cli, Format, Verb};
use context::Context;
use error::Error;
use exit::Exit;

/// Runs a command line to its end.
pub fn run(args: impl Iterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; everything else is wrong usage. Clap's own code 2 means "changes" here.
            let exit = match error.use_stderr() {
                false => Exit::Done,
                true if args.iter().skip(1).any(|arg| arg == "diff") => commands::diff::ERROR,
                true => Exit::Error,
            };
            let _ = error.print();
            return exit;
        }
    };
    let context = Context::new(&cli.global);
    log(&context);
    dispatch(&context, &cli.verb).unwrap_or_else(|error| report(&context, &error))
}

fn dispatch(context: &Context, verb: &Verb) -> Result<Exit, Error> {
    match verb {
        Verb::Init(args) => commands::init::run(context, args),
        Verb::Validate(args) => commands::validate::run(context, args),
        Verb::Schema(args) => commands::schema::run(context, args),
        // Reading and rendering want a deep stack; this way they share one.
        Verb::Render(args) => match on_deep_stack(|| commands::render::run(context, args)) {
            Ok(answer) => answer,
            Err(_) => commands::render::run(context, args),
        },
        Verb::Diff(args) => wait(commands::diff::run(context, args)),
        Verb::Adopt(args) => wait(commands::adopt::run(context, args)),
        Verb::Plan(args) => wait(commands::plan::run(context, args)),
        Verb::Rollout(verb) => wait(commands::rollout::run(context, verb)),
        Verb::Lock(args) => commands::lock::run(context, args),
        Verb::Install(args) => commands::install::run(context, args),
        Verb::Get(args) => wait(commands::get::run(context, args)),
        Verb::Hld(verb) => commands::hld::run(context, verb),
        Verb::Demo(args) => wait(commands::demo::run(context, args)),
        Verb::Completions(args) => commands::completions::run(context, args),
        Verb::Man(args) => commands::man::run(context, args),
    }
}

/// Runs a verb that asks clusters or the store. Verbs that do not need it start without a runtime.
fn wait(verb: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new("cannot start worker threads").because(&error))?;
    let done = runtime.block_on(verb);
    // What is still under way belongs to nobody: the verb has ended.
    runtime.shutdown_background();
    done
}

/// Diagnostics of the program itself, on standard error: `-vv`, `-vvv`, or a filter in `SEAWAY_LOG`.
fn log(context: &Context) {
    let filter = std::env::var("SEAWAY_LOG").unwrap_or_else(|_| {
        match context.verbose {
            0 | 1 => "off",
            2 => "seaway=debug,seaway_engine=debug,seaway_kube=debug,seaway_store=info",
            _ => "debug,hyper=info,hyper_util=info,h2=info,rustls=info,tower=info,sqlx=info",
        }
        .to_owned()
    });
    let layer = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).with_ansi(false);
    // A second call could only come from a test in the same process; the first one holds.
    let _ = layer.try_init();
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
