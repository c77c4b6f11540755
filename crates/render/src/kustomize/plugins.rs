//! Plugin configurations: files of `generators`, `transformers` and `validators`. Those of the kinds that are built
//! in are run; nothing else ever is.

use std::rc::Rc;

use seaway_core::diagnostic::codes;

use super::{
    budget::Budget,
    decode::{Fields, Strictness},
    fault::{Fault, Outcome, quoted},
    generate::Kind,
    helm::ChartSpec,
    kustomization::field_specs,
    load::Folder,
    node::Node,
    patch_files, read,
    resource::{Resource, blame},
    scalar::Words,
    settings::{Generator, Image, Patch, Replacement, ReplacementField, Replica, Selector, one_or_many},
    transform::{
        names::End,
        namespace::{Move, Subjects},
        value_add::Target,
    },
    transformer::Transformer,
};

const LENIENT: Strictness = Strictness::Lenient;

/// Something that makes objects.
#[derive(Clone, Debug)]
pub(crate) enum Maker {
    /// A ConfigMap or Secret.
    Data(Kind, Box<Generator>),
    /// A chart.
    Chart(Box<ChartSpec>),
    /// An object as it is.
    Object(Box<Node>),
}

/// Where a plugin is configured.
pub(crate) struct Place<'a, 'b> {
    pub(crate) folder: &'a Folder<'b>,
    /// The kustomization's own file.
    pub(crate) here: &'a Rc<str>,
    pub(crate) budget: &'a Budget,
}

fn built_in(resource: &Resource) -> Outcome<&str> {
    let gvk = resource.gvk();
    if gvk.group.is_empty() && gvk.version == "builtin" {
        return Ok(resource.kind());
    }
    let message = format!("the plugin {} of {} is not built in", quoted(&gvk.kind), quoted(&gvk.api_version()));
    let help = "programs, containers and functions are never run while rendering; use a built-in transformer";
    Err(resource.blame(Fault::new(codes::KUSTOMIZE_PLUGIN, message).help(help)))
}

fn unknown(resource: &Resource, wanted: &str) -> Box<Fault> {
    let message = format!("expected a built-in {wanted}, found {}", quoted(resource.kind()));
    resource.blame(Fault::new(codes::KUSTOMIZE_PLUGIN, message))
}

/// A generator.
pub(crate) fn maker(resource: &Resource) -> Outcome<Maker> {
    let node = &resource.node;
    let kind = built_in(resource)?;
    let made = match kind {
        "ConfigMapGenerator" => data(node, Kind::ConfigMap),
        "SecretGenerator" => data(node, Kind::Secret),
        "HelmChartInflationGenerator" => chart(node),
        "IAMPolicyGenerator" => iam_policy(node),
        _ => return Err(unknown(resource, "generator")),
    };
    made.map_err(|fault| resource.blame(fault))
}

fn data(node: &Node, kind: Kind) -> Outcome<Maker> {
    let mut fields = Fields::of("a generator", node, LENIENT)?;
    let mut args = Generator::from(&mut fields, LENIENT, kind == Kind::Secret)?;
    let meta = |key: &str| node.at(&["metadata", key]).map_or("", Node::raw).to_owned();
    if args.name.is_empty() {
        args.name = meta("name");
    }
    if args.namespace.is_empty() {
        args.namespace = meta("namespace");
    }
    Ok(Maker::Data(kind, Box::new(args)))
}

fn chart(node: &Node) -> Outcome<Maker> {
    let mut fields = Fields::of("a chart", node, LENIENT)?;
    let mut chart = ChartSpec::from(&mut fields)?;
    chart.home = fields.text("chartHome")?;
    Ok(Maker::Chart(Box::new(chart)))
}

/// A service account that acts as one of a cloud.
fn iam_policy(node: &Node) -> Outcome<Maker> {
    let mut fields = Fields::of("a generator", node, LENIENT)?;
    let cloud = fields.text("cloud")?;
    if cloud != "gke" {
        return Err(Fault::field(format!("expected the cloud `gke`, found {}", quoted(&cloud))));
    }
    let name_of = |field: Option<&Node>| -> Outcome<(String, String, String)> {
        let Some(node) = field else { return Ok(Default::default()) };
        let mut fields = Fields::of("a name", node, LENIENT)?;
        Ok((fields.text("name")?, fields.text("namespace")?, fields.text("projectId")?))
    };
    let (name, namespace, _) = name_of(fields.get("kubernetesService"))?;
    let (account, _, project) = name_of(fields.get("serviceAccount"))?;
    let mut annotations = Node::map();
    let address = format!("{account}@{project}.iam.gserviceaccount.com");
    annotations.set("iam.gke.io/gcp-service-account", Node::text(address));
    let mut metadata = Node::map();
    metadata.set("annotations", annotations);
    metadata.set("name", Node::text(name));
    if !namespace.is_empty() {
        metadata.set("namespace", Node::text(namespace));
    }
    let mut object = Node::map();
    object.set("apiVersion", Node::text("v1"));
    object.set("kind", Node::text("ServiceAccount"));
    object.set("metadata", metadata);
    Ok(Maker::Object(Box::new(object)))
}

/// A transformer.
pub(crate) fn transformer(resource: &Resource, place: &Place<'_, '_>) -> Outcome<Transformer> {
    let kind = built_in(resource)?;
    let node = &resource.node;
    let mut fields = Fields::of("a transformer", node, LENIENT)?;
    let made = match kind {
        "AnnotationsTransformer" => texts(&mut fields, "annotations"),
        "LabelTransformer" => texts(&mut fields, "labels"),
        "HashTransformer" => Ok(Transformer::Hash),
        "ImageTagTransformer" => image(&mut fields),
        "NamespaceTransformer" => namespace(&mut fields, node),
        "PatchJson6902Transformer" => json6902(&mut fields, place),
        "PatchStrategicMergeTransformer" => strategic(&mut fields, place),
        "PatchTransformer" => Patch::from(&mut fields, LENIENT)
            .and_then(|patch| patch_files::patch(&patch, place.folder, place.here, place.budget))
            .map(Transformer::Patch),
        "PrefixTransformer" => name(&mut fields, End::Prefix),
        "SuffixTransformer" => name(&mut fields, End::Suffix),
        "PrefixSuffixTransformer" => name(&mut fields, End::Prefix).and_then(|prefix| {
            let suffix = name(&mut fields, End::Suffix)?;
            Ok(Transformer::Several(vec![prefix, suffix]))
        }),
        "ReplacementTransformer" => fields
            .list("replacements", |one| ReplacementField::read(one, LENIENT))
            .and_then(|all| replacements(all, place))
            .map(Transformer::Replacements),
        "ReplicaCountTransformer" => replica(&mut fields),
        "ValueAddTransformer" => value_add(&mut fields, place),
        _ => return Err(unknown(resource, "transformer")),
    };
    made.map_err(|fault| resource.blame(fault))
}

fn texts(fields: &mut Fields<'_>, name: &'static str) -> Outcome<Transformer> {
    let texts = fields.text_map(name)?.unwrap_or_default();
    Ok(Transformer::Texts { texts, specs: field_specs(fields, "fieldSpecs", LENIENT)? })
}

fn image(fields: &mut Fields<'_>) -> Outcome<Transformer> {
    let image = fields.get("imageTag").map(|image| Image::read(image, LENIENT)).transpose()?.unwrap_or_default();
    Ok(Transformer::Image { image, specs: field_specs(fields, "fieldSpecs", LENIENT)? })
}

fn namespace(fields: &mut Fields<'_>, node: &Node) -> Outcome<Transformer> {
    Ok(Transformer::Namespace(Move {
        namespace: node.at(&["metadata", "namespace"]).map_or("", Node::raw).to_owned(),
        specs: field_specs(fields, "fieldSpecs", LENIENT)?,
        unset_only: fields.flag("unsetOnly")?,
        subjects: Subjects::named(&fields.text("setRoleBindingSubjects")?)?,
    }))
}

fn name(fields: &mut Fields<'_>, end: End) -> Outcome<Transformer> {
    let text = fields.text(if end == End::Prefix { "prefix" } else { "suffix" })?;
    if fields.get("fieldSpecs").is_none() {
        return Err(Fault::field("a transformer of names needs `fieldSpecs`"));
    }
    Ok(Transformer::Name { text, end, specs: field_specs(fields, "fieldSpecs", LENIENT)? })
}

fn replica(fields: &mut Fields<'_>) -> Outcome<Transformer> {
    let replica = fields.get("replica").map(|one| Replica::read(one, LENIENT)).transpose()?.unwrap_or_default();
    Ok(Transformer::Replica { replica, specs: field_specs(fields, "fieldSpecs", LENIENT)? })
}

fn json6902(fields: &mut Fields<'_>, place: &Place<'_, '_>) -> Outcome<Transformer> {
    let target = fields.get("target").map(|target| Selector::read(target, LENIENT)).transpose()?;
    let (path, text) = (fields.text("path")?, fields.text("jsonOp")?);
    patch_files::json6902(target.as_ref(), &path, &text, place.folder, place.here, place.budget)
        .map(Transformer::Json6902)
}

fn strategic(fields: &mut Fields<'_>, place: &Place<'_, '_>) -> Outcome<Transformer> {
    let mut entries = fields.texts("paths")?;
    let inline = fields.text("patches")?;
    if !inline.is_empty() {
        entries.push(inline);
    }
    if entries.is_empty() {
        return Err(Fault::field("a transformer of patches needs `paths` or `patches`"));
    }
    let read = |entry: &String| patch_files::strategic(entry, place.folder, place.here, place.budget);
    entries.iter().map(read).collect::<Outcome<_>>().map(Transformer::StrategicMerge)
}

/// Replacements with those of files put in their places.
pub(crate) fn replacements(fields: Vec<ReplacementField>, place: &Place<'_, '_>) -> Outcome<Vec<Replacement>> {
    let mut all = Vec::new();
    for field in fields {
        if field.path.is_empty() {
            all.push(field.replacement);
            continue;
        }
        let inline = &field.replacement;
        if inline.source.is_some() || inline.targets.as_ref().is_some_and(|targets| !targets.is_empty()) {
            return Err(Fault::field("a replacement has `path` or is written out, not both"));
        }
        let file = place.folder.name_of(&field.path);
        let text = place.folder.text(&field.path)?;
        let found = read::document(text, Words::Legacy, place.budget)
            .and_then(|node| {
                let node = patch_files::legacy(node.unwrap_or_else(Node::null));
                let items = one_or_many(&node, "replacements")?;
                items.into_iter().map(|item| Replacement::read(item, LENIENT)).collect::<Outcome<Vec<_>>>()
            })
            .map_err(|fault| blame(fault, &file, &Node::null()))?;
        all.extend(found);
    }
    Ok(all)
}

fn value_add(fields: &mut Fields<'_>, place: &Place<'_, '_>) -> Outcome<Transformer> {
    let mut value = fields.text("value")?.trim().to_owned();
    if value.is_empty() {
        place.folder.base_name().clone_into(&mut value);
    }
    let mut targets = fields.list("targets", target)?;
    let path = fields.text("targetFilePath")?;
    if !path.is_empty() {
        let node = read::document(place.folder.text(&path)?, Words::Legacy, place.budget)?.unwrap_or_else(Node::null);
        let mut more = Fields::of("a file of targets", &node, LENIENT)?;
        targets.extend(more.list("targets", target)?);
    }
    if targets.is_empty() {
        return Err(Fault::field("a transformer of values needs `targets`"));
    }
    Ok(Transformer::ValueAdd { value, targets })
}

fn target(node: &Node) -> Outcome<Target> {
    let mut fields = Fields::of("a target", node, LENIENT)?;
    let field_path = fields.text("fieldPath")?;
    if field_path.is_empty() {
        return Err(Fault::field("a target needs a `fieldPath`").at("", node.line, node.column));
    }
    let position = usize::try_from(fields.number("filePathPosition")?)
        .map_err(|_| Fault::field("expected `filePathPosition` to be 0 or more").at("", node.line, node.column))?;
    let selector = fields.get("selector").map(|selector| Selector::read(selector, LENIENT)).transpose()?;
    Ok(Target { selector, field_path, position })
}
