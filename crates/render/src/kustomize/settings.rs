//! The entries of a kustomization file, which plugin configurations share.

use std::collections::BTreeMap;

use super::{
    decode::{Fields, Strictness},
    fault::{Fault, Outcome},
    field_spec::FieldSpec,
    ident::Gvk,
    kustomization::field_specs,
    node::{Node, Shape},
};

/// Labels and where they go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Label {
    pub(crate) pairs: BTreeMap<String, String>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
}

impl Label {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("`labels`", node, strictness)?;
        let read = Self {
            pairs: fields.text_map("pairs")?.unwrap_or_default(),
            include_selectors: fields.flag("includeSelectors")?,
            include_templates: fields.flag("includeTemplates")?,
            fields: field_specs(&mut fields, "fields", strictness)?,
        };
        fields.finish().map(|()| read)
    }
}

/// Which objects; empty parts mean any. What the texts mean depends on who asks: patches match them as patterns,
/// replacements as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) annotations: String,
    pub(crate) labels: String,
}

impl Selector {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("a selector", node, strictness)?;
        let read = Self {
            gvk: gvk(&mut fields)?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            annotations: fields.text("annotationSelector")?,
            labels: fields.text("labelSelector")?,
        };
        fields.finish().map(|()| read)
    }
}

pub(crate) fn gvk(fields: &mut Fields<'_>) -> Outcome<Gvk> {
    Ok(Gvk { group: fields.text("group")?, version: fields.text("version")?, kind: fields.text("kind")? })
}

/// A patch of either kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patch {
    pub(crate) path: String,
    pub(crate) patch: String,
    pub(crate) target: Option<Selector>,
    pub(crate) options: BTreeMap<String, bool>,
}

impl Patch {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("a patch", node, strictness)?;
        let read = Self::from(&mut fields, strictness)?;
        fields.finish().map(|()| read)
    }

    pub(crate) fn from(fields: &mut Fields<'_>, strictness: Strictness) -> Outcome<Self> {
        Ok(Self {
            path: fields.text("path")?,
            patch: fields.text("patch")?,
            target: fields.get("target").map(|target| Selector::read(target, strictness)).transpose()?,
            options: fields.flag_map("options")?,
        })
    }
}

/// A change of an image's name, tag or digest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) tag_suffix: String,
    pub(crate) new_tag: String,
    pub(crate) digest: String,
}

impl Image {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("an image", node, strictness)?;
        let read = Self {
            name: fields.text("name")?,
            new_name: fields.text("newName")?,
            tag_suffix: fields.text("tagSuffix")?,
            new_tag: fields.text("newTag")?,
            digest: fields.text("digest")?,
        };
        fields.finish().map(|()| read)
    }
}

/// A number of replicas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
}

impl Replica {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("an entry of `replicas`", node, strictness)?;
        let read = Self { name: fields.text("name")?, count: fields.number("count")? };
        fields.finish().map(|()| read)
    }
}

/// How a value is taken out of a field or put into it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

impl FieldOptions {
    fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("`options` of a replacement", node, strictness)?;
        let read = Self {
            delimiter: fields.text("delimiter")?,
            index: fields.number("index")?,
            create: fields.flag("create")?,
        };
        // Kustomize has this field and does nothing with it.
        fields.text("encoding")?;
        fields.finish().map(|()| read)
    }
}

/// Where a replacement takes its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceSelector {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) field_path: String,
    pub(crate) options: Option<FieldOptions>,
}

/// Where a replacement puts its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct TargetSelector {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: Option<FieldOptions>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Replacement {
    pub(crate) source: Option<SourceSelector>,
    pub(crate) source_value: Option<String>,
    /// `None` when the field is missing, which is a fault.
    pub(crate) targets: Option<Vec<TargetSelector>>,
}

/// A replacement, or a file of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReplacementField {
    pub(crate) path: String,
    pub(crate) replacement: Replacement,
}

impl ReplacementField {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("a replacement", node, strictness)?;
        let path = fields.text("path")?;
        let replacement = Replacement::from(&mut fields, strictness)?;
        fields.finish().map(|()| Self { path, replacement })
    }
}

impl Replacement {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("a replacement", node, strictness)?;
        let read = Self::from(&mut fields, strictness)?;
        fields.finish().map(|()| read)
    }

    fn from(fields: &mut Fields<'_>, strictness: Strictness) -> Outcome<Self> {
        let source = fields.get("source").map(|source| SourceSelector::read(source, strictness)).transpose()?;
        let source_value = fields.optional_text("sourceValue")?;
        let has_targets = fields.get("targets").is_some();
        let targets = fields.list("targets", |target| TargetSelector::read(target, strictness))?;
        Ok(Self { source, source_value, targets: has_targets.then_some(targets) })
    }
}

impl SourceSelector {
    fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("`source` of a replacement", node, strictness)?;
        let read = Self {
            gvk: gvk(&mut fields)?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            field_path: fields.text("fieldPath")?,
            options: fields.get("options").map(|options| FieldOptions::read(options, strictness)).transpose()?,
        };
        fields.finish().map(|()| read)
    }
}

impl TargetSelector {
    fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("`targets` of a replacement", node, strictness)?;
        let read = Self {
            select: fields.get("select").map(|select| Selector::read(select, strictness)).transpose()?,
            reject: fields.list("reject", |reject| Selector::read(reject, strictness))?,
            field_paths: fields.texts("fieldPaths")?,
            options: fields.get("options").map(|options| FieldOptions::read(options, strictness)).transpose()?,
        };
        fields.finish().map(|()| read)
    }
}

/// A variable with the field that it stands for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) gvk: Gvk,
    pub(crate) object_name: String,
    pub(crate) namespace: String,
    pub(crate) field_path: String,
}

impl Var {
    pub(crate) fn read(node: &Node) -> Outcome<Self> {
        let mut fields = Fields::of("a variable", node, Strictness::Strict)?;
        let mut read = Self { name: fields.text("name")?, ..Self::default() };
        if let Some(object) = fields.get("objref") {
            let mut object = Fields::of("`objref` of a variable", object, Strictness::Strict)?;
            let api_version = object.text("apiVersion")?;
            read.gvk = gvk(&mut object)?;
            if !api_version.is_empty() {
                match api_version.split('/').collect::<Vec<_>>().as_slice() {
                    [group, version] => {
                        (*group).clone_into(&mut read.gvk.group);
                        (*version).clone_into(&mut read.gvk.version);
                    }
                    [version] => (*version).clone_into(&mut read.gvk.version),
                    _ => {}
                }
            }
            read.object_name = object.text("name")?;
            read.namespace = object.text("namespace")?;
            object.finish()?;
        }
        if let Some(field) = fields.get("fieldref") {
            let mut field = Fields::of("`fieldref` of a variable", field, Strictness::Strict)?;
            read.field_path = field.text("fieldPath")?;
            field.finish()?;
        }
        if read.field_path.is_empty() {
            "metadata.name".clone_into(&mut read.field_path);
        }
        fields.finish().map(|()| read)
    }
}

/// What generated objects have besides their data.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

impl GeneratorOptions {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("generator options", node, strictness)?;
        let read = Self {
            labels: fields.text_map("labels")?.unwrap_or_default(),
            annotations: fields.text_map("annotations")?.unwrap_or_default(),
            disable_name_suffix_hash: fields.flag("disableNameSuffixHash")?,
            immutable: fields.flag("immutable")?,
        };
        fields.finish().map(|()| read)
    }

    /// The options of one generator with those of the file: own labels win, switches add up.
    pub(crate) fn over(mut self, global: Option<&GeneratorOptions>) -> Self {
        let Some(global) = global else { return self };
        for (own, other) in [(&mut self.labels, &global.labels), (&mut self.annotations, &global.annotations)] {
            for (key, value) in other {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        self.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        self.immutable |= global.immutable;
        self
    }
}

/// A generator of a ConfigMap or a Secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generator {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) behavior: String,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) envs: Vec<String>,
    pub(crate) options: GeneratorOptions,
    /// Type of a Secret.
    pub(crate) secret_type: String,
}

impl Generator {
    pub(crate) fn read(node: &Node, strictness: Strictness, is_secret: bool) -> Outcome<Self> {
        let mut fields = Fields::of("a generator", node, strictness)?;
        let read = Self::from(&mut fields, strictness, is_secret)?;
        fields.finish().map(|()| read)
    }

    pub(crate) fn from(fields: &mut Fields<'_>, strictness: Strictness, is_secret: bool) -> Outcome<Self> {
        let mut read = Self {
            namespace: fields.text("namespace")?,
            name: fields.text("name")?,
            behavior: fields.text("behavior")?,
            literals: fields.texts("literals")?,
            files: fields.texts("files")?,
            envs: fields.texts("envs")?,
            options: match fields.get("options") {
                Some(options) => GeneratorOptions::read(options, strictness)?,
                None => GeneratorOptions::default(),
            },
            secret_type: if is_secret { fields.text("type")? } else { String::new() },
        };
        let env = fields.text("env")?;
        if !env.is_empty() {
            read.envs.push(env);
        }
        Ok(read)
    }
}

/// The order of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SortOptions {
    /// As read.
    Fifo,
    /// By kind; the kinds that come first and last.
    Legacy { first: Vec<String>, last: Vec<String> },
}

impl SortOptions {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("`sortOptions`", node, strictness)?;
        let order = fields.text("order")?;
        let legacy = fields.get("legacySortOptions").map(|legacy| {
            let mut fields = Fields::of("`legacySortOptions`", legacy, strictness)?;
            let read = (fields.texts("orderFirst")?, fields.texts("orderLast")?);
            fields.finish().map(|()| read)
        });
        let legacy = legacy.transpose()?;
        fields.finish()?;
        match (order.as_str(), legacy) {
            ("fifo", None) => Ok(Self::Fifo),
            ("fifo", Some(_)) => Err(Fault::field("`legacySortOptions` goes with the order `legacy` alone")),
            ("legacy", Some((first, last))) => Ok(Self::Legacy { first, last }),
            ("legacy", None) => Ok(super::sort::default_order()),
            (other, _) => {
                let message = format!("expected the order `fifo` or `legacy`, found {}", super::fault::quoted(other));
                Err(Fault::field(message).at("", node.line, node.column))
            }
        }
    }
}

/// Items of a file that holds one mapping or a list of them.
pub(crate) fn one_or_many<'a>(node: &'a Node, what: &str) -> Outcome<Vec<&'a Node>> {
    match &node.shape {
        Shape::Map(_) => Ok(vec![node]),
        Shape::List(items) => Ok(items.iter().collect()),
        Shape::Scalar(_) => Err(super::decode::wrong(node, what, "a mapping or a list")),
    }
}
