//! `kind: Environment`.

use super::shape::{Bounds, Field, Object, Shape};
use crate::diagnostic::codes;

pub(super) static DOCUMENT: Object = Object::of(
    "A named fleet: stages, regions and clusters.",
    &[
        Field::required("apiVersion", Shape::Const(crate::API_VERSION), "Version of the format."),
        Field::required("kind", Shape::Const("Environment"), "Kind of the declaration."),
        Field::required("metadata", Shape::Object(&METADATA), "Its name."),
        Field::required("spec", Shape::Object(&SPEC), "The fleet."),
    ],
);

/// Shared by all kinds.
pub(super) static METADATA: Object = Object::of(
    "Names the declaration.",
    &[Field::required("name", Shape::Name, "Name, unique in the workspace among declarations of its kind.")],
);

static SPEC: Object = Object::of(
    "The fleet.",
    &[
        Field::required(
            "stages",
            Shape::List(&Shape::Object(&STAGE), Bounds::SOME),
            "Stages in the order in which they open.",
        ),
        Field::optional(
            "global",
            Shape::Object(&GLOBAL),
            "What belongs to the whole fleet; rolled out and verified before the first stage.",
        ),
        Field::required(
            "regions",
            Shape::List(&Shape::Object(&REGION), Bounds::ANY),
            "Regions, each in exactly one stage.",
        ),
        Field::optional(
            "neverTogether",
            Shape::List(&Shape::List(&Shape::Name, Bounds::TWO), Bounds::ANY),
            "Pairs of regions that never change in the same stage.",
        ),
        Field::optional("unreachable", Shape::Object(&UNREACHABLE), "What to do with a cluster that does not answer."),
    ],
);

static STAGE: Object = Object::of(
    "A set of regions that may change together.",
    &[
        Field::required("name", Shape::Name, "Name, unique in the environment; `global` is taken."),
        Field::with_default(
            "maxConcurrent",
            Shape::Amount(1),
            "1",
            "How many targets may be in flight at once: a count, or a share such as `25%`, rounded up.",
        ),
        Field::with_default(
            "maxFailures",
            Shape::Amount(0),
            "0",
            "How many targets may fail before the stage stops: a count, or a share such as `10%`, rounded down.",
        ),
        Field::with_default(
            "bake",
            Shape::Duration,
            "\"PT0S\"",
            "How long the stage must stay healthy before the next opens.",
        ),
        Field::optional("gates", GATES, "What must be open before the stage starts."),
    ],
);

const GATES: Shape = Shape::List(&Shape::Object(&GATE), Bounds::ANY);

static GATE: Object = Object::choice(
    "One gate.",
    &[Field::optional("approval", Shape::Object(&APPROVAL), "People must approve the plan.")],
);

static APPROVAL: Object = Object::of(
    "How many people must approve, and who may.",
    &[
        Field::required(
            "count",
            Shape::Integer(Bounds::SOME, codes::APPROVAL_OF_NOBODY),
            "How many different people must approve; at least 1.",
        ),
        Field::optional("from", Shape::List(&Shape::Text, Bounds::SOME), "Who may approve; anyone when left out."),
    ],
);

static GLOBAL: Object = Object::of(
    "Clusters outside all regions.",
    &[
        Field::with_default(
            "bake",
            Shape::Duration,
            "\"PT0S\"",
            "How long the global clusters must stay healthy before the first stage opens.",
        ),
        Field::optional("gates", GATES, "What must be open before the global clusters change."),
        Field::optional("clusters", CLUSTERS, "The clusters."),
    ],
);

const CLUSTERS: Shape = Shape::List(&Shape::Object(&CLUSTER), Bounds::ANY);

static REGION: Object = Object::of(
    "A place on the map.",
    &[
        Field::required("name", Shape::Name, "Name, unique in the environment."),
        Field::required("stage", Shape::Name, "The stage in which it changes."),
        Field::optional("clusters", CLUSTERS, "Its clusters."),
    ],
);

/// States of a cluster, as they are written in files.
pub(super) const STATES: &[&str] = &["planned", "provisioning", "active", "cordoned", "draining", "retired"];

static CLUSTER: Object = Object::of(
    "One Kubernetes cluster.",
    &[
        Field::required("name", Shape::Name, "Name, unique in the environment."),
        Field::optional(
            "kubeconfig",
            Shape::OutsidePath,
            "Kubeconfig file, relative to the folder of this file, or absolute; your own when left out.",
        ),
        Field::optional("context", Shape::Text, "Context in the kubeconfig; the cluster's name when left out."),
        Field::optional("labels", Shape::Map(&Shape::AnyText), "Labels that services select by."),
        Field::optional("roles", Shape::List(&Shape::Name, Bounds::ANY), "Roles such as `compute` and `management`."),
        Field::with_default("state", Shape::Word(STATES), "\"active\"", "Life of the cluster in the fleet."),
        Field::optional("limits", Shape::Object(&LIMITS), "What may be asked of its API server."),
    ],
);

static LIMITS: Object = Object::of(
    "Limits towards one cluster.",
    &[
        Field::with_default(
            "concurrentRequests",
            Shape::Integer(Bounds { min: 1, max: 1000 }, codes::OUT_OF_RANGE),
            "8",
            "Requests in flight at once, watches not counted.",
        ),
        Field::with_default("requestTimeout", Shape::Duration, "\"PT30S\"", "Longest wait for one answer."),
    ],
);

static UNREACHABLE: Object = Object::of(
    "Patience with clusters that do not answer.",
    &[Field::with_default(
        "giveUpAfter",
        Shape::Duration,
        "\"PT1M\"",
        "How long to try again before the target counts as failed.",
    )],
);
