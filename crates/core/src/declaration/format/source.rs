//! `source` of a service.

use super::shape::{Bounds, Field, Object, Shape};

pub(super) static SOURCE: Object = Object::choice(
    "One source.",
    &[
        Field::optional("manifests", Shape::Object(&MANIFESTS), "A folder of Kubernetes manifests."),
        Field::optional("helm", Shape::Object(&HELM), "A Helm chart."),
        Field::optional("kustomize", Shape::Object(&KUSTOMIZE), "A kustomization."),
        Field::optional("hld", Shape::Object(&HLD), "A high level definition, as Fabrikate has it."),
    ],
);

static MANIFESTS: Object = Object::of(
    "A folder of Kubernetes manifests.",
    &[
        Field::required(
            "path",
            Shape::Path,
            "The folder, relative to the folder of this file, or to the root of `git`.",
        ),
        GIT,
        REF,
        TOKEN_VARIABLE,
    ],
);

const GIT: Field = Field::optional(
    "git",
    Shape::Text,
    "Repository that it is in, by any URL that Git can fetch from; the workspace when left out. What it is at the moment \
     is written down by `seaway lock`.",
);
const REF: Field =
    Field::optional("ref", Shape::Text, "Branch, tag or commit of `git`; the repository's own choice when left out.");
const TOKEN_VARIABLE: Field = Field::optional(
    "tokenVariable",
    Shape::Text,
    "Environment variable that holds a token for where it is fetched from. The token itself stands nowhere.",
);

pub(super) const HOOKS: &[&str] = &["phases", "skip"];

static HELM: Object = Object::of(
    "A Helm chart. It is rendered by Seaway itself; no `helm` is needed.",
    &[
        Field::optional(
            "chart",
            Shape::Path,
            "Its folder or `.tgz` file, relative to the folder of this file; with `repository` the chart's name.",
        ),
        Field::optional("repository", Shape::Text, "Helm repository that the chart is in, by its URL."),
        Field::optional(
            "oci",
            Shape::Text,
            "The chart in an OCI registry, such as `oci://registry.example/charts/web`.",
        ),
        Field::optional(
            "version",
            Shape::Text,
            "Version of the chart in `repository` or `oci`, or a constraint such as `^1.2`; the newest when left out. \
             `seaway lock` writes down which one it is.",
        ),
        GIT,
        REF,
        Field::optional("path", Shape::Path, "Folder of the chart in `git`; its root when left out."),
        TOKEN_VARIABLE,
        Field::optional("releaseName", Shape::Name, "Name of the release; the service's name when left out."),
        Field::optional(
            "valueFiles",
            Shape::List(&Shape::Path, Bounds::SOME),
            "Files of values, relative to the folder of this file; a later one wins. Placeholders such as \
             `${environment.name}` may stand in a path.",
        ),
        Field::optional("values", Shape::Map(&Shape::Any), "Values over all files. Placeholders may stand in them."),
        Field::with_default(
            "includeCrds",
            Shape::Boolean,
            "true",
            "Whether the chart's `crds` folder belongs to the service.",
        ),
        Field::with_default(
            "hooks",
            Shape::Word(HOOKS),
            "\"phases\"",
            "What becomes of the chart's hooks: `phases` runs those of installations and upgrades in phases before and \
             after the rest, `skip` leaves them out.",
        ),
        Field::optional("kubeVersion", Shape::Text, "Version of Kubernetes that the chart sees."),
        Field::optional(
            "apiVersions",
            Shape::List(&Shape::Text, Bounds::SOME),
            "API versions that the chart sees beside those of Kubernetes, such as `monitoring.coreos.com/v1`.",
        ),
    ],
);

static KUSTOMIZE: Object = Object::of(
    "A kustomization. It is built by Seaway itself; no `kustomize` is needed.",
    &[
        Field::required(
            "path",
            Shape::Path,
            "The folder that is read, relative to the folder of this file, or to the root of `git`. Nothing outside of it \
             can be referred to.",
        ),
        GIT,
        REF,
        TOKEN_VARIABLE,
        Field::with_default(
            "overlay",
            Shape::Text,
            "\".\"",
            "Folder of the kustomization, relative to `path`. Placeholders such as `${environment.name}` may stand in it.",
        ),
    ],
);

pub(super) const PROFILES: &[&str] = &["strict", "compat"];

static HLD: Object = Object::of(
    "A high level definition: components with layered configuration.",
    &[
        Field::required(
            "path",
            Shape::Path,
            "Folder of the uppermost component, relative to the folder of this file, or to the root of `git`.",
        ),
        GIT,
        REF,
        TOKEN_VARIABLE,
        Field::optional(
            "environments",
            Shape::List(&Shape::Text, Bounds::SOME),
            "Configuration environments; the first one wins, `common` is always last. Placeholders such as \
             `${environment.name}` may stand in them. The environment's name when left out.",
        ),
        Field::optional(
            "profile",
            Shape::Word(PROFILES),
            "`strict` refuses doubtful definitions, `compat` reads them as Fabrikate does; what `hld.yaml` says, else \
             `compat`, when left out.",
        ),
    ],
);
