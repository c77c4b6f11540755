//! The component file: what a node of the tree says of itself.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    diagnostic::{Place, codes, excerpt, nearest},
    digest::Digest,
    yaml::{Entry, Node, Yaml},
};

use super::{file::Parsed, hook, kinds::Kind, plain, trouble::Trouble};

/// Keys of a component, the deprecated ones included.
const KEYS: [&str; 12] = [
    "name",
    "type",
    "generator",
    "method",
    "source",
    "path",
    "version",
    "branch",
    "repositories",
    "hooks",
    "subcomponents",
    "digest",
];
/// Most entries of one list: a fleet's services in one ring.
const SUBCOMPONENTS_MAX: usize = 5_000;

/// One component: an own file, or an entry of a parent's list.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) name: Field,
    pub(super) kind: Kind,
    pub(super) method: Field,
    pub(super) source: Field,
    pub(super) path: Field,
    pub(super) version: Field,
    pub(super) branch: Field,
    pub(super) digest: Option<Digest>,
    /// Event → commands.
    pub(super) hooks: BTreeMap<hook::Event, Vec<String>>,
    pub(super) subcomponents: Vec<Component>,
    /// Where it stands.
    pub(super) place: Place,
}

/// A text and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) text: Arc<str>,
    pub(super) place: Place,
}

impl Field {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// How a component is fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    Git,
    Helm,
    Http,
    /// `local`, nothing, and every other word.
    Local,
}

impl Component {
    pub(super) fn method(&self) -> Method {
        match &*self.method.text {
            "git" => Method::Git,
            "helm" => Method::Helm,
            // The one word that is read in any letter case.
            other if other.eq_ignore_ascii_case("http") && self.kind == Kind::Static => Method::Http,
            _ => Method::Local,
        }
    }

    /// Whether it has no file of its own.
    pub(super) fn is_inline(&self) -> bool {
        self.kind != Kind::Component
    }

    /// Reads a component's own file.
    pub(super) fn read(parsed: &Parsed, trouble: &mut Trouble<'_>) -> Option<Self> {
        let reader = Reader { parsed };
        match &parsed.node.value {
            Yaml::Map(_) | Yaml::Null => reader.component(&parsed.node, trouble),
            _ => {
                let message = format!("expected a component, found {}", parsed.node.description());
                let help = "a component file starts with `name:`";
                trouble.error(codes::WRONG_TYPE, Some(parsed.place(parsed.node.span)), message, help);
                None
            }
        }
    }
}

struct Reader<'a> {
    parsed: &'a Parsed,
}

impl Reader<'_> {
    fn component(&self, node: &Node, trouble: &mut Trouble<'_>) -> Option<Component> {
        if !trouble.spend(1) {
            return None;
        }
        self.unknown_keys(node, trouble);
        let text = |key: &str, trouble: &mut Trouble<'_>| self.text(node, key, trouble);
        let mut component = Component {
            name: text("name", trouble)?,
            kind: Kind::Component,
            method: text("method", trouble)?,
            source: text("source", trouble)?,
            path: text("path", trouble)?,
            version: text("version", trouble)?,
            branch: text("branch", trouble)?,
            digest: None,
            hooks: self.hooks(node, trouble)?,
            subcomponents: Vec::new(),
            place: self.parsed.place(node.span),
        };
        component.kind = self.kind(node, trouble)?;
        component.digest = self.digest(node, trouble)?;
        if let Some(entry) = node.entry("repositories") {
            let message = "`repositories` does nothing";
            let help = "give the component `method: helm`, `source: <repository URL>` and `path: <chart>`";
            trouble.warning(codes::HLD_DEPRECATED, Some(self.parsed.place(entry.key.span)), message, help);
        }
        component.subcomponents = self.subcomponents(node, trouble)?;
        Some(component)
    }

    fn unknown_keys(&self, node: &Node, trouble: &mut Trouble<'_>) {
        for entry in node.entries().iter().filter(|entry| !KEYS.contains(&entry.key.text.as_str())) {
            let help = match nearest(&entry.key.text, KEYS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys of a component are {}", KEYS.join(", ")),
            };
            let message = format!("unknown key `{}`", excerpt(&entry.key.text));
            trouble.trap(codes::UNKNOWN_KEY, Some(self.parsed.place(entry.key.span)), message, &help);
        }
    }

    /// The type. The deprecated `generator` wins over `type`.
    fn kind(&self, node: &Node, trouble: &mut Trouble<'_>) -> Option<Kind> {
        let generator = self.text(node, "generator", trouble)?;
        let field = if generator.is_empty() {
            self.text(node, "type", trouble)?
        } else {
            let message = "`generator` is an old spelling of `type`, and wins when both are given";
            trouble.warning(codes::HLD_DEPRECATED, Some(generator.place.clone()), message, "write `type` instead");
            generator
        };
        Some(Kind::parse(&field.text, trouble.has_all_kinds).unwrap_or_else(|| {
            let help = match (nearest(&field.text, Kind::WORDS), &*field.text) {
                (_, "kustomize") => "kustomizations need `profile: strict` in `hld.yaml`".to_owned(),
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, _) => format!("the types are {}", Kind::WORDS.join(", ")),
            };
            let message = format!("unknown type `{}`: the component makes nothing", excerpt(&field.text));
            trouble.trap(codes::HLD_UNKNOWN_TYPE, Some(field.place.clone()), message, &help);
            Kind::Unknown
        }))
    }

    fn digest(&self, node: &Node, trouble: &mut Trouble<'_>) -> Option<Option<Digest>> {
        let field = self.text(node, "digest", trouble)?;
        if field.is_empty() {
            return Some(None);
        }
        let digest = Digest::parse(&field.text);
        if digest.is_none() {
            let message = format!("expected `sha256:` and 64 hexadecimal digits, found `{}`", excerpt(&field.text));
            trouble.error(codes::WRONG_TYPE, Some(field.place), message, "");
            return None;
        }
        Some(digest)
    }

    fn subcomponents(&self, node: &Node, trouble: &mut Trouble<'_>) -> Option<Vec<Component>> {
        let Some(Entry { value, .. }) = node.entry("subcomponents") else { return Some(Vec::new()) };
        match &value.value {
            Yaml::Null => Some(Vec::new()),
            Yaml::List(items) if items.len() > SUBCOMPONENTS_MAX => {
                let message = format!("{} subcomponents, expected at most {SUBCOMPONENTS_MAX}", items.len());
                trouble.error(codes::HLD_TOO_LARGE, Some(self.parsed.place(value.span)), message, "");
                None
            }
            Yaml::List(items) => items.iter().map(|item| self.entry(item, trouble)).collect(),
            _ => self.wrong(value, "a list of components", trouble),
        }
    }

    fn entry(&self, item: &Node, trouble: &mut Trouble<'_>) -> Option<Component> {
        match &item.value {
            Yaml::Map(_) => self.component(item, trouble),
            _ => self.wrong(item, "a component", trouble),
        }
    }

    fn hooks(&self, node: &Node, trouble: &mut Trouble<'_>) -> Option<BTreeMap<hook::Event, Vec<String>>> {
        let mut hooks = BTreeMap::new();
        let Some(Entry { value, .. }) = node.entry("hooks") else { return Some(hooks) };
        if !matches!(value.value, Yaml::Null | Yaml::Map(_)) {
            return self.wrong(value, "a mapping of events to commands", trouble);
        }
        for entry in value.entries() {
            let Some(event) = hook::Event::parse(&entry.key.text) else {
                let words: Vec<&str> = hook::Event::ALL.iter().map(|event| event.word()).collect();
                let message = format!("unknown event `{}`: its commands never run", excerpt(&entry.key.text));
                let help = format!("the events are {}", words.join(", "));
                trouble.trap(codes::UNKNOWN_KEY, Some(self.parsed.place(entry.key.span)), message, &help);
                continue;
            };
            let commands: Option<Vec<String>> = match &entry.value.value {
                Yaml::Null => Some(Vec::new()),
                Yaml::List(items) => items.iter().map(|item| plain::text_of(self.parsed, item)).collect(),
                _ => None,
            };
            let Some(commands) = commands else { return self.wrong(&entry.value, "a list of commands", trouble) };
            hooks.insert(event, commands.into_iter().filter(|command| !command.is_empty()).collect());
        }
        Some(hooks)
    }

    /// A text field; a number or boolean counts as the text that is written.
    fn text(&self, node: &Node, key: &str, trouble: &mut Trouble<'_>) -> Option<Field> {
        let Some(Entry { value, .. }) = node.entry(key) else {
            return Some(Field { text: "".into(), place: self.parsed.place(node.span) });
        };
        match plain::text_of(self.parsed, value) {
            Some(text) => Some(Field { text: text.into(), place: self.parsed.place(value.span) }),
            None => self.wrong(value, "text", trouble),
        }
    }

    fn wrong<T>(&self, node: &Node, expected: &str, trouble: &mut Trouble<'_>) -> Option<T> {
        let message = format!("expected {expected}, found {}", node.description());
        trouble.error(codes::WRONG_TYPE, Some(self.parsed.place(node.span)), message, "");
        None
    }
}
