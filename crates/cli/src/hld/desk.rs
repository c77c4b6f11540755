//! One folder of definitions with everything that a verb needs.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use seaway_core::diagnostic::{Diagnostic, Severity};
use seaway_engine::{
    Error as EngineError,
    cache::{DiskStore, cache_folder},
    definitions,
};
use seaway_render::{
    Tree,
    hld::{self, LOCK_FILE, Lock, Profile, Request, SETTINGS_FILE, Settings, edit::Edited},
};

use crate::{
    atomic,
    context::Context,
    error::Error,
    output::{findings, text},
};

/// What a Git work tree has at its top.
const GIT: &str = ".git";

/// A profile on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ProfileWord {
    /// The same objects as Fabrikate, with warnings
    Compat,
    /// Traps are errors
    Strict,
}

/// Options of every verb that reads definitions.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Reading {
    /// Profile, instead of the one in `hld.yaml`
    #[arg(long, value_enum, value_name = "NAME")]
    pub profile: Option<ProfileWord>,
}

/// How far up the paths of components may lead.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Top {
    /// Folder that paths may go up to; the top of the Git work tree when left out
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

/// A folder of definitions.
pub struct Desk<'a> {
    /// Settings of the call.
    pub context: &'a Context,
    /// The folder of the uppermost component.
    pub root: PathBuf,
    /// The same in the tree.
    pub folder: String,
    /// What was read: the folder, and what its components name beside and above it.
    pub tree: Tree,
    /// What `hld.yaml` says.
    pub settings: Settings,
    /// What `hld.lock` says; nothing when there is none.
    pub lock: Lock,
    /// Fetched trees.
    pub store: DiskStore,
    /// The folder of the cache.
    pub cache: PathBuf,
}

impl<'a> Desk<'a> {
    /// Reads a folder: `path` below the one of `-C`, or below the current one.
    ///
    /// # Errors
    /// When it cannot be read, or its settings or lock have errors.
    pub fn open(context: &'a Context, path: Option<&Path>, top: &Top, reading: &Reading) -> Result<Self, Error> {
        let base = context.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let root = path.map_or_else(|| base.clone(), |path| base.join(path));
        let (top, folder) = top_of(&root, top.root.as_ref().map(|top| base.join(top)))?;
        let desk = Self::empty(context, root, folder)?;
        let (folder, store) = (&desk.folder, &desk.store);
        let read = definitions::read(&top, folder, &mut |tree| {
            let tree = tree.clone().seen_from(folder.as_str());
            let (settings, lock) = said(&tree, folder).map_err(EngineError::Findings)?;
            store.label(&lock);
            hld::reach(&tree, folder, &settings, &lock, store).map_err(EngineError::Findings)
        });
        let tree = read.map_err(|error| desk.explain(error))?.seen_from(desk.folder.as_str());
        desk.take(tree, reading)
    }

    /// Reads what the folder itself says, without its components.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub fn alone(context: &'a Context, reading: &Reading) -> Result<Self, Error> {
        let root = context.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let desk = Self::empty(context, root, String::new())?;
        let tree = definitions::read_component(&desk.root).map_err(|error| desk.explain(error))?;
        desk.take(tree, reading)
    }

    fn empty(context: &'a Context, root: PathBuf, folder: String) -> Result<Self, Error> {
        let cache = cache_folder().map_err(|error| crate::session::explain(error, context, None))?;
        let store = DiskStore::new(&cache);
        let (settings, lock) = (Settings::default(), Lock::default());
        Ok(Self { context, root, folder, tree: Tree::new(""), settings, lock, store, cache })
    }

    fn take(mut self, tree: Tree, reading: &Reading) -> Result<Self, Error> {
        self.tree = tree;
        (self.settings, self.lock) = said(&self.tree, &self.folder).map_err(|found| self.refuse(&found))?;
        self.store.label(&self.lock);
        if let Some(profile) = reading.profile {
            self.settings.profile = match profile {
                ProfileWord::Compat => Profile::Compat,
                ProfileWord::Strict => Profile::Strict,
            };
        }
        Ok(self)
    }

    /// One environment set, to be rendered.
    pub fn request<'r>(&'r self, environments: &'r [String]) -> Request<'r> {
        Request {
            tree: &self.tree,
            folder: &self.folder,
            settings: &self.settings,
            environments,
            lock: &self.lock,
            store: &self.store,
        }
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.tree.get(&in_folder(&self.folder, name)).map(|bytes| &**bytes)
    }

    /// Shows findings; the error that ends the command.
    pub fn refuse(&self, found: &[Diagnostic]) -> Error {
        self.show(found);
        let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
        Error::new(format!("{} found", text::count(errors, "error"))).hint("repair them and try again")
    }

    /// An error of the engine with what to do next.
    pub fn explain(&self, error: EngineError) -> Error {
        match error {
            EngineError::Findings(found) => self.refuse(&found),
            other => crate::session::explain(other, self.context, Some(&self.root)),
        }
    }

    /// Shows findings on standard error: warnings always, remarks with `-v`.
    pub fn show(&self, found: &[Diagnostic]) {
        let least = if self.context.verbose > 0 { Severity::Remark } else { Severity::Warning };
        let mut sources = findings::Sources::new(&self.root);
        for finding in found.iter().filter(|finding| finding.severity >= least) {
            self.context.remark(&findings::render(finding, &mut sources, self.context.paint_err));
        }
    }

    /// Writes an edited file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, edited: &Edited) -> Result<(), Error> {
        let path = self.root.join(&edited.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::new(format!("cannot make `{}`", folder.display())).because(&error))?;
        }
        // A link is followed: what it leads to is changed, and it stays a link.
        let path = path.canonicalize().unwrap_or(path);
        atomic::write(&path, &edited.bytes)?;
        self.show(&edited.remarks);
        Ok(())
    }

    /// The sets of environments to fetch for: those given, else `common` and each environment that has a file.
    pub fn sets(&self, given: &[String]) -> Vec<Vec<String>> {
        let split = |set: &String| set.split(',').map(str::to_owned).collect();
        if !given.is_empty() {
            return given.iter().map(split).collect();
        }
        let environment = |path: &str| {
            let (folder, name) = match path.strip_prefix("config/") {
                Some(name) => ("", name),
                None => path.rsplit_once("/config/")?,
            };
            let is_component = |name: &&str| self.tree.get(&in_folder(folder, name)).is_some();
            ["component.yaml", "component.json"].iter().find(|name| is_component(name))?;
            let name = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".json"))?;
            (name != "common").then(|| name.to_owned())
        };
        let mut names: Vec<String> = self.tree.files().filter_map(|(path, _)| environment(path)).collect();
        names.sort();
        names.dedup();
        std::iter::once(Vec::new()).chain(names.into_iter().map(|name| vec![name])).collect()
    }

    /// Whether this is the start of a repository: no component and no settings here.
    pub fn is_new(&self) -> bool {
        ["component.yaml", "component.json", SETTINGS_FILE].iter().all(|name| self.file(name).is_none())
    }
}

/// What the folder's settings and lock say.
fn said(tree: &Tree, folder: &str) -> Result<(Settings, Lock), Vec<Diagnostic>> {
    let settings = hld::settings(tree, folder)?;
    let lock = match tree.get(&in_folder(folder, LOCK_FILE)) {
        Some(bytes) => Lock::read(LOCK_FILE, &String::from_utf8_lossy(bytes))?,
        None => Lock::default(),
    };
    Ok((settings, lock))
}

fn in_folder(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The folder that paths may go up to, and the path of `root` below it.
fn top_of(root: &Path, given: Option<PathBuf>) -> Result<(PathBuf, String), Error> {
    let real = |path: &Path| {
        path.canonicalize().map_err(|error| Error::new(format!("cannot read `{}`", path.display())).because(&error))
    };
    let own = real(root)?;
    let top = match &given {
        Some(given) => real(given)?,
        None => own.ancestors().find(|folder| folder.join(GIT).exists()).unwrap_or(&own).to_path_buf(),
    };
    let shown = || given.as_deref().unwrap_or(&top).display().to_string();
    let below = own.strip_prefix(&top).map_err(|_| {
        Error::new(format!("`{}` is not in `{}`", root.display(), shown()))
            .hint("`--root` names the folder of the definitions or one above it")
    })?;
    let parts: Option<Vec<&str>> = below.iter().map(std::ffi::OsStr::to_str).collect();
    let parts = parts.ok_or_else(|| Error::new(format!("the path `{}` is not UTF-8", own.display())))?;
    Ok((top, parts.join("/")))
}
