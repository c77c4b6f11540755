//! The bare cache: one repository for each URL, commits fetched into it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use seaway_core::digest::Digest;

use crate::{
    Error, Git, Reference, Remote,
    remote::{is_commit, is_short_commit},
    runner::{Call, size},
};

/// Most bytes of the list of a repository's branches and tags.
const REFERENCES_BYTES_MAX: u64 = 64 << 20;

/// The cache of one repository.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(crate) git: Git,
    pub(crate) path: PathBuf,
}

impl Cache {
    /// Opens the cache of a repository below a folder, and makes it when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(git: &Git, folder: &Path, url: &str) -> Result<Self, Error> {
        let digest = Digest::of(url.as_bytes());
        let name = digest.as_str().trim_start_matches("sha256:");
        let path = folder.join(format!("{}.git", &name[..32]));
        let cache = Self { git: git.clone(), path };
        if !cache.path.join("HEAD").is_file() {
            let failed = |source| Error::Cache { path: folder.display().to_string(), source };
            fs::create_dir_all(folder).map_err(failed)?;
            // No template: it could bring hooks.
            cache.call(
                "init",
                vec![OsStr::new("init"), OsStr::new("--quiet"), OsStr::new("--bare"), OsStr::new("--template=")],
                None,
            )?;
        }
        Ok(cache)
    }

    /// The commit that a reference names now. Nothing is fetched unless only a fetch can tell.
    ///
    /// # Errors
    /// When the repository cannot be asked or has no such thing.
    pub fn resolve(&self, remote: &Remote, reference: &Reference) -> Result<String, Error> {
        reference.check()?;
        if let Reference::Version(version) = reference
            && is_commit(version)
        {
            return Ok(version.clone());
        }
        let listed = self.references(remote)?;
        let find = |name: &str| listed.iter().find(|(listed, _)| listed == name).map(|(_, commit)| commit.clone());
        let tag = |name: &str| find(&format!("refs/tags/{name}^{{}}")).or_else(|| find(&format!("refs/tags/{name}")));
        let found = match reference {
            Reference::Head => find("HEAD"),
            Reference::Branch(name) => find(&format!("refs/heads/{name}")),
            Reference::Version(name) => tag(name).or_else(|| find(&format!("refs/heads/{name}"))),
        };
        match (found, reference) {
            (Some(commit), _) => Ok(commit),
            (None, Reference::Version(short)) if is_short_commit(short) => self.whole(remote, short),
            (None, _) => Err(Error::NotFound { url: remote.url().to_owned(), what: what(reference) }),
        }
    }

    /// Brings a commit into the cache, unless it is there. A commit that is there needs no network.
    ///
    /// # Errors
    /// When the repository cannot be reached or does not have the commit.
    pub fn fetch(&self, remote: &Remote, commit: &str) -> Result<(), Error> {
        if !is_commit(commit) {
            return Err(Error::BadReference(commit.chars().take(64).collect()));
        }
        if self.has(commit) {
            return Ok(());
        }
        // The commit alone, where the server gives single commits; else everything that has a name.
        let alone = self.fetch_refs(remote, &["--depth=1"], &[commit]);
        match alone {
            Ok(()) if self.has(commit) => return Ok(()),
            Err(error @ (Error::TimedOut { .. } | Error::TooLarge { .. } | Error::NoGit(_))) => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.fetch_all(remote)?;
        if self.has(commit) {
            return Ok(());
        }
        Err(Error::NotFound { url: remote.url().to_owned(), what: format!("commit `{commit}`") })
    }

    /// Whether the commit with all its files is here.
    pub fn has(&self, commit: &str) -> bool {
        let object = format!("{commit}^{{tree}}");
        is_commit(commit)
            && self.call("cat-file", vec![OsStr::new("cat-file"), OsStr::new("-e"), OsStr::new(&object)], None).is_ok()
    }

    /// The whole of a short commit.
    fn whole(&self, remote: &Remote, short: &str) -> Result<String, Error> {
        self.fetch_all(remote)?;
        let object = format!("{short}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &object].map(OsStr::new).to_vec();
        let found = self.call("rev-parse", arguments, None).ok();
        let commit = found.map(|answer| String::from_utf8_lossy(&answer).trim().to_owned());
        commit.filter(|commit| is_commit(commit)).ok_or_else(|| Error::NotFound {
            url: remote.url().to_owned(),
            what: format!("tag, branch or commit `{short}`"),
        })
    }

    /// Names and commits that the repository offers.
    fn references(&self, remote: &Remote) -> Result<Vec<(String, String)>, Error> {
        let arguments = ["ls-remote", "--quiet", "--", remote.url()].map(OsStr::new).to_vec();
        let answer = self.git.run(&Call {
            verb: "ls-remote",
            repository: Some(&self.path),
            arguments,
            remote: Some(remote),
            answer_bytes: REFERENCES_BYTES_MAX,
            bounded: None,
        })?;
        let text = String::from_utf8_lossy(&answer);
        let line = |line: &str| {
            let (commit, name) = line.split_once('\t')?;
            is_commit(commit).then(|| (name.to_owned(), commit.to_owned()))
        };
        text.lines().map(|one| line(one).ok_or(Error::Answer("ls-remote"))).collect()
    }

    fn fetch_all(&self, remote: &Remote) -> Result<(), Error> {
        // A cache with single commits is shallow; the histories of all names fill it up.
        let is_shallow = self.path.join("shallow").is_file();
        let options: &[&str] = if is_shallow { &["--unshallow"] } else { &[] };
        self.fetch_refs(remote, options, &["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"])
    }

    fn fetch_refs(&self, remote: &Remote, options: &[&str], names: &[&str]) -> Result<(), Error> {
        let fixed = ["fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head"];
        let mut arguments: Vec<&OsStr> = fixed.map(OsStr::new).to_vec();
        arguments.extend(["--no-recurse-submodules", "--force"].map(OsStr::new));
        arguments.extend(options.iter().map(OsStr::new));
        arguments.extend(["--", remote.url()].map(OsStr::new));
        arguments.extend(names.iter().map(OsStr::new));
        let limit = size(&self.path).saturating_add(self.git.limits.fetched_bytes);
        let call = Call {
            verb: "fetch",
            repository: Some(&self.path),
            arguments,
            remote: Some(remote),
            answer_bytes: 1 << 20,
            bounded: Some((&self.path, limit)),
        };
        self.git.run(&call).map(drop)
    }

    pub(crate) fn call(
        &self,
        verb: &'static str,
        arguments: Vec<&OsStr>,
        answer_bytes: Option<u64>,
    ) -> Result<Vec<u8>, Error> {
        self.git.run(&Call {
            verb,
            repository: Some(&self.path),
            arguments,
            remote: None,
            answer_bytes: answer_bytes.unwrap_or(1 << 20),
            bounded: None,
        })
    }
}

fn what(reference: &Reference) -> String {
    match reference {
        Reference::Head => "head".to_owned(),
        Reference::Branch(name) => format!("branch `{name}`"),
        Reference::Version(name) => format!("tag, branch or commit `{name}`"),
    }
}
