//! From a service's declaration to the files that it is rendered from.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use seaway_core::{
    declaration::{ChartOrigin, HelmSource, PatchChange, Service, Source, Workspace},
    diagnostic::{Diagnostic, Place, codes},
};
use seaway_render::{
    Remotes, Tree, definition_parts,
    drawn::Key,
    external::Program,
    origin,
    remote::{LOCK_FILE, Lock, Store, View},
};

use crate::{
    Error,
    cache::{DiskStore, cache_folder},
    definitions, draw_key,
    external::Confined,
    fetch::{Fetcher, Transports},
    locking,
    workspace::{Reach, TreeReader},
};

/// Where the files of a service's source come from.
pub trait Sources: Send + Sync {
    /// The files of a service's source.
    ///
    /// # Errors
    /// When they cannot be read.
    fn tree(&self, service: &Service) -> Result<Tree, Error>;

    /// The files that a service's patches name, by path in the workspace.
    ///
    /// # Errors
    /// When they cannot be read.
    fn patches(&self, _service: &Service) -> Result<Tree, Error> {
        Ok(Tree::new(""))
    }

    /// The program that a service names as its renderer; `None` = it names none.
    ///
    /// # Errors
    /// When it cannot be used, or programs are not run here.
    fn program(&self, _service: &Service) -> Result<Option<Arc<dyn Program>>, Error> {
        Ok(None)
    }

    /// The secret that a service draws random values from; `None` = it names none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn key(&self, _service: &Service) -> Result<Option<Arc<Key>>, Error> {
        Ok(None)
    }

    /// What is locked and here of what sources name elsewhere.
    fn remotes(&self) -> Remotes {
        Remotes::none()
    }

    /// Brings what these services need, is locked and is not here. Whether something was brought, so that it is worth
    /// looking again.
    ///
    /// # Errors
    /// When something cannot be fetched or is not what was locked.
    fn bring(&self, _workspace: &Workspace, _services: &[&Service]) -> Result<bool, Error> {
        Ok(false)
    }
}

/// Whether what is locked and not here is fetched.
#[derive(Clone, Copy)]
pub enum Fetching {
    /// Nothing is.
    Offline,
    /// It is, with these transports beside HTTPS and SSH. The function is told what is remarkable.
    Allowed(Transports, fn(&str)),
}

/// Sources in a workspace on disk.
pub struct DiskSources {
    root: PathBuf,
    lock: Lock,
    cache: Option<PathBuf>,
    store: Arc<DiskStore>,
    fetching: Fetching,
}

impl DiskSources {
    /// The sources of the workspace with this root, as its lock says.
    ///
    /// # Errors
    /// When there is a lock that cannot be read.
    pub fn open(root: impl Into<PathBuf>, fetching: Fetching) -> Result<Self, Error> {
        let root = root.into();
        let path = root.join(LOCK_FILE);
        let lock = match std::fs::read(&path) {
            Ok(bytes) => Lock::read(LOCK_FILE, &String::from_utf8_lossy(&bytes)).map_err(Error::Findings)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lock::default(),
            Err(source) => return Err(Error::Read { path: LOCK_FILE.to_owned(), source }),
        };
        // Who has nothing elsewhere needs no cache.
        let cache = cache_folder().ok();
        let store = Arc::new(DiskStore::new(cache.as_deref().unwrap_or(Path::new(""))));
        store.label(&lock);
        Ok(Self { root, lock, cache, store, fetching })
    }

    /// The root of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The lock of the workspace.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Fetched trees.
    pub fn store(&self) -> &DiskStore {
        &self.store
    }

    /// The folder of the cache.
    ///
    /// # Errors
    /// When nothing says where it is.
    pub fn cache(&self) -> Result<PathBuf, Error> {
        self.cache.clone().map_or_else(cache_folder, Ok)
    }

    /// The files of the workspace that a source has; nothing when all of it is elsewhere.
    pub(crate) fn local(&self, service: &Service) -> Result<Tree, Error> {
        let mut reader = TreeReader::new(&self.root);
        let everything = |_: &str| true;
        let root = match (&service.source, service.source.path()) {
            // The chart and its files of values may be anywhere in the workspace, so paths are relative to it.
            (Source::Helm(helm), _) => {
                if let ChartOrigin::Workspace { path } = &helm.chart {
                    reader.read(path, &below(path), Reach::Everything, &everything)?;
                }
                value_files(helm, &mut reader)?;
                ""
            }
            (_, None) => "",
            (Source::Manifests { .. }, Some(path)) => {
                reader.read(path, "", Reach::Manifests, &everything)?;
                path
            }
            // Its components may name what is beside it, so paths are relative to the workspace.
            (Source::Hld(hld), Some(path)) => {
                let view = View { lock: &self.lock, store: &*self.store };
                return definitions::read(&self.root, path, &mut |tree| {
                    definition_parts(hld, tree, view).map_err(Error::Findings)
                });
            }
            (Source::Kustomize(_), Some(path)) => {
                reader.read(path, "", Reach::Everything, &everything)?;
                path
            }
        };
        Tree::of(root, reader.files()).map_err(Error::Findings)
    }
}

impl Sources for DiskSources {
    fn tree(&self, service: &Service) -> Result<Tree, Error> {
        let Some(source) = origin(service).filter(|_| service.source.git().is_some()) else {
            return self.local(service);
        };
        let view = View { lock: &self.lock, store: &*self.store };
        let place = Place { file: service.file.clone(), line: 0, column: 0, offset: 0, len: 0 };
        match view.get(&source) {
            Ok(tree) => Ok((*tree).clone()),
            Err(missing) => Err(Error::Findings(vec![missing.finding(place)])),
        }
    }

    fn patches(&self, service: &Service) -> Result<Tree, Error> {
        let mut reader = TreeReader::new(&self.root);
        for patch in &service.patches {
            if let PatchChange::File(path) = &patch.change {
                reader.read(path, &below(path), Reach::Everything, &|_| true)?;
            }
        }
        Tree::of("", reader.files()).map_err(Error::Findings)
    }

    fn program(&self, service: &Service) -> Result<Option<Arc<dyn Program>>, Error> {
        let Some(declared) = &service.renderer else { return Ok(None) };
        let place = Place { file: service.file.clone(), line: 0, column: 0, offset: 0, len: 0 };
        match Confined::of(&self.root, declared) {
            Ok(program) => Ok(Some(Arc::new(program))),
            Err(finding) => Err(Error::Findings(vec![finding.at(place)])),
        }
    }

    fn key(&self, service: &Service) -> Result<Option<Arc<Key>>, Error> {
        let Some(declared) = service.drawn.as_ref().and_then(|drawn| drawn.key.as_ref()) else { return Ok(None) };
        let place = Place { file: service.file.clone(), line: 0, column: 0, offset: 0, len: 0 };
        match draw_key::read(&self.root, declared) {
            Ok(key) => Ok(Some(Arc::new(key))),
            Err(finding) => Err(Error::Findings(vec![finding.at(place)])),
        }
    }

    fn remotes(&self) -> Remotes {
        Remotes::new(self.lock.clone(), Arc::clone(&self.store) as Arc<dyn Store>)
    }

    fn bring(&self, workspace: &Workspace, services: &[&Service]) -> Result<bool, Error> {
        let Fetching::Allowed(transports, say) = self.fetching else { return Ok(false) };
        let mut fetcher = Fetcher::new(&self.cache()?, transports, &say);
        let brought = locking::of_services(self, workspace, services, locking::Locking::Refused, &mut fetcher)?;
        Ok(!brought.fetched.is_empty())
    }
}

/// Whether fetching may help against these findings: something is locked and not here, or not as it was.
pub(crate) fn is_worth_fetching(findings: &[Diagnostic]) -> bool {
    let codes = [codes::SOURCE_NOT_HERE, codes::SOURCE_DAMAGED, codes::HLD_NOT_FETCHED];
    findings.iter().any(|finding| codes.contains(&finding.code))
}

/// Reads every file of values that any target may ask for.
fn value_files(helm: &HelmSource, reader: &mut TreeReader<'_>) -> Result<(), Error> {
    for pattern in &helm.value_files {
        match pattern.split_once("${") {
            None => reader.read(pattern, "", Reach::Everything, &|_| true)?,
            Some((fixed, _)) => {
                let folder = fixed.rsplit_once('/').map_or("", |(folder, _)| folder);
                reader.read(folder, &below(folder), Reach::Everything, &|path| helm.is_value_file(path))?;
            }
        }
    }
    Ok(())
}

fn below(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!("{folder}/") }
}
