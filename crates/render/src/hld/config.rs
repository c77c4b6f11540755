//! Configuration files and how the layers of a component become one.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    diagnostic::{Place, codes, excerpt, nearest},
    yaml::{Entry, Node, Yaml},
};

use super::{
    file::Parsed,
    merge, plain,
    setting::{Beaten, Origin, Setting},
    trouble::Trouble,
};

/// Keys of a config file.
const KEYS: [&str; 6] = ["namespace", "injectNamespace", "disabled", "config", "subcomponents", "release"];

/// What all layers that were read so far say of a component.
#[derive(Clone, Default, Debug)]
pub(super) struct Config {
    pub(super) namespace: Option<Namespace>,
    pub(super) disabled: Option<Stated<bool>>,
    pub(super) release: Option<Stated<Arc<str>>>,
    pub(super) values: BTreeMap<String, Setting>,
    pub(super) subcomponents: BTreeMap<String, Config>,
    /// Where the component is first mentioned; nothing for the root.
    pub(super) mentioned: Option<Place>,
}

/// The namespace and whether it is put into objects: they travel as a pair.
#[derive(Clone, Debug)]
pub(super) struct Namespace {
    pub(super) name: Arc<str>,
    pub(super) is_injected: bool,
    pub(super) origin: Origin,
    pub(super) beaten: Vec<Beaten>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Stated<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl Config {
    /// Reads one file.
    pub(super) fn read(trouble: &mut Trouble<'_>, parsed: &Parsed) -> Option<Self> {
        let mut config = Reader { parsed }.config(trouble, &parsed.node)?;
        config.mentioned = None;
        Some(config)
    }

    /// Puts a lower layer under this one. `name` is the component's, for messages.
    pub(super) fn merge(&mut self, trouble: &mut Trouble<'_>, name: &str, low: Self) {
        if !trouble.spend(1) {
            return;
        }
        match (&mut self.namespace, low.namespace) {
            (Some(high), Some(below)) => {
                high.beaten.push(Beaten { origin: below.origin, shown: below.name.to_string() });
                high.beaten.extend(below.beaten);
            }
            (None, Some(below)) => self.namespace = Some(below),
            (Some(_) | None, None) => {}
        }
        merge::maps(trouble, &mut Vec::new(), &mut self.values, low.values);
        if self.release.is_none() {
            self.release = low.release;
        }
        for (key, below) in low.subcomponents {
            let path = if name.is_empty() { key.clone() } else { format!("{name}/{key}") };
            match self.subcomponents.get_mut(&key) {
                Some(high) => {
                    high.disable(trouble, &path, &below);
                    high.merge(trouble, &path, below);
                }
                None => {
                    self.subcomponents.insert(key, below);
                }
            }
        }
    }

    /// `disabled` is not merged by the original: the highest layer that mentions the component at all decides.
    fn disable(&mut self, trouble: &mut Trouble<'_>, path: &str, low: &Self) {
        if trouble.is_strict() {
            if self.disabled.is_none() {
                self.disabled.clone_from(&low.disabled);
            }
            return;
        }
        if self.disabled.is_none() && low.disabled.as_ref().is_some_and(|stated| stated.value) {
            let hides = low.disabled.as_ref().map(|stated| stated.place.to_string()).unwrap_or_default();
            let message =
                format!("`disabled: true` of `{path}` in {hides} is hidden by this layer: the component is enabled");
            let help = "say `disabled` here too; with `profile: strict` the layer that states it decides";
            trouble.warning(codes::HLD_DISABLED_HIDDEN, self.mentioned.clone(), message, help);
        }
    }

    /// How many values it holds.
    pub(super) fn size(&self) -> u64 {
        let values: u64 = self.values.values().map(Setting::size).sum();
        1 + values + self.subcomponents.values().map(Self::size).sum::<u64>()
    }

    pub(super) fn is_disabled(&self) -> bool {
        self.disabled.as_ref().is_some_and(|stated| stated.value)
    }
}

struct Reader<'a> {
    parsed: &'a Parsed,
}

impl Reader<'_> {
    fn config(&self, trouble: &mut Trouble<'_>, node: &Node) -> Option<Config> {
        if !trouble.spend(1) {
            return None;
        }
        let mut config = Config { mentioned: Some(self.parsed.place(node.span)), ..Config::default() };
        match &node.value {
            Yaml::Null => return Some(config),
            Yaml::Map(_) => {}
            _ => return self.wrong(trouble, node, "a mapping"),
        }
        let (mut namespace, mut is_injected) = (None, false);
        for entry in node.entries() {
            let value = &entry.value;
            match entry.key.text.as_str() {
                _ if value.is_null() => {}
                "namespace" => match plain::text_of(self.parsed, value) {
                    Some(text) => namespace = (!text.is_empty()).then_some((text, value.span)),
                    None => return self.wrong(trouble, value, "text"),
                },
                "injectNamespace" => is_injected = self.boolean(trouble, value)?,
                "disabled" => {
                    let stated = Stated { value: self.boolean(trouble, value)?, place: self.parsed.place(value.span) };
                    config.disabled = Some(stated);
                }
                "config" => match &value.value {
                    Yaml::Map(entries) => config.values = Setting::entries(trouble, self.parsed, entries)?,
                    _ => return self.wrong(trouble, value, "a mapping"),
                },
                "subcomponents" => match &value.value {
                    Yaml::Map(entries) => config.subcomponents = self.subcomponents(trouble, entries)?,
                    _ => return self.wrong(trouble, value, "a mapping"),
                },
                "release" if trouble.is_strict() => match plain::text_of(self.parsed, value) {
                    Some(text) => {
                        config.release = Some(Stated { value: text.into(), place: self.parsed.place(value.span) });
                    }
                    None => return self.wrong(trouble, value, "text"),
                },
                _ => self.unknown(trouble, entry),
            }
        }
        config.namespace = namespace.map(|(name, span)| Namespace {
            name: name.into(),
            is_injected,
            origin: Origin { file: Arc::clone(&self.parsed.file), span },
            beaten: Vec::new(),
        });
        Some(config)
    }

    fn subcomponents(&self, trouble: &mut Trouble<'_>, entries: &[Entry]) -> Option<BTreeMap<String, Config>> {
        let mut subcomponents = BTreeMap::new();
        for entry in entries {
            let mut config = self.config(trouble, &entry.value)?;
            config.mentioned = Some(self.parsed.place(entry.key.span));
            subcomponents.insert(plain::key_of(self.parsed, &entry.key), config);
        }
        Some(subcomponents)
    }

    fn unknown(&self, trouble: &mut Trouble<'_>, entry: &Entry) {
        let key = entry.key.text.as_str();
        let help = match (key, nearest(key, KEYS)) {
            ("release", _) => "a release name of its own needs `profile: strict` in `hld.yaml`".to_owned(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            (_, None) => format!("values of a chart stand below `config`; the keys here are {}", KEYS.join(", ")),
        };
        let message = format!("unknown key `{}`", excerpt(key));
        trouble.trap(codes::UNKNOWN_KEY, Some(self.parsed.place(entry.key.span)), message, &help);
    }

    fn boolean(&self, trouble: &mut Trouble<'_>, node: &Node) -> Option<bool> {
        match node.value {
            Yaml::Bool(value) => Some(value),
            _ => self.wrong(trouble, node, "`true` or `false`"),
        }
    }

    fn wrong<T>(&self, trouble: &mut Trouble<'_>, node: &Node, expected: &str) -> Option<T> {
        let message = format!("expected {expected}, found {}", node.description());
        let help = if node.is_quoted { "write it without quotes" } else { "" };
        trouble.error(codes::WRONG_TYPE, Some(self.parsed.place(node.span)), message, help);
        None
    }
}
