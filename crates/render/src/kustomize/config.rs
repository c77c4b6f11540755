//! Where transformers act: paths of fields by kind, the built-in ones and those that a kustomization adds.

use std::rc::Rc;

use super::{
    decode::{Fields, Strictness},
    fault::Outcome,
    field_spec::{FieldSpec, merge_all},
    ident::Gvk,
    kustomization::field_specs,
    node::Node,
    sort::{FIRST, LAST},
};

/// Fields that name objects of one kind.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct NameReference {
    /// The kind that is named.
    pub(crate) target: Gvk,
    /// The fields with the name.
    pub(crate) fields: Vec<FieldSpec>,
}

/// All of them.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_references: Vec<NameReference>,
    pub(crate) var_references: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

impl Config {
    /// A file of `configurations`.
    pub(crate) fn read(node: &Node) -> Outcome<Self> {
        let mut fields = Fields::of("a transformer configuration", node, Strictness::Strict)?;
        let mut list = |name| field_specs(&mut fields, name, Strictness::Strict);
        let mut read = Self {
            name_prefix: list("namePrefix")?,
            name_suffix: list("nameSuffix")?,
            namespace: list("namespace")?,
            common_labels: list("commonLabels")?,
            labels: list("labels")?,
            template_labels: list("templateLabels")?,
            common_annotations: list("commonAnnotations")?,
            name_references: Vec::new(),
            var_references: list("varReference")?,
            images: list("images")?,
            replicas: list("replicas")?,
        };
        read.name_references = fields.list("nameReference", |one| {
            let mut fields = Fields::of("`nameReference`", one, Strictness::Strict)?;
            let target = super::settings::gvk(&mut fields)?;
            let specs = field_specs(&mut fields, "fieldSpecs", Strictness::Strict)?;
            fields.finish().map(|()| NameReference { target, fields: specs })
        })?;
        fields.finish()?;
        read.sort();
        Ok(read)
    }

    /// Both together. A path in both must say the same.
    pub(crate) fn merge(mut self, other: &Config) -> Outcome<Self> {
        let pairs = [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.var_references, &other.var_references),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
        ];
        for (own, more) in pairs {
            merge_all(own, more)?;
        }
        for reference in &other.name_references {
            self.refer(reference.clone())?;
        }
        self.sort();
        Ok(self)
    }

    /// Adds fields that name objects of a kind.
    pub(crate) fn refer(&mut self, reference: NameReference) -> Outcome<()> {
        match self.name_references.iter_mut().find(|own| own.target == reference.target) {
            Some(own) => merge_all(&mut own.fields, &reference.fields),
            None => {
                self.name_references.push(reference);
                Ok(())
            }
        }
    }

    pub(crate) fn sort(&mut self) {
        let lists = [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_references,
            &mut self.images,
            &mut self.replicas,
        ];
        for list in lists {
            list.sort_by_cached_key(|spec| place(&spec.gvk));
        }
        self.name_references.sort_by_cached_key(|reference| place(&reference.target));
    }
}

/// Two configurations as one. Most often both are the built-in one, which is not worth the work.
///
/// Merging into nothing is no copy: a path for any kind is left out when one for a certain kind came before it.
pub(crate) fn merged(own: &Rc<Config>, other: &Rc<Config>, built_in: &Rc<Config>) -> Outcome<Rc<Config>> {
    let is_built_in = Rc::ptr_eq(other, built_in);
    if is_built_in && (Rc::ptr_eq(own, other) || **own == Config::default()) {
        return Ok(Rc::clone(other));
    }
    Config::clone(own).merge(other).map(Rc::new)
}

/// Kinds that come first, and after them all others by name.
fn place(gvk: &Gvk) -> (usize, String) {
    let first = FIRST.iter().position(|kind| *kind == gvk.kind);
    let last = LAST.iter().position(|kind| *kind == gvk.kind).map(|at| at + FIRST.len() + 1);
    (first.or(last).unwrap_or(FIRST.len()), gvk.sort_text())
}
