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
    &[Field::required("path", Shape::Path, "The folder, relative to the folder of this file.")],
);

pub(super) const HOOKS: &[&str] = &["phases", "skip"];

static HELM: Object = Object::of(
    "A Helm chart. It is rendered by Seaway itself; no `helm` is needed.",
    &[
        Field::required("chart", Shape::Path, "Its folder or `.tgz` file, relative to the folder of this file."),
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
            "The folder that is read, relative to the folder of this file. Nothing outside of it can be referred to.",
        ),
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
        Field::required("path", Shape::Path, "Folder of the uppermost component, relative to the folder of this file."),
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
