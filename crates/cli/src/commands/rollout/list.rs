//! `seaway rollout list`.

use seaway_store::{RolloutFilter, RolloutRow};
use serde::Serialize;

use super::Desk;
use crate::{
    error::Error,
    exit::Exit,
    output::{
        table::{Cell, table},
        text,
        time::{Now, rfc3339},
    },
    terminal::Role,
};

/// List rollouts, the newest first.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout list
  seaway rollout list -e prod --service shop
  seaway rollout list --open -o json")]
pub struct Args {
    /// Only of this environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Only with this service
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Only those that have not ended
    #[arg(long)]
    pub open: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// Most rollouts that are looked through for those that fit.
const LOOKED_AT_MAX: u32 = 1000;

/// One rollout for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    id: String,
    environment: String,
    services: Vec<String>,
    phase: String,
    plan: String,
    created_at: String,
    updated_at: String,
    #[serde(skip)]
    created_ms: i64,
}

impl Row {
    fn new(row: RolloutRow) -> Self {
        Self {
            // The store's own index; a row that it cannot read back names no service.
            services: serde_json::from_str(&row.services).unwrap_or_default(),
            id: row.id,
            environment: row.environment,
            phase: row.phase,
            plan: row.plan,
            created_at: rfc3339(row.created_ms),
            updated_at: rfc3339(row.updated_ms),
            created_ms: row.created_ms,
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn has_ended(&self) -> bool {
        matches!(self.phase.as_str(), "Succeeded" | "Failed" | "Stopped")
    }
}

/// Lists.
///
/// # Errors
/// When the state cannot be read.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let mut rows = rows(desk, args.environment.as_deref()).await?;
    rows.retain(|row| {
        let is_wanted = args.service.as_ref().is_none_or(|name| row.services.contains(name));
        is_wanted && !(args.open && row.has_ended())
    });
    rows.truncate(args.limit);
    show(desk, &rows)
}

/// Rollouts, the newest first.
///
/// # Errors
/// When the state cannot be read.
pub async fn rows(desk: &Desk<'_>, environment: Option<&str>) -> Result<Vec<Row>, Error> {
    let filter = RolloutFilter { environment: environment.map(str::to_owned), phase: None };
    let rows = desk.engine.rollouts(&filter, LOOKED_AT_MAX).await.map_err(|error| desk.session.explain(error))?;
    Ok(rows.into_iter().map(Row::new).collect())
}

/// Shows rollouts.
///
/// # Errors
/// When they cannot be written.
pub fn show(desk: &Desk<'_>, rows: &[Row]) -> Result<Exit, Error> {
    let context = desk.context();
    let now = Now(desk.engine.clock().now_ms());
    let line = |row: &Row| {
        vec![
            Cell::from(&row.id),
            Cell::from(&row.environment),
            Cell::from(text::some_of(&row.services, 3)),
            Cell::colored(&row.phase, role(&row.phase)),
            Cell::from(now.age(row.created_ms)),
            Cell::from(row.plan.strip_prefix("sha256:").unwrap_or(&row.plan).get(..12).unwrap_or(&row.plan)),
        ]
    };
    context.show(&rows, || {
        if rows.is_empty() {
            return "no rollouts\n".to_owned();
        }
        let lines: Vec<Vec<Cell>> = rows.iter().map(line).collect();
        table(&["ROLLOUT", "ENVIRONMENT", "SERVICES", "PHASE", "AGE", "PLAN"], &lines, context.paint)
    })?;
    Ok(Exit::Done)
}

fn role(phase: &str) -> Role {
    match phase {
        "Succeeded" => Role::Good,
        "Failed" => Role::Bad,
        "Running" | "Pending" => Role::Info,
        _ => Role::Warn,
    }
}
