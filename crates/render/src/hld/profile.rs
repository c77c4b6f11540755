//! `hld.yaml`: what a repository says about itself.

use seaway_core::{
    diagnostic::{Diagnostic, codes, nearest},
    yaml::{self, Node},
};

use crate::Tree;

/// The file's name, beside the root's component file.
pub const SETTINGS_FILE: &str = "hld.yaml";
/// Most bytes of the file: a page of text.
const BYTES_MAX: usize = 64 * 1024;
/// Every key of the file.
const KEYS: [&str; 4] = ["profile", "lists", "trustedHooks", "catalogues"];

/// How much of the original's behaviour is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Profile {
    /// The same objects as the original, with a warning at each trap.
    #[default]
    Compat,
    /// Traps are errors.
    Strict,
}

impl Profile {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "compat" => Some(Self::Compat),
            "strict" => Some(Self::Strict),
            _ => None,
        }
    }

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compat => "compat",
            Self::Strict => "strict",
        }
    }
}

/// What happens when two layers set the same list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lists {
    /// The higher layer's items, followed by the lower one's.
    #[default]
    Append,
    /// The higher layer's items alone. Only in the strict profile.
    Replace,
}

/// The whole file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// The profile.
    pub profile: Profile,
    /// What equal lists do.
    pub lists: Lists,
    /// Components (`infra/efk`) whose hooks may be run when a command asks for it.
    pub trusted_hooks: Vec<String>,
    /// Git repositories in which `find` looks for components.
    pub catalogues: Vec<String>,
    /// Whether the caller runs the hooks that it may, which then need no warning. Never read from the file.
    pub are_hooks_run: bool,
    /// Whether a service has these definitions as its source, whose workspace then locks what they do not. Never read from
    /// the file.
    pub is_of_service: bool,
}

/// Reads `hld.yaml` in a folder of the tree. Without one the repository is an existing one: the compat profile.
///
/// # Errors
/// All findings.
pub fn settings(tree: &Tree, folder: &str) -> Result<Settings, Vec<Diagnostic>> {
    let path = if folder.is_empty() { SETTINGS_FILE.to_owned() } else { format!("{folder}/{SETTINGS_FILE}") };
    let Some(bytes) = tree.get(&path) else { return Ok(Settings::default()) };
    let file = tree.place_of(&path);
    let text = String::from_utf8_lossy(bytes);
    let mut findings = Vec::new();
    let nodes = match yaml::on_deep_stack(|| yaml::read_up_to(BYTES_MAX, &file, &text, &mut findings)) {
        Ok(nodes) => nodes,
        Err(error) => {
            let message = format!("the settings cannot be read now: {error}");
            return Err(vec![Diagnostic::error(codes::TOO_COMPLEX, message).help("free some memory")]);
        }
    };
    let mut read = Reading { file: &file, findings };
    let settings = nodes.first().map(|node| read.settings(node)).unwrap_or_default();
    if read.findings.is_empty() { Ok(settings) } else { Err(read.findings) }
}

struct Reading<'a> {
    file: &'a str,
    findings: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn settings(&mut self, node: &Node) -> Settings {
        let mut settings = Settings::default();
        for entry in node.entries() {
            let key = entry.key.text.as_str();
            match key {
                "profile" => settings.profile = self.word(&entry.value, &["compat", "strict"], Profile::parse),
                "lists" => {
                    settings.lists = self.word(&entry.value, &["append", "replace"], |word| match word {
                        "append" => Some(Lists::Append),
                        "replace" => Some(Lists::Replace),
                        _ => None,
                    });
                }
                "trustedHooks" => settings.trusted_hooks = self.texts(&entry.value),
                "catalogues" => settings.catalogues = self.texts(&entry.value),
                _ => {
                    let help = nearest(key, KEYS).map_or_else(
                        || format!("the keys are {}", KEYS.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("unknown key `{}`", seaway_core::diagnostic::excerpt(key));
                    let place = entry.key.span.in_file(self.file);
                    self.findings.push(Diagnostic::error(codes::UNKNOWN_KEY, message).at(place).help(help));
                }
            }
        }
        settings
    }

    fn word<T: Default>(&mut self, node: &Node, words: &[&str], parse: impl Fn(&str) -> Option<T>) -> T {
        node.text().and_then(parse).unwrap_or_else(|| {
            let message = format!("expected one of `{}`, found {}", words.join("`, `"), node.description());
            self.findings.push(Diagnostic::error(codes::UNKNOWN_WORD, message).at(node.span.in_file(self.file)));
            T::default()
        })
    }

    fn texts(&mut self, node: &Node) -> Vec<String> {
        let texts: Option<Vec<String>> = match &node.value {
            yaml::Yaml::List(items) => items.iter().map(|item| item.text().map(str::to_owned)).collect(),
            _ => None,
        };
        texts.unwrap_or_else(|| {
            let message = format!("expected a list of texts, found {}", node.kind());
            self.findings.push(Diagnostic::error(codes::WRONG_TYPE, message).at(node.span.in_file(self.file)));
            Vec::new()
        })
    }
}
