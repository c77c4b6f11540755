//! `cargo xtask kube …`: real clusters that go on until they are told to end.

use std::{path::PathBuf, time::Instant};

use clap::Subcommand;
use seaway_testbed::{Audit, Binaries, Detached, Options, Up};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start clusters c1, c2, … and write one kubeconfig with a context each
    #[command(after_help = "Examples:
  cargo xtask kube up --clusters 3
  export KUBECONFIG=$(cargo xtask kube path)")]
    Up {
        /// How many (about 300 MiB of memory each)
        #[arg(long, short, default_value_t = 3)]
        clusters: usize,
        /// New or empty folder for data, logs and the kubeconfig [default: kube-up in the cache folder]
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Note reads in the audit logs too, not only writes
        #[arg(long)]
        audit_reads: bool,
    },
    /// End exactly those clusters and remove their data
    Down {
        /// The folder given to `up`
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Show which clusters run
    Status {
        /// The folder given to `up`
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Print the path of the kubeconfig
    Path {
        /// The folder given to `up`
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Build the Kubernetes programs now instead of at the first start
    Build,
}

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Up { clusters, dir, audit_reads } => up(clusters, &Detached::at(dir)?, audit_reads),
        Command::Down { dir } => {
            let detached = Detached::at(dir)?;
            match detached.down()? {
                0 => println!("nothing runs in {}", detached.dir().display()),
                ended => println!("ended {ended} programs in {}", detached.dir().display()),
            }
            Ok(())
        }
        Command::Status { dir } => status(&Detached::at(dir)?),
        Command::Path { dir } => {
            println!("{}", Detached::at(dir)?.kubeconfig().display());
            Ok(())
        }
        Command::Build => {
            println!("{}", Binaries::find_or_build()?.folder().display());
            Ok(())
        }
    }
}

fn up(clusters: usize, detached: &Detached, audit_reads: bool) -> anyhow::Result<()> {
    let audit = if audit_reads { Audit::All } else { Audit::Writes };
    let started = Instant::now();
    match detached.up(&Options { clusters, audit, ..Options::default() })? {
        Up::Started => println!("started {clusters} clusters in {:.1} s", started.elapsed().as_secs_f64()),
        Up::Already => println!("{clusters} clusters run already"),
    }
    status(detached)?;
    println!("\nexport KUBECONFIG={}", detached.kubeconfig().display());
    Ok(())
}

fn status(detached: &Detached) -> anyhow::Result<()> {
    let clusters = detached.status()?;
    if clusters.is_empty() {
        println!("nothing runs in {}", detached.dir().display());
    }
    for cluster in clusters {
        let state = match (cluster.running.is_empty(), cluster.ended.is_empty()) {
            (false, true) => "runs".to_owned(),
            (true, _) => "ended".to_owned(),
            (false, false) => format!("lacks {}", cluster.ended.join(", ")),
        };
        println!("{:<4} {:<24} {state}", cluster.name, cluster.url);
    }
    Ok(())
}
