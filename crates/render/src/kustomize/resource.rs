//! One object on its way through the build, with what it was called before.

use std::collections::BTreeMap;

use super::{
    budget::too_large,
    fault::{Fault, Outcome, quoted},
    ident::{Gvk, ResId},
    node::{Field, Key, Node, Shape, Tag},
    schema::Scopes,
};

/// Longest name, namespace, kind and version, in bytes; clusters take a sixteenth.
const NAME_BYTES_MAX: usize = 4096;

/// Annotation of objects that serve the build alone.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";
/// Annotations that Kustomize keeps for itself; none reaches the output.
const INTERNAL: [&str; 18] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];
const NEEDS_HASH: &str = "internal.config.kubernetes.io/needsHashSuffix";

/// What a generated object does to one that is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Behavior {
    #[default]
    Create,
    Merge,
    Replace,
}

impl Behavior {
    /// Anything that is not known creates, as in Kustomize.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "merge" => Self::Merge,
            "replace" => Self::Replace,
            _ => Self::Create,
        }
    }
}

/// A name that an object had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Previous {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) kind: String,
}

/// What the build remembers of an object.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) behavior: Behavior,
    pub(crate) needs_hash: bool,
}

impl Memory {
    /// Whether Kustomize, which keeps its memory in annotations, would have written any.
    pub(crate) fn is_in_annotations(&self, is_generated: bool) -> bool {
        is_generated
            || self.needs_hash
            || !self.previous.is_empty()
            || !self.prefixes.is_empty()
            || !self.suffixes.is_empty()
    }
}

/// One object.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Resource {
    pub(crate) node: Node,
    pub(crate) memory: Memory,
    pub(crate) is_generated: bool,
    /// Whether values of it may be in several places.
    pub(crate) has_twins: bool,
    /// Variables that take their value here.
    pub(crate) vars: Vec<String>,
    /// The file that it was read from.
    pub(crate) file: std::rc::Rc<str>,
}

impl Resource {
    pub(crate) fn new(node: Node, file: &std::rc::Rc<str>) -> Self {
        let needs_hash = node.at(&["metadata", "annotations", NEEDS_HASH]).is_some_and(|on| on.raw() == "enabled");
        let memory = Memory { needs_hash, ..Memory::default() };
        Self { node, memory, is_generated: false, has_twins: false, vars: Vec::new(), file: std::rc::Rc::clone(file) }
    }

    /// Whether it was deleted.
    pub(crate) fn is_gone(&self) -> bool {
        self.node.is_empty()
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::of(&self.node)
    }

    pub(crate) fn kind(&self) -> &str {
        self.node.get("kind").map_or("", Node::raw)
    }

    pub(crate) fn name(&self) -> &str {
        self.meta("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.meta("namespace")
    }

    fn meta(&self, key: &str) -> &str {
        self.node.at(&["metadata", key]).map_or("", Node::value)
    }

    pub(crate) fn id(&self, scopes: &Scopes) -> ResId {
        ResId::new(self.gvk(), self.name(), self.namespace(), scopes)
    }

    /// What it was called when it came in.
    pub(crate) fn original_id(&self, scopes: &Scopes) -> ResId {
        self.previous_ids(scopes).next().unwrap_or_else(|| self.id(scopes))
    }

    pub(crate) fn previous_ids<'a>(&'a self, scopes: &'a Scopes) -> impl Iterator<Item = ResId> + 'a {
        self.memory.previous.iter().map(|one| {
            let gvk = Gvk { kind: one.kind.clone(), ..self.gvk() };
            ResId::new(gvk, one.name.clone(), one.namespace.clone(), scopes)
        })
    }

    /// Every name that it has or had.
    pub(crate) fn any_ids<'a>(&'a self, scopes: &'a Scopes) -> impl Iterator<Item = ResId> + 'a {
        self.previous_ids(scopes).chain(std::iter::once_with(|| self.id(scopes)))
    }

    pub(crate) fn remember_id(&mut self, scopes: &Scopes) {
        let id = self.id(scopes);
        let namespace = id.effective_namespace().to_owned();
        self.memory.previous.push(Previous { name: id.name, namespace, kind: id.gvk.kind });
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        if let Some(metadata) = self.node.entry("metadata", Node::map) {
            metadata.set("name", Node::scalar(name, Tag::Open));
        }
    }

    pub(crate) fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            if let Some(metadata) = self.node.get_mut("metadata") {
                metadata.remove("namespace");
            }
        } else if let Some(metadata) = self.node.entry("metadata", Node::map) {
            metadata.set("namespace", Node::scalar(namespace, Tag::Open));
        }
    }

    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        self.texts("labels")
    }

    pub(crate) fn annotations(&self) -> BTreeMap<String, String> {
        self.texts("annotations")
    }

    fn texts(&self, key: &str) -> BTreeMap<String, String> {
        let fields = self.node.at(&["metadata", key]).map_or(&[][..], Node::fields);
        fields.iter().map(|field| (field.key.text.clone(), field.value.raw().to_owned())).collect()
    }

    /// Writes labels or annotations anew, all as text; without any the field goes.
    pub(crate) fn set_texts(&mut self, key: &str, texts: &BTreeMap<String, String>) {
        let Some(metadata) = self.node.entry("metadata", Node::map) else { return };
        metadata.remove(key);
        if texts.is_empty() {
            return;
        }
        let field = |(name, text): (&String, &String)| Field { key: Key::open(name), value: Node::text(text.clone()) };
        metadata.set(key, Shape::Map(texts.iter().map(field).collect()).into());
    }

    pub(crate) fn is_local(&self) -> bool {
        let value = self.node.at(&["metadata", "annotations", LOCAL_CONFIG]);
        value.is_some_and(|value| value.value() != "false")
    }

    /// Annotations as the output has them: all text, without Kustomize's own.
    pub(crate) fn tidy_annotations(&mut self, always: bool) {
        let mut annotations = self.annotations();
        let before = annotations.len();
        annotations.retain(|key, _| !INTERNAL.contains(&key.as_str()));
        let has_own = before > 0 || self.memory.is_in_annotations(self.is_generated);
        if always || has_own {
            self.set_texts("annotations", &annotations);
        }
    }

    /// The same fault in this object's file.
    pub(crate) fn blame(&self, fault: Box<Fault>) -> Box<Fault> {
        blame(fault, &self.file, &self.node)
    }
}

/// Puts a fault without a file into this one.
pub(crate) fn blame(mut fault: Box<Fault>, file: &str, node: &Node) -> Box<Fault> {
    if file.is_empty() {
        return fault;
    }
    match &mut fault.place {
        Some((name, _, _)) if name.is_empty() => file.clone_into(name),
        Some(_) => {}
        None => fault.place = Some((file.to_owned(), node.line, node.column)),
    }
    fault
}

/// Refuses a name that is longer than any cluster takes: it is copied wherever an object is looked up.
pub(crate) fn check_name(what: &str, name: &str) -> Outcome<()> {
    if name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    let found = name.len();
    Err(too_large(format!("a {what} has {found} bytes, expected at most {NAME_BYTES_MAX}")))
}

/// What every object of a file must have.
pub(crate) fn check(node: &Node) -> Outcome<()> {
    let wrong = |message: String| Err(Fault::step(message).at("", node.line, node.column));
    if !node.is_map() {
        return wrong(format!("expected an object, found {}", node.kind()));
    }
    let texts: [&[&str]; 4] = [&["apiVersion"], &["kind"], &["metadata", "name"], &["metadata", "namespace"]];
    for path in texts {
        check_name(path[path.len() - 1], node.at(path).map_or("", Node::raw))
            .map_err(|fault| fault.at("", node.line, node.column))?;
    }
    let kind = node.get("kind").map_or("", Node::value);
    if kind.is_empty() {
        return wrong("expected an object with `kind`".to_owned());
    }
    if kind.ends_with("List") || !node.at(&["metadata", "name"]).map_or("", Node::raw).is_empty() {
        return Ok(());
    }
    wrong(format!("expected `metadata.name` in the object of kind {}", quoted(kind)))
}
