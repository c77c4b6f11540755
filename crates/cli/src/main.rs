//! The `seaway` command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One TLS provider for everything in the process; a second call could only come from here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ExitCode::from(seaway_cli::run(std::env::args_os()).code())
}
