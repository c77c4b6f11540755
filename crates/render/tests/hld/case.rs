//! One case: a file with a head, the files of a tree, and what is expected.
//!
//! ```text
//! what it shows
//! rules: H-1, D-15
//! fetched: @charts git https://git.example/charts version=v1 path=stable/redis
//! run: generate prod
//! -- component.yaml --
//! name: shop
//! -- @charts/Chart.yaml --
//! name: redis
//! == compat ==
//! ...
//! == strict ==
//! ...
//! ```

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::digest::Digest;
use seaway_render::{
    Tree,
    hld::{Lock, Locked, Profile, Source},
};

use crate::command;

pub struct Case {
    pub rules: Vec<String>,
    /// Whether the command line's own tests run it.
    pub is_of_cli: bool,
    /// Everything before the expectation, as it is written.
    pub given: String,
    pub expected: String,
    pub runs: Vec<Vec<String>>,
    /// Folder of the uppermost component.
    pub folder: String,
    pub files: BTreeMap<String, String>,
    pub lock: Lock,
    pub store: BTreeMap<Digest, Arc<Tree>>,
}

impl Case {
    pub fn parse(text: &str) -> Result<Self, String> {
        let cut = text.find("\n== ").map_or(text.len(), |at| at + 1);
        let (given, expected) = text.split_at(cut);
        let (head, body) = given.find("\n-- ").map_or((given, ""), |at| given.split_at(at + 1));
        let mut case = Self {
            rules: Vec::new(),
            is_of_cli: false,
            given: given.to_owned(),
            expected: expected.to_owned(),
            runs: Vec::new(),
            folder: String::new(),
            files: BTreeMap::new(),
            lock: Lock::default(),
            store: BTreeMap::new(),
        };
        let mut fetched = files(body)?;
        case.files =
            fetched.iter().filter(|(path, _)| !path.starts_with('@')).map(|(p, t)| (p.clone(), t.clone())).collect();
        fetched.retain(|path, _| path.starts_with('@'));
        for line in head.lines().skip(1) {
            match line.split_once(": ") {
                Some(("rules", rules)) => case.rules = rules.split(", ").map(str::to_owned).collect(),
                Some(("run", _)) if case.is_of_cli => {}
                Some(("run", line)) => case.runs.push(words(line)),
                Some(("by", "cli")) => case.is_of_cli = true,
                Some(("folder", folder)) => case.folder = folder.to_owned(),
                Some(("fetched", line)) => case.fetch(line, &fetched)?,
                Some(("files", "crlf")) => {
                    case.files.values_mut().for_each(|text| *text = text.replace('\n', "\r\n"));
                }
                _ => return Err(format!("unknown line `{line}`")),
            }
        }
        if case.rules.is_empty() || (case.runs.is_empty() && !case.is_of_cli) {
            return Err("a case needs `rules:` and `run:`".to_owned());
        }
        Ok(case)
    }

    fn fetch(&mut self, line: &str, files: &BTreeMap<String, String>) -> Result<(), String> {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, kind, url, rest @ ..] = words.as_slice() else { return Err(format!("too short: {line}")) };
        let field = |key: &str| {
            let found = rest.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        let url = (*url).to_owned();
        let (source, resolved) = match *kind {
            "git" => {
                let (branch, version, path) = (field("branch"), field("version"), field("path"));
                (Source::Git { url, branch, version, path }, "0123456789abcdef0123456789abcdef01234567")
            }
            "chart" => (Source::Chart { repository: url, name: field("name"), version: field("version") }, "1.0.0"),
            "file" => (Source::File { url }, ""),
            other => return Err(format!("unknown kind `{other}`")),
        };
        let prefix = format!("{name}/");
        let own = files.iter().filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?, text)));
        let tree = Tree::of(*name, own.map(|(path, text)| (path.to_owned(), text.as_bytes()))).unwrap();
        let digest = tree.digest();
        if field("missing").is_empty() {
            self.store.insert(digest.clone(), Arc::new(tree));
        }
        self.lock.insert(source, Locked { resolved: resolved.to_owned(), digest });
        Ok(())
    }

    /// What both profiles give.
    pub fn outcome(&self) -> String {
        let compat = command::run(self, Profile::Compat);
        let strict = command::run(self, Profile::Strict);
        if compat == strict {
            return format!("== both ==\n{compat}");
        }
        format!("== compat ==\n{compat}== strict ==\n{strict}")
    }
}

/// The files of a body: `-- path --` before each.
pub fn files(body: &str) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    let mut path = None;
    for line in body.split_inclusive('\n') {
        match line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            Some(name) => {
                path = Some(name.to_owned());
                if files.insert(name.to_owned(), String::new()).is_some() {
                    return Err(format!("two files `{name}`"));
                }
            }
            None => {
                let path = path.as_ref().ok_or("text before the first file")?;
                files.get_mut(path).unwrap().push_str(line);
            }
        }
    }
    Ok(files)
}

/// Words of a command, with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}
