//! Health of Kubernetes objects: a pure function of an object, of what belongs to it, and of the time.
//!
//! Two readings of the same object:
//! - [`compat`] gives the answers of kstatus, which other tools give too;
//! - [`strict`] is what gates use. Each deviation is deliberate and fails closed: it never says
//!   [`Code::Current`] because something is unknown, except for custom kinds without any rule, whose status
//!   is then flagged as `assumed`.
//!
//! ```text
//!  object ──generic steps──▶ kind's rule ──▶ `Ready` ──▶ assumed
//!             deleted?         (one file       True?       (custom kinds;
//!             observed?         per family)                 rules of the user
//!             stalled?                                      come here)
//! ```
//!
//! Time enters as [`Now`]; nothing here reads a clock, watches or waits. That a status *holds* for a while
//! is not a property of one object: [`Stability`] folds it over observations. Objects are outside data:
//! nothing in them makes these functions panic, and what cannot be read is [`Code::Unknown`].

mod cause;
mod condition;
mod context;
mod delivery;
mod extension;
mod generic;
mod job;
mod kind;
mod network;
mod pod;
mod read;
mod revision;
mod scale;
mod stability;
mod status;
mod storage;
mod workload;

pub use cause::{Cause, MESSAGE_LIMIT, NAME_LIMIT};
pub use context::{Context, OnDelete, Policy};
pub use kind::{Needs, needs};
pub use read::Now;
pub use stability::Stability;
pub use status::{Code, Health, Status, aggregate, word};
pub use workload::holding_up;

use serde_json::Value;

use generic::Step;
use kind::Kind;
use read::Malformed;

/// The status of `object` as kstatus computes it. What kstatus refuses as malformed is [`Code::Unknown`].
pub fn compat(object: &Value, now: Now) -> Status {
    try_compat(object, now).unwrap_or_else(Status::from)
}

/// The status of `object` for gates. `context` says what the object cannot: what was applied, what belongs
/// to it, what the rollout consents to.
///
/// An answer may change by time alone, when a grace ends or a certificate expires. While something is waited
/// for, ask again every few seconds also when nothing was observed; that takes no request.
pub fn strict(object: &Value, context: &Context<'_>, now: Now) -> Status {
    try_strict(object, context, now).unwrap_or_else(Status::from)
}

fn try_compat(object: &Value, now: Now) -> Result<Status, Malformed> {
    let conditions = match generic::compat(object)? {
        Step::Decided(status) => return Ok(status),
        Step::Open(conditions) => conditions,
    };
    let kind = Kind::of(object);
    let status = match kind {
        Kind::Deployment => workload::deployment(object, &conditions),
        Kind::ReplicaSet => workload::replica_set(object, &conditions),
        Kind::StatefulSet => workload::stateful_set(object),
        Kind::DaemonSet => workload::daemon_set(object)?,
        Kind::Pod => pod::compat(object, &conditions, now),
        Kind::Job => job::job(object, &conditions),
        Kind::CronJob => job::cron_job(object),
        Kind::Claim => storage::claim(object),
        Kind::Service => network::service(object),
        Kind::Definition => extension::definition(object, &conditions),
        Kind::Settled => Status::current("always current"),
        Kind::Ingress
        | Kind::Autoscaler
        | Kind::ApiService
        | Kind::Gateway
        | Kind::Route
        | Kind::Certificate
        | Kind::Kustomization
        | Kind::HelmRelease
        | Kind::Application
        | Kind::BuiltIn
        | Kind::Custom => generic::ready(object, &conditions, kind),
    };
    Ok(status)
}

fn try_strict(object: &Value, context: &Context<'_>, now: Now) -> Result<Status, Malformed> {
    let kind = Kind::of(object);
    let conditions = match generic::strict(object, kind, context)? {
        Step::Decided(status) => return Ok(status),
        Step::Open(conditions) => conditions,
    };
    let status = match kind {
        Kind::Deployment => workload::strict_deployment(object, &conditions, context, now),
        Kind::ReplicaSet => workload::strict_replica_set(object, &conditions, context, now),
        Kind::StatefulSet => workload::strict_stateful_set(object, context, now),
        Kind::DaemonSet => workload::strict_daemon_set(object, context, now)?,
        Kind::Pod => pod::strict(object, &conditions, context, now),
        Kind::Job => job::strict_job(object, &conditions, context, now),
        Kind::CronJob => job::cron_job(object),
        Kind::Claim => storage::strict_claim(object, context),
        Kind::Service => network::strict_service(object),
        Kind::Definition => extension::definition(object, &conditions),
        Kind::Settled => Status::current("always current"),
        Kind::Ingress => network::strict_ingress(object, &conditions, kind, context),
        Kind::Autoscaler => scale::strict_autoscaler(object, &conditions, context, now),
        Kind::ApiService => extension::strict_api_service(object, &conditions),
        Kind::Gateway => network::strict_gateway(object, &conditions),
        Kind::Route => network::strict_route(object)?,
        Kind::Certificate => delivery::strict_certificate(object, &conditions, now),
        Kind::Kustomization | Kind::HelmRelease => delivery::strict_flux(object, &conditions, kind, context),
        Kind::Application => delivery::strict_application(object, context),
        Kind::BuiltIn | Kind::Custom => generic::strict_ready(object, &conditions, kind),
    };
    Ok(status)
}
