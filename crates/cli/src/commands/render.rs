//! `seaway render`: the objects as they would be applied.

/// Print the objects of a service as they would be applied, without asking any cluster.
///
/// Secrets are withheld unless asked for.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway render shop -e prod                  once for each group of clusters with equal content
  seaway render shop -e prod --cluster c2     as one cluster gets it
  seaway render shop -e prod -o json          as a list, with digests")]
pub struct Args {
    /// Service
    pub service: String,
    /// Environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: String,
    /// Only what this cluster gets
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Show the data of Secrets
    #[arg(long)]
    pub show_secrets: bool,
}
