//! `kind: Service`.

use super::{
    environment::METADATA,
    shape::{Bounds, Field, Object, Shape},
};
use crate::declaration::DrawnPer;

pub(super) static DOCUMENT: Object = Object::of(
    "Something deployed as one.",
    &[
        Field::required("apiVersion", Shape::Const(crate::API_VERSION), "Version of the format."),
        Field::required("kind", Shape::Const("Service"), "Kind of the declaration."),
        Field::required("metadata", Shape::Object(&METADATA), "Its name."),
        Field::required("spec", Shape::Object(&SPEC), "The service."),
    ],
);

static SPEC: Object = Object::of(
    "Where a service comes from, where it goes, how it is configured and when it is healthy.",
    &[
        Field::required("source", Shape::Object(&super::source::SOURCE), "What is rendered."),
        Field::optional(
            "renderer",
            Shape::Object(&RENDERER),
            "A program that renders instead of this one, for a chart or kustomization that it does not cover.",
        ),
        Field::optional(
            "drawn",
            Shape::Object(&DRAWN),
            "Where random values and the time come from, for charts that ask for them; refused when left out.",
        ),
        Field::optional(
            "patches",
            Shape::List(&Shape::Object(&PATCH), Bounds::SOME),
            "Changes to what the source renders, in their order, whatever kind of source it is.",
        ),
        Field::required("namespace", Shape::Name, "Namespace of objects that name none."),
        Field::optional(
            "targets",
            Shape::Object(&TARGETS),
            "Which clusters; every cluster of every region when left out.",
        ),
        Field::optional("config", Shape::Object(&CONFIG), "Typed configuration and its values."),
        Field::optional(
            "dependsOn",
            Shape::List(&Shape::Name, Bounds::ANY),
            "Services that must be healthy on a target before this one changes there.",
        ),
        Field::optional("health", Shape::Object(&HEALTH), "When it is healthy."),
        Field::with_default(
            "prune",
            Shape::Word(PRUNE),
            "\"delete\"",
            "What happens to objects that left the source: `delete` them or `keep` them.",
        ),
    ],
);

pub(super) const EXTERNAL: &[&str] = &["external"];

static RENDERER: Object = Object::of(
    "A program that renders instead of this one. It runs in a private folder with an empty environment, limits and, where the \
     system allows it, no network; plans say that it was used.",
    &[
        Field::optional("helm", Shape::Word(EXTERNAL), "The program is a `helm`."),
        Field::optional(
            "kustomize",
            Shape::Word(EXTERNAL),
            "The program is a `kustomize`, or a `kubectl` whose file name begins so.",
        ),
        Field::required("path", Shape::OutsidePath, "Its file: absolute, or relative to the folder of this file."),
        Field::required("sha256", Shape::Text, "Digest of the file, as `sha256sum` prints it."),
    ],
);

static DRAWN: Object = Object::of(
    "Where random values and the time come from. The same declaration with the same key draws the same values.",
    &[
        Field::required("at", Shape::Instant, "What the time is for charts. Another time draws other values."),
        Field::optional(
            "key",
            Shape::Object(&DRAW_KEY),
            "The secret that random values are drawn from; when left out only the time is given.",
        ),
        Field::with_default(
            "per",
            Shape::Word(DrawnPer::WORDS),
            "\"target\"",
            "Who shares drawn values: nobody, the clusters of an `environment`, or all clusters of the `service`.",
        ),
    ],
);

static DRAW_KEY: Object = Object::choice(
    "Where a secret of at least 32 bytes is. It never becomes part of a plan or of what is stored.",
    &[
        Field::optional("file", Shape::OutsidePath, "A file: absolute, or relative to the folder of this file."),
        Field::optional("env", Shape::Text, "A variable of the process that plans and runs."),
    ],
);

static PATCH: Object = Object::of(
    "A change to rendered objects, as in Kustomize.",
    &[
        Field::optional(
            "patch",
            Shape::Any,
            "The change: a mapping is merged into the object (strategic merge), a list is a JSON patch (RFC 6902); either may \
             stand in a text. Placeholders may stand in values.",
        ),
        Field::optional("path", Shape::Path, "File with the change, relative to the folder of this file."),
        Field::optional(
            "target",
            Shape::Object(&PATCH_TARGET),
            "Which objects; when left out the one that a merged mapping names itself.",
        ),
    ],
);

static PATCH_TARGET: Object = Object::of(
    "Which objects; all given conditions must hold. Texts are regular expressions for the whole text.",
    &[
        Field::optional("group", Shape::AnyText, "API group."),
        Field::optional("version", Shape::AnyText, "API version."),
        Field::optional("kind", Shape::AnyText, "Kind."),
        Field::optional("name", Shape::AnyText, "Name."),
        Field::optional("namespace", Shape::AnyText, "Namespace; objects that name none have the service's."),
        Field::optional("labelSelector", Shape::AnyText, "Labels, as Kubernetes selects them."),
        Field::optional("annotationSelector", Shape::AnyText, "Annotations, in the same form."),
    ],
);

pub(super) const PRUNE: &[&str] = &["delete", "keep"];

static TARGETS: Object = Object::of(
    "Which clusters; all given conditions must hold.",
    &[
        Field::optional(
            "environments",
            Shape::List(&Shape::Name, Bounds::SOME),
            "Only these environments; all when left out.",
        ),
        Field::optional("labels", Shape::Map(&Shape::AnyText), "Labels that the cluster must have."),
        Field::optional("roles", Shape::List(&Shape::Name, Bounds::SOME), "Roles, one of which the cluster must have."),
        Field::optional("regions", Shape::List(&Shape::Name, Bounds::SOME), "Regions, one of which it must be in."),
        Field::with_default(
            "global",
            Shape::Boolean,
            "false",
            "Select the clusters of the global section instead of those of the regions.",
        ),
    ],
);

static CONFIG: Object = Object::of(
    "Typed configuration and its values.",
    &[
        Field::required("schema", Shape::Map(&Shape::Object(&CONFIG_KEY)), "What keys exist."),
        Field::optional("values", Shape::Object(&VALUES), "Values by layer; a later layer wins, key by key."),
    ],
);

pub(super) const TYPES: &[&str] = &["string", "integer", "number", "boolean", "object", "array"];

static CONFIG_KEY: Object = Object::of(
    "One configuration key.",
    &[
        Field::required("type", Shape::Word(TYPES), "Type of its values."),
        Field::optional("default", Shape::Any, "Value where no layer gives one."),
        Field::optional("enum", Shape::List(&Shape::Any, Bounds::SOME), "The only values allowed."),
        Field::optional("minimum", Shape::Number, "Smallest number allowed."),
        Field::optional("maximum", Shape::Number, "Largest number allowed."),
        Field::optional("description", Shape::AnyText, "What it is for."),
    ],
);

const LAYER: Shape = Shape::Map(&Shape::Any);

static VALUES: Object = Object::of(
    "Values by layer: global < environments < regions < clusters.",
    &[
        Field::optional("global", LAYER, "For every target."),
        Field::optional("environments", Shape::NameMap(&LAYER), "For the targets of an environment."),
        Field::optional("regions", Shape::NameMap(&LAYER), "For the targets of a region."),
        Field::optional("clusters", Shape::NameMap(&LAYER), "For one target."),
    ],
);

static HEALTH: Object = Object::of(
    "When a service counts as healthy.",
    &[
        Field::with_default(
            "timeout",
            Shape::Duration,
            "\"PT10M\"",
            "Longest wait for all objects to become healthy on one target.",
        ),
        Field::with_default("stableFor", Shape::Duration, "\"PT0S\"", "How long they must stay so."),
        Field::with_default(
            "podGrace",
            Shape::Duration,
            "\"PT1M\"",
            "How long a pod may wait for its image or configuration before the wait fails.",
        ),
    ],
);
