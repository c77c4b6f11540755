//! A real repository to fetch from.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use seaway_git::{Cache, Git, Limits, Reference, Remote, Transports};

pub const ALL: Transports = Transports { http: true, git: true, file: true };

pub struct Repository {
    pub folder: tempfile::TempDir,
}

impl Repository {
    pub fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.path().display())
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"]);
        command.args(arguments).current_dir(self.path());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn link(&self, path: &str, target: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
        self.git(&["rev-parse", "HEAD"])
    }
}

/// A cache in a folder of its own.
pub struct Fetched {
    pub cache: Cache,
    _folder: tempfile::TempDir,
    pub folder: PathBuf,
}

pub fn limits() -> Limits {
    Limits { time: Duration::from_secs(60), ..Limits::default() }
}

pub fn cache(url: &str) -> Fetched {
    cache_with(url, limits())
}

pub fn cache_with(url: &str, limits: Limits) -> Fetched {
    let holder = tempfile::tempdir().unwrap();
    let folder = holder.path().to_path_buf();
    let cache = Cache::open(&Git::find(limits).unwrap(), &folder, url).unwrap();
    Fetched { cache, _folder: holder, folder }
}

pub fn remote(url: &str) -> Remote {
    Remote::new(url, ALL).unwrap()
}

pub fn version(name: &str) -> Reference {
    Reference::Version(name.to_owned())
}

pub fn names(files: &seaway_git::Files) -> Vec<&str> {
    files.keys().map(String::as_str).collect()
}
