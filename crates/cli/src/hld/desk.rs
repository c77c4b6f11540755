//! One folder of definitions with everything that a verb needs.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use seaway_core::diagnostic::{Diagnostic, Severity};
use seaway_engine::cache::{DiskStore, cache_folder};
use seaway_render::{
    Tree,
    hld::{self, LOCK_FILE, Lock, Profile, SETTINGS_FILE, Settings, edit::Edited},
};

use super::disk;
use crate::{
    atomic,
    context::Context,
    error::Error,
    output::{findings, text},
};

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

/// A folder of definitions.
pub struct Desk<'a> {
    /// Settings of the call.
    pub context: &'a Context,
    /// The folder.
    pub root: PathBuf,
    /// Its files.
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
    pub fn open(context: &'a Context, path: Option<&Path>, reading: &Reading) -> Result<Self, Error> {
        let base = context.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let root = path.map_or_else(|| base.clone(), |path| base.join(path));
        let tree = disk::read(&root)?;
        let cache = cache_folder().map_err(|error| crate::session::explain(error, context, None))?;
        let store = DiskStore::new(&cache);
        let mut desk = Self { context, root, tree, settings: Settings::default(), lock: Lock::default(), store, cache };
        desk.settings = hld::settings(&desk.tree, "").map_err(|found| desk.refuse(&found))?;
        if let Some(profile) = reading.profile {
            desk.settings.profile = match profile {
                ProfileWord::Compat => Profile::Compat,
                ProfileWord::Strict => Profile::Strict,
            };
        }
        if let Some(bytes) = desk.tree.get(LOCK_FILE) {
            let text = String::from_utf8_lossy(bytes).into_owned();
            desk.lock = Lock::read(LOCK_FILE, &text).map_err(|found| desk.refuse(&found))?;
        }
        desk.store.label(&desk.lock);
        Ok(desk)
    }

    /// Shows findings; the error that ends the command.
    pub fn refuse(&self, found: &[Diagnostic]) -> Error {
        self.show(found);
        let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
        Error::new(format!("{} found", text::count(errors, "error"))).hint("repair them and try again")
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
            let (_, name) = format!("/{path}").rsplit_once("/config/").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
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
        ["component.yaml", "component.json", SETTINGS_FILE].iter().all(|name| self.tree.get(name).is_none())
    }
}
